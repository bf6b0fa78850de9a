// SPDX-License-Identifier: BSL-1.0
// Many exchanges with the same nodes, in virtual time: which node they choose, how one finds out for all, and
// that what befalls one of them does not befall the others. Each one ends.
#include <afterwrite/decision/exchange.hpp>

#include <doctest/doctest.h>

#include "support/lagging_world.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

using namespace afterwrite;
using namespace support;

// -----------------------------------------------------------------------------------------------------------
// Several nodes

TEST_CASE("a read that was refused twice asks another node at once, while that is seen to help")
{
    lagging_world servers;
    servers.declare(2);
    servers.nodes[0].lag = [](time_point) { return duration(1h); };
    int hops = 0;
    for (auto const& read : servers.read_each(200ms, 20)) {
        CHECK(read.last.why == reason::answered);
        if (count_of(read.log, "another_node") == 0)
            continue;
        ++hops;
        REQUIRE(read.log.size() == 3);
        CHECK(read.log[0] == "0 http://n0 first_attempt: 1 index");
        CHECK(count_of({read.log[1]}, " http://n0 waiting: 1 index") == 1);
        CHECK(count_of({read.log[2]}, " http://n1 another_node: 1 index") == 1);
        CHECK(read.took() < 50ms);
    }
    CHECK(hops > 0);
    CHECK(servers.forwarded == 0);
}

TEST_CASE("where all nodes lag together, nobody asks round for long")
{
    lagging_world servers;
    servers.declare(3);
    servers.lag(20ms);
    servers.policy.when = when_inconsistent::retry;
    servers.read_each(100ms, 300);
    int hops = 0;
    for (auto const& read : servers.read_each(100ms, 300))
        hops += count_of(read.log, "another_node") > 0 ? 1 : 0;
    CHECK(hops < 30);
}

TEST_CASE("of several nodes the one that lags less gets most of the reads")
{
    lagging_world servers;
    servers.declare(2);
    servers.nodes[0].lag = [](time_point) { return duration(80ms); };
    servers.nodes[1].lag = [](time_point) { return duration(4ms); };
    servers.read_each(200ms, 400);
    servers.read_each(200ms, 400);
    auto const slow = std::count_if(servers.reads().begin(), servers.reads().end(), [](reading const& one) {
        return one.log.front().starts_with("0 http://n0 ");
    });
    CHECK(slow > 50);
    CHECK(slow < 150);
    CHECK(median_of(servers.reads()) < 10ms);
}

TEST_CASE("a node that cannot be reached is left at once, and not asked for a second")
{
    lagging_world servers;
    servers.declare(2);
    servers.nodes[0].is_reachable = false;
    int in_vain = 0;
    for (auto const& read : servers.read_each(50ms, 100)) {
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() == 1ms);
        if (read.log.size() == 1)
            continue;
        ++in_vain;
        CHECK(read.log == lines{"0 http://n0 first_attempt: 1 index", "0 http://n1 another_node: 1 index"});
    }
    CHECK(in_vain >= 2);
    CHECK(in_vain <= 6); // 5 s
}

TEST_CASE(
    "where no node can be reached it ends after a few repetitions, and none of them was sent twice over")
{
    lagging_world servers;
    servers.declare(3);
    for (auto& node : servers.nodes)
        node.is_reachable = false;
    auto const& read = servers.read_once();
    CHECK(read.last.what == action::give_up);
    CHECK(read.last.why == reason::attempts_exhausted);
    CHECK(read.log.size() <= 9);
    CHECK(count_of(read.log, "another_node") >= 2);
    CHECK(count_of(read.log, "repeating") == 2);
}

// -----------------------------------------------------------------------------------------------------------
// One read finds out for all

namespace {

/// One node that stops to apply what is written, for so long, and reads that have to wait for it.
lagging_world stalled_until(time_point end, std::size_t declared = 1)
{
    lagging_world servers;
    if (declared > 0)
        servers.declare(declared);
    servers.lag(2ms);
    servers.policy = consistency_policy::patient();
    servers.policy.when = when_inconsistent::retry;
    servers.read_each(20ms, 20);
    servers.nodes[0].log.clear();
    auto const begin = servers.now();
    servers.nodes[0].lag = [begin, end](time_point now) {
        return now < end ? std::max<duration>(2ms, now - begin) : duration(2ms);
    };
    return servers;
}

std::size_t count_ended(std::deque<reading> const& reads)
{
    return static_cast<std::size_t>(
        std::count_if(reads.begin(), reads.end(), [](reading const& one) { return one.has_ended(); }));
}

} // namespace

