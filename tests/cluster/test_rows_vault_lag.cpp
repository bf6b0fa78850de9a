// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: what lags besides values.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view forbidden = R"({"errors":["permission denied"]})";
constexpr std::string_view not_allowed = R"({"errors":["1 error occurred:\n\t* permission denied\n\n"]})";
const std::pair<std::string, std::string> behind{"X-Vault-Index", "@11:0"};

const std::vector<row> others_lag = {
    {.fact = "no token",
     .source = "Vault vault/request_handling.go",
     .asked = ask_as_nobody("GET", "kv/foo"),
     .status = 403,
     .body = forbidden},
    {.fact = "unknown token",
     .source = "Vault vault/request_handling.go",
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "who"}}),
     .status = 403,
     .body = forbidden},
    {.fact = "a bearer token is a token",
     .source = "Vault http/handler.go",
     .asked = ask_as_nobody("GET", "kv/foo", {{"Authorization", "Bearer root"}}),
     .status = 404},
    {.fact = "a new token is not known at a lagging standby",
     .source = "Vault docs, enterprise/consistency",
     .before =
         [](scene& s) { s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["root"]})"); },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "t"}}),
     .status = 403,
     .body = forbidden},
    {.fact = "… and is known at the active node",
     .source = "Vault docs, enterprise/consistency",
     .before =
         [](scene& s) { s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["root"]})"); },
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "t"}}),
     .status = 404},
    {.fact = "a new policy allows nothing at a lagging standby",
     .source = "Vault docs, enterprise/consistency",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["p"]})");
             s.land();
             s.at_active("PUT", "sys/policies/acl/p",
                         R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})");
         },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "t"}}),
     .status = 403,
     .body = not_allowed},
    {.fact = "… and holds once it has landed",
     .source = "Vault docs, concepts/policies",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["p"]})");
             s.at_active("PUT", "sys/policies/acl/p",
                         R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})");
             s.land();
         },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "t"}}),
     .status = 404},
    {.fact = "what a policy does not name is forbidden",
     .source = "Vault docs, concepts/policies",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["p"]})");
             s.at_active("PUT", "sys/policies/acl/p",
                         R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})");
         },
     .asked = ask_as_nobody("PUT", "kv/foo", {{"X-Vault-Token", "t"}}, R"({"v":1})"),
     .status = 403,
     .body = not_allowed,
     .log_end = 12},
    {.fact = "a new mount is not known at a lagging standby",
     .source = "Vault docs, enterprise/consistency",
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team", R"({"type":"kv"})"); },
     .node = 1,
     .asked = ask("GET", "team/a"),
     .status = 404,
     .body = R"({"errors":["no handler for route \"team/a\". route entry not found."]})"},
    {.fact = "… not even for a write there: an assumption, that a standby routes before it forwards",
     .source = "assumed",
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team", R"({"type":"kv"})"); },
     .node = 1,
     .asked = ask("PUT", "team/a", {}, R"({"v":1})"),
     .status = 404,
     .log_end = 11},
    {.fact = "the index of the mount's answer guards a request below it",
     .source = "Vault docs, enterprise/consistency",
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team", R"({"type":"kv"})"); },
     .node = 1,
     .asked = ask("GET", "team/a", {behind}),
     .status = 412,
     .body = stale},
    {.fact = "a limited-use token goes to the active node",
     .source = "Vault vault/request_handling.go",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"few","policies":["root"],"num_uses":3})");
             s.land();
         },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "few"}}),
     .status = 404,
     .served_by = 0,
     .log_end = 12},
    {.fact = "412 takes no use of it",
     .source = "Vault http/logical.go",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"few","policies":["root"],"num_uses":3})");
             s.land();
         },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "few"}, {"X-Vault-Index", "@99:0"}}),
     .status = 412,
     .log_end = 11},
    {.fact = "the replication status needs no token",
     .source = "Vault api/replication_status.go",
     .asked = ask_as_nobody("GET", "sys/replication/performance/status"),
     .status = 200},
};

} // namespace

TEST_CASE("Vault: tokens, policies and mounts lag too") { check_rows(dialect::vault, others_lag); }
