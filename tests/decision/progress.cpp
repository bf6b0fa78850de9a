// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/progress.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/nodes.hpp"

#include <cstdint>

using namespace afterwrite;
using namespace support;

namespace {

request_facts const reading = request_facts::of_method("GET");
request_facts const writing = request_facts::of_method("PUT");
required_states const five = states({vault("c", 5, 0)});

constexpr answer_reading ok{.status = 200};
constexpr answer_reading stale{.status = 412, .kind = refusal::stale_index};

request_facts to(route where, request_facts facts = reading)
{
    facts.to = where;
    facts.addressable = true;
    return facts;
}

/// An exchange that begins at 0 s.
struct journey {
    replication_view& view;
    progress state;
    step last{};

    journey(replication_view& known, required_states const& required, request_facts const& facts = reading,
            consistency_policy const& policy = {}, std::uint64_t seed = 1)
        : view(known), state(
                           policy, [&]() -> auto const& { return required; }, facts, at(0s), seed),
          last(state.first(known))
    {}

    /// An attempt, when it is due, whose answer is this one.
    step const& hear(answer_reading const& answer, duration after = 1ms)
    {
        static_cast<void>(state.begin_attempt(view, {}, true));
        return last = state.on_answer(answer, view, state.times().now() + after);
    }
};

/// A node that another read waits for already.
void stall(node_knowledge& node)
{
    single_flight::reader leader{.required = {4, 0}};
    CHECK(node.flight.refused(leader, at(0s), at(400ms), 0) == at(400ms));
}

} // namespace

TEST_CASE("at first an attempt is sent at once, and its answer is delivered")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, five);
    CHECK(one.last == step{.not_before = at(0s)});
    CHECK(one.hear(ok).what == action::deliver);
    CHECK(one.last.why == reason::answered);
    CHECK(one.state.times().attempts() == 1);
    CHECK(view.nodes()[anywhere].has({5, 0}));
}

TEST_CASE("what cannot succeed ends before it begins")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto late = reading;
    late.deadline = at(-1ms);
    CHECK(journey(view, five, late).last.why == reason::deadline_passed);
    CHECK(journey(view, states({openbao("c", "5")}), to(route::active_node)).last.why == reason::not_offered);
}

TEST_CASE("a refusal is waited for, and what was learned decides how long")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, five);
    CHECK(one.hear(stale).why == reason::waiting);
    CHECK(one.last.refused_as == refusal::stale_index);
    CHECK(one.last.not_before >= at(5500us));
    CHECK(one.last.not_before <= at(6500us));
    CHECK(one.hear(ok).why == reason::answered);
    CHECK(one.last.refused_as == refusal::none);
    CHECK(view.lag().samples() == 1);
    CHECK(view.lag().quantile(1.0F) > 4ms); // from the first refusal to when the next attempt was sent
}

TEST_CASE("a refusal that is only presumed is one to a read, and leaves a write unknown")
{
    constexpr answer_reading presumed{.status = 412, .kind = refusal::presumed_stale};
    replication_view view(dialect::vault, cluster_id("c"));
    CHECK(journey(view, five).hear(presumed).why == reason::waiting);
    auto const unknown = journey(view, five, writing).hear(presumed);
    CHECK(unknown.what == action::give_up);
    CHECK(unknown.why == reason::outcome_unknown);
}

TEST_CASE("only success, and that there is nothing there, show that a node has what was required")
{
    for (int const status : {200, 204, 404, 400, 403, 405}) {
        replication_view view(dialect::vault, cluster_id("c"));
        journey one(view, five);
        CHECK(one.hear({.status = status}).why == reason::answered);
        CHECK(view.nodes()[anywhere].has({5, 0}) == (status < 300 || status == 404));
    }
}

TEST_CASE("what the active node may have answered shows nothing of the node that was asked")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, five, reading, {.when = when_inconsistent::forward});
    CHECK(one.hear(ok).why == reason::answered);
    CHECK_FALSE(view.nodes()[anywhere].has({5, 0}));
}

