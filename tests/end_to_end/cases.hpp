// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "end_to_end/stack.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <thread>

// What a cluster can do to a caller besides lagging.

namespace end_to_end {

/// Node `node` stays as it is until `release`.
inline void stall(cluster::http_server& nodes, std::size_t node)
{
    nodes.with_model([&](cluster::model& model, cluster::nanoseconds now) {
        model.stall(node, now, now + std::chrono::hours(1));
    });
}

/// Vault refuses with 400 to forward by a field unless it was configured: asked once, remembered, never
/// again.
template <class Stack>
void check_barred_forwarding()
{
    cluster::http_server nodes{settings_of(cluster::dialect::vault, "constant:15ms")};
    caller<Stack> one{nodes.address(0)};
    afterwrite::consistency_policy const policy{.when = when_inconsistent::forward};
    std::size_t asked = 0;
    std::size_t refused = 0;
    auto const has_asked = [&] { return asked > 0; };
    run_until(5, has_asked, [&](int round) {
        auto const value = std::to_string(round);
        one.transport.set_address(nodes.address(0));
        REQUIRE(one.write("/v1/kv/foo", value, policy).delivered());
        one.transport.set_address(nodes.address(1));
        CHECK(shows(one.read("/v1/kv/foo", policy), value));
        for (auto const& each : one.transport.take()) {
            asked += each.inconsistent.size() + each.forward.size();
            refused += each.status == 400 ? 1U : 0U;
        }
    });
    CHECK(asked == 1);
    CHECK(refused == 1);
}

/// A standby that redirects is followed to a declared node; to any other neither the request goes nor the
/// index.
template <class Stack>
void check_redirects(cluster::dialect speaks)
{
    auto chosen = settings_of(speaks, "constant:1ms");
    chosen.performance_standbys = 1;
    chosen.plain_standbys = 1;
    chosen.standbys_redirect = true;
    cluster::http_server nodes{chosen};
    caller<Stack> one{nodes.address(0)};
    REQUIRE(one.write("/v1/kv/foo", "1").delivered());
    one.transport.set_address(nodes.address(2));
    one.transport.take();

    auto const away = one.read("/v1/kv/foo");
    CHECK(away.last.why == reason::redirected_elsewhere);
    CHECK(away.response->status == 307);
    CHECK(one.transport.take().size() == 1);

    REQUIRE(one.view.add_node(nodes.address(0)));
    CHECK(shows(one.read("/v1/kv/foo"), "1"));
    auto const followed = one.transport.take();
    REQUIRE(followed.size() == 2);
    CHECK(followed[0].status == 307);
    CHECK(followed[1].address == nodes.address(0));
    CHECK(followed[1].index.size() == 1);
    CHECK(one.write("/v1/kv/foo", "2").response->status == 204);
    CHECK(shows(one.read("/v1/kv/foo"), "2"));

    // Now the standby says that a stranger is active: a cluster of its own, that would answer.
    cluster::http_server strangers{settings_of(speaks, "none")};
    nodes.with_model(
        [&](cluster::model& model, cluster::nanoseconds) { model.set_address(0, strangers.address(0)); });
    auto const lured = one.read("/v1/kv/foo");
    CHECK(lured.last.why == reason::redirected_elsewhere);
    CHECK(strangers.counters(0).received == 0);
}

/// OpenBao holds a request until the state is there: one attempt, no waiting of ours.
template <class Stack>
void check_await()
{
    auto chosen = settings_of(cluster::dialect::openbao, "constant:15ms");
    chosen.consistency_max_index_wait = std::chrono::seconds(10);
    cluster::http_server nodes{chosen};
    caller<Stack> one{nodes.address(0)};
    auto const has_held = [&] { return nodes.counters(1).held > 0; };
    for (auto const when : {when_inconsistent::await, when_inconsistent::retry_then_forward})
        run_until(5, has_held, [&](int round) {
            auto const value = std::to_string(round);
            one.transport.set_address(nodes.address(0));
            REQUIRE(one.write("/v1/kv/foo", value, {.when = when}).delivered());
            one.transport.set_address(nodes.address(1));
            one.transport.take();
            CHECK(shows(one.read("/v1/kv/foo", {.when = when}), value));
            auto const sent = one.transport.take();
            REQUIRE(sent.size() == 1);
            CHECK(sent[0].inconsistent == strings{"await-state", "fail"});
        });
    CHECK(nodes.counters(1).held > 0);
    CHECK(nodes.counters(1).refused == 0);
    CHECK(nodes.counters(1).forwarded == 0);
}

/// What one caller wrote delays no other.
template <class Stack>
void check_callers(cluster::dialect speaks)
{
    cluster::http_server nodes{settings_of(speaks, "constant:1ms")};
    caller<Stack> writer{nodes.address(0)};
    REQUIRE(writer.write("/v1/kv/shared", "1").delivered());
    writer.transport.set_address(nodes.address(1));
    REQUIRE(shows(writer.read("/v1/kv/shared"), "1")); // so the node has it
    stall(nodes, 1);
    writer.transport.set_address(nodes.address(0));
    REQUIRE(writer.write("/v1/kv/shared", "2").delivered());

    afterwrite::consistency_policy const patient{.when = when_inconsistent::retry,
                                                 .limit = {.timeout = std::chrono::minutes(2)}};
    writer.transport.set_address(nodes.address(1));
    bool is_fresh = false;
    std::thread waiting([&] { is_fresh = shows(writer.read("/v1/kv/shared", patient), "2"); });
    while (nodes.counters(1).refused == 0) // the writer is on its way to wait
        std::this_thread::yield();

    for (int i = 0; i < 5; ++i) {
        caller<Stack> reader{nodes.address(1)};
        auto const seen = reader.read("/v1/kv/shared");
        CHECK(shows(seen, "1")); // older, which this caller cannot know, and at once
        CHECK(seen.attempts == 1);
        auto const own = reader.write("/v1/kv/own" + std::to_string(i), "x");
        CHECK(own.delivered());
        CHECK(own.attempts == 1);
    }

    nodes.with_model([&](cluster::model& model, cluster::nanoseconds now) { model.drop_lag(now); });
    waiting.join();
    CHECK(is_fresh);
}

/// A request may ask for the active node: by a field where that is allowed, else by the address.
template <class Stack>
void check_active_node(cluster::dialect speaks, bool allowed)
{
    auto chosen = settings_of(speaks, "constant:1ms");
    chosen.allow_forwarding_via_header = allowed;
    cluster::http_server nodes{chosen};
    stall(nodes, 1);
    caller<Stack> writer{nodes.address(0)};
    REQUIRE(writer.write("/v1/kv/foo", "1").delivered());

    // This one has seen nothing, so only the active node can show it what the writer did.
    caller<Stack> other{nodes.address(1)};
    other.view = afterwrite::replication_view(
        speaks == cluster::dialect::vault ? afterwrite::dialect::vault : afterwrite::dialect::openbao);
    CHECK(other.read("/v1/kv/foo").response->status == 404);
    other.transport.take();
    auto const lost = other.read_at(route::active_node, "/v1/kv/foo");
    if (allowed) {
        CHECK(shows(lost, "1"));
        CHECK(other.transport.take().at(0).forward == strings{"active-node"});
        return;
    }
    CHECK_FALSE(lost.delivered());
    CHECK(lost.last.why == reason::not_offered);
    other.transport.take();

    REQUIRE(other.view.set_active_address(nodes.address(0)));
    CHECK(shows(other.read_at(route::active_node, "/v1/kv/foo"), "1"));
    auto const sent = other.transport.take();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].address == nodes.address(0));
    CHECK(sent[0].forward.empty());
}

