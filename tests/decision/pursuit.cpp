// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/pursuit.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/nodes.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

using namespace afterwrite;
using namespace support;

namespace {

constexpr pursuit::circumstances waiting{.waits_for_node = true}; // nobody said that it may be forwarded
constexpr pursuit::circumstances impatient{.waits_for_node = true, .may_forward = true};
constexpr retry_budget::terms nothing{.percent_of_reads = 0, .per_second = 0, .burst = 0};

required_states const five = states({vault("c", 5, 0)});

request_facts to_best_node()
{
    auto facts = request_facts::of_method("GET");
    facts.addressable = true;
    facts.to = route::best_node;
    return facts;
}

/// A pursuit that begins at 0 s, and its times.
struct hunt {
    required_states required;
    retry_schedule times;
    pursuit way;

    explicit hunt(required_states const& after = five,
                  request_facts const& facts = request_facts::of_method("GET"),
                  consistency_policy const& with = {}, std::uint64_t seed = 1)
        : required(after), times(with, facts.deadline, at(0s), seed),
          way(with, facts, required, at(0s), times.deadline())
    {}

    bool begin(replication_view& view, pursuit::circumstances const& how)
    {
        return way.begin(view, times, required, how);
    }

    /// An attempt that was sent and refused then.
    pursuit::advice refuse(replication_view& view, duration sent, duration answered,
                           pursuit::circumstances const& how,
                           std::optional<duration> retry_after = std::nullopt)
    {
        times.count_attempt();
        times.advance(at(sent));
        way.send(at(sent));
        times.advance(at(answered));
        return way.refused(view, times, retry_after, how);
    }

    void answer(replication_view& view, duration sent, duration answered)
    {
        way.send(at(sent));
        times.advance(at(answered));
        way.answered(view, times);
    }
};

/// At this time, a tenth of the wait before it more or less.
bool is_about(time_point due, duration begin, duration wait)
{
    return due >= at(begin + wait - wait / 10) && due <= at(begin + wait + wait / 10);
}

} // namespace

TEST_CASE("who probes for others and is pointed elsewhere lets the next one probe at once")
{
    replication_view view;
    single_flight::reader refused{.required = {5, 0}};
    static_cast<void>(view.nodes()[anywhere].flight.refused(refused, at(0s), at(200ms), 0));
    hunt prober;
    hunt other;
    for (auto* const each : {&prober, &other}) {
        each->times.count_attempt(); // nobody knows which node will answer: the first one is always sent
        each->times.advance(at(250ms));
    }
    CHECK_FALSE(prober.way.held_until(view, prober.times));
    CHECK(other.way.held_until(view, other.times));
    prober.way.leave(view, at(250ms));
    CHECK_FALSE(other.way.held_until(view, other.times));
}

TEST_CASE("while nothing is known it waits 5 ms, and then a half more each time")
{
    replication_view view;
    hunt one;
    CHECK(one.begin(view, waiting));
    auto wait = duration(5ms);
    for (int i = 0; i < 6; ++i) {
        auto const now = 100ms * i;
        auto const advice = one.refuse(view, now, now + 1ms, waiting);
        CHECK(advice.what == pursuit::move::wait);
        CHECK_FALSE(advice.is_over_budget);
        CHECK(is_about(advice.due, now + 1ms, wait));
        wait += wait / 2;
    }
    one.answer(view, 600ms, 601ms);
    CHECK(view.hopping() == node_hopping()); // who stays shows nothing of other nodes
}

TEST_CASE("where something is known it waits as half of the reads need")
{
    replication_view view;
    for (int i = 0; i < 20; ++i)
        view.lag().landed(35ms, 40ms);
    int trials = 0;
    for (std::uint64_t seed = 0; seed < 320; ++seed) {
        hunt one(five, request_facts::of_method("GET"), {}, seed);
        view.limit({});
        auto const advice = one.refuse(view, 0ms, 1ms, waiting);
        bool const is_trial = !is_about(advice.due, 1ms, view.lag().wait_for(0.5F));
        trials += is_trial ? 1 : 0;
        if (is_trial)
            CHECK(advice.due < at(1ms) + view.lag().wait_for(0.5F));
    }
    CHECK(trials > 8);
    CHECK(trials < 40);
}

