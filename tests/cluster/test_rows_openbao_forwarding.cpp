// SPDX-License-Identifier: BSL-1.0
// OpenBao 2.7: what is forwarded or redirected, and answers that only look stale.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view index_go = "OpenBao internal/http/index.go";
constexpr std::string_view listener = "OpenBao docs, configuration/listener";
using line = std::pair<std::string, std::string>;
const line behind{"X-Vault-Index", "@11:0"};
const line fail{"X-Vault-Inconsistent", "fail"};
const line forward{"X-Vault-Inconsistent", "forward-active-node"};

void one_write(scene& s) { s.at_active("PUT", "kv/foo", R"({"v":1})"); }
void old_clients_forwarded(settings& s) { s.consistency_missing_header_forward = true; }
request with(field_list fields) { return ask("GET", "kv/foo", std::move(fields)); }

const std::vector<row> forwarding = {
    {.fact = "clients without headers are forwarded if so configured",
     .source = listener,
     .tune = old_clients_forwarded,
     .before = one_write,
     .node = 1,
     .asked = with({}),
     .status = 200,
     .served_by = 0},
    {.fact = "… with an index of another cluster as well",
     .source = index_go,
     .tune = old_clients_forwarded,
     .before = one_write,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@foreign"}}),
     .status = 200,
     .served_by = 0},
    {.fact = "… not if they know X-Vault-Inconsistent",
     .source = index_go,
     .tune = old_clients_forwarded,
     .before = one_write,
     .node = 1,
     .asked = with({fail}),
     .status = 404,
     .served_by = 1},
    {.fact = "… not if their index is there",
     .source = index_go,
     .tune = old_clients_forwarded,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@10:0"}}),
     .status = 404,
     .served_by = 1},
    {.fact = "X-Vault-No-Request-Forwarding turns forwarding into 307",
     .source = index_go,
     .before = one_write,
     .node = 1,
     .asked = with({behind, forward, {"X-Vault-No-Request-Forwarding", "1"}}),
     .status = 307,
     .lacks = {"X-Vault-Index"}},
    {.fact = "a hop that fails becomes 307",
     .source = index_go,
     .tune = [](settings& s) { s.forwarding_works = false; },
     .before = one_write,
     .node = 1,
     .asked = with({behind, forward}),
     .status = 307,
     .has = {{"Location", "http://node-0:8200/v1/kv/foo"}},
     .lacks = {"X-Vault-Index", "Retry-After"}},
    {.fact = "a write that must not be forwarded is 307",
     .source = "OpenBao http/handler.go",
     .node = 1,
     .asked = ask("PUT", "kv/foo", {{"X-Vault-No-Request-Forwarding", "1"}}, R"({"v":1})"),
     .status = 307,
     .has = {{"Location", "http://node-0:8200/v1/kv/foo"}},
     .log_end = 10},
    {.fact = "a raft snapshot is fetched from the active node itself: 307",
     .source = "OpenBao http/handler.go",
     .node = 1,
     .asked = ask("GET", "sys/storage/raft/snapshot"),
     .status = 307,
     .lacks = {"X-Vault-Index"}},
    {.fact = "a standby that serves no reads forwards",
     .source = listener,
     .before = one_write,
     .node = 3,
     .asked = with({}),
     .status = 200,
     .served_by = 0},
    {.fact = "a standby that serves no reads checks the index first",
     .source = index_go,
     .before = one_write,
     .node = 3,
     .asked = with({behind}),
     .status = 429},
    {.fact = "the quota comes before the header check: an assumption",
     .source = "assumed, as in Vault http/handler.go",
     .tune = [](settings& s) { s.requests_per_second = 1; },
     .before = one_write,
     .asked = with({behind, behind}),
     .status = 429,
     .body = R"({"errors":["request path \"kv/foo\": rate limit quota exceeded"]})"},
    {.fact = "a standby's sys/health is 429 with a body",
     .source = "OpenBao internal/http/sys_health.go",
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 429,
     .lacks = {"X-Vault-Index", "Retry-After"}},
};

} // namespace

TEST_CASE("OpenBao: forwarding and the rest") { check_rows(dialect::openbao, forwarding); }