/// Among declared nodes the library chooses: reads are spread, one that nobody can reach costs no time, and
/// one that stands still does not keep the others from answering.
template <class Stack>
void check_best_node(cluster::dialect speaks)
{
    constexpr int rounds = 60;
    cluster::http_server nodes{settings_of(speaks, "constant:2ms")};
    stall(nodes, 2);
    caller<Stack> one{nodes.address(0)};
    REQUIRE(one.view.add_node("http://127.0.0.1:1")); // nobody listens there
    for (std::size_t i = 0; i < nodes.node_count(); ++i)
        REQUIRE(one.view.add_node(nodes.address(i)));
    std::map<std::string, int> asked;
    for (int round = 0; round < rounds; ++round) {
        auto const value = std::to_string(round);
        REQUIRE(one.write("/v1/kv/foo", value).delivered());
        one.transport.take();
        auto const seen = one.read_at(route::best_node, "/v1/kv/foo");
        CHECK(shows(seen, value));
        CHECK(seen.last.why == reason::answered);
        for (auto const& each : one.transport.take())
            ++asked[each.address];
    }
    CHECK(asked["http://127.0.0.1:1"] < rounds);
    CHECK(asked[nodes.address(0)] > 0);
    CHECK(asked[nodes.address(1)] > 0);
    CHECK(asked[""] == 0); // never where the transport is bound to
}

} // namespace end_to_end