TEST_CASE("Retry-After bounds a learned wait from above")
{
    replication_view view;
    hunt one;
    CHECK(one.refuse(view, 0ms, 1ms, waiting, 2ms).due == at(3ms));
    CHECK(is_about(one.refuse(view, 3ms, 4ms, waiting, 1s).due, 4ms, 7500us));
}

TEST_CASE("patience counts from the first refusal, and is 100 ms while nothing is known")
{
    replication_view view;
    hunt one;
    CHECK(one.way.overdue_at(view) == time_point::max());
    CHECK(one.refuse(view, 0ms, 3ms, impatient).what == pursuit::move::wait);
    CHECK(one.way.overdue_at(view) == at(103ms));
    auto const late = one.refuse(view, 102ms, 103ms, impatient);
    CHECK(late.what == pursuit::move::forward);
    CHECK(late.due == at(103ms));
    CHECK_FALSE(late.is_over_budget);
}

TEST_CASE("a wait that the patience would not outlast is not begun: the active node is asked when it ends")
{
    replication_view view;
    hunt one;
    pursuit::advice advice;
    duration now = 0ms;
    while ((advice = one.refuse(view, now, now + 1ms, impatient)).what == pursuit::move::wait) {
        CHECK(advice.due < at(101ms));
        now = advice.due - at(0s);
    }
    CHECK(advice.what == pursuit::move::forward);
    CHECK(advice.due == at(101ms));
}

TEST_CASE("the policy's own patience is followed, learned or not")
{
    for (auto const& wait : {backoff::learned(), backoff{.spread = backoff::jitter::none}}) {
        replication_view view;
        hunt one(five, request_facts::of_method("GET"), {.wait = wait, .forward_after = 0ms});
        CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::forward);
    }
}

TEST_CASE("who may not be forwarded waits on")
{
    replication_view view;
    hunt one;
    CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait);
    CHECK(one.refuse(view, 10s, 10s, waiting).what == pursuit::move::wait);
    // The same for an attempt that no node has checked.
    CHECK(one.refuse(view, 11s, 11s, {.waits_for_node = false, .may_forward = true}).what ==
          pursuit::move::wait);
    replication_view untaught;
    hunt unchecked;
    CHECK(unchecked.refuse(untaught, 0s, 0s, {.waits_for_node = false, .may_forward = true}).what ==
          pursuit::move::wait);
    CHECK_FALSE(untaught.nodes()[anywhere].lacked({5, 0}, at(0s)));
}

TEST_CASE("a forward that the budget does not allow is no forward, and the read waits on")
{
    replication_view view;
    view.limit({.forwards = nothing});
    hunt one;
    CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::wait);
    auto const late = one.refuse(view, 200ms, 201ms, impatient);
    CHECK(late.what == pursuit::move::wait);
    CHECK(late.is_over_budget);
    CHECK(late.due > at(201ms));
    CHECK_FALSE(one.way.try_forward(view, one.times));
    CHECK(view.nodes()[anywhere].guard == breaker()); // it was no escalation
}

TEST_CASE("a wait that the patience would not outlast is begun where the budget allows nothing else")
{
    replication_view view;
    view.limit({.forwards = nothing});
    hunt one;
    CHECK_FALSE(one.refuse(view, 0ms, 1ms, impatient).is_over_budget);
    auto const late = one.refuse(view, 95ms, 98ms, impatient);
    CHECK(late.what == pursuit::move::wait);
    CHECK(late.is_over_budget);
    CHECK(late.due > at(98ms));
}

TEST_CASE("the first retry is free, and what the budget does not allow later stays away for longer")
{
    replication_view view;
    view.limit({.retries = nothing});
    hunt one;
    auto const first = one.refuse(view, 0ms, 1ms, waiting);
    CHECK_FALSE(first.is_over_budget);
    CHECK(is_about(first.due, 1ms, 5ms));
    auto const second = one.refuse(view, 6ms, 7ms, waiting);
    CHECK(second.is_over_budget);
    CHECK(is_about(second.due, 7ms, 50ms));
}

TEST_CASE("behind an open breaker it is forwarded from the beginning, if the cap allows it")
{
    replication_view view;
    open(view.nodes()[anywhere].guard);
    hunt forwarded;
    CHECK_FALSE(forwarded.begin(view, impatient));
    hunt barred;
    CHECK(barred.begin(view, waiting));
    hunt fixed(five, request_facts::of_method("GET"), {.wait = {}});
    CHECK(fixed.begin(view, impatient)); // shares nothing
    hunt writing(five, request_facts::of_method("PUT"));
    CHECK(writing.begin(view, impatient)); // goes to the active node anyhow
    view.limit({.forwards_while_open = nothing});
    hunt capped;
    CHECK(capped.begin(view, impatient));
}

