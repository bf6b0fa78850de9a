// SPDX-License-Identifier: BSL-1.0
// Both dialects: sys/health, sys/leader, sys/seal-status.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view health = "Vault http/sys_health.go";

void sealed(settings& s) { s.sealed.push_back({nanoseconds{0}, std::chrono::seconds(5), 1}); }

const std::vector<row> health_rows = {
    {.fact = "active: 200 and last_wal",
     .source = health,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 200,
     .body = R"({"initialized":true,"sealed":false,"standby":false,"performance_standby":false,)"
             R"("replication_performance_mode":"disabled","replication_dr_mode":"disabled",)"
             R"("server_time_utc":1790000000,)"
             R"("version":"1.17.0+ent","cluster_name":"emulated",)"
             R"("cluster_id":"3f2a7c1e-5b0d-4e7a-9c66-0d1f2e3a4b5c","last_wal":10})"},
    {.fact = "performance standby: 473",
     .source = health,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 473},
    {.fact = "perfstandbyok: 200",
     .source = health,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health?perfstandbyok=true"),
     .status = 200},
    {.fact = "standbyok does not speak of performance standbys",
     .source = health,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health?standbyok=true"),
     .status = 473},
    {.fact = "performancestandbycode",
     .source = health,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health?performancestandbycode=299"),
     .status = 299},
    {.fact = "plain standby: 429",
     .source = health,
     .node = 3,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 429},
    {.fact = "standbyok: 200",
     .source = health,
     .node = 3,
     .asked = ask_as_nobody("GET", "sys/health?standbyok=true"),
     .status = 200},
    {.fact = "standbycode",
     .source = health,
     .node = 3,
     .asked = ask_as_nobody("GET", "sys/health?standbycode=299"),
     .status = 299},
    {.fact = "activecode",
     .source = health,
     .asked = ask_as_nobody("GET", "sys/health?activecode=299"),
     .status = 299},
    {.fact = "sealed: 503",
     .source = health,
     .tune = sealed,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 503},
    {.fact = "sealedcode",
     .source = health,
     .tune = sealed,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health?sealedcode=299"),
     .status = 299},
    {.fact = "a code that is no number: 400",
     .source = health,
     .asked = ask_as_nobody("GET", "sys/health?standbycode=x"),
     .status = 400,
     .body = empty},
    {.fact = "standbyok that is no truth value: 400",
     .source = health,
     .asked = ask_as_nobody("GET", "sys/health?standbyok=x"),
     .status = 400,
     .body = empty},
    {.fact = "HEAD has the status and no body",
     .source = health,
     .node = 1,
     .asked = ask_as_nobody("HEAD", "sys/health"),
     .status = 473,
     .body = ""},
    {.fact = "POST: 405",
     .source = health,
     .asked = ask_as_nobody("POST", "sys/health"),
     .status = 405,
     .body = empty},
    {.fact = "sys/leader at the active node",
     .source = "Vault http/sys_leader.go",
     .asked = ask_as_nobody("GET", "sys/leader"),
     .status = 200,
     .body = R"({"ha_enabled":true,"is_self":true,"leader_address":"http://node-0:8200",)"
             R"("leader_cluster_address":"http://node-0:8200",)"
             R"("performance_standby":false,"performance_standby_last_remote_wal":0,"last_wal":10,)"
             R"("raft_committed_index":10,"raft_applied_index":10})"},
    {.fact = "sys/leader tells how far a performance standby is",
     .source = "Vault http/sys_leader.go",
     .before = [](scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); },
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/leader"),
     .status = 200,
     .body = R"({"ha_enabled":true,"is_self":false,"leader_address":"http://node-0:8200",)"
             R"("leader_cluster_address":"http://node-0:8200",)"
             R"("performance_standby":true,"performance_standby_last_remote_wal":10,)"
             R"("raft_committed_index":10,"raft_applied_index":10})"},
    {.fact = "sys/leader: PUT is 405",
     .source = "Vault http/sys_leader.go",
     .asked = ask("PUT", "sys/leader"),
     .status = 405,
     .body = empty},
    {.fact = "sys/seal-status",
     .source = "Vault docs, API, sys/seal-status",
     .tune = sealed,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/seal-status"),
     .status = 200,
     .body = R"({"type":"shamir","initialized":true,"sealed":true})"},
};

} // namespace

TEST_CASE("sys/health and sys/leader") { check_rows(dialect::vault, health_rows); }