TEST_CASE("behind an open breaker the first attempt may be forwarded already")
{
    replication_view view(dialect::vault, cluster_id("c"));
    open(view.nodes()[anywhere].guard);
    journey one(view, five);
    CHECK(one.last.why == reason::first_attempt);
    CHECK(one.state.how().at() == stage::forward);
    journey fixed(view, five, reading, {.wait = {}});
    CHECK(fixed.state.how().at() == stage::ask);
    journey unable(view, five, reading, {.when = when_inconsistent::retry});
    CHECK(unable.state.how().at() == stage::ask);
}

TEST_CASE("who joins another read is told to wait unsent, and asks again when it is time")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    journey one(view, five, to(route::best_node), {.when = when_inconsistent::retry});
    CHECK(one.last.what == action::send_again);
    CHECK(one.last.why == reason::joined);
    CHECK(one.last.not_before > at(0s));
    CHECK(one.last.to == route::best_node);
    CHECK(one.state.node() == 0);

    single_flight::reader leader{.required = {9, 0}};
    view.nodes()[0].flight.answered(leader, at(400ms));
    auto const now = one.last.not_before;
    auto const ready = one.state.resume(view, now);
    CHECK(ready.not_before == now);
    CHECK(ready.why == reason::first_attempt);
    CHECK(one.state.times().attempts() == 0);
}

TEST_CASE("who joins a read that never comes back takes its place before long")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    journey one(view, five, to(route::best_node), {.when = when_inconsistent::retry});
    auto now = at(0s);
    for (int i = 0; one.last.not_before > now && i < 100; ++i) {
        now = one.last.not_before;
        one.last = one.state.resume(view, now);
    }
    CHECK(one.last.not_before == now);
    CHECK(now > at(400ms));
    CHECK(now < at(2s));
}

TEST_CASE("who joined is forwarded when its own patience ends, and gives up at its deadline")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    journey one(view, five, to(route::best_node));
    CHECK(one.last.why == reason::joined);
    CHECK(one.last.not_before <= at(100ms));
    auto const forwarded = one.state.resume(view, at(100ms));
    CHECK(forwarded.why == reason::forwarding);
    CHECK(forwarded.not_before == at(100ms));
    CHECK(one.state.how().at() == stage::forward);

    auto facts = to(route::best_node);
    facts.deadline = at(50ms);
    journey brief(view, five, facts, {.when = when_inconsistent::retry});
    CHECK(brief.last.not_before == at(50ms));
    auto const late = brief.state.resume(view, at(50ms));
    CHECK(late.what == action::give_up);
    CHECK(late.why == reason::deadline_passed);
}

TEST_CASE("a node that could not be reached is left at once, for what may be repeated")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    view.add_node("http://b");
    journey one(view, five, to(route::best_node));
    auto const first = one.state.node();
    static_cast<void>(one.state.begin_attempt(view, {}, true));
    auto const next = one.state.on_transport_error(view, at(1ms), false);
    CHECK(next.why == reason::another_node);
    CHECK(next.not_before == at(1ms));
    CHECK(one.state.node() != first);

    journey lost(view, five, to(route::best_node));
    auto const asked = lost.state.node();
    static_cast<void>(lost.state.begin_attempt(view, {}, true));
    CHECK(lost.state.on_transport_error(view, at(1ms), true).why == reason::repeating);
    CHECK(lost.state.node() != asked); // it may have been executed there, but need not be asked again

    journey write(view, five, to(route::best_node, writing));
    static_cast<void>(write.state.begin_attempt(view, {}, true));
    CHECK(write.state.on_transport_error(view, at(1ms), true).why == reason::outcome_unknown);
}

TEST_CASE("a write that was not sent is repeated as what does no harm twice, and its outcome is known")
{
    for (bool const has_other : {true, false}) {
        replication_view view(dialect::vault, cluster_id("c"));
        view.add_node("http://a");
        if (has_other)
            view.add_node("http://b");
        journey write(view, five, to(route::best_node, writing));
        auto const send_in_vain = [&] {
            static_cast<void>(write.state.begin_attempt(view, {}, true));
            return write.last = write.state.on_transport_error(view, write.state.times().now() + 1ms, false);
        };
        CHECK(send_in_vain().why == (has_other ? reason::another_node : reason::repeating));
        int others = 0;
        while (!send_in_vain().is_final() && others < 10)
            ++others;
        CHECK(write.last.what == action::give_up);
        CHECK(write.last.why == reason::attempts_exhausted);
        CHECK(others >= 1);
        CHECK(others < 10);
    }
}