TEST_CASE("a read that waits anyway is the probe that an open breaker waits for")
{
    replication_view view;
    auto& guard = view.nodes()[anywhere].guard;
    open(guard);
    hunt one;
    one.times.advance(at(2s));
    REQUIRE(guard.is_probe_due(at(2s)));
    CHECK(one.begin(view, waiting));
    CHECK_FALSE(guard.is_probe_due(at(2s)));
}

TEST_CASE("the first probe has the longest patience, and is forwarded when that ends")
{
    replication_view view;
    open(view.nodes()[anywhere].guard);
    hunt probe;
    probe.times.advance(at(2s));
    CHECK(probe.begin(view, impatient));
    CHECK(probe.refuse(view, 2s, 2s, impatient).what == pursuit::move::wait);
    CHECK(probe.way.overdue_at(view) == at(2250ms));
    auto const again = probe.refuse(view, 2200ms, 2201ms, impatient);
    CHECK(again.what == pursuit::move::wait); // once more when the patience ends
    CHECK(again.due <= at(2250ms));
    CHECK(probe.refuse(view, 2250ms, 2251ms, impatient).what == pursuit::move::forward);
}

TEST_CASE("who waits when the breaker opens waits no longer")
{
    replication_view view;
    hunt one;
    CHECK(one.begin(view, impatient));
    CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::wait);
    open(view.nodes()[anywhere].guard);
    CHECK(one.refuse(view, 6ms, 7ms, impatient).what == pursuit::move::forward);
}

TEST_CASE("an answer teaches all that follows: position, lag, breaker")
{
    replication_view view;
    auto& node = view.nodes()[anywhere];
    for (int i = 0; i < 4; ++i)
        node.guard.escalated(at(0s), 0);
    hunt one;
    CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait);
    CHECK(node.lacked({5, 0}, at(1ms)));
    one.answer(view, 6ms, 7ms);
    CHECK(node.has({5, 0}));
    CHECK(node.flight.has() == wal_position{5, 0});
    CHECK(node.guard == breaker());
    CHECK(node.lag.samples() == 1);
    CHECK(view.lag().samples() == 1);
}

TEST_CASE("a policy with waits of its own is followed to the letter, learns nothing, and takes no budget")
{
    replication_view view;
    view.limit({.retries = nothing, .forwards = nothing});
    hunt one(five, request_facts::of_method("GET"),
             {.wait = {.spread = backoff::jitter::none, .first = 10ms, .longest = 1s}});
    CHECK(one.refuse(view, 0ms, 1ms, impatient).due == at(11ms));
    CHECK_FALSE(view.nodes()[anywhere].lacked({5, 0}, at(1ms)));
    CHECK(one.refuse(view, 11ms, 12ms, impatient).due == at(32ms));
    CHECK(one.refuse(view, 32ms, 33ms, impatient).due == at(73ms));
    auto const overdue = one.refuse(view, 73ms, 74ms, impatient);
    CHECK(overdue.what == pursuit::move::forward);
    CHECK(overdue.due == at(101ms));
    one.answer(view, 101ms, 102ms);
    CHECK(view.lag().samples() == 0);
    CHECK_FALSE(view.nodes()[anywhere].has({5, 0}));
    CHECK(view.nodes()[anywhere].guard == breaker());
    CHECK_FALSE(one.way.held_until(view, one.times).has_value());
}

TEST_CASE("who requires nothing teaches nothing, and is never held")
{
    replication_view view;
    for (bool const is_forgotten : {false, true}) {
        hunt one(required_states{});
        CHECK(one.begin(view, impatient));
        if (is_forgotten)
            view.forget_positions();
        CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait); // its token may be stale
        one.answer(view, 6ms, 7ms);
    }
    CHECK(view.lag().samples() == 0);
    CHECK_FALSE(view.nodes()[anywhere].lacked({}, at(7ms)));
}

// -----------------------------------------------------------------------------------------------------------
// Several reads, several nodes

namespace {

/// A node that a read waits for: when it asks again.
time_point stall(replication_view& view, node_number which)
{
    single_flight::reader leader{.required = {4, 0}};
    return view.nodes()[which].flight.refused(leader, at(0s), at(400ms), 0);
}

} // namespace

