// SPDX-License-Identifier: BSL-1.0
// A snapshot in a cluster that is bootstrapped anew: the same id and keys, a smaller index, another history.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view raft = "hashicorp/raft, user restore; OpenBao core/cluster/local/info in the data";
constexpr std::string_view unknown = "not verified: a switch of the cluster";
using line = std::pair<std::string, std::string>;
const line lost{"X-Vault-Index", "@13:0"}; ///< of the last write before the restore

/// Entry 11 is in the snapshot, which is restored after entry 13.
void back_to_eleven(scene& s)
{
    s.at_active("PUT", "kv/foo", R"({"v":1})");
    auto const saved = s.emulated.take_snapshot();
    s.at_active("PUT", "kv/foo", R"({"v":2})");
    s.at_active("PUT", "kv/new", R"({"v":3})");
    s.emulated.restore(saved, s.now);
}

void passed_again(scene& s)
{
    back_to_eleven(s);
    s.at_active("PUT", "kv/a", R"({"v":4})");
    s.at_active("PUT", "kv/b", R"({"v":5})");
    s.land();
}

const std::vector<row> both = {
    {.fact = "what was written after the snapshot is gone",
     .source = raft,
     .before = back_to_eleven,
     .asked = ask("GET", "kv/new"),
     .status = 404,
     .log_end = 11},
    {.fact = "what was overwritten is back, at every node at once",
     .source = raft,
     .before = back_to_eleven,
     .node = 2,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":2764800,"data":{"v":1},)"
             R"("wrap_info":null,"warnings":null,"auth":null})",
     .served_by = 2},
    {.fact = "the next write continues behind the snapshot, with an index that was given before",
     .source = raft,
     .before = back_to_eleven,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":9})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@12:0"}},
     .log_end = 12},
    {.fact = "once the log has passed the old index, it is met without its write",
     .source = raft,
     .before = passed_again,
     .node = 1,
     .asked = ask("GET", "kv/new", {lost}),
     .status = 404,
     .served_by = 1,
     .log_end = 13},
};

const std::vector<row> vault = {
    {.fact = "a standby refuses an index from before, whose signature is right",
     .source = raft,
     .before = back_to_eleven,
     .node = 1,
     .asked = ask("GET", "kv/foo", {lost}),
     .status = 412,
     .body = stale},
    {.fact = "the active node refuses it too (default)",
     .source = unknown,
     .before = back_to_eleven,
     .asked = ask("GET", "kv/foo", {lost}),
     .status = 412,
     .body = stale},
    {.fact = "… or does not look (switch)",
     .source = unknown,
     .tune = [](settings& s) { s.unknown.active_checks_index = false; },
     .before = back_to_eleven,
     .asked = ask("GET", "kv/foo", {lost}),
     .status = 200},
    {.fact = "a write that carries it is refused as well, and nothing is written",
     .source = unknown,
     .before = back_to_eleven,
     .asked = ask("PUT", "kv/foo", {lost}, R"({"v":9})"),
     .status = 412,
     .log_end = 11},
    {.fact = "sys/leader tells the lower position",
     .source = "Vault docs, API, sys/leader",
     .before = back_to_eleven,
     .asked = ask("GET", "sys/leader"),
     .status = 200,
     .body = R"({"ha_enabled":true,"is_self":true,"leader_address":"http://node-0:8200",)"
             R"("leader_cluster_address":"http://node-0:8200","performance_standby":false,)"
             R"("performance_standby_last_remote_wal":0,"last_wal":11,)"
             R"("raft_committed_index":11,"raft_applied_index":11})"},
    {.fact = "the replicated half goes back as well",
     .source = "Vault vault/request_handling.go",
     .before =
         [](scene& s) {
             s.emulated.receive_upstream(2, s.now);
             auto const saved = s.emulated.take_snapshot();
             s.emulated.receive_upstream(5, s.now);
             s.emulated.restore(saved, s.now);
         },
     .node = 1,
     .asked = ask("PUT", "kv/foo", {{"X-Vault-Index", "@12:2"}}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@13:2"}}},
    {.fact = "a token whose index was lost is 412 until the log has passed it",
     .source = "Vault vault/token_store.go, checkSSCTokenInternal",
     .tune = [](settings& s) { s.consistent_tokens = true; },
     .before =
         [](scene& s) {
             auto const saved = s.emulated.take_snapshot();
             s.make_token();
             s.emulated.restore(saved, s.now);
         },
     .asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "@token"}}),
     .status = 412},
};

const std::vector<row> openbao = {
    {.fact = "a standby refuses an index from before",
     .source = raft,
     .before = back_to_eleven,
     .node = 1,
     .asked = ask("GET", "kv/foo", {lost}),
     .status = 429,
     .has = {{"Retry-After", "1"}}},
    {.fact = "the active node does not look at it, and shows the smaller one",
     .source = "OpenBao internal/http/index.go",
     .before = back_to_eleven,
     .asked = ask("PUT", "kv/foo", {lost}, R"({"v":9})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@12:0"}}},
    {.fact = "a read shows it too",
     .source = "OpenBao internal/http/logical.go",
     .before = back_to_eleven,
     .node = 1,
     .asked = ask("GET", "kv/foo"),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "the check remembers no index from before",
     .source = "OpenBao internal/vault/storage_index.go",
     .before =
         [](scene& s) {
             auto const saved = s.emulated.take_snapshot();
             s.at_active("PUT", "kv/foo", R"({"v":1})");
             s.land();
             auto const asked = ask("GET", "kv/foo", {{"X-Vault-Index", s.expand("@11:0")}});
             CHECK(s.emulated.handle(1, asked, s.now).answer.status == 200);
             s.emulated.restore(saved, s.now);
         },
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@11:0"}}),
     .status = 429},
    {.fact = "sys/leader tells the lower position",
     .source = "OpenBao docs, API, sys/leader",
     .before = back_to_eleven,
     .asked = ask("GET", "sys/leader"),
     .status = 200,
     .body = R"({"ha_enabled":true,"is_self":true,"leader_address":"http://node-0:8200",)"
             R"("leader_cluster_address":"http://node-0:8200",)"
             R"("raft_committed_index":11,"raft_applied_index":11})"},
};

} // namespace

TEST_CASE("a restore in both dialects")
{
    check_rows(dialect::vault, both);
    check_rows(dialect::openbao, both);
}

TEST_CASE("Vault: indices from before a restore") { check_rows(dialect::vault, vault); }

TEST_CASE("OpenBao: indices from before a restore") { check_rows(dialect::openbao, openbao); }