TEST_CASE("a sealed node is left for another one, too")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    view.add_node("http://b");
    journey one(view, five, to(route::best_node));
    auto const first = one.state.node();
    CHECK(one.hear({.status = 503, .kind = refusal::no_active_node}).why == reason::another_node);
    CHECK(one.state.node() != first);
    CHECK(one.hear({.status = 503, .kind = refusal::no_active_node}).why == reason::repeating);
}

TEST_CASE("what a cluster lacks is told in the step that follows, and no more")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto const required = states({openbao("c", "5")});
    journey one(view, required);
    CHECK(one.state.how().at() == stage::hold);
    CHECK(one.hear({.status = 400, .kind = refusal::await_not_understood}).why == reason::not_held);
    CHECK(one.last.missing == capability::await_state);
    for (int i = 0; i < 2; ++i) {
        auto const same = one.state.resume(view, at(1ms));
        CHECK(same.why == reason::not_held);
        CHECK(same.refused_as == refusal::await_not_understood);
        CHECK_FALSE(same.missing.has_value());
    }
    CHECK(one.state.how().at() == stage::ask);
    CHECK_FALSE(one.hear(ok).missing.has_value());
    journey next(view, required);
    CHECK(next.state.how().at() == stage::ask);
    CHECK_FALSE(next.last.missing.has_value());
}

TEST_CASE("who is refused for several indices goes to the active node, and ends if it was there")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    constexpr answer_reading several{.status = 400, .kind = refusal::several_indices_refused};
    journey one(view, two);
    CHECK(one.hear(several).why == reason::forwarding);
    CHECK(one.last.missing == capability::several_indices);
    CHECK(one.state.how().insists());
    CHECK(one.hear(several).why == reason::refused);
    CHECK_FALSE(one.last.missing.has_value());
}

TEST_CASE("answered writes tell whether there are indices at all; reads and failures do not")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (int i = 0; i < 9; ++i) {
        CHECK_FALSE(journey(view, {}).hear(ok).missing.has_value());
        CHECK_FALSE(journey(view, {}, writing).hear({.status = 403}).missing.has_value());
    }
    CHECK_FALSE(journey(view, {}, writing).hear(ok).missing.has_value());
    CHECK_FALSE(journey(view, {}, writing).hear(ok).missing.has_value());
    CHECK(journey(view, {}, writing).hear(ok).missing == capability::consistency_fields);
    CHECK_FALSE(journey(view, {}, writing).hear({.status = 200, .news = {.has_index = true}}).missing);
    CHECK_FALSE(view.missing().lacks(capability::consistency_fields, at(0s)));
}

TEST_CASE("a no that may be stale is doubted until the policy's time for it is over")
{
    replication_view view(dialect::vault, cluster_id("c"));
    required_states required;
    required.unplaced().note_unindexed_write(at(0s));
    constexpr answer_reading no{.status = 404, .may_be_stale_negative = true};
    journey one(view, required, reading, {.stale_negatives = 1s});
    CHECK(one.hear(no).why == reason::doubted);
    CHECK(one.last.not_before > at(1ms));
    CHECK(one.last.not_before < at(100ms));
    for (int i = 0; !one.last.is_final() && i < 100; ++i)
        one.hear(no, 0ms);
    CHECK(one.last.what == action::deliver);
    CHECK(one.state.times().now() == at(1s));
}