TEST_CASE("who asks a node that is waited for stays unsent, and is overdue from its own beginning")
{
    auto view = view_of_three();
    for (node_number i = 0; i < 3; ++i)
        stall(view, i);
    hunt one(five, to_best_node());
    CHECK(one.begin(view, impatient));
    auto const held = one.way.held_until(view, one.times);
    REQUIRE(held.has_value());
    CHECK(*held > at(0s));
    CHECK(one.way.overdue_at(view) == at(100ms));
}

TEST_CASE("where nobody knows which node will answer, the first attempt is always sent")
{
    replication_view view;
    stall(view, anywhere);
    hunt one;
    CHECK_FALSE(one.way.held_until(view, one.times).has_value());
    one.times.count_attempt();
    CHECK(one.way.held_until(view, one.times).has_value());
}

TEST_CASE("what has no order is never held")
{
    for (auto const& required : {states({vault("c", 5, 3)}), states({vault("c", 5, 0), vault("d", 5, 0)}),
                                 states({openbao("c", "F/5")}), required_states{}}) {
        auto view = view_of_three();
        for (node_number i = 0; i < 3; ++i)
            stall(view, i);
        hunt one(required, to_best_node());
        CHECK(one.begin(view, waiting));
        bool const has_order = required.clusters() == 1; // of a log, or of two numbers that both matter
        CHECK(one.way.held_until(view, one.times).has_value() == has_order);
    }
}

TEST_CASE("whose own patience ends before the others know is not made to wait for them")
{
    replication_view view;
    hunt one;
    stall(view, anywhere);
    one.times.advance(at(1ms));
    auto const advice = one.refuse(view, 1ms, 2ms, impatient);
    CHECK(advice.what == pursuit::move::wait);
    CHECK(advice.due <= at(102ms));
}

TEST_CASE("the node is chosen once, and only where the caller asked for it")
{
    auto view = view_of_three();
    view.nodes()[1].flight.answered({.required = {5, 0}}, at(0s));
    hunt best(five, to_best_node());
    best.way.choose(view, best.times, true);
    CHECK(best.way.node() == 1);
    view.nodes()[1].failed(at(0s));
    best.way.choose(view, best.times, true);
    CHECK(best.way.node() == 1);
    hunt any;
    any.way.choose(view, any.times, true);
    CHECK(any.way.node() == anywhere);
    auto bound = to_best_node();
    bound.addressable = false;
    hunt unable(five, bound);
    unable.way.choose(view, unable.times, true);
    CHECK(unable.way.node() == anywhere);
}

TEST_CASE("a node that cannot be reached is left for another one, while there is one")
{
    auto view = view_of_three();
    hunt one(five, to_best_node());
    one.way.choose(view, one.times, true);
    auto const first = one.way.node();
    CHECK(one.way.evade(view, one.times));
    CHECK(one.way.node() != first);
    CHECK(view.nodes()[first].has_failed(at(0s)));
    CHECK(one.way.evade(view, one.times));
    CHECK_FALSE(one.way.evade(view, one.times));
    hunt any;
    CHECK_FALSE(any.way.evade(view, any.times));
    auto fresh = view_of_three();
    CHECK_FALSE(any.way.evade(fresh, any.times)); // who chooses no node blames none
    CHECK(any.way.node() == anywhere);
    CHECK_FALSE(fresh.nodes()[anywhere].has_failed(at(0s)));
    replication_view undeclared; // there is none to choose
    hunt best(five, to_best_node());
    best.way.choose(undeclared, best.times, true);
    CHECK_FALSE(best.way.evade(undeclared, best.times));
    CHECK_FALSE(undeclared.nodes()[anywhere].has_failed(at(0s)));
}

TEST_CASE("after the second refusal another node is asked at once, twice at most before the next wait")
{
    auto view = view_of_three();
    int hops = 0;
    for (std::uint64_t seed = 0; seed < 32; ++seed) { // one in sixteen stays, to compare
        for (node_number i = 0; i < 3; ++i)
            view.nodes()[i] = {};
        view.hopping() = {};
        hunt one(five, to_best_node(), {}, seed);
        one.way.choose(view, one.times, true);
        auto const first = one.way.node();
        CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait);
        auto const second = one.refuse(view, 6ms, 7ms, waiting);
        if (second.what != pursuit::move::ask_another)
            continue;
        ++hops;
        CHECK(second.due == at(7ms));
        CHECK(one.way.node() != first);
        auto const third = one.refuse(view, 7ms, 8ms, waiting);
        auto expected = node_hopping();
        expected.hopped(false);
        CHECK(view.hopping() == expected);
        if (third.what == pursuit::move::ask_another)
            CHECK(one.refuse(view, 8ms, 9ms, waiting).what == pursuit::move::wait);
    }
    CHECK(hops > 20);
}

