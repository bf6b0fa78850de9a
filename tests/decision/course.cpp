// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/course.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace support;

namespace {

request_facts const reading = request_facts::of_method("GET");
request_facts const writing = request_facts::of_method("PUT");
consistency_policy const retrying{.when = when_inconsistent::retry};

required_states const five = states({vault("c", 5, 0)});
required_states const two = states({vault("c", 0, 2), vault("c", 2, 0)});

replication_view on_vault() { return replication_view(dialect::vault, cluster_id("c")); }
replication_view on_openbao() { return replication_view(dialect::openbao, cluster_id("c")); }

request_facts to(route where, request_facts facts = reading)
{
    facts.to = where;
    facts.addressable = true;
    return facts;
}

/// As an exchange makes it.
course made(consistency_policy const& policy, required_states const& required, request_facts const& facts,
            time_point now)
{
    course way(
        policy, [&]() -> auto const& { return required; }, facts, now);
    way.drop_unenforced();
    return way;
}

course begun(replication_view const& view, required_states const& required,
             request_facts const& facts = reading, consistency_policy const& policy = retrying)
{
    auto way = made(policy, required, facts, at(0s));
    way.begin(view, at(0s), true);
    return way;
}

/// Fenced as after a write that was lost.
required_states fenced()
{
    auto required = five;
    required.fence(cluster_id("c"), dialect::vault);
    return required;
}

} // namespace

TEST_CASE("what is required is sent to any node, which is waited for")
{
    auto const view = on_vault();
    auto way = begun(view, five);
    CHECK_FALSE(way.is_inert());
    CHECK(way.waits_for_node());
    CHECK(way.is_offered(view));
    CHECK(way.how().to() == route::any_node);
    auto const fields = way.begin_attempt(view, {}, at(0s));
    REQUIRE(fields.has_value());
    CHECK(fields->at == stage::ask);
    CHECK(way.was_offered());
    CHECK(way.required().sent_as().is_read);
    CHECK(way.required().sent_as().was_checked);
}

TEST_CASE("where nothing is enforced nothing is required and nothing said")
{
    auto const view = on_vault();
    auto never = retrying;
    never.enforce = enforce_consistency::never;
    auto way = begun(view, five, reading, never);
    CHECK(way.is_inert());
    CHECK_FALSE(way.waits_for_node());
    CHECK(way.required().empty());
    CHECK_FALSE(way.begin_attempt(view, {}, at(0s)).has_value());
    auto asked = begun(view, five, to(route::active_node), never);
    CHECK_FALSE(asked.is_inert());
    CHECK(asked.begin_attempt(view, {}, at(0s)).has_value());
}

TEST_CASE("the best node is asked where the transport can go there, and the active one wherever it must be")
{
    auto const view = on_openbao();
    auto const required = states({openbao("c", "5")});
    CHECK(begun(view, required, to(route::best_node)).how().to() == route::best_node);
    auto bound = to(route::best_node);
    bound.addressable = false;
    CHECK(begun(view, required, bound).how().to() == route::any_node);
    auto const active = begun(view, required, to(route::active_node));
    CHECK(active.how().to() == route::active_node);
    CHECK_FALSE(active.waits_for_node());
    CHECK_FALSE(active.is_offered(view)); // its address is not known
}

TEST_CASE("an attempt that is not offered says nothing, and its answer is no proof")
{
    auto const view = on_openbao();
    auto way = begun(view, states({openbao("c", "5")}), to(route::active_node));
    CHECK_FALSE(way.begin_attempt(view, {}, at(0s)).has_value());
    CHECK_FALSE(way.was_offered());
    CHECK(way.required().empty());
}

TEST_CASE("behind a fence a read must go to the active node, and a write goes there if a way leads there")
{
    auto view = on_vault();
    for (auto const& facts : {reading, writing}) {
        auto const way = begun(view, fenced(), facts);
        CHECK(way.how().insists());
        CHECK(way.how().is_by_field());
    }
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(begun(view, fenced(), reading).how().insists());
    CHECK_FALSE(begun(view, fenced(), writing).how().insists());
    auto late = made(retrying, fenced(), writing, at(0s));
    late.begin(on_vault(), at(0s), false); // it was decided by the first attempt
    CHECK_FALSE(late.how().insists());
}

TEST_CASE("a write that asked the active node in vain may go elsewhere, a read may not")
{
    auto view = on_vault();
    auto write = begun(view, fenced(), writing);
    auto read = begun(view, fenced(), reading);
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(write.relents(view, at(0s)));
    CHECK_FALSE(write.how().insists());
    CHECK(write.how().at() == stage::ask);
    CHECK_FALSE(write.relents(view, at(0s)));
    CHECK_FALSE(read.relents(view, at(0s)));

    view.set_active_address("https://active"); // there is another way
    auto facts = writing;
    facts.addressable = true;
    CHECK_FALSE(begun(view, fenced(), facts).relents(view, at(0s)));
}

