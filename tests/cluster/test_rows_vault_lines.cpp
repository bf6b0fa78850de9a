// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: several lines of X-Vault-Index, foreign ones and broken ones.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view first = R"({"lease_id":"","renewable":false,"lease_duration":2764800,)"
                                   R"("data":{"v":1},"wrap_info":null,"warnings":null,"auth":null})";
constexpr std::string_view logical = "Vault http/logical.go";
constexpr std::string_view closed = "not public: a switch of the cluster";

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }

void landed(scene& s)
{
    one_write(s);
    s.land();
}

const std::vector<row> lines = {
    {.fact = "all lines must be satisfied (default)",
     .source = closed,
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@10:0"}, {"X-Vault-Index", "@11:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "several lines, all there",
     .source = "Vault http/logical.go: all values are handed on",
     .before = landed,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@10:0"}, {"X-Vault-Index", "@11:0"}}),
     .status = 200},
    {.fact = "any line is enough (switch)",
     .source = closed,
     .tune = [](settings& s) { s.unknown.lines = several_lines::any_of; },
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}, {"X-Vault-Index", "@10:0"}}),
     .status = 404,
     .body = empty},
    {.fact = "a line of another cluster is missing (default)",
     .source = closed,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@foreign"}}),
     .status = 412,
     .body = stale},
    {.fact = "a line of another cluster is ignored (switch)",
     .source = closed,
     .tune = [](settings& s) { s.unknown.foreign_cluster = unusable_line::ignored; },
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@foreign"}}),
     .status = 404,
     .body = empty},
    {.fact = "an ignored line does not excuse another",
     .source = closed,
     .tune = [](settings& s) { s.unknown.foreign_cluster = unusable_line::ignored; },
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@foreign"}, {"X-Vault-Index", "@11:0"}}),
     .status = 412},
    {.fact = "a malformed line is missing (default), never 400",
     .source = logical,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "no index"}}),
     .status = 412,
     .body = stale},
    {.fact = "a malformed line is ignored (switch)",
     .source = closed,
     .tune = [](settings& s) { s.unknown.malformed = unusable_line::ignored; },
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "no index"}}),
     .status = 404,
     .body = empty},
    {.fact = "an HMAC of another key is malformed",
     .source = "Vault api/client.go, ParseReplicationState",
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@forged"}}),
     .status = 412,
     .body = stale},
    {.fact = "commas do not split a line",
     .source = "Go net/http, Header.Values",
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "djE6Y2lkOjE6MDo=,djE6Y2lkOjE6MDo="}}),
     .status = 412},
    {.fact = "an empty line is no index",
     .source = "Vault api/client.go, ParseReplicationState",
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", ""}}),
     .status = 412,
     .body = stale},
    {.fact = "an index beyond the log is 412 at the active node (default)",
     .source = closed,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@99:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "the active node looks at no index (switch)",
     .source = closed,
     .tune = [](settings& s) { s.unknown.active_checks_index = false; },
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@99:0"}}),
     .status = 404,
     .body = empty},
    {.fact = "a node may hold a request before it gives up (switch)",
     .source = closed,
     .tune = [](settings& s) { s.unknown.hold_before_412 = std::chrono::seconds(2); },
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "held long enough it is served",
     .source = closed,
     .tune = [](settings& s) { s.unknown.hold_before_412 = std::chrono::hours(2); },
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .body = first,
     .served_by = 1},
};

} // namespace

TEST_CASE("Vault: several lines, foreign and broken ones") { check_rows(dialect::vault, lines); }
