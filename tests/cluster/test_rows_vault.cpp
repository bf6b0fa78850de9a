// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: what comes back for X-Vault-Index, and what an index that is not there does.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view first = R"({"lease_id":"","renewable":false,"lease_duration":2764800,)"
                                   R"("data":{"v":1},"wrap_info":null,"warnings":null,"auth":null})";
constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view logical = "Vault http/logical.go";

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }

void landed_then_new(scene& s)
{
    one_write(s);
    s.land();
    s.at_active("PUT", "kv/foo", R"({"v":2})");
}

void landed(scene& s)
{
    one_write(s);
    s.land();
}

const std::vector<row> answers = {
    {.fact = "a write answers 204 with one index",
     .source = consistency,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .body = "",
     .has = {{"X-Vault-Index", "@11:0"}},
     .log_end = 11},
    {.fact = "POST writes as PUT does",
     .source = logical,
     .asked = ask("POST", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .body = "",
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a delete is a write",
     .source = consistency,
     .before = one_write,
     .asked = ask("DELETE", "kv/foo"),
     .status = 204,
     .has = {{"X-Vault-Index", "@12:0"}}},
    {.fact = "a read that writes nothing carries no index",
     .source = consistency,
     .before = one_write,
     .asked = ask("GET", "kv/foo"),
     .status = 200,
     .body = first,
     .lacks = {"X-Vault-Index"}},
    {.fact = "an empty read is an error and carries no index",
     .source = logical,
     .asked = ask("GET", "kv/foo"),
     .status = 404,
     .body = empty,
     .lacks = {"X-Vault-Index"}},
    {.fact = "a performance standby forwards a write; the active node's index comes back",
     .source = consistency,
     .node = 1,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0,
     .log_end = 11},
    {.fact = "a mount written carries an index",
     .source = consistency,
     .asked = ask("POST", "sys/mounts/team", {}, R"({"type":"kv"})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a token made carries an index, though the answer has a body",
     .source = consistency,
     .asked = ask("POST", "auth/token/create", {}, R"({"policies":["p"]})"),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a GET with a limited-use token writes, and carries an index",
     .source = consistency,
     .before =
         [](scene& s) {
             s.at_active("PUT", "sys/policies/acl/p",
                         R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})");
             s.at_active("PUT", "kv/foo", R"({"v":1})");
             s.at_active("POST", "auth/token/create", R"({"id":"few","policies":["p"],"num_uses":2})");
         },
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "few"}}),
     .status = 200,
     .body = first,
     .has = {{"X-Vault-Index", "@14:0"}}},
    {.fact = "a failed write carries no index",
     .source = logical,
     .asked = ask("PUT", "kv/foo", {}, "{}"),
     .status = 400,
     .body = R"({"errors":["missing data fields"]})",
     .lacks = {"X-Vault-Index"},
     .log_end = 10},
    {.fact = "on a secondary the missing half is the node's place in its primary's log",
     .source = "Vault vault/request_handling.go",
     .before = [](scene& s) { s.emulated.receive_upstream(3, s.now); },
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@14:3"}}},
};

const std::vector<row> staleness = {
    {.fact = "without an index a lagging standby answers 404 in silence",
     .source = consistency,
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo"),
     .status = 404,
     .body = empty,
     .served_by = 1},
    {.fact = "without an index a lagging standby answers with the old value",
     .source = consistency,
     .before = landed_then_new,
     .node = 1,
     .asked = ask("GET", "kv/foo"),
     .status = 200,
     .body = first,
     .served_by = 1},
    {.fact = "an index that is not there is 412",
     .source = "Vault sdk/logical/error.go",
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 412,
     .body = stale,
     .lacks = {"X-Vault-Index", "Retry-After"}},
    {.fact = "an index that is there is served at the standby",
     .source = consistency,
     .before = landed,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .body = first,
     .served_by = 1},
    {.fact = "an older index does not mind what came later",
     .source = consistency,
     .before = landed_then_new,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .body = first,
     .served_by = 1},
    {.fact = "the active node has all it wrote",
     .source = consistency,
     .before = one_write,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .body = first},
    {.fact = "412 comes before the token is looked at",
     .source = logical,
     .before = one_write,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "a write with an index that is not there is 412, and nothing is written",
     .source = logical,
     .before = one_write,
     .node = 1,
     .asked = ask("PUT", "kv/foo", {{"X-Vault-Index", "@11:0"}}, R"({"v":2})"),
     .status = 412,
     .body = stale,
     .log_end = 11},
    {.fact = "the request is parsed before its index is looked at",
     .source = logical,
     .before = one_write,
     .node = 1,
     .asked = ask("PUT", "kv/foo", {{"X-Vault-Index", "@11:0"}}, "{"),
     .status = 400,
     .body = R"({"errors":["failed to parse JSON input: invalid JSON"]})"},
    {.fact = "names of header lines match in any case",
     .source = "RFC 9110, 5.1",
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"x-vault-index", "@11:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "the replicated half counts too",
     .source = "Vault vault/request_handling.go",
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@10:1"}}),
     .status = 412,
     .body = stale},
    {.fact = "an active secondary may lack the replicated half",
     .source = consistency,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@10:1"}}),
     .status = 412,
     .body = stale},
    {.fact = "both halves there: served",
     .source = "Vault vault/request_handling.go",
     .before =
         [](scene& s) {
             s.emulated.receive_upstream(1, s.now);
             s.land();
         },
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:1"}}),
     .status = 404,
     .body = empty},
    {.fact = "sys/health is outside the logical layer: no index check",
     .source = "Vault http/handler.go",
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "sys/health", {{"X-Vault-Index", "@11:0"}}),
     .status = 473,
     .lacks = {"X-Vault-Index"}},
    {.fact = "sys/leader likewise",
     .source = "Vault http/handler.go",
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "sys/leader", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .lacks = {"X-Vault-Index"}},
};

} // namespace

TEST_CASE("Vault: which answers carry an index") { check_rows(dialect::vault, answers); }

TEST_CASE("Vault: an index that is not there") { check_rows(dialect::vault, staleness); }
