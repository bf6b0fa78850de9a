// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: what is written at a performance secondary.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view replication = "Vault docs, enterprise/replication";
constexpr std::string_view handling = "Vault vault/request_handling.go";
constexpr std::string_view waits = "Vault docs, configuration/replication: best_effort_wal_wait_duration";
constexpr std::string_view warned =
    R"({"lease_id":"","renewable":false,"lease_duration":0,"data":null,"wrap_info":null,"warnings":)"
    R"(["Timeout hit while waiting for local replicated cluster to apply primary's write; this client may )"
    R"(encounter stale reads of values written during this operation."],"auth":null})";
constexpr std::string_view unreachable =
    R"({"errors":["rpc error: code = Unavailable desc = the primary cannot be reached"]})";

void usual(settings& s) { add_secondary(s); }

void at_once(settings& s)
{
    add_secondary(s);
    s.secondaries[0].upstream_lag = {};
}

const request put = ask("PUT", "kv/foo", {}, R"({"v":1})");

const std::vector<row> writes = {
    {.fact = "the secondary's active node has the primary write; it waits, and answers with a warning",
     .source = waits,
     .tune = usual,
     .node = 4,
     .asked = put,
     .status = 200,
     .body = warned,
     .has = {{"X-Vault-Index", "@1/100:11"}},
     .served_by = 4,
     .log_end = 11,
     .secondary_end = position{100, 10}},
    {.fact = "what has arrived in time needs no warning; the missing half is where the node then stands",
     .source = handling,
     .tune = at_once,
     .node = 4,
     .asked = put,
     .status = 204,
     .body = "",
     .has = {{"X-Vault-Index", "@1/101:11"}},
     .log_end = 11,
     .secondary_end = position{101, 11}},
    {.fact = "no wait configured: a warning at once",
     .source = waits,
     .tune =
         [](settings& s) {
             usual(s);
             s.secondaries[0].best_effort_wal_wait_duration = nanoseconds{0};
         },
     .node = 4,
     .asked = put,
     .status = 200,
     .body = warned},
    {.fact = "a performance standby of the secondary hands on to its own active node",
     .source = consistency,
     .tune = at_once,
     .node = 5,
     .asked = put,
     .status = 204,
     .has = {{"X-Vault-Index", "@1/101:11"}},
     .served_by = 4,
     .log_end = 11},
    {.fact = "… a plain one as well",
     .source = "Vault docs, concepts/ha",
     .tune = at_once,
     .node = 7,
     .asked = put,
     .status = 204,
     .served_by = 4},
    {.fact = "a write to a local mount stays: local index, and of the primary's log what is there",
     .source = replication,
     .tune = usual,
     .node = 4,
     .asked = ask("PUT", "secret/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@1/101:10"}},
     .log_end = 10,
     .secondary_end = position{101, 10}},
    {.fact = "policies are shared",
     .source = replication,
     .tune = usual,
     .node = 4,
     .asked = ask("PUT", "sys/policies/acl/p", {}, R"({"policy":"path \"a\" { capabilities = [] }"})"),
     .status = 200,
     .body = warned,
     .log_end = 11},
    {.fact = "mounts are shared",
     .source = replication,
     .tune = usual,
     .node = 4,
     .asked = ask("POST", "sys/mounts/team", {}, R"({"type":"kv"})"),
     .status = 200,
     .log_end = 11},
    {.fact = "… unless they are made local",
     .source = replication,
     .tune = usual,
     .node = 4,
     .asked = ask("POST", "sys/mounts/team", {}, R"({"type":"kv","local":true})"),
     .status = 204,
     .log_end = 10,
     .secondary_end = position{101, 10}},
    {.fact = "the primary judges a check-and-set by what it has",
     .source = "Vault docs, API, KV version 2",
     .tune =
         [](settings& s) {
             s.versioned_mounts = {"kv2"};
             usual(s);
         },
     .before = [](scene& s) { s.at_active("POST", "kv2/data/foo", R"({"data":{}})"); },
     .node = 4,
     .asked = ask("POST", "kv2/data/foo", {}, R"({"data":{},"options":{"cas":0}})"),
     .status = 400,
     .body = R"({"errors":["check-and-set parameter did not match the current version"]})",
     .lacks = {"X-Vault-Index"},
     .log_end = 11},
    {.fact = "a primary that cannot be reached: no write",
     .source = "assumed: a failed RPC is an internal error",
     .tune =
         [](settings& s) {
             usual(s);
             s.secondaries[0].upstream_reachable = false;
         },
     .node = 4,
     .asked = put,
     .status = 500,
     .body = unreachable,
     .lacks = {"X-Vault-Index"},
     .log_end = 10},
    {.fact = "… nor one without an active node",
     .source = "assumed: a failed RPC is an internal error",
     .tune =
         [](settings& s) {
             usual(s);
             s.no_active = {{nanoseconds{0}, std::chrono::seconds(1), 0}};
         },
     .node = 4,
     .asked = put,
     .status = 500,
     .body = unreachable},
    {.fact = "a write that carries an index which is not there is 412, and nothing is written",
     .source = "Vault http/logical.go",
     .tune = usual,
     .node = 4,
     .asked = ask("PUT", "kv/foo", {{"X-Vault-Index", "@1/100:11"}}, R"({"v":1})"),
     .status = 412,
     .body = stale,
     .log_end = 10},
};

} // namespace

TEST_CASE("Vault: a performance secondary writes") { check_rows(dialect::vault, writes); }