TEST_CASE("a retry beyond the budget says why it waits longer")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.limit({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
    journey one(view, five, reading, {.when = when_inconsistent::retry});
    CHECK(one.hear(stale).why == reason::waiting);
    auto const before = one.last.not_before;
    CHECK(one.hear(stale).why == reason::over_budget);
    CHECK(one.last.not_before >= before + 45ms);
}

TEST_CASE("who joined, and may not be forwarded for want of a budget, is told so and waits on")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    view.limit({.forwards = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
    stall(view.nodes()[0]);
    journey one(view, five, to(route::best_node));
    CHECK(one.last.why == reason::joined);
    auto const late = one.state.resume(view, at(100ms));
    CHECK(late.what == action::send_again);
    CHECK(late.why == reason::over_budget);
    CHECK(late.not_before > at(100ms));
    CHECK(one.state.how().at() == stage::ask);
}

TEST_CASE("a cluster is told of to be another one in one step, and no more")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, five, reading, {.when = when_inconsistent::retry});
    CHECK(one.hear({.status = 412, .kind = refusal::stale_index, .news = {.has_changed = true}})
              .cluster_changed);
    CHECK_FALSE(one.state.resume(view, at(1ms)).cluster_changed);
}

TEST_CASE("what a token demands is its own affair: nobody waits for that")
{
    for (auto const kind : {refusal::stale_token, refusal::stale_index}) {
        replication_view view(dialect::vault, cluster_id("c"));
        view.add_node("http://a");
        view.limit({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
        journey one(view, five, to(route::best_node), {.when = when_inconsistent::retry});
        for (int i = 0; i < 8; ++i)
            CHECK(one.hear({.status = 412, .kind = kind}).what == action::send_again);
        bool const is_of_state = kind == refusal::stale_index;
        CHECK(view.nodes()[0].flight.is_out(one.state.times().now()) == is_of_state);
        CHECK(view.nodes()[0].lacked({5, 0}, one.state.times().now()) == is_of_state);
    }
}

TEST_CASE("who is refused for its token's sake is forwarded when its own patience ends")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, five);
    for (int i = 0; one.last.why != reason::forwarding && i < 20; ++i)
        CHECK(one.hear({.status = 412, .kind = refusal::stale_token}).what == action::send_again);
    CHECK(one.last.why == reason::forwarding);
    CHECK(one.last.not_before == at(101ms)); // the first refusal came after 1 ms
    CHECK(view.lag().samples() <= 1);
}

TEST_CASE("an election is waited for, whatever the budget and the limit of repetitions say")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.limit({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
    constexpr answer_reading election{.status = 500, .kind = refusal::no_active_node};
    journey one(view, five);
    CHECK(one.hear({.status = 500, .kind = refusal::server_error}).why == reason::repeating);
    for (int i = 0; i < 4; ++i) {
        auto const before = one.state.times().now();
        CHECK(one.hear(election).why == reason::repeating);
        CHECK(one.last.not_before > before + (i == 0 ? 200ms : 3900ms)); // the first time is free
    }
    CHECK(one.hear({.status = 500, .kind = refusal::server_error}).what == action::deliver);
}

TEST_CASE("who is told to come again after the deadline is not kept until then")
{
    for (auto const kind : {refusal::server_error, refusal::no_active_node}) {
        replication_view view(dialect::vault, cluster_id("c"));
        journey late(view, five);
        CHECK(late.hear({.status = 503, .kind = kind, .retry_after = 16s}).what == action::deliver);
        journey in_time(view, five);
        CHECK(in_time.hear({.status = 503, .kind = kind, .retry_after = 14s}).why == reason::repeating);
        CHECK(in_time.last.not_before == at(14s + 1ms));
        auto brief = reading;
        brief.deadline = at(2s + 1ms);
        journey just(view, five, brief);
        CHECK(just.hear({.status = 503, .kind = kind, .retry_after = 2s}).why == reason::repeating);
        brief.deadline = at(100ms);
        journey untold(view, five, brief); // which is tried for the last time when its time ends
        CHECK(untold.hear({.status = 503, .kind = kind}).why == reason::repeating);
        CHECK(untold.last.not_before == at(100ms));
    }
}

TEST_CASE("a no of the active node is the truth")
{
    replication_view view(dialect::vault, cluster_id("c"));
    required_states required;
    required.unplaced().note_unindexed_write(at(0s));
    journey one(view, required, to(route::active_node), {.stale_negatives = 1s});
    CHECK(one.hear({.status = 404, .may_be_stale_negative = true}).what == action::deliver);
}

TEST_CASE("a body that can be sent once is sent once, though its request had to wait for its turn")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    auto once = to(route::best_node, writing);
    once.replayable_body = false;
    journey one(view, five, once);
    CHECK(one.last.why == reason::joined);
    auto const overdue = one.state.resume(view, at(100ms));
    CHECK(overdue.what == action::send_again);
    CHECK(overdue.why == reason::forwarding);
    CHECK(one.hear(ok).why == reason::answered);
    CHECK(one.state.times().attempts() == 1);

    journey refused(view, five, once, {.wait = {}});
    CHECK(refused.hear(stale).why == reason::body_not_replayable);
}

