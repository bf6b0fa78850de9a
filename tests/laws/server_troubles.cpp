// SPDX-License-Identifier: BSL-1.0
// Whole exchanges with a cluster that cannot do all that it is asked, that does not know yet what was
// written, or that fails.
#include <afterwrite/decision/exchange.hpp>

#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/lagging_world.hpp"

#include <cstddef>
#include <string>
#include <vector>

using namespace afterwrite;
using namespace support;

// -----------------------------------------------------------------------------------------------------------
// What a cluster cannot do

namespace {

request_facts const reading_facts = request_facts::of_method("GET");
request_facts const writing_facts = request_facts::of_method("PUT");

test_message const several_refused = answer(400, refusal_answers::several_indices.body);
test_message const unknown_word = answer(400, refusal_answers::unknown_first.body);

/// An exchange under this policy against a script.
exchange_run scripted(replication_view& view, required_states const& required,
                      std::vector<reply> const& script, consistency_policy const& policy = {},
                      request_facts const& facts = reading_facts)
{
    exchange_run run{exchange(policy, required, facts, at(0s), 1)};
    run.run(script, view);
    return run;
}

} // namespace

TEST_CASE("that a cluster does not forward is told once, and nobody asks it again for ten minutes")
{
    lagging_world servers;
    servers.lag(300ms);
    servers.may_forward = false;
    std::ptrdiff_t asked = 0;
    for (int i = 0; i < 20; ++i) {
        auto const& read = servers.read_once(10s);
        asked += count_of(read.log, "forward-active-node");
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() < 1s);
    }
    CHECK(asked == 1);
    CHECK(servers.told == 1);
    CHECK(servers.view.missing().lacks(capability::forwarding, servers.now()));
}

TEST_CASE("a server that does not know how to hold a request gets it with fail alone, from then on")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto const required = states({openbao("c", "5")});
    exchange_run first{exchange({}, required, reading_facts, at(0s), 1)};
    first.last = first.exchange.first(view);
    first.attempt(unknown_word, view);
    CHECK(first.last.why == reason::not_held);
    CHECK(first.last.missing == capability::await_state);
    first.attempt(answer(200), view);
    CHECK(first.last.why == reason::answered);
    CHECK_FALSE(first.last.missing.has_value());
    CHECK(first.log ==
          lines{"0 any first_attempt: 1 index, await-state + fail", "0 any not_held: 1 index, fail"});

    auto const second = scripted(view, required, {answer(200)});
    CHECK(second.log == lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"});
    CHECK_FALSE(second.last.missing.has_value());
}

TEST_CASE("what was on its way when it became known is not told a second time")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto const required = states({openbao("c", "5")});
    exchange_run one{exchange({}, required, reading_facts, at(0s), 1)};
    exchange_run other{exchange({}, required, reading_facts, at(0s), 2)};
    for (auto* run : {&one, &other}) {
        run->last = run->exchange.first(view);
        run->exchange.prepare(run->request, view);
    }
    one.last = one.exchange.on_response(unknown_word, view, at(1ms));
    other.last = other.exchange.on_response(unknown_word, view, at(2ms));
    CHECK(one.last.missing == capability::await_state);
    CHECK_FALSE(other.last.missing.has_value());
    CHECK(other.last.why == reason::not_held);
}

TEST_CASE("where a cluster takes one index only, what needs two goes to the active node")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    replication_view view(dialect::vault, cluster_id("c"));
    exchange_run first{exchange({}, two, reading_facts, at(0s), 1)};
    first.last = first.exchange.first(view);
    first.attempt(several_refused, view);
    CHECK(first.last.why == reason::forwarding);
    CHECK(first.last.missing == capability::several_indices);
    first.attempt(answer(200), view);
    CHECK(first.last.why == reason::answered);
    CHECK(first.log ==
          lines{"0 any first_attempt: 2 index", "0 any forwarding: 1 index, X-Vault-Forward: active-node"});

    auto const second = scripted(view, two, {answer(200)});
    CHECK(second.log ==
          lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node", "0 deliver answered"});

    auto const one = scripted(view, states({vault("c", 2, 0)}), {answer(200)});
    CHECK(one.log == lines{"0 any first_attempt: 1 index", "0 deliver answered"});
}