TEST_CASE("while a node lacks what a hundred reads wait for, far fewer requests than reads reach it")
{
    for (std::size_t const declared : {1U, 0U}) {
        CAPTURE(declared);
        auto servers = stalled_until(at(10s), declared);
        auto const& node = servers.nodes[0];
        auto const from = servers.reads().size();
        for (int i = 0; i < 100; ++i)
            servers.begin(servers.now() + 5ms + i * 10ms);
        servers.run(servers.now() + 1500ms);
        auto const before = node.log.size(); // until it was seen that the node is behind for long
        CHECK(before < 300);
        servers.run(at(10s) - 1ms);
        CHECK(count_ended(servers.reads()) == from);
        CHECK(node.log.size() - before < 20);
        auto const behind = node.log.size();
        servers.run();
        CHECK(count_ended(servers.reads()) == from + 100);
        CHECK(node.log.size() - behind < 120);
        for (auto i = from; i < servers.reads().size(); ++i) {
            CHECK(servers.reads()[i].last.why == reason::answered);
            CHECK(servers.reads()[i].ended < at(13s));
        }
    }
}

TEST_CASE("those who wait unsent are told so")
{
    auto servers = stalled_until(at(10s));
    servers.begin(servers.now() + 5ms);
    servers.run(at(3s));
    auto const& joined = servers.begin(at(3s));
    servers.run(at(3s));
    CHECK(joined.last.what == action::send_again);
    CHECK(joined.last.why == reason::joined);
    CHECK(joined.last.not_before > at(3s));
    CHECK(joined.machine.attempts() == 0);
    servers.run();
    CHECK(joined.last.why == reason::answered);
    CHECK(joined.log.size() <= 5); // when the node had it; and it relieved who had asked in vain for long
}

TEST_CASE("no read waits for ever for one that never comes back")
{
    for (int const survivors : {5, 10, 50}) {
        CAPTURE(survivors);
        auto servers = stalled_until(at(20s));
        auto const from = servers.reads().size();
        int sent = 0;
        servers.is_lost = [&sent, survivors](reading const&) { return ++sent % (survivors + 1) == 0; };
        for (int i = 0; i < 200; ++i)
            servers.begin(servers.now() + 5ms + i * 20ms);
        servers.run();
        std::size_t lost = 0;
        for (auto i = from; i < servers.reads().size(); ++i) {
            auto const& read = servers.reads()[i];
            lost += read.is_abandoned ? 1 : 0;
            if (!read.is_abandoned)
                CHECK(read.last.why == reason::answered);
        }
        CHECK(lost > 0);
        CHECK(lost < 200);
    }
}

TEST_CASE("who has joined gives up at its deadline, unsent")
{
    auto servers = stalled_until(at(1h));
    servers.policy.limit.timeout = 10min;
    servers.begin(servers.now() + 5ms);
    servers.run(at(5s));
    int unsent = 0;
    for (int i = 0; i < 50; ++i) {
        servers.policy.limit.timeout = 40ms;
        auto const begun = at(5s) + i * 100ms;
        auto const& read = servers.begin(begun);
        servers.run(begun + 90ms);
        CHECK(read.last.what == action::give_up);
        CHECK(read.last.why == reason::deadline_passed);
        CHECK(read.took() <= 41ms);
        unsent += read.machine.attempts() == 0 ? 1 : 0;
        if (read.machine.attempts() == 0)
            CHECK(read.took() == 40ms);
    }
    CHECK(unsent >= 40);
}

