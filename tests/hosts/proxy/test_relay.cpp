// SPDX-License-Identifier: BSL-1.0
// The loop of an exchange, before a cluster and before nodes that a test scripts.
#include "relay.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace proxy_tests;

namespace {

constexpr std::string_view root = "X-Vault-Token: root\r\n";

[[nodiscard]] cluster::settings lagging_by(std::string const& lag)
{
    cluster::settings chosen;
    chosen.lag = cluster::parse_lag(lag).spec.value();
    return chosen;
}

/// Writes and reads ten times; how many reads were stale.
[[nodiscard]] int stale_reads(front const& proxy)
{
    auto client = proxy.client();
    int stale = 0;
    for (int round = 1; round <= 10; ++round) {
        auto const value = "{\"value\":\"" + std::to_string(round) + "\"}";
        CHECK(client.ask(request("PUT", "/v1/secret/foo", root, value)).status() == 204);
        auto const read = client.ask(request("GET", "/v1/secret/foo", root));
        stale += read.body.find(value) == std::string::npos ? 1 : 0;
    }
    return stale;
}

} // namespace

TEST_CASE("every mode, in both dialects, shows what was written; without enforcement it is not shown")
{
    using afterwrite::when_inconsistent;
    for (auto const speaks : {cluster::dialect::vault, cluster::dialect::openbao})
        for (auto const when : {when_inconsistent::retry, when_inconsistent::forward,
                                when_inconsistent::await, when_inconsistent::retry_then_forward}) {
            auto chosen = lagging_by("constant:30ms");
            chosen.speaks = speaks;
            chosen.consistency_max_index_wait = std::chrono::seconds(1);
            chosen.allow_forwarding_via_header = true;
            cluster::http_server nodes(chosen);
            auto with = before(nodes.address(1));
            with.policy.consistency.when = when;
            CHECK(stale_reads(front(with)) == 0);
        }
    cluster::http_server nodes(lagging_by("constant:200ms"));
    auto without = before(nodes.address(1));
    without.policy.consistency.enforce = afterwrite::enforce_consistency::never;
    CHECK(stale_reads(front(without)) > 0);
}

TEST_CASE("with `fail` the client gets the refusal as the node gave it")
{
    cluster::http_server nodes(lagging_by("constant:1h"));
    auto chosen = before(nodes.address(1));
    chosen.policy.consistency.when = afterwrite::when_inconsistent::fail;
    front proxy(chosen);
    auto client = proxy.client();
    CHECK(client.ask(request("PUT", "/v1/secret/foo", root, R"({"value":"1"})")).status() == 204);
    auto const got = client.ask(request("GET", "/v1/secret/foo", root));
    CHECK(got.status() == 412);
    CHECK(got.body.find("required index state not present") != std::string::npos);
    CHECK(proxy.counted().own_answers == 0);
}

TEST_CASE("with the nodes declared, each request goes to one that has what it requires")
{
    cluster::http_server nodes(lagging_by("constant:50ms"));
    auto chosen = before(nodes.address(1));
    for (std::size_t i = 0; i < nodes.node_count(); ++i)
        chosen.upstream.nodes.push_back(nodes.address(i));
    front proxy(chosen);
    CHECK(stale_reads(proxy) == 0);
    std::size_t asked = 0;
    for (std::size_t i = 0; i < nodes.node_count(); ++i)
        asked += nodes.counters(i).received > 0 ? 1 : 0;
    CHECK(asked > 1);
    chosen.upstream.nodes.push_back("nonsense");
    CHECK_THROWS_AS(front{chosen}, proxy::setup_error);
}

TEST_CASE("a redirect to a declared node is followed, another one is the client's")
{
    listening_node active(answer("200 OK", "from the active node"));
    scripted_node standby(answering([&active](std::string const& asked) {
        auto const to = asked.starts_with("GET /v1/far") ? "http://127.0.0.1:9" : active.address();
        return answer("307 Temporary Redirect", "", "Location: " + to + "/v1/a\r\n");
    }));
    auto chosen = before(standby.address());
    chosen.upstream.nodes = {standby.address(), active.address()};
    front proxy(chosen);
    auto client = proxy.client();
    CHECK(client.ask(request("GET", "/v1/a", root)).body == "from the active node");
    auto plain = before(standby.address());
    front other(plain);
    auto const far = other.client().ask(request("GET", "/v1/far", root));
    CHECK(far.status() == 307);
    CHECK(far.value("Location") == "http://127.0.0.1:9/v1/a");
}

TEST_CASE("a client's own fields go through as they are, once")
{
    cluster::http_server nodes(lagging_by("constant:1h"));
    front proxy(before(nodes.address(1)));
    auto client = proxy.client();
    auto const written = client.ask(request("PUT", "/v1/secret/foo", root, R"({"value":"1"})"));
    auto const index = written.value("X-Vault-Index");
    REQUIRE_FALSE(index.empty());
    auto const got =
        client.ask(request("GET", "/v1/secret/foo", std::string(root) + "X-Vault-Index: " + index + "\r\n"));
    CHECK(got.status() == 412);
    CHECK(proxy.counted().clients_own == 1);
    CHECK(proxy.counted().attempts == 2);
    CHECK_FALSE(proxy.lines.has(index));
}

TEST_CASE("each request leaves a line, with nothing secret in it")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    client.ask(request("PUT", "/v1/auth/token/lookup/hvs.SECRET?token=hvs.SECRET2",
                       "X-Vault-Token: hvs.SECRET3\r\n", "SECRET4"));
    CHECK(proxy.lines.has("/v1/auth/token/lookup/..."));
    CHECK_FALSE(proxy.lines.has("SECRET"));
}
