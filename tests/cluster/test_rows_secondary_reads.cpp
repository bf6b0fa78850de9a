// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: what a performance secondary reads, and when it refuses.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view replication = "Vault docs, enterprise/replication";
constexpr std::string_view handling = "Vault vault/request_handling.go";
constexpr std::string_view closed = "not public: a switch of the cluster";
const std::pair<std::string, std::string> when_stale{"X-Vault-Inconsistent", "forward-active-node"};
const std::pair<std::string, std::string> always{"X-Vault-Forward", "active-node"};

void usual(settings& s) { add_secondary(s); }

void forwarding(settings& s)
{
    s.allow_forwarding_via_header = true;
    add_secondary(s);
}

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }

void arrived(scene& s)
{
    one_write(s);
    s.emulated.drop_upstream_lag(s.now);
}

const std::vector<row> reads = {
    {.fact = "without an index the secondary's active node reads stale",
     .source = consistency,
     .tune = usual,
     .before = one_write,
     .node = 4,
     .asked = ask("GET", "kv/foo"),
     .status = 404,
     .body = empty,
     .served_by = 4},
    {.fact = "with the replicated index even the active node of the secondary refuses",
     .source = consistency,
     .tune = usual,
     .before = one_write,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}}),
     .status = 412,
     .body = stale,
     .served_by = 4},
    {.fact = "… so conditional forwarding does not help",
     .source = consistency,
     .tune = forwarding,
     .before = one_write,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}, when_stale}),
     .status = 412,
     .body = stale,
     .served_by = 4},
    {.fact = "… and unconditional forwarding does not either",
     .source = consistency,
     .tune = forwarding,
     .before = one_write,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}, always}),
     .status = 412,
     .served_by = 4},
    {.fact = "unconditional forwarding without an index reads stale",
     .source = consistency,
     .tune = forwarding,
     .before = one_write,
     .node = 5,
     .asked = ask("GET", "kv/foo", {always}),
     .status = 404,
     .served_by = 4},
    {.fact = "once it has arrived the active node serves it",
     .source = consistency,
     .tune = usual,
     .before = arrived,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/101:11"}}),
     .status = 200,
     .served_by = 4},
    {.fact = "… and its standbys refuse for as long as they lag behind it",
     .source = handling,
     .tune = usual,
     .before = arrived,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}}),
     .status = 412,
     .served_by = 5},
    {.fact = "… or forward, which helps now",
     .source = handling,
     .tune = forwarding,
     .before = arrived,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}, when_stale}),
     .status = 200,
     .served_by = 4},
    {.fact = "both halves must be there: the local one is not",
     .source = handling,
     .tune = usual,
     .before = arrived,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/102:11"}}),
     .status = 412},
    {.fact = "the primary's index is that of another cluster: missing (default)",
     .source = closed,
     .tune = usual,
     .before =
         [](scene& s) {
             one_write(s);
             s.land();
         },
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "… or ignored (switch), and the read is stale",
     .source = closed,
     .tune =
         [](settings& s) {
             usual(s);
             s.secondaries[0].unknown.foreign_cluster = unusable_line::ignored;
         },
     .before = one_write,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 404},
    {.fact = "lines of both clusters: the foreign one is missing, whatever the other says (default)",
     .source = closed,
     .tune = usual,
     .before = arrived,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}, {"X-Vault-Index", "@1/101:11"}}),
     .status = 412,
     .body = stale},
    {.fact = "… or ignored (switch): the own one decides",
     .source = closed,
     .tune =
         [](settings& s) {
             usual(s);
             s.secondaries[0].unknown.foreign_cluster = unusable_line::ignored;
         },
     .before = arrived,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}, {"X-Vault-Index", "@1/101:11"}}),
     .status = 412,
     .body = stale},
    {.fact = "… or any line is enough (switch), and the own one is there",
     .source = closed,
     .tune =
         [](settings& s) {
             usual(s);
             s.secondaries[0].unknown.lines = several_lines::any_of;
         },
     .before = arrived,
     .node = 4,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}, {"X-Vault-Index", "@1/101:11"}}),
     .status = 200},
    {.fact = "the secondary's index is another cluster's at the primary",
     .source = closed,
     .tune = usual,
     .before = one_write,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/100:11"}}),
     .status = 412},
    {.fact = "what is local at the primary never arrives",
     .source = replication,
     .tune = usual,
     .before =
         [](scene& s) {
             s.at_active("PUT", "secret/foo", R"({"v":1})");
             s.land();
         },
     .node = 4,
     .asked = ask("GET", "secret/foo"),
     .status = 404,
     .log_end = 11,
     .secondary_end = position{100, 10}},
    {.fact = "a token of the primary is none of the secondary",
     .source = replication,
     .tune = usual,
     .before =
         [](scene& s) {
             s.make_token();
             s.land();
         },
     .node = 4,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "@token"}}),
     .status = 403},
    {.fact = "a lease is local to the cluster that made it",
     .source = replication,
     .tune =
         [](settings& s) {
             s.lease_mounts = {"db"};
             usual(s);
         },
     .node = 4,
     .asked = ask("GET", "db/creds/reader"),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/101:10"}},
     .log_end = 10,
     .secondary_end = position{101, 10}},
};

} // namespace

TEST_CASE("Vault: a performance secondary reads") { check_rows(dialect::vault, reads); }