TEST_CASE("a stack that cannot repeat a field asks the active node for what takes two")
{
    replication_view view(dialect::vault, cluster_id("c"));
    journey one(view, states({vault("c", 0, 2), vault("c", 2, 0)}));
    CHECK(one.state.begin_attempt(view, {}, false).has_value());
    CHECK(one.state.how().asks_active_node());
}

TEST_CASE("a write that a server failed at may have been executed: its retry is sent behind a fence")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto required = five;
    required.sent_as().fences_losses = true;
    struct row {
        request_facts facts;
        refusal kind;
        bool is_fenced;
    };
    for (auto const& [facts, kind, is_fenced] :
         {row{writing, refusal::server_error, true}, row{writing, refusal::no_active_node, false},
          row{reading, refusal::server_error, false}}) {
        journey one(view, required, facts);
        one.hear({.status = 500, .kind = kind});
        CHECK(one.state.required().fenced() == is_fenced);
    }
}

TEST_CASE("the best node is chosen for whom no node is waited for, too")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    for (consistency_policy const& policy : {consistency_policy{.when = when_inconsistent::forward},
                                             consistency_policy{.enforce = enforce_consistency::never}}) {
        journey one(view, five, to(route::best_node), policy);
        CHECK(one.last.to == route::best_node);
        CHECK(one.state.node() == 0);
    }
}

TEST_CASE("a wait that was granted is over when its caller comes back, though a clock stands still")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    journey one(view, five, to(route::best_node), {.when = when_inconsistent::retry});
    REQUIRE(one.last.why == reason::joined);
    for (int i = 0; i < 3; ++i) {
        auto const due = one.last.not_before;
        CHECK(due > at(0s));
        one.last = one.state.resume(view, at(0s));
        CHECK(one.state.times().now() == due);
    }
}

TEST_CASE("who probes for others and is sent elsewhere lets the next one ask at once")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    stall(view.nodes()[0]);
    consistency_policy const retrying{.when = when_inconsistent::retry};
    journey prober(view, five, to(route::best_node), retrying);
    journey other(view, five, to(route::best_node), retrying, 2);
    auto const due = at(700ms); // later than either is to look again
    REQUIRE(prober.state.resume(view, due).not_before == due);
    REQUIRE(other.state.resume(view, due).not_before > due);
    static_cast<void>(prober.state.begin_attempt(view, {}, true));
    CHECK(prober.state.on_answer({.status = 307}, view, due).why == reason::redirected_elsewhere);
    auto const later = other.state.times().now() + 1ms;
    auto const next = other.state.resume(view, later);
    CHECK(next.why == reason::first_attempt);
    CHECK(next.not_before == other.state.times().now());
}

TEST_CASE("where another exchange was told that the active node is, stays known when one breaks elsewhere")
{
    replication_view view(dialect::vault, cluster_id("c"));
    view.add_node("http://a");
    REQUIRE(view.learn_active_address("http://a/v1/kv/foo"));
    journey one(view, five);
    static_cast<void>(one.state.begin_attempt(view, {}, true));
    CHECK(one.state.on_transport_error(view, at(1ms), true).why == reason::repeating);
    CHECK(view.active_address() == "http://a");
}