TEST_CASE("and where no way leads there it is not offered")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    replication_view view(dialect::vault, cluster_id("c"));
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(scripted(view, two, {several_refused}).log ==
          lines{"0 any first_attempt: 2 index", "0 give up not_offered"});
    CHECK(scripted(view, two, {answer(200)}).log == lines{"0 give up not_offered"});

    replication_view known(dialect::vault, cluster_id("c"));
    known.missing().note_missing(capability::forwarding, at(0s));
    known.set_active_address("https://active");
    auto facts = reading_facts;
    facts.addressable = true;
    CHECK(scripted(known, two, {several_refused, answer(200)}, {}, facts).log ==
          lines{"0 any first_attempt: 2 index", "0 active forwarding: 1 index", "0 deliver answered"});
}

TEST_CASE("three writes without an index tell that there are none to have, once")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (int i = 0; i < 6; ++i) {
        auto const run = scripted(view, {}, {answer(204)}, {}, writing_facts);
        CHECK(run.last.why == reason::answered);
        CHECK(run.last.missing.has_value() == (i == 2));
        if (i == 2)
            CHECK(run.last.missing == capability::consistency_fields);
    }
    for (int i = 0; i < 6; ++i) // reads and errors tell nothing
        CHECK_FALSE(scripted(view, {}, {answer(i % 2 == 0 ? 200 : 403)}).last.missing.has_value());
    CHECK_FALSE(scripted(view, {}, {written(vault("c", 1, 0))}, {}, writing_facts).last.missing.has_value());
    CHECK_FALSE(view.missing().lacks(capability::consistency_fields, at(0s)));
}

// -----------------------------------------------------------------------------------------------------------
// A "no" that may be older than what was written

namespace {

consistency_policy const doubting{.stale_negatives = 2s};

/// Something was written at that time without an index.
required_states after_unindexed_write(duration when)
{
    required_states required;
    required.unplaced().note_unindexed_write(at(when));
    return required;
}

test_message const readonly_storage = answer(400, R"({"errors":["cannot write to readonly storage"]})");

} // namespace

TEST_CASE("a no right after a write without an index is asked again until the time for it is over")
{
    for (auto const& no : {answer(404), answer(403), readonly_storage}) {
        replication_view view(dialect::vault, cluster_id("c"));
        auto const found = scripted(view, after_unindexed_write(-500ms), {no, no, answer(200)}, doubting);
        CHECK(found.last.why == reason::answered);
        REQUIRE(found.log.size() == 4);
        CHECK(count_of(found.log, "any doubted: 0 index") == 2);

        auto const never = scripted(view, after_unindexed_write(-500ms), {no}, doubting);
        CHECK(never.last.what == action::deliver);
        CHECK(never.last.why == reason::answered);
        CHECK(never.now == at(1500ms)); // two seconds after the write
        CHECK(never.log.size() > 4);
        CHECK(never.log.size() < 20);
    }
}

TEST_CASE("a server's error for want of a lease is doubted for as long, and then repeated as others are")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const no = answer(500, "no lease entry found for token that ought to have one");
    auto const run = scripted(view, after_unindexed_write(0s), {no}, doubting);
    CHECK(run.last.what == action::deliver);
    CHECK(count_of(run.log, "doubted") > 2);
    CHECK(count_of(run.log, "repeating") == 2);
    CHECK(run.now > at(2s));
    CHECK(run.now < at(15s));
}

TEST_CASE("a no is the truth where nothing was written without an index, or too long ago")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const is_believed = [&view](required_states const& required, consistency_policy const& policy,
                                     request_facts const& facts) {
        return scripted(view, required, {answer(404)}, policy, facts).log.size() == 2;
    };
    CHECK_FALSE(is_believed(after_unindexed_write(0s), doubting, reading_facts));
    CHECK(is_believed({}, doubting, reading_facts));
    CHECK(is_believed(states({vault("c", 5, 0)}), doubting, reading_facts));
    CHECK(is_believed(after_unindexed_write(-2s), doubting, reading_facts));
    CHECK(is_believed(after_unindexed_write(0s), {}, reading_facts)); // unless asked for
    CHECK(is_believed(after_unindexed_write(0s), doubting, writing_facts));
    auto once = reading_facts;
    once.replayable_body = false;
    CHECK(is_believed(after_unindexed_write(0s), doubting, once));
    auto indifferent = doubting;
    indifferent.enforce = enforce_consistency::never;
    CHECK(is_believed(after_unindexed_write(0s), indifferent, reading_facts));
}

