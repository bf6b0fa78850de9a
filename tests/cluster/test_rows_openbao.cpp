// SPDX-License-Identifier: BSL-1.0
// OpenBao 2.7: the index on answers, and the check of the index in a request.
#include "codec.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view index_go = "OpenBao internal/http/index.go";
constexpr std::string_view logical = "OpenBao internal/http/logical.go";
constexpr std::string_view listener = "OpenBao docs, configuration/listener";
using line = std::pair<std::string, std::string>;
const line behind{"X-Vault-Index", "@11:0"};
const line fail{"X-Vault-Inconsistent", "fail"};
const line forward{"X-Vault-Inconsistent", "forward-active-node"};
const line wait{"X-Vault-Inconsistent", "await-state"};

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }

void patient(settings& s)
{
    s.consistency_max_index_wait = 10s;
    s.lag.typical = 4s;
}

request with(field_list fields) { return ask("GET", "kv/foo", std::move(fields)); }

request with_index(std::string_view text)
{
    return ask("GET", "kv/foo", {{"X-Vault-Index", base64_encode(text)}});
}

const std::vector<row> answers = {
    {.fact = "a write shows the index",
     .source = logical,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a read shows it too",
     .source = logical,
     .before = one_write,
     .asked = with({}),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a standby shows its own position",
     .source = logical,
     .before =
         [](scene& s) {
             one_write(s);
             s.land();
             s.at_active("PUT", "kv/foo", R"({"v":2})");
         },
     .node = 1,
     .asked = with({}),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 1},
    {.fact = "not on errors",
     .source = index_go,
     .asked = with({}),
     .status = 404,
     .body = empty,
     .lacks = {"X-Vault-Index"}},
    {.fact = "not on sys/health",
     .source = logical,
     .asked = ask("GET", "sys/health"),
     .status = 200,
     .lacks = {"X-Vault-Index"}},
    {.fact = "not with a storage that has no index",
     .source = index_go,
     .tune = [](settings& s) { s.stores = storage::other; },
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .lacks = {"X-Vault-Index"}},
    {.fact = "not without a cluster id",
     .source = index_go,
     .tune = [](settings& s) { s.cluster_id.clear(); },
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .lacks = {"X-Vault-Index"}},
    {.fact = "PostgreSQL's index is an LSN",
     .source = "OpenBao internal/physical/postgresql/index.go",
     .tune =
         [](settings& s) {
             s.stores = storage::postgresql;
             s.first_index = 0xFFFFFFFF;
         },
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@4294967296:0"}}},
    {.fact = "a forwarded answer shows the active node's index (default)",
     .source = logical,
     .node = 1,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
    {.fact = "… or the standby's own (switch)",
     .source = "not verified: a switch of the cluster",
     .tune = [](settings& s) { s.unknown.standby_index_on_forward = true; },
     .node = 1,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@10:0"}}},
};

const std::vector<row> check = {
    {.fact = "an index that is not there is 429, once more in a second",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind}),
     .status = 429,
     .body = empty,
     .has = {{"Retry-After", "1"}},
     .lacks = {"X-Vault-Index"}},
    {.fact = "fail says the same",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind, fail}),
     .status = 429,
     .body = empty},
    {.fact = "… before the token is looked at",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {behind}),
     .status = 429},
    {.fact = "… for a write too, and nothing is written",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = ask("PUT", "kv/foo", {behind}, R"({"v":2})"),
     .status = 429,
     .log_end = 11},
    {.fact = "… for sys/health too: the check wraps every path",
     .source = "OpenBao internal/http/handler.go",
     .before = one_write,
     .node = 1,
     .asked = ask("GET", "sys/health", {behind}),
     .status = 429,
     .body = empty,
     .has = {{"Retry-After", "1"}}},
    {.fact = "an index that is there is served",
     .source = index_go,
     .before =
         [](scene& s) {
             one_write(s);
             s.land();
         },
     .node = 1,
     .asked = with({behind}),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 1},
    {.fact = "forward-active-node forwards, with no switch to allow it",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind, forward}),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
    {.fact = "forward-active-node without an index serves here",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({forward}),
     .status = 404,
     .served_by = 1},
    {.fact = "the active node does not check",
     .source = index_go,
     .asked = with({{"X-Vault-Index", "@99:0"}}),
     .status = 404},
    {.fact = "a value of another storage counts as seen",
     .source = index_go,
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked = with_index(R"({"cluster":"c","value":"0/FF"})"),
     .status = 404,
     .served_by = 1},
    {.fact = "… but not for one that waits",
     .source = index_go,
     .tune = [](settings& s) { s.cluster_id = "c"; },
     .before = one_write,
     .node = 1,
     .asked =
         ask("GET", "kv/foo", {wait, {"X-Vault-Index", base64_encode(R"({"cluster":"c","value":"0/FF"})")}}),
     .status = 429,
     .body = empty},
    {.fact = "LSNs are compared as numbers: F/0 is before 10/0",
     .source = "OpenBao internal/physical/postgresql/index.go",
     .tune =
         [](settings& s) {
             s.stores = storage::postgresql;
             s.first_index = 0x1000000000;
             s.cluster_id = "c";
         },
     .node = 1,
     .asked = with_index(R"({"cluster":"c","value":"F/0"})"),
     .status = 404,
     .served_by = 1},
    {.fact = "a storage without an index has seen all",
     .source = index_go,
     .tune = [](settings& s) { s.stores = storage::other; },
     .before = one_write,
     .node = 1,
     .asked = with({behind}),
     .status = 404,
     .served_by = 1},
    {.fact = "a replica may claim what it has not replayed",
     .source = "OpenBao internal/physical/postgresql/index.go",
     .tune =
         [](settings& s) {
             s.stores = storage::postgresql;
             s.lag.typical = 0s;
             s.replay_lag = 1s;
         },
     .before = one_write,
     .node = 1,
     .asked = with({behind}),
     .status = 404,
     .body = empty,
     .served_by = 1},
    {.fact = "await-state waits and is served",
     .source = index_go,
     .tune = patient,
     .before = one_write,
     .node = 1,
     .asked = with({behind, wait}),
     .status = 200,
     .served_by = 1},
    {.fact = "await-state in vain is 429",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind, wait}),
     .status = 429,
     .body = empty,
     .has = {{"Retry-After", "1"}}},
    {.fact = "await-state, then forward-active-node",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind, wait, forward}),
     .status = 200,
     .served_by = 0},
    {.fact = "a lone await-state follows the configured fallback",
     .source = listener,
     .tune = [](settings& s) { s.consistency_fallback_behavior = "forward-active-node"; },
     .before = one_write,
     .node = 1,
     .asked = with({behind, wait}),
     .status = 200,
     .served_by = 0},
    {.fact = "the fallback does not touch await-state with fail",
     .source = listener,
     .tune = [](settings& s) { s.consistency_fallback_behavior = "forward-active-node"; },
     .before = one_write,
     .node = 1,
     .asked = with({behind, wait, fail}),
     .status = 429},
};

} // namespace

TEST_CASE("OpenBao: which answers show an index") { check_rows(dialect::openbao, answers); }

TEST_CASE("OpenBao: the check of the index") { check_rows(dialect::openbao, check); }