TEST_CASE("who was not let through to the active node may hop twice, too")
{
    int twice = 0;
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
        auto view = view_of_three();
        hunt one(five, to_best_node(), {.forward_after = 0ms}, seed);
        one.way.choose(view, one.times, true);
        CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::forward);
        auto const second = one.refuse(view, 2ms, 3ms, waiting); // it forwards nothing
        auto const third = one.refuse(view, 3ms, 4ms, waiting);
        if (second.what == pursuit::move::ask_another && third.what == pursuit::move::ask_another)
            ++twice;
    }
    CHECK(twice > 20);
}

TEST_CASE("a hop that was answered speaks for hopping")
{
    auto view = view_of_three();
    view.hopping().hopped(false);
    auto const before = view.hopping();
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        hunt one(five, to_best_node(), {}, seed);
        one.way.choose(view, one.times, true);
        CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait);
        if (one.refuse(view, 6ms, 7ms, waiting).what != pursuit::move::ask_another)
            continue;
        one.answer(view, 7ms, 8ms);
        auto expected = before;
        expected.hopped(true);
        CHECK(view.hopping() == expected);
        CHECK(view.nodes()[one.way.node()].has({5, 0}));
        return;
    }
    FAIL("nobody hopped");
}

// -----------------------------------------------------------------------------------------------------------
// What is its own affair, and what others may learn from

TEST_CASE("what is no read has the longest patience, however little its node lags")
{
    replication_view view;
    for (int i = 0; i < 40; ++i)
        view.lag().landed(2ms, 4ms);
    for (auto const* method : {"GET", "PUT"}) {
        hunt one(five, request_facts::of_method(method));
        CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::wait);
        auto const patience = one.way.overdue_at(view) - at(1ms);
        CHECK(patience == (std::string(method) == "GET" ? lag_estimate::shortest_patience
                                                        : lag_estimate::longest_patience));
    }
}

TEST_CASE("where hopping does not pay, trying it takes budget")
{
    for (bool const has_budget : {true, false}) {
        auto view = view_of_three();
        for (int i = 0; i < 40; ++i)
            view.hopping().hopped(false);
        auto const in_vain = view.hopping();
        int hops = 0;
        for (std::uint64_t seed = 0; seed < 200; ++seed) {
            view.hopping() = in_vain;
            view.limit({});
            for (node_number i = 0; i < 3; ++i)
                view.nodes()[i] = {};
            hunt one(five, to_best_node(), {}, seed);
            one.way.choose(view, one.times, false);
            CHECK(one.refuse(view, 0ms, 1ms, waiting).what == pursuit::move::wait);
            if (!has_budget)
                view.limit({.retries = nothing});
            hops += one.refuse(view, 6ms, 7ms, waiting).what == pursuit::move::ask_another ? 1 : 0;
        }
        CHECK((hops > 0) == has_budget);
    }
}

TEST_CASE("who goes on to another node has joined nobody there")
{
    auto view = view_of_three();
    for (node_number i = 0; i < 3; ++i)
        stall(view, i);
    hunt one(five, to_best_node());
    CHECK(one.begin(view, impatient));
    REQUIRE(one.way.held_until(view, one.times).has_value());
    CHECK(one.way.overdue_at(view) == at(100ms));
    CHECK(one.way.evade(view, one.times));
    CHECK(one.way.overdue_at(view) == time_point::max());
}

TEST_CASE("who is refused what its node has shown to have tells nothing of it, and asks no other one")
{
    for (bool const has_it : {true, false}) {
        auto view = view_of_three();
        for (node_number i = 0; i < 3; ++i)
            if (has_it)
                view.nodes()[i].flight.answered({.required = {9, 0}}, at(0s));
        view.limit({.retries = nothing});
        hunt one(five, to_best_node());
        CHECK(one.begin(view, waiting));
        int others = 0;
        bool is_out = false;
        duration now = 0ms;
        for (int i = 0; i < 20; ++i) {
            auto const advice = one.refuse(view, now, now + 1ms, waiting);
            others += advice.what == pursuit::move::ask_another ? 1 : 0;
            is_out = is_out || view.nodes()[one.way.node()].flight.is_out(advice.due);
            now = advice.due - at(0s) + 1ms;
        }
        CHECK((others > 0) == !has_it);
        CHECK(is_out == !has_it);
    }
}