TEST_CASE("a session knows which of its writes no request can carry the index of")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (bool const has_index : {true, false}) {
        session mine;
        auto write = scripted(view, {}, {answer(204)}, doubting, writing_facts);
        mine.record(has_index ? written(vault("c", 5, 0)) : answer(204), write.exchange.carried(), at(0s));
        auto const read = scripted(view, mine.required(view), {answer(404), answer(200)}, doubting);
        CHECK(count_of(read.log, "doubted") == (has_index ? 0 : 1));
    }
}

TEST_CASE("a no is doubted within the exchange's own limits")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto policy = doubting;
    policy.limit.max_attempts = 2;
    auto const few = scripted(view, after_unindexed_write(0s), {answer(404)}, policy);
    CHECK(few.last.what == action::deliver);
    CHECK(few.exchange.attempts() == 2);
    policy.limit = {.timeout = 100ms};
    auto const brief = scripted(view, after_unindexed_write(0s), {answer(404)}, policy);
    CHECK(brief.last.what == action::deliver);
    CHECK(brief.now == at(100ms));
}

// -----------------------------------------------------------------------------------------------------------
// Servers that fail

TEST_CASE("a failure is repeated once for nothing, and then against the cluster's budget")
{
    for (bool const has_budget : {true, false}) {
        replication_view view(dialect::vault, cluster_id("c"));
        if (!has_budget)
            view.limit({.retries = nothing});
        auto const run = scripted(view, states({vault("c", 5, 0)}), {answer(503)});
        CHECK(run.exchange.attempts() == (has_budget ? 3 : 2));
        CHECK(run.last.what == action::deliver);
        CHECK(run.now >= at(has_budget ? 750ms : 250ms));
        auto const broken = scripted(view, states({vault("c", 5, 0)}), {std::nullopt});
        CHECK(broken.exchange.attempts() == (has_budget ? 3 : 2));
        CHECK(broken.last.why == reason::attempts_exhausted);
    }
}

TEST_CASE("a failed server is asked again when it wants to be, and never what might be executed twice")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const later_on = answer(503).with("Retry-After", "4");
    CHECK(scripted(view, {}, {later_on, answer(200)}).log.back() == "4000 deliver answered");
    CHECK(scripted(view, {}, {later_on, answer(200)}, {}, writing_facts).log.back() == "0 deliver answered");
    auto facts = writing_facts;
    facts.idempotent = true;
    CHECK(scripted(view, {}, {later_on, answer(204)}, {}, facts).log.back() == "4000 deliver answered");
    CHECK(scripted(view, {}, {answer(501)}).log.back() == "0 deliver answered");
}

TEST_CASE("who is told to come again after the deadline gets that answer at once")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (auto const* body : {"", "Vault is sealed"}) {
        auto const next_hour = answer(503, body).with("Retry-After", "3600");
        auto const run = scripted(view, states({vault("c", 5, 0)}), {next_hour});
        CHECK(run.log == lines{"0 any first_attempt: 1 index", "0 deliver answered"});
    }
}

TEST_CASE("a server that says for ever that it takes one index is believed once")
{
    for (auto const& facts : {reading_facts, writing_facts}) {
        replication_view view(dialect::vault, cluster_id("c"));
        auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
        auto const run = scripted(view, two, {several_refused}, {}, facts);
        CHECK(run.exchange.attempts() <= 2);
        CHECK(run.last.is_final());
    }
}

TEST_CASE("what a cluster lacks is told once, though the driver asks again before it sends")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    exchange_run run{exchange({}, states({openbao("c", "5")}), reading_facts, at(0s), 1)};
    run.last = run.exchange.first(view);
    run.attempt(unknown_word, view);
    CHECK(run.last.missing == capability::await_state);
    for (int i = 0; i < 2; ++i)
        CHECK_FALSE(run.exchange.resume(view, at(1ms)).missing.has_value());
}