TEST_CASE("who is refused for what nobody else needs keeps no brief read from its node")
{
    lagging_world servers;
    servers.declare(1);
    servers.policy.when = when_inconsistent::retry;
    servers.policy.limit.timeout = 10min;
    servers.begin(at(1ms), at(-30min)).always = vault_stale();
    servers.run(at(300ms));
    servers.policy.limit.timeout = 40ms;
    std::vector<reading const*> brief;
    for (int i = 0; i < 50; ++i)
        brief.push_back(&servers.begin(at(300ms) + i * 10ms));
    servers.run(at(1s));
    for (auto const* const one : brief)
        CHECK(one->is_answered());
}

TEST_CASE("who may forward does not wait for another read's answer longer than for its own")
{
    auto servers = stalled_until(at(1h));
    servers.begin(servers.now() + 5ms);
    servers.run(at(5s));
    servers.policy = {};
    auto const& read = servers.begin(at(5s));
    servers.run(at(6s));
    CHECK(read.last.why == reason::answered);
    CHECK(read.took() < 110ms);
    CHECK(count_of(read.log, "forwarding: 1 index, forward-active-node") == 1);
}

// -----------------------------------------------------------------------------------------------------------
// What befalls one of them

namespace {

/// Three nodes, which nobody forwards for, so that each read has to wait for one of them.
lagging_world healthy_without_forwarding()
{
    lagging_world servers;
    servers.declare(3);
    servers.view.missing().note_missing(capability::forwarding, at(0s));
    return servers;
}

/// Reads that healthy nodes can answer, from then on, as far apart as that. How many were not answered at
/// once.
int count_hindered(lagging_world& servers, time_point from, duration interval, int count)
{
    std::vector<reading const*> begun;
    for (int i = 0; i < count; ++i)
        begun.push_back(&servers.begin(from + i * interval));
    servers.run();
    return static_cast<int>(std::count_if(begun.begin(), begun.end(), [](reading const* one) {
        return !one->is_answered() || one->took() > 1ms;
    }));
}

test_message const stale_token = answer(412, R"({"errors":["SSCT token referenced a newer index"]})");

} // namespace

TEST_CASE("who is refused for ever, for what its token demands, is alone in that")
{
    for (auto const& refusal : {vault_stale(), stale_token})
        for (int const refused : {1, 40}) {
            CAPTURE(refused);
            auto servers = healthy_without_forwarding();
            for (int i = 0; i < refused; ++i)
                servers.begin(at(i * 1s), at(-30min)).always = refusal; // all nodes have that for long
            CHECK(count_hindered(servers, at(5ms), 10ms, 4000) == 0);
            for (std::size_t i = 0; i < static_cast<std::size_t>(refused); ++i)
                CHECK(servers.reads()[i].last.why == reason::deadline_passed);
        }
}

TEST_CASE("and makes nobody ask the active node")
{
    lagging_world servers;
    servers.declare(3);
    servers.policy.when = when_inconsistent::retry;
    for (int i = 0; i < 40; ++i)
        servers.begin(at(i * 1s), at(-30min)).always = vault_stale();
    servers.policy = {};
    CHECK(count_hindered(servers, at(5ms), 10ms, 4000) == 0);
    auto const asked = [](reading const& one) { return count_of(one.log, "active-node") > 0; };
    CHECK(std::none_of(servers.reads().begin() + 40, servers.reads().end(), asked));
}

TEST_CASE("an outage opens the breaker though nodes go on answering what is older, and no read fails")
{
    for (std::size_t const declared : {0U, 3U})
        for (int const old_percent : {50, 80}) {
            CAPTURE(declared);
            CAPTURE(old_percent);
            lagging_world servers;
            if (declared > 0)
                servers.declare(declared);
            for (auto& node : servers.nodes)
                node.lag = [](time_point now) { return std::max<duration>(now - at(0s), 0ms); };
            std::vector<reading const*> fresh;
            for (int i = 0; i < 12'000; ++i) {
                auto const when = at(1s + i * 5ms);
                bool const is_old = i * 37 % 100 < old_percent;
                auto const& one = servers.begin(when, is_old ? at(i * -1ms) : when);
                if (!is_old)
                    fresh.push_back(&one);
            }
            servers.run();
            CHECK(servers.known(declared > 0 ? node_number{0} : anywhere).guard.is_open());
            std::size_t requests = 0;
            int slow = 0;
            for (auto const* one : fresh) {
                CHECK(one->is_answered());
                CHECK(one->took() < 300ms);
                slow += one->took() > 3ms ? 1 : 0;
                requests += one->log.size();
            }
            CHECK(slow < static_cast<int>(fresh.size()) / 25);
            CHECK(requests < fresh.size() * 11 / 10);
        }
}