TEST_CASE("where one index is all that can be sent, a read that needs two goes to the active node")
{
    auto view = on_vault();
    CHECK_FALSE(begun(view, two).how().insists());
    view.missing().note_missing(capability::several_indices, at(0s));
    CHECK(begun(view, two).how().insists());
    CHECK_FALSE(begun(view, two, writing).how().insists());
    CHECK_FALSE(begun(view, five).how().insists());
    auto stack = begun(on_vault(), two);
    stack.insist_on_one_node();
    CHECK(stack.how().insists());
}

TEST_CASE("an index is left out where only a restored cluster can lack it, after an election's time, once")
{
    auto const view = on_vault();
    auto way = begun(view, five, to(route::active_node));
    REQUIRE(way.how().is_by_field());
    CHECK_FALSE(way.gives_up_index(refusal::stale_index, at(0s)));
    CHECK_FALSE(way.gives_up_index(refusal::stale_token, at(1h)));
    CHECK_FALSE(way.gives_up_index(refusal::presumed_stale, at(1h)));
    CHECK(way.begin_attempt(view, {}, at(1h)).has_value());
    CHECK_FALSE(way.required().sent_as().index_was_refused);
    for (auto const why : {refusal::stale_index, refusal::index_or_token}) {
        auto lost = begun(view, five, to(route::active_node));
        CHECK_FALSE(lost.gives_up_index(why, at(0s)));
        CHECK_FALSE(lost.gives_up_index(why, at(2s) - 1ms));
        CHECK(lost.gives_up_index(why, at(2s)));
        CHECK(lost.required().size() == 0);
        CHECK_FALSE(lost.gives_up_index(why, at(1h)));
        CHECK(lost.begin_attempt(view, {}, at(2s)).has_value());
        CHECK(lost.required().sent_as().index_was_refused);
    }
    auto standby = begun(view, five); // which may lag for ever
    auto replicated = begun(view, states({vault("c", 5, 3)}), to(route::active_node));
    for (auto const when : {at(0s), at(1h), at(2h)}) {
        CHECK_FALSE(standby.gives_up_index(refusal::stale_index, when));
        CHECK_FALSE(replicated.gives_up_index(refusal::stale_index, when));
    }
}

TEST_CASE("a text of neither dialect can be left out, an index cannot")
{
    auto const view = on_vault();
    auto unknown = begun(view, states({"a-future-form"}));
    CHECK(unknown.required().size() == 1);
    CHECK(unknown.leaves_out_unknown_form());
    CHECK(unknown.required().size() == 0);
    auto fenced = states({"a-future-form"});
    fenced.fence(cluster_id("c"), dialect::vault);
    CHECK(begun(view, fenced).leaves_out_unknown_form());
    auto known = begun(view, five);
    CHECK_FALSE(known.leaves_out_unknown_form());
    CHECK(known.required().size() == 1);
}

TEST_CASE("a write that is lost sets a fence, as its session does; a read has written nothing")
{
    auto const view = on_vault();
    auto required = five;
    required.set_sent_as({.fences_losses = true});
    for (auto const& facts : {reading, writing}) {
        auto way = begun(view, required, facts);
        CHECK(way.begin_attempt(view, {}, at(0s)).has_value());
        way.fence_loss();
        CHECK(way.required().fenced() == !facts.safe);
    }
    auto careless = begun(view, five, writing);
    CHECK(careless.begin_attempt(view, {}, at(0s)).has_value());
    careless.fence_loss();
    CHECK_FALSE(careless.required().fenced());
}

TEST_CASE("a no is doubted for as long as the policy says, counted from the write, and only of a read")
{
    auto required = five;
    required.unplaced().note_unindexed_write(at(1s));
    auto policy = retrying;
    CHECK(made(policy, required, reading, at(2s)).doubts_until() == time_point::min());
    policy.stale_negatives = 3s;
    CHECK(made(policy, required, reading, at(2s)).doubts_until() == at(4s));
    CHECK(made(policy, required, writing, at(2s)).doubts_until() == time_point::min());
    CHECK(made(policy, five, reading, at(2s)).doubts_until() < at(0s));
    auto once = reading;
    once.replayable_body = false;
    CHECK(made(policy, required, once, at(2s)).doubts_until() == time_point::min());
}

TEST_CASE("fences that are over when an exchange begins hold it back no more")
{
    auto required = states({openbao("c", "5")});
    required.fence(cluster_id("c"), dialect::openbao);
    required.advance(at(0s));
    auto const view = on_openbao();
    CHECK(made(retrying, required, reading, at(1min)).required().fenced());
    auto late = made(retrying, required, reading, at(1h));
    late.begin(view, at(1h), true);
    CHECK_FALSE(late.required().fenced());
    CHECK(late.is_offered(view));
}