TEST_CASE("a write that found no connection is repeated, and never said to be of unknown outcome")
{
    replication_view view(dialect::vault, cluster_id("c"));
    exchange write({}, {}, writing_facts, at(0s), 1);
    auto request = put();
    auto last = write.first(view);
    while (!last.is_final() && write.attempts() < 100) {
        write.prepare(request, view);
        last = write.on_transport_error(view, last.not_before, false);
    }
    CHECK(last.why == reason::attempts_exhausted);
    CHECK(write.attempts() >= 2);
    CHECK(write.attempts() <= 3);

    exchange broken({}, {}, writing_facts, at(0s), 1);
    last = broken.first(view);
    broken.prepare(request, view);
    CHECK(broken.on_transport_error(view, at(0s), false).why == reason::repeating);
    broken.prepare(request, view);
    CHECK(broken.on_transport_error(view, at(1s), true).why == reason::outcome_unknown);
}

TEST_CASE("a session's write with an index clears the doubt that one without has left")
{
    replication_view view(dialect::vault, cluster_id("c"));
    session mine;
    mine.record(answer(204), {}, at(0s));
    REQUIRE(scripted(view, mine.required(view), {answer(404)}, doubting).log.size() > 2);
    mine.record(written(vault("c", 9, 0)), {}, at(1ms));
    CHECK(scripted(view, mine.required(view), {answer(404)}, doubting).log.size() == 2);
}

// -----------------------------------------------------------------------------------------------------------
// Policies that make no sense

TEST_CASE("whatever a policy says, an exchange ends, and does not ask without a pause")
{
    std::vector<consistency_policy> policies;
    for (auto const extreme : {duration::min(), duration(-1), duration(0), duration(1), duration::max()})
        for (auto const form : {backoff::shape::learned, backoff::shape::exponential}) {
            policies.push_back({.wait = {.form = form, .longest = extreme}});
            policies.push_back({.wait = {.form = form, .first = extreme}});
            policies.push_back({.when = when_inconsistent::retry,
                                .wait = {.form = form, .first = extreme, .longest = extreme},
                                .repeat_wait = {.first = extreme, .longest = extreme}});
            policies.push_back({.wait = {.form = form}, .forward_after = extreme});
            policies.push_back({.limit = {.timeout = extreme == duration::max() ? 24h : extreme},
                                .stale_negatives = extreme});
        }
    for (auto policy : policies) {
        policy.limit.timeout = std::min<duration>(policy.limit.timeout, 5s);
        for (auto const& said :
             {vault_stale(), answer(404), answer(503), no_active_node(), quota_used_up("")}) {
            replication_view view(dialect::vault, cluster_id("c"));
            auto const run = scripted(view, after_unindexed_write(0s), {said}, policy);
            CHECK(run.last.is_final());
            CHECK(run.exchange.attempts() <= 5002);
            auto const required = scripted(view, states({vault("c", 5, 0)}), {said}, policy);
            CHECK(required.last.is_final());
            CHECK(required.exchange.attempts() <= 5002);
        }
    }
}

TEST_CASE("who may wait for ever asks once or twice in two seconds")
{
    for (auto const form : {dialect::vault, dialect::openbao}) {
        lagging_world servers(form);
        servers.nodes[0].always = form == dialect::vault ? vault_stale() : openbao_stale();
        servers.policy = {.when = when_inconsistent::retry, .limit = {.timeout = 1h}};
        servers.policy.wait.longest = duration::max();
        auto const& read = servers.read_once();
        CHECK(read.last.why == reason::deadline_passed);
        CHECK(read.took() >= 1h);
        CHECK(read.log.size() > 2000);
        CHECK(read.log.size() < 4500);
    }
}

TEST_CASE("an answer to what was never prepared is judged as any other")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (auto const* method : {"GET", "PUT"}) {
        exchange machine({}, states({vault("c", 5, 0)}), request_facts::of_method(method), at(0s), 1);
        CHECK(machine.first(view).what == action::send_again);
        CHECK(machine.on_response(vault_stale(), view, at(1ms)).why == reason::waiting);
        CHECK(machine.on_response(answer(200), view, at(2ms)).why == reason::answered);
    }
}