TEST_CASE("an answer that shows nothing new does not close a breaker that is about to open")
{
    replication_view view;
    auto& node = view.nodes()[anywhere];
    for (int i = 0; i < breaker::opens_after; ++i) {
        hunt old;
        old.answer(view, 0ms, 1ms); // what it has had for long, after the first time
        node.guard.escalated(at(1ms), 0);
    }
    CHECK(node.guard.is_open());
    hunt newer(states({vault("c", 6, 0)}));
    newer.answer(view, 2ms, 3ms);
    CHECK_FALSE(node.guard.is_open());
}

TEST_CASE("what is of another history, or of another cluster, teaches nothing")
{
    enum class how { forgotten, another_cluster, begun_for_another };
    for (auto const what : {how::forgotten, how::another_cluster, how::begun_for_another}) {
        auto view = view_of_three();
        view.limit({.retries = nothing});
        bool const is_late = what == how::begun_for_another;
        hunt one(is_late ? states({vault("d", 5, 0)}) : five, to_best_node());
        CHECK(one.begin(view, waiting));
        if (what == how::forgotten)
            view.forget_positions();
        if (what == how::another_cluster)
            view.learn(dialect::vault, cluster_id("d"));
        duration now = 0ms;
        for (int i = 0; i < 20; ++i) {
            auto const advice = one.refuse(view, now, now + 1ms, waiting);
            CHECK_FALSE(view.nodes()[one.way.node()].flight.is_out(advice.due));
            CHECK_FALSE(view.nodes()[one.way.node()].lacked({5, 0}, advice.due));
            now = advice.due - at(0s) + 1ms;
        }
        CHECK_FALSE(one.way.held_until(view, one.times).has_value());
        one.answer(view, now, now + 1ms);
        CHECK_FALSE(view.nodes()[one.way.node()].has({5, 0}));
    }
}

TEST_CASE("forwards that follow each other open the breaker, so that those who come after need not wait")
{
    replication_view view;
    for (int i = 0; i < breaker::opens_after; ++i) {
        CHECK_FALSE(view.nodes()[anywhere].guard.is_open());
        hunt one;
        CHECK(one.begin(view, impatient));
        CHECK(one.way.try_forward(view, one.times));
    }
    CHECK(view.nodes()[anywhere].guard.is_open());
    hunt next;
    CHECK_FALSE(next.begin(view, impatient));
}

TEST_CASE("when the others need not be waited for any more, nothing is overdue")
{
    auto view = view_of_three();
    for (node_number i = 0; i < 3; ++i)
        stall(view, i);
    hunt one(five, to_best_node());
    CHECK(one.begin(view, impatient));
    REQUIRE(one.way.held_until(view, one.times).has_value());
    REQUIRE(one.way.overdue_at(view) == at(100ms));
    for (node_number i = 0; i < 3; ++i)
        view.nodes()[i].flight = {};
    CHECK_FALSE(one.way.held_until(view, one.times).has_value());
    CHECK(one.way.overdue_at(view) == time_point::max());
}

TEST_CASE("two hops in a row are all, and after a wait there may be two again")
{
    bool hops_again = false;
    unsigned most = 0;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        auto view = view_of_three();
        hunt one(five, to_best_node(), {}, seed);
        one.way.choose(view, one.times, false);
        int hops = 0;
        unsigned in_a_row = 0;
        for (int i = 0; i < 30; ++i) { // so seldom that no node is known to have lacked it a moment ago
            bool const hopped =
                one.refuse(view, 200ms * i, 200ms * i + 1ms, waiting).what == pursuit::move::ask_another;
            in_a_row = hopped ? in_a_row + 1 : 0;
            hops += hopped ? 1 : 0;
            most = std::max(most, in_a_row);
        }
        hops_again = hops_again || hops > static_cast<int>(node_hopping::most_in_a_row);
    }
    CHECK(hops_again);
    CHECK(most == node_hopping::most_in_a_row);
}