TEST_CASE("reads of a history or a cluster that is no more hold up nobody")
{
    for (bool const is_another : {false, true}) {
        CAPTURE(is_another);
        auto servers = healthy_without_forwarding();
        servers.policy = consistency_policy::patient();
        for (int i = 0; i < 50; ++i)
            servers.begin(at(i * 1ms), at(-30min)).always = vault_stale();
        servers.run(at(100ms));
        if (is_another) {
            servers.view.learn(dialect::vault, cluster_id("d"));
            servers.view.missing().note_missing(capability::forwarding, at(0s));
            servers.cluster = "d";
        } else
            servers.view.forget_positions();
        CHECK(count_hindered(servers, at(5s), 10ms, 3000) == 0);
        CHECK(servers.reads().front().last.why == reason::deadline_passed);
    }
}

TEST_CASE("reads that begin with another cluster's state hold up nobody either")
{
    auto servers = healthy_without_forwarding();
    servers.policy = consistency_policy::patient();
    servers.cluster = "d"; // the session has not heard yet
    for (int i = 0; i < 50; ++i)
        servers.begin(at(i * 1ms), at(-30min)).always = vault_stale();
    servers.cluster = "c";
    CHECK(count_hindered(servers, at(5s), 10ms, 3000) == 0);
}

TEST_CASE("a node that a proxy cannot reach is left for another one, and not asked for a second")
{
    for (int const status : {502, 503, 504}) {
        CAPTURE(status);
        lagging_world servers;
        servers.declare(3);
        servers.nodes[0].always = answer(status, "bad gateway");
        for (int i = 0; i < 1000; ++i)
            servers.begin(at(i * 20ms));
        servers.run();
        for (auto const& one : servers.reads()) {
            CHECK(one.is_answered());
            CHECK(one.log.size() <= 2);
        }
        CHECK(servers.nodes[0].log.size() > 10);
        CHECK(servers.nodes[0].log.size() < 60); // 20 s, and those that were on their way
    }
}

TEST_CASE("what a node makes of one request alone is no reason to leave it")
{
    lagging_world servers;
    servers.declare(3);
    for (auto& node : servers.nodes)
        node.always = answer(500, "internal error");
    servers.read_once();
    for (node_number i = 0; i < 3; ++i)
        CHECK_FALSE(servers.known(i).has_failed(servers.now()));
}

TEST_CASE("a crowd that a quota or a seal keeps out asks a few times, with no budget left")
{
    for (auto const& refusal :
         {quota_used_up(""), answer(429), answer(503, "Vault is sealed"), no_active_node()}) {
        lagging_world servers;
        servers.view.limit({.retries = nothing});
        servers.nodes[0].always = refusal;
        for (int i = 0; i < 2000; ++i)
            servers.begin(at(i * 5ms));
        servers.run();
        for (auto const& one : servers.reads()) {
            CHECK(one.has_ended());
            CHECK(one.log.size() <= 6); // at once, then soon, then each 4 s of 15
        }
        CHECK(servers.nodes[0].log.size() <= 12'000);
    }
}

TEST_CASE("with a budget that is not much more")
{
    lagging_world servers;
    servers.nodes[0].always = quota_used_up("");
    for (int i = 0; i < 2000; ++i)
        servers.begin(at(i * 5ms));
    servers.run();
    CHECK(servers.nodes[0].log.size() <= 13'000);
}

TEST_CASE("a write whose body can be sent once waits for its turn, and then is sent")
{
    auto servers = stalled_until(at(1h));
    servers.begin(servers.now() + 5ms);
    servers.run(at(5s));
    auto const facts = servers.facts;
    servers.facts.safe = servers.facts.idempotent = servers.facts.replayable_body = false;
    servers.policy = {};
    auto const& write = servers.begin(at(5s));
    servers.facts = facts;
    servers.run(at(6s));
    CHECK(write.is_answered());
    CHECK(write.log.size() == 1);
}