TEST_CASE("the second hop does not lead back to where the first one began")
{
    auto const without_order = states({vault("c", 5, 0), vault("d", 5, 0)}); // no node is known to lack that
    int hops = 0;
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
        auto view = view_of_three();
        hunt one(without_order, to_best_node(), {}, seed);
        one.way.choose(view, one.times, false);
        auto const first = one.way.node();
        one.refuse(view, 0ms, 1ms, waiting);
        if (one.refuse(view, 6ms, 7ms, waiting).what != pursuit::move::ask_another)
            continue;
        ++hops;
        for (node_number i = 0; i < 3; ++i)
            if (i != first && i != one.way.node())
                view.nodes()[i].failed(at(7ms)); // so that only the first one is left
        CHECK(one.refuse(view, 7ms, 8ms, waiting).what == pursuit::move::wait);
        CHECK(one.way.node() != first);
    }
    CHECK(hops > 20);
}

TEST_CASE("who says nothing of an attempt waits for no node, and has no active one to ask")
{
    pursuit::circumstances const untold;
    CHECK_FALSE((untold.waits_for_node || untold.may_forward));
    pursuit::advice const none;
    CHECK(none.what == pursuit::move::wait);
    CHECK_FALSE(none.is_over_budget);
}

TEST_CASE("a wait that would end just when the patience does is not begun")
{
    replication_view view;
    hunt one;
    CHECK(one.refuse(view, 0ms, 1ms, impatient).what == pursuit::move::wait);
    auto const exact = one.refuse(view, 98ms, 99ms, impatient, 2ms);
    CHECK(exact.what == pursuit::move::forward);
    CHECK(exact.due == at(101ms));
}

TEST_CASE("a probe asks once more just when its patience ends, hops nowhere, and then waits on if it must")
{
    auto view = view_of_three();
    for (node_number i = 0; i < 3; ++i)
        open(view.nodes()[i].guard);
    hunt probe(five, to_best_node());
    probe.times.advance(at(2s));
    REQUIRE(probe.begin(view, impatient));
    auto const node = probe.way.node();
    CHECK(probe.refuse(view, 2s, 2s, impatient).what == pursuit::move::wait);
    for (node_number i = 0; i < 3; ++i)
        if (i != node)
            view.nodes()[i].guard = {}; // there are others to ask
    auto const last = probe.refuse(view, 2248ms, 2249ms, impatient);
    CHECK(last.what == pursuit::move::wait);
    CHECK(last.due == at(2250ms));
    CHECK(probe.way.node() == node);
    view.limit({.forwards_while_open = nothing});
    auto const late = probe.refuse(view, 2250ms, 2250ms, impatient);
    CHECK(late.what == pursuit::move::wait);
    CHECK(late.is_over_budget);
    CHECK(late.due > at(2250ms));
}

TEST_CASE("who waits with others is woken when its own patience ends, and waits with them if it has none")
{
    struct row {
        pursuit::circumstances how;
        duration forward_after;
        bool has_budget;
        bool is_woken;
    };
    for (auto const& [how, forward_after, has_budget, is_woken] :
         {row{impatient, 550ms, true, true}, row{waiting, 550ms, true, false},
          row{impatient, 503ms, false, false}}) { // which it cannot be, since then it would be forwarded
        auto view = view_of_three();
        for (node_number i = 0; i < 3; ++i)
            stall(view, i);
        if (!has_budget)
            view.limit({.forwards = nothing});
        hunt one(five, to_best_node(), {.forward_after = forward_after});
        CHECK(one.begin(view, how));
        REQUIRE(one.way.held_until(view, one.times).has_value());
        one.times.advance(at(500ms));
        REQUIRE_FALSE(one.way.held_until(view, one.times).has_value()); // it asks for all
        auto const advice = one.refuse(view, 500ms, 501ms, how, 2ms);
        CHECK(advice.what == pursuit::move::wait);
        CHECK(advice.is_over_budget == !has_budget);
        CHECK((advice.due == at(forward_after)) == is_woken);
        CHECK(advice.due > at(503ms));
    }
}

TEST_CASE("whose waits are its policy's own, or who is not waited for, keeps no others from asking")
{
    constexpr backoff long_waits{.spread = backoff::jitter::none, .first = 400ms};
    auto view = view_of_three();
    hunt fixed(five, to_best_node(), {.wait = long_waits});
    fixed.way.choose(view, fixed.times, true);
    for (int i = 0; i < 3; ++i)
        CHECK(fixed.refuse(view, 1s * i, 1s * i + 1ms, waiting).what == pursuit::move::wait); // it never hops
    CHECK_FALSE(view.nodes()[fixed.way.node()].flight.is_out(at(2s)));

    replication_view poor;
    poor.limit({.retries = nothing});
    hunt unchecked;
    for (int i = 0; i < 10; ++i)
        unchecked.refuse(poor, 1s * i, 1s * i + 1ms, {});
    CHECK_FALSE(poor.nodes()[anywhere].flight.is_out(at(9s)));
}

TEST_CASE("a read that may go anywhere hops nowhere")
{
    auto view = view_of_three();
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
        hunt one(five, request_facts::of_method("GET"), {}, seed);
        for (int i = 0; i < 4; ++i)
            CHECK(one.refuse(view, 200ms * i, 200ms * i + 1ms, waiting).what == pursuit::move::wait);
        CHECK(one.way.node() == anywhere);
    }
}

TEST_CASE("after a wait a hop may lead back to where one began before it")
{
    auto const without_order = states({vault("c", 5, 0), vault("d", 5, 0)}); // no node is known to lack that
    int hops_back = 0;
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
        auto view = view_of_three();
        hunt one(without_order, to_best_node(), {}, seed);
        one.way.choose(view, one.times, false);
        auto const first = one.way.node();
        one.refuse(view, 0ms, 1ms, waiting);
        if (one.refuse(view, 6ms, 7ms, waiting).what != pursuit::move::ask_another)
            continue;
        for (node_number i = 0; i < 3; ++i)
            if (i != first && i != one.way.node())
                view.nodes()[i].failed(at(7ms)); // so that only the first one is left
        CHECK(one.refuse(view, 7ms, 8ms, waiting).what == pursuit::move::wait);
        if (one.refuse(view, 18ms, 19ms, waiting).what != pursuit::move::ask_another)
            continue;
        ++hops_back;
        CHECK(one.way.node() == first);
    }
    CHECK(hops_back > 20);
}

TEST_CASE("who has nobody else to answer for it avoids a node that others wait for")
{
    int stalled = 0;
    for (std::uint64_t seed = 0; seed < 32; ++seed) {
        auto view = view_of_three();
        stall(view, 0);
        stall(view, 1);
        hunt patient(five, to_best_node(), {}, seed);
        patient.way.choose(view, patient.times, false);
        CHECK(patient.way.node() == 2);
        hunt other(five, to_best_node(), {}, seed);
        other.way.choose(view, other.times, true);
        stalled += other.way.node() != 2 ? 1 : 0;
    }
    CHECK(stalled > 8);
}

TEST_CASE("a read that begins counts for the budget")
{
    replication_view view;
    view.limit({.retries = {.percent_of_reads = 100, .per_second = 0, .burst = 1}});
    CHECK(view.budget().try_retry(at(0s)));
    CHECK_FALSE(view.budget().try_retry(at(0s)));
    hunt one;
    CHECK(one.begin(view, waiting));
    CHECK(view.budget().try_retry(at(0s)));
}

TEST_CASE("positions are of the history in which the exchange began, whichever number that has")
{
    auto view = view_of_three();
    view.forget_positions();
    hunt one(five, to_best_node());
    CHECK(one.begin(view, waiting));
    one.refuse(view, 0ms, 1ms, waiting);
    CHECK(view.nodes()[one.way.node()].lacked({5, 0}, at(1ms)));

    view.forget_positions(); // while the next attempt is under way
    one.answer(view, 6ms, 7ms);
    CHECK_FALSE(view.nodes()[one.way.node()].has({5, 0}));

    hunt held(five, to_best_node());
    CHECK(held.begin(view, waiting));
    view.forget_positions();
    for (node_number i = 0; i < 3; ++i)
        stall(view, i); // reads of the new history
    CHECK_FALSE(held.way.held_until(view, held.times).has_value());
}

TEST_CASE("who is forwarded teaches that its node needed longer than its last refusal")
{
    replication_view view;
    hunt one;
    one.refuse(view, 0ms, 1ms, impatient);
    one.refuse(view, 41ms, 42ms, impatient);
    CHECK(one.way.try_forward(view, one.times));
    CHECK(view.lag().samples() == 1);
    CHECK(view.lag().quantile(0.5F) >= 40ms);
}
