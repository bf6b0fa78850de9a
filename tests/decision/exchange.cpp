// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/exchange.hpp>

#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr reply broken = std::nullopt; ///< the exchange broke
constexpr std::string_view active_url = "https://active:8200";

std::string const service_token = std::string("hvs.") + std::string(91, 'x');

/// Waits of 10, 20, 40 ms and so on; `forward_after` is 100 ms.
consistency_policy policy_of(when_inconsistent when)
{
    constexpr backoff wait{.spread = backoff::jitter::none, .first = 10ms, .longest = 1s};
    return {.when = when, .limit = {.timeout = 10s}, .wait = wait, .repeat_wait = wait};
}

request_facts const reading = request_facts::of_method("GET");
request_facts const writing = request_facts::of_method("PUT");

request_facts with_address(request_facts facts)
{
    facts.addressable = true;
    return facts;
}

request_facts to_active_node(request_facts facts)
{
    facts.to = route::active_node;
    return facts;
}

replication_view view_of(dialect form)
{
    replication_view view(form);
    view.learn(form, cluster_id("c"));
    return view;
}

replication_view with_active_node(replication_view view)
{
    view.set_active_address(active_url);
    return view;
}

required_states const on_vault = states({vault("c", 5, 0)});
required_states const on_openbao = states({openbao("c", "5")});

/// All attempts and the end, against this script.
lines trace(consistency_policy const& policy, required_states const& required, replication_view& view,
            std::vector<reply> const& script, request_facts const& facts = reading)
{
    exchange_run run{exchange(policy, required, facts, at(0s), 1)};
    return run.run(script, view);
}

lines trace(when_inconsistent when, required_states const& required, std::vector<reply> const& script,
            request_facts const& facts = reading)
{
    auto view = view_of(required.form());
    return trace(policy_of(when), required, view, script, facts);
}

/// How one answer ends an exchange that may not wait.
step end_of(reply const& answer, request_facts const& facts = reading,
            required_states const& required = on_vault)
{
    auto view = view_of(required.form());
    exchange_run run{exchange(policy_of(when_inconsistent::fail), required, facts, at(0s), 1)};
    run.run({answer}, view);
    return run.last;
}

} // namespace

// -----------------------------------------------------------------------------------------------------------
// Modes

TEST_CASE("an answer is delivered")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "0 deliver answered"});
    CHECK(trace(when_inconsistent::retry, {}, {answer(200)}) ==
          lines{"0 any first_attempt: 0 index", "0 deliver answered"});
}

TEST_CASE("fail: the first refusal ends it")
{
    CHECK(trace(when_inconsistent::fail, on_vault, {vault_stale()}) ==
          lines{"0 any first_attempt: 1 index", "0 give up refused"});
    CHECK(trace(when_inconsistent::fail, on_openbao, {openbao_stale()}) ==
          lines{"0 any first_attempt: 1 index, fail", "0 give up refused"});
}

TEST_CASE("retry: the same again after growing waits")
{
    CHECK(trace(when_inconsistent::retry, on_vault,
                {vault_stale(), vault_stale(), vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "30 any waiting: 1 index",
                "70 any waiting: 1 index", "70 deliver answered"});
    CHECK(trace(when_inconsistent::retry, on_openbao, {openbao_stale(), openbao_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, fail", "10 any waiting: 1 index, fail",
                "30 any waiting: 1 index, fail", "30 deliver answered"});
}

TEST_CASE("await: OpenBao holds the request first; Vault has no such mode, and gets retry")
{
    CHECK(trace(when_inconsistent::await, on_openbao, {openbao_stale(), openbao_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, await-state + fail", "10 any waiting: 1 index, fail",
                "30 any waiting: 1 index, fail", "30 deliver answered"});
    CHECK(trace(when_inconsistent::await, on_vault, {vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "10 deliver answered"});
}

TEST_CASE("await: a server that does not know how to hold a request is asked without")
{
    CHECK(trace(when_inconsistent::await, on_openbao,
                {answer(400, refusal_answers::unknown_first.body), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, await-state + fail", "0 any not_held: 1 index, fail",
                "0 deliver answered"});
    CHECK(trace(when_inconsistent::retry, on_openbao,
                {answer(400, refusal_answers::unknown_first.body), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"}); // it is the caller's own 400
}

TEST_CASE("forward: the active node answers for a node that is behind")
{
    CHECK(trace(when_inconsistent::forward, on_vault, {vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, forward-active-node",
                "10 any waiting: 1 index, forward-active-node", "10 deliver answered"});
    CHECK(trace(when_inconsistent::forward, on_openbao, {openbao_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, forward-active-node",
                "10 any waiting: 1 index, forward-active-node", "10 deliver answered"});
}

TEST_CASE("forward, where Vault does not allow it: retry, and the next exchange knows")
{
    auto view = view_of(dialect::vault);
    CHECK(trace(policy_of(when_inconsistent::forward), on_vault, view,
                {forward_barred(), vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, forward-active-node", "0 any not_forwarded: 1 index",
                "10 any waiting: 1 index", "10 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::forward), on_vault, view, {vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "10 deliver answered"});
    CHECK_FALSE(view.may_forward(at(10min) - 1s));
    CHECK(view.may_forward(at(11min)));
}

TEST_CASE(
    "retry_then_forward, Vault: waits a while, then the conditional field, then the active node, then waits")
{
    CHECK(
        trace(when_inconsistent::retry_then_forward, on_vault, {vault_stale(), vault_stale(), answer(200)}) ==
        lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "30 any waiting: 1 index",
              "30 deliver answered"});

    auto policy = policy_of(when_inconsistent::retry_then_forward);
    policy.limit.timeout = 1s;
    auto view = view_of(dialect::vault);
    CHECK(trace(policy, on_vault, view, {vault_stale()}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "30 any waiting: 1 index",
                "70 any waiting: 1 index",
                // The wait would end at 150 ms, but the node is overdue at 100.
                "100 any forwarding: 1 index, forward-active-node",
                // Refused in spite of it: the token may demand more than the index.
                "100 any forwarding: 1 index, X-Vault-Forward: active-node",
                // The active node lacks it as well: it comes from another cluster, so nobody can do more than
                // wait.
                "420 any waiting: 1 index", "1000 any waiting: 1 index", "1000 give up deadline_passed"});
}

TEST_CASE("retry_then_forward, OpenBao: held, then asked again, then forwarded until the active node has it")
{
    auto policy = policy_of(when_inconsistent::retry_then_forward);
    policy.limit.timeout = 400ms;
    auto view = view_of(dialect::openbao);
    CHECK(trace(policy, on_openbao, view, {openbao_stale()}) ==
          lines{"0 any first_attempt: 1 index, await-state + fail", "10 any waiting: 1 index, fail",
                "30 any waiting: 1 index, fail", "70 any waiting: 1 index, fail",
                "100 any forwarding: 1 index, forward-active-node",
                "260 any waiting: 1 index, forward-active-node",
                "400 any waiting: 1 index, forward-active-node", "400 give up deadline_passed"});
}

TEST_CASE("retry_then_forward without patience forwards as soon as a node refuses")
{
    auto policy = policy_of(when_inconsistent::retry_then_forward);
    policy.forward_after = 0ms;
    auto vault_view = view_of(dialect::vault);
    CHECK(trace(policy, on_vault, vault_view, {vault_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "0 any forwarding: 1 index, forward-active-node",
                "0 deliver answered"});
    auto openbao_view = view_of(dialect::openbao);
    CHECK(trace(policy, on_openbao, openbao_view, {openbao_stale(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index, await-state + fail",
                "0 any forwarding: 1 index, forward-active-node", "0 deliver answered"});
}

TEST_CASE("retry_then_forward, where Vault does not allow it: goes on waiting, by either field")
{
    auto const policy = policy_of(when_inconsistent::retry_then_forward);
    auto const waiting = lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index",
                               "30 any waiting: 1 index", "70 any waiting: 1 index"};
    auto const stale = vault_stale();
    auto view = view_of(dialect::vault);
    auto expected = waiting;
    for (auto const* line :
         {"100 any forwarding: 1 index, forward-active-node", "100 any not_forwarded: 1 index",
          "260 any waiting: 1 index", "260 deliver answered"})
        expected.emplace_back(line);
    CHECK(trace(policy, on_vault, view, {stale, stale, stale, stale, forward_barred(), stale, answer(200)}) ==
          expected);

    // Known from now on: nobody asks again.
    expected = waiting;
    for (auto const* line : {"150 any waiting: 1 index", "310 any waiting: 1 index", "310 deliver answered"})
        expected.emplace_back(line);
    CHECK(trace(policy, on_vault, view, {stale, stale, stale, stale, stale, answer(200)}) == expected);

    auto fresh = view_of(dialect::vault);
    expected = waiting;
    for (auto const* line : {"100 any forwarding: 1 index, forward-active-node",
                             "100 any forwarding: 1 index, X-Vault-Forward: active-node",
                             "100 any not_forwarded: 1 index", "100 deliver answered"})
        expected.emplace_back(line);
    CHECK(trace(policy, on_vault, fresh,
                {stale, stale, stale, stale, stale, forward_barred("X-Vault-Forward"), answer(200)}) ==
          expected);
    CHECK_FALSE(fresh.may_forward(at(1s)));
}

TEST_CASE("a stale token without any index goes to the active node, for the conditional field looks at the "
          "index alone")
{
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(policy_of(when_inconsistent::retry_then_forward), {}, reading, at(0s), 1)};
    run.request.with("X-Vault-Token", service_token);
    CHECK(run.run({vault_stale(), vault_stale(), vault_stale(), vault_stale(), answer(200)}, view) ==
          lines{"0 any first_attempt: 0 index", "10 any waiting: 0 index", "30 any waiting: 0 index",
                "70 any waiting: 0 index", "100 any forwarding: 0 index, X-Vault-Forward: active-node",
                "100 deliver answered"});
    CHECK(trace(when_inconsistent::fail, {}, {vault_stale()}) ==
          lines{"0 any first_attempt: 0 index", "0 give up refused"});
}

TEST_CASE("never: nothing is added, removed or sent again")
{
    auto policy = policy_of(when_inconsistent::retry_then_forward);
    policy.enforce = enforce_consistency::never;
    for (auto const& response :
         {vault_stale(), openbao_stale(), forward_barred(), quota_used_up("1"), answer(500), answer(200),
          redirect_to(active_url), unreadable_index(), no_active_node()}) {
        auto view = with_active_node(view_of(dialect::vault));
        exchange_run run{exchange(policy, on_vault, with_address(reading), at(0s), 1)};
        run.request.with("X-Vault-Index", "the caller's").with("X-Vault-Forward", "too");
        CHECK(run.run({response}, view) ==
              lines{"0 any first_attempt: 1 index, X-Vault-Forward: too", "0 deliver not_enforced"});
        CHECK(run.request.values("X-Vault-Index") == texts{"the caller's"});
        CHECK(run.exchange.carried().empty());
        CHECK(view.may_forward(at(1s)));
    }
    auto view = view_of(dialect::vault);
    CHECK(trace(policy, on_vault, view, {broken}).back() == "0 give up attempts_exhausted");
}

TEST_CASE("never still learns which cluster answered")
{
    auto policy = policy_of(when_inconsistent::retry);
    policy.enforce = enforce_consistency::never;
    replication_view view;
    CHECK(trace(policy, {}, view, {written(vault("c", 1, 0))}).size() == 2);
    CHECK(view.cluster() == "c");
}

// -----------------------------------------------------------------------------------------------------------
// The active node

TEST_CASE("active node, Vault: asked for by a field, whether or not its address is known")
{
    for (auto const& facts : {reading, with_address(reading)}) {
        auto view = with_active_node(view_of(dialect::vault));
        CHECK(trace(policy_of(when_inconsistent::fail), on_vault, view, {vault_stale(), answer(200)},
                    to_active_node(facts)) ==
              lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node",
                    "10 any waiting: 1 index, X-Vault-Forward: active-node", "10 deliver answered"});
    }
    auto view = view_of(dialect::vault);
    CHECK(trace(policy_of(when_inconsistent::fail), {}, view, {answer(200)}, to_active_node(reading)) ==
          lines{"0 any first_attempt: 0 index, X-Vault-Forward: active-node", "0 deliver answered"});
}

TEST_CASE("active node, Vault, where the field is not allowed: at its address, or not offered")
{
    auto const barred = forward_barred("X-Vault-Forward");
    auto view = with_active_node(view_of(dialect::vault));
    auto const facts = to_active_node(with_address(reading));
    CHECK(trace(policy_of(when_inconsistent::fail), on_vault, view, {barred, answer(200)}, facts) ==
          lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node",
                "0 active not_forwarded: 1 index", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::fail), on_vault, view, {answer(200)}, facts) ==
          lines{"0 active first_attempt: 1 index", "0 deliver answered"});

    view.set_active_address("");
    CHECK(trace(policy_of(when_inconsistent::fail), on_vault, view, {answer(200)}, facts) ==
          lines{"0 give up not_offered"});
    auto fresh = view_of(dialect::vault);
    CHECK(trace(policy_of(when_inconsistent::fail), on_vault, fresh, {barred}, facts) ==
          lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node", "0 give up not_offered"});
}

TEST_CASE("active node, OpenBao: at its address alone, for the field is ignored there")
{
    auto const facts = to_active_node(with_address(reading));
    auto view = with_active_node(view_of(dialect::openbao));
    CHECK(trace(policy_of(when_inconsistent::retry), on_openbao, view, {answer(200)}, facts) ==
          lines{"0 active first_attempt: 1 index, forward-active-node", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), {}, view, {answer(200)}, facts) ==
          lines{"0 active first_attempt: 0 index", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), on_openbao, view, {answer(200)},
                to_active_node(reading)) == lines{"0 give up not_offered"});
    auto unknown = view_of(dialect::openbao);
    CHECK(trace(policy_of(when_inconsistent::retry), on_openbao, unknown, {answer(200)}, facts) ==
          lines{"0 give up not_offered"});
}

TEST_CASE("active node, dialect unknown: at its address alone, since nobody knows whether the field would be "
          "honoured")
{
    replication_view view;
    auto const facts = to_active_node(with_address(reading));
    CHECK(trace(policy_of(when_inconsistent::retry), {}, view, {answer(200)}, facts) ==
          lines{"0 give up not_offered"});
    view.set_active_address(active_url);
    CHECK(trace(policy_of(when_inconsistent::retry), {}, view, {answer(200)}, facts) ==
          lines{"0 active first_attempt: 0 index", "0 deliver answered"});
}

TEST_CASE("active node though nothing is enforced: the caller asked for it")
{
    auto policy = policy_of(when_inconsistent::retry);
    policy.enforce = enforce_consistency::never;
    auto view = view_of(dialect::vault);
    CHECK(trace(policy, on_vault, view, {answer(200)}, to_active_node(reading)) ==
          lines{"0 any first_attempt: 0 index, X-Vault-Forward: active-node", "0 deliver answered"});
}

TEST_CASE("what OpenBao's one index cannot express is asked of the active node, with the newer of the two")
{
    auto const two = states({openbao("c", "abc"), openbao("c", "xyz")});
    auto view = with_active_node(view_of(dialect::openbao));
    CHECK(trace(policy_of(when_inconsistent::retry), two, view, {answer(200)}, with_address(reading)) ==
          lines{"0 active first_attempt: 1 index, forward-active-node", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), two, view, {answer(200)}) ==
          lines{"0 give up not_offered"});
    CHECK(trace(policy_of(when_inconsistent::retry), two, view, {answer(204)}, writing) ==
          lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"});
}

TEST_CASE("behind a fence the active node is asked, and its answer is what repays the fence")
{
    auto required = states({openbao("c", "abc"), openbao("c", "def"), openbao("c", "xyz")});
    REQUIRE(required.fenced());
    auto view = with_active_node(view_of(dialect::openbao));
    exchange_run run{
        exchange(policy_of(when_inconsistent::retry), required, with_address(reading), at(0s), 1)};
    CHECK(run.run({answer(200)}, view) ==
          lines{"0 active first_attempt: 1 index, forward-active-node", "0 deliver answered"});
    required.record(openbao("c", "now"), run.exchange.carried());
    CHECK_FALSE(required.fenced());
}

TEST_CASE("who sends though no way is offered gets no answer that counts, and repays no fence")
{
    auto const required = states({openbao("c", "abc"), openbao("c", "def"), openbao("c", "xyz")});
    auto view = view_of(dialect::openbao);
    exchange exchange(policy_of(when_inconsistent::retry), required, reading, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view); // without having asked first()
    CHECK(exchange.carried().empty());
    auto const last = exchange.on_response(answer(200), view, at(1ms));
    CHECK(last.what == action::give_up);
    CHECK(last.why == reason::unproven);
}

TEST_CASE("an attempt that no way was offered for ends the exchange, whatever comes back")
{
    // It carried nothing, so one that follows would carry nothing either.
    for (reply const& response : {broken, reply(answer(0)), reply(answer(500)), reply(vault_stale()),
                                  reply(redirect_to(active_url)), reply(quota_used_up("1"))}) {
        auto view = view_of(dialect::openbao);
        exchange exchange(policy_of(when_inconsistent::retry), on_openbao,
                          to_active_node(with_address(reading)), at(0s), 1);
        auto request = get();
        exchange.prepare(request, view);
        view.set_active_address(active_url);
        auto const last = response ? exchange.on_response(*response, view, at(1ms))
                                   : exchange.on_transport_error(view, at(1ms));
        CHECK(last.why == reason::unproven);
    }
}

TEST_CASE("a way that others' exchanges close or open meanwhile changes nothing of the attempt that is on it")
{
    // Closed after the attempt was sent: it was forwarded, so its answer counts. Not to deliver it would make
    // the caller repeat a write.
    auto view = view_of(dialect::vault);
    exchange sent(policy_of(when_inconsistent::retry), on_vault, to_active_node(writing), at(0s), 1);
    auto request = put();
    CHECK(sent.first(view).what == action::send_again);
    sent.prepare(request, view);
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(sent.on_response(answer(204), view, at(1ms)).why == reason::answered);

    // Closed between the step and the attempt: fields and destination still belong together.
    view = with_active_node(view_of(dialect::vault));
    exchange advised(policy_of(when_inconsistent::retry), on_vault, to_active_node(with_address(reading)),
                     at(0s), 1);
    auto const first = advised.first(view);
    CHECK(first.to == route::any_node);
    view.missing().note_missing(capability::forwarding, at(0s));
    advised.prepare(request, view);
    CHECK(advised.to() == route::any_node);
    CHECK(request.values("X-Vault-Forward") == texts{"active-node"});

    // Not offered when it was prepared, and offered when its answer comes: it went to nobody knows whom.
    view = with_active_node(view_of(dialect::openbao));
    exchange lost(policy_of(when_inconsistent::retry), on_openbao, to_active_node(with_address(reading)),
                  at(0s), 1);
    CHECK(lost.first(view).to == route::active_node);
    view.set_active_address("");
    lost.prepare(request, view);
    view.set_active_address(active_url);
    CHECK(lost.on_response(answer(200), view, at(1ms)).why == reason::unproven);
}

// -----------------------------------------------------------------------------------------------------------
// Fields

TEST_CASE(
    "each attempt sets its fields anew: nothing of an earlier one is left in a request that is used again")
{
    auto view = view_of(dialect::vault);
    auto request = put();
    request.with("X-Vault-Index", "old")
        .with("x-vault-inconsistent", "await-state")
        .with("X-VAULT-FORWARD", "active-node");
    for (int round = 0; round < 2; ++round) {
        exchange exchange(policy_of(when_inconsistent::forward), on_vault, writing, at(0s), 1);
        exchange.prepare(request, view);
        CHECK(request.values("X-Vault-Index") == texts{vault("c", 5, 0)});
        CHECK(request.values("X-Vault-Inconsistent").size() == (round == 0 ? 1 : 0));
        CHECK(request.values("X-Vault-Forward").empty());
        if (round == 0) { // the next exchange knows that it is barred
            CHECK(exchange.on_response(forward_barred(), view, at(0s)).what == action::send_again);
            exchange.prepare(request, view);
            CHECK(request.values("X-Vault-Index") == texts{vault("c", 5, 0)});
            CHECK(request.values("X-Vault-Inconsistent").empty());
        }
    }
    exchange nothing_required(policy_of(when_inconsistent::forward), {}, writing, at(0s), 1);
    nothing_required.prepare(request, view);
    CHECK(request.fields.empty());
}

TEST_CASE("what is required is fixed at the beginning: others' writes do not move the goal")
{
    auto required = on_vault;
    auto view = view_of(dialect::vault);
    exchange exchange(policy_of(when_inconsistent::retry), required, reading, at(0s), 1);
    required.record(vault("c", 99, 99));
    auto request = get();
    for (int i = 0; i < 3; ++i) {
        exchange.prepare(request, view);
        CHECK(request.values("X-Vault-Index") == texts{vault("c", 5, 0)});
        CHECK(exchange.on_response(vault_stale().with("X-Vault-Index", vault("c", 50, 50)), view, at(0s))
                  .what == action::send_again);
    }
    CHECK(texts_of(exchange.carried()) == texts{vault("c", 5, 0)});
    CHECK(exchange.attempts() == 3);
}

TEST_CASE("both witnesses are sent, each as it was received")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    auto view = view_of(dialect::vault);
    exchange exchange(policy_of(when_inconsistent::retry), two, reading, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view);
    CHECK(sorted(request.values("X-Vault-Index")) == sorted({vault("c", 0, 2), vault("c", 2, 0)}));
}

TEST_CASE("a foreign cluster's states are not sent")
{
    auto const both = states({vault("c", 5, 0), vault("stranger", 7, 0)});
    auto view = view_of(dialect::vault);
    exchange exchange(policy_of(when_inconsistent::retry), both.of(view.cluster()), reading, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view);
    CHECK(request.values("X-Vault-Index") == texts{vault("c", 5, 0)});
}

namespace {

/// A stack that can send one field a name only.
struct single_field_message : test_message {};

} // namespace

template <>
struct afterwrite::message_traits<single_field_message> : message_traits<test_message> {
    static constexpr bool repeats_fields = false;
};

TEST_CASE(
    "a stack that cannot repeat a field asks the active node for what takes two, wherever the step pointed")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    auto view = with_active_node(view_of(dialect::vault));
    single_field_message request;

    exchange by_field(policy_of(when_inconsistent::retry), two, with_address(reading), at(0s), 1);
    by_field.prepare(request, view);
    CHECK(said(request) == "1 index, X-Vault-Forward: active-node");
    CHECK(by_field.to() == route::any_node);

    view.missing().note_missing(capability::forwarding, at(0s));
    exchange by_address(policy_of(when_inconsistent::retry), two, with_address(reading), at(0s), 1);
    CHECK(by_address.first(view).to == route::any_node); // a step knows nothing of the stack yet
    by_address.prepare(request, view);
    CHECK(said(request) == "1 index");
    CHECK(by_address.to() == route::active_node);

    view.set_active_address("");
    exchange nowhere(policy_of(when_inconsistent::retry), two, with_address(reading), at(0s), 1);
    nowhere.prepare(request, view);
    CHECK(nowhere.on_response(answer(200), view, at(0s)).why == reason::unproven);

    exchange one(policy_of(when_inconsistent::retry), on_vault, reading, at(0s), 1);
    one.prepare(request, view);
    CHECK(said(request) == "1 index");
}

// -----------------------------------------------------------------------------------------------------------
// What answers mean

TEST_CASE("a refusal is named in the step that follows it")
{
    CHECK(end_of(answer(200)).refused_as == refusal::none);
    CHECK(end_of(vault_stale()).refused_as == refusal::stale_index);
    CHECK(end_of(openbao_stale(), reading, on_openbao).refused_as == refusal::stale_index);
    CHECK(end_of(answer(412)).refused_as == refusal::presumed_stale);
    CHECK(end_of(answer(412, "missing \"X-Vault-Request\" header")).refused_as == refusal::agent_refusal);
}

TEST_CASE("an index or a token, where the request has both")
{
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(policy_of(when_inconsistent::fail), on_vault, reading, at(0s), 1)};
    run.request.with("Authorization", "Bearer " + service_token);
    run.run({vault_stale()}, view);
    CHECK(run.last.refused_as == refusal::index_or_token);
}

TEST_CASE("answers that are the caller's business are delivered, though they are errors")
{
    for (auto const& response :
         {answer(100), answer(403), answer(404, "{\"errors\":[]}"), answer(412, "a plugin's own"),
          answer(400), answer(501), answer(304), answer(600)}) {
        CHECK(end_of(response).what == action::deliver);
        CHECK(end_of(response).why == reason::answered);
    }
    auto const moved = end_of(answer(302).with("Location", std::string(active_url)));
    CHECK(moved.what == action::deliver); // 302 may turn a write into a read
    CHECK(moved.why == reason::redirected_elsewhere);
}

TEST_CASE("a role that sys/health tells is delivered, and so is a stale secret of that name refused")
{
    for (int const status : {429, 472, 473, 501, 503, 412}) {
        auto view = view_of(dialect::vault);
        exchange_run run{exchange(policy_of(when_inconsistent::retry), on_vault, reading, at(0s), 1),
                         get("/v1/sys/health?standbyok=true")};
        CHECK(run.run({answer(status).with("Retry-After", "1")}, view).back() == "0 deliver answered");
    }
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(policy_of(when_inconsistent::fail), on_vault, reading, at(0s), 1),
                     get("/v1/kv/sys/health")};
    CHECK(run.run({vault_stale()}, view).back() == "0 give up refused");
}

TEST_CASE("a refusal without a body is presumed stale, and then only what reads is sent again")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(412), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "10 deliver answered"});
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(412)}, writing) ==
          lines{"0 any first_attempt: 1 index", "0 give up outcome_unknown"});
    auto idempotent = writing;
    idempotent.idempotent = true;
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(412)}, idempotent).back() ==
          "0 give up outcome_unknown");
    CHECK(
        trace(when_inconsistent::retry, on_openbao, {answer(429).with("Retry-After", "1")}, writing).back() ==
        "0 give up outcome_unknown");
}

TEST_CASE("a refusal that is certain allows any request again: nothing was executed")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {vault_stale(), answer(204)}, writing).size() == 3);
    CHECK(trace(when_inconsistent::retry, on_openbao, {openbao_stale(), answer(204)}, writing).size() == 3);
    CHECK(trace(when_inconsistent::retry, {}, {vault_stale(), answer(204)}, writing).size() == 3);
    CHECK(trace(when_inconsistent::retry, {}, {quota_used_up("1"), answer(204)}, writing).size() == 3);
    CHECK(trace(when_inconsistent::forward, on_vault, {forward_barred(), answer(204)}, writing).size() == 3);
}

TEST_CASE(
    "a broken exchange or a failed server leaves the outcome unknown: only what does no harm is repeated")
{
    for (reply const& response : {broken, reply(answer(0)), reply(answer(99)), reply(answer(-1))}) {
        CHECK(trace(when_inconsistent::retry, on_vault, {response, answer(200)}) ==
              lines{"0 any first_attempt: 1 index", "10 any repeating: 1 index", "10 deliver answered"});
        CHECK(trace(when_inconsistent::retry, on_vault, {response}, writing) ==
              lines{"0 any first_attempt: 1 index", "0 give up outcome_unknown"});
    }
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(500), answer(200)}).size() == 3);
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(500)}, writing) ==
          lines{"0 any first_attempt: 1 index", "0 deliver answered"});
    CHECK(trace(when_inconsistent::retry, on_vault, {no_active_node()}, writing) ==
          lines{"0 any first_attempt: 1 index", "0 deliver answered"});
}

TEST_CASE("repetitions are few; an election is waited for")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {broken}) ==
          lines{"0 any first_attempt: 1 index", "10 any repeating: 1 index", "30 any repeating: 1 index",
                "30 give up attempts_exhausted"});
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(503)}).back() == "30 deliver answered");
    auto const election = trace(when_inconsistent::retry, on_vault, {no_active_node()});
    CHECK(election.size() > 10);
    CHECK(election.back() == "10000 give up deadline_passed");
}

TEST_CASE("Retry-After is an upper bound on a stale refusal, and obeyed on a quota or a failure")
{
    auto policy = policy_of(when_inconsistent::retry);
    policy.wait.first = policy.wait.longest = 3s;
    auto view = view_of(dialect::openbao);
    CHECK(trace(policy, on_openbao, view, {openbao_stale(), answer(200)}).back() == "1000 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_openbao, {openbao_stale(), answer(200)}).back() ==
          "10 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_openbao, {quota_used_up("2"), answer(200)}).back() ==
          "2000 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_openbao, {quota_used_up(""), answer(200)}).back() ==
          "10 deliver answered");
    auto unavailable = answer(503, "no active node").with("Retry-After", "4");
    CHECK(trace(when_inconsistent::retry, on_openbao, {unavailable, answer(200)}).back() ==
          "4000 deliver answered");
}

TEST_CASE("a quota that lasts longer than there is time ends it at once")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {quota_used_up("10"), answer(200)}).back() ==
          "10000 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_vault, {quota_used_up("11")}) ==
          lines{"0 any first_attempt: 1 index", "0 give up deadline_passed"});
    CHECK(trace(when_inconsistent::retry, on_vault, {quota_used_up("99999999999999999999")}).back() ==
          "0 give up deadline_passed");
}

TEST_CASE("neither does a fence keep a text that the server cannot read")
{
    auto required = states({"future-format"});
    required.fence(cluster_id("c"), dialect::openbao);
    auto view = with_active_node(view_of(dialect::openbao));
    CHECK(trace(policy_of(when_inconsistent::retry), required, view, {unreadable_index(), answer(200)},
                with_address(reading)) == lines{"0 active first_attempt: 1 index, forward-active-node",
                                                "0 active without_index: 0 index", "0 deliver answered"});
}

TEST_CASE("an Agent that wants a field of its own will want it the next time too")
{
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(412, "missing \"X-Vault-Request\" header")}) ==
          lines{"0 any first_attempt: 1 index", "0 give up refused"});
}

TEST_CASE("a text that the server cannot read is dropped; a state that it should be able to read is not")
{
    auto const unknown = states({"future-format"});
    CHECK(trace(when_inconsistent::retry, unknown, {unreadable_index(), answer(200)}) ==
          lines{"0 any first_attempt: 1 index", "0 any without_index: 0 index", "0 deliver answered"});
    CHECK(trace(when_inconsistent::retry, unknown, {unreadable_index()}).back() == "0 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_vault, {unreadable_index()}) ==
          lines{"0 any first_attempt: 1 index", "0 give up refused"});
}

TEST_CASE(
    "400 about forwarding is believed where forwarding was asked for, and is an answer like others elsewhere")
{
    for (auto const& required : {on_vault, on_openbao}) {
        auto view = view_of(required.form());
        CHECK(trace(policy_of(when_inconsistent::retry), required, view, {forward_barred()}).back() ==
              "0 deliver answered");
        CHECK(view.may_forward(at(1s)));
    }
}

TEST_CASE("a body that cannot be sent twice ends it at the first refusal")
{
    auto facts = writing;
    facts.replayable_body = false;
    CHECK(trace(when_inconsistent::retry, on_vault, {vault_stale()}, facts) ==
          lines{"0 any first_attempt: 1 index", "0 give up body_not_replayable"});
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(204)}, facts).back() == "0 deliver answered");
}

// -----------------------------------------------------------------------------------------------------------
// Redirects

TEST_CASE("a redirect to a declared node is followed, there goes the index, and there the retries")
{
    auto view = view_of(dialect::openbao);
    view.add_node(active_url);
    auto const facts = with_address(writing);
    CHECK(trace(policy_of(when_inconsistent::retry), on_openbao, view,
                {redirect_to("https://ACTIVE:8200/v1/kv/foo"), openbao_stale(), answer(204)},
                facts) == lines{"0 any first_attempt: 1 index, fail", "0 active redirected: 1 index, fail",
                                "10 active waiting: 1 index, fail", "10 deliver answered"});
    CHECK(view.active_address() == "https://ACTIVE:8200");
}

TEST_CASE("where a redirect led is left again, and forgotten, when nobody answers there")
{
    auto view = view_of(dialect::vault);
    view.add_node(active_url);
    CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view,
                {redirect_to(active_url), broken, answer(200)}, with_address(reading)) ==
          lines{"0 any first_attempt: 1 index", "0 active redirected: 1 index", "10 any repeating: 1 index",
                "10 deliver answered"});
    CHECK(view.active_address().empty());
}

TEST_CASE("and the active node is again the one that was declared")
{
    auto view = with_active_node(view_of(dialect::vault));
    view.add_node("https://other");
    CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view,
                {redirect_to("https://other"), broken, answer(200)}, with_address(reading))
              .back() == "10 deliver answered");
    CHECK(view.active_address() == active_url);
}

TEST_CASE("an OpenBao of another cluster takes the index for none: its answer to a read is no proof")
{
    auto const foreign = answer(200).with("X-Vault-Index", openbao("other", "900"));
    CHECK(trace(when_inconsistent::retry, on_openbao, {foreign}).back() == "0 give up unproven");
    CHECK(trace(when_inconsistent::retry, on_openbao, {foreign}, writing).back() == "0 deliver answered");
    CHECK(trace(when_inconsistent::retry, {}, {foreign}).back() == "0 deliver answered");
    auto const own = answer(200).with("X-Vault-Index", openbao("c", "900"));
    CHECK(trace(when_inconsistent::retry, on_openbao, {own}).back() == "0 deliver answered");
}

TEST_CASE("a 429 that nobody explains is waited for where it does no harm, and else delivered")
{
    auto const throttled = answer(429, "<html>slow down</html>").with("Retry-After", "2");
    CHECK(trace(when_inconsistent::retry, on_vault, {throttled, answer(200)}).back() ==
          "2000 deliver answered");
    CHECK(trace(when_inconsistent::retry, on_vault, {throttled}, writing).back() == "0 deliver answered");
}

TEST_CASE("a redirect to a stranger is not followed, and the index does not go there")
{
    for (std::string_view const location :
         {"https://evil/", "http://active:8200/", "https://active:8200@evil/", "https://active:8200.evil/",
          "/v1/kv/foo", "", "//evil/", "https://active:8200\r\nX: y"}) {
        auto view = with_active_node(view_of(dialect::vault));
        CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view, {redirect_to(location)},
                    with_address(reading)) ==
              lines{"0 any first_attempt: 1 index", "0 deliver redirected_elsewhere"});
        CHECK(view.active_address() == active_url);
        CHECK_FALSE(view.has_node("https://evil"));
    }
    auto view = with_active_node(view_of(dialect::vault));
    CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view, {answer(307)}, with_address(reading))
              .back() == "0 deliver redirected_elsewhere");
}

TEST_CASE("a redirect that the transport cannot follow is shown to the caller")
{
    auto view = with_active_node(view_of(dialect::vault));
    CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view, {redirect_to(active_url)}) ==
          lines{"0 any first_attempt: 1 index", "0 deliver redirected_elsewhere"});
}

TEST_CASE("redirects in a circle end")
{
    auto view = view_of(dialect::vault);
    view.add_node("https://a");
    view.add_node("https://b");
    CHECK(trace(policy_of(when_inconsistent::retry), on_vault, view,
                {redirect_to("https://a"), redirect_to("https://b"), redirect_to("https://a")},
                with_address(reading)) ==
          lines{"0 any first_attempt: 1 index", "0 active redirected: 1 index",
                "0 active redirected: 1 index", "0 deliver redirected_elsewhere"});
}

// -----------------------------------------------------------------------------------------------------------
// Limits

TEST_CASE("attempts are limited, the first one included")
{
    auto policy = policy_of(when_inconsistent::retry);
    policy.limit.max_attempts = 2;
    auto view = view_of(dialect::vault);
    CHECK(trace(policy, on_vault, view, {vault_stale()}) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "10 give up attempts_exhausted"});
    policy.limit.max_attempts = 1;
    CHECK(trace(policy, on_vault, view, {vault_stale()}).back() == "0 give up attempts_exhausted");
    CHECK(trace(policy, on_vault, view, {broken}).back() == "0 give up attempts_exhausted");
}

TEST_CASE("Vault's Go client gives up after three attempts")
{
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(consistency_policy::vault_go(), on_vault, reading, at(0s), 1)};
    CHECK(run.run({vault_stale()}, view).size() == 4);
    CHECK(run.last.why == reason::attempts_exhausted);
    CHECK(run.now >= at(3s));
    CHECK(run.now < at(4500ms));
}

TEST_CASE("a deadline gives a last attempt at the deadline")
{
    auto facts = reading;
    facts.deadline = at(50ms);
    CHECK(trace(when_inconsistent::retry, on_vault, {vault_stale()}, facts) ==
          lines{"0 any first_attempt: 1 index", "10 any waiting: 1 index", "30 any waiting: 1 index",
                "50 any waiting: 1 index", "50 give up deadline_passed"});
    facts.deadline = at(0s);
    CHECK(trace(when_inconsistent::retry, on_vault, {vault_stale()}, facts) ==
          lines{"0 any first_attempt: 1 index", "0 give up deadline_passed"});
    CHECK(exchange(policy_of(when_inconsistent::retry), {}, facts, at(0s), 1).deadline() == at(0s));
}

TEST_CASE("a deadline that has passed leaves no attempt at all")
{
    auto facts = reading;
    facts.deadline = at(-1ms);
    CHECK(trace(when_inconsistent::retry, on_vault, {answer(200)}, facts) ==
          lines{"0 give up deadline_passed"});
}

TEST_CASE("an answer that comes after the deadline is an answer")
{
    auto view = view_of(dialect::vault);
    exchange exchange(policy_of(when_inconsistent::retry), on_vault, reading, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view);
    CHECK(exchange.on_response(answer(200), view, at(1h)).what == action::deliver);
}

TEST_CASE("a clock that goes back or stands still prolongs nothing: the exchange ends")
{
    for (auto const tick : {duration(-1s), duration(0s)}) {
        auto view = view_of(dialect::vault);
        exchange exchange(policy_of(when_inconsistent::retry), on_vault, reading, at(0s), 1);
        auto request = get();
        auto last = exchange.first(view);
        auto before = last.not_before;
        auto now = at(0s);
        while (!last.is_final() && exchange.attempts() < 1000) {
            exchange.prepare(request, view);
            now += tick;
            last = exchange.on_response(vault_stale(), view, now);
            CHECK(last.not_before >= before);
            before = last.not_before;
        }
        CHECK(last.why == reason::deadline_passed);
        CHECK(exchange.attempts() < 100);
    }
}

TEST_CASE("without any limit an exchange goes on at the longest wait, to the end of time")
{
    auto policy = policy_of(when_inconsistent::retry);
    policy.limit.timeout = duration::max();
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(policy, on_vault, reading, at(0s), 1)};
    CHECK(run.run({vault_stale()}, view).back().ends_with("endless waiting"));
    CHECK(run.now > at(9000s));
}

TEST_CASE("the same seed gives the same steps, another one other times")
{
    auto const times = [](std::uint64_t seed) {
        auto policy = policy_of(when_inconsistent::retry);
        policy.wait = {};
        auto view = view_of(dialect::vault);
        exchange_run run{exchange(policy, on_vault, reading, at(0s), seed)};
        run.run({vault_stale()}, view);
        return run.log;
    };
    CHECK(times(1) == times(1));
    CHECK(times(1) != times(2));
}

TEST_CASE("an answer teaches the view, and the exchange keeps no hold of it")
{
    replication_view view;
    exchange exchange(policy_of(when_inconsistent::retry), {}, writing, at(0s), 1);
    auto request = put();
    exchange.prepare(request, view);
    CHECK(exchange.on_response(written(openbao("c", "7")), view, at(1ms)).what == action::deliver);
    CHECK(view.cluster() == "c");
    CHECK(view.form() == dialect::openbao);
}

// ---------------------------------------------------------------------------------------------------------
// Sessions: what an exchange tells them of its attempts, and what it makes of their doubts.

namespace {

attempt_facts sent_as(exchange_run& run, replication_view& view)
{
    run.exchange.prepare(run.request, view);
    return run.exchange.carried().sent_as();
}

/// Required of a cluster whose history is in doubt.
session in_doubt(std::string const& held, std::string const& behind)
{
    session mine;
    mine.record(held, at(-10s));
    auto carried = mine.required();
    carried.advance(at(-5s));
    carried.set_sent_as({.was_checked = true});
    mine.record(written(behind), carried, at(0s));
    return mine;
}

} // namespace

TEST_CASE("what is carried tells how it was sent")
{
    auto const one = states({vault("c", 1, 0)});
    auto view = view_of(dialect::vault);
    auto const facts_of = [&](when_inconsistent when, request_facts const& facts, test_message request) {
        exchange_run run{exchange(policy_of(when), one, facts, at(0s), 1), std::move(request)};
        return sent_as(run, view);
    };
    auto const with_token = [](test_message request) { return request.with("X-Vault-Token", "s.short"); };
    attempt_facts const known{.cluster = cluster_id("c"), .form = dialect::vault};
    auto expected = known;
    CHECK(facts_of(when_inconsistent::forward, writing, with_token(put())) == expected);
    expected.is_read = expected.was_checked = true;
    CHECK(facts_of(when_inconsistent::retry, reading, with_token(get())) == expected);
    expected = known;
    expected.asked_active_node = expected.may_show_loss = true;
    CHECK(facts_of(when_inconsistent::retry, to_active_node(writing), with_token(put())) == expected);
    CHECK(facts_of(when_inconsistent::retry, writing, put("/v1/auth/userpass/login/me")).may_give_birth);
    CHECK(facts_of(when_inconsistent::retry, writing, with_token(put()).with("X-Vault-Wrap-TTL", "60s"))
              .may_give_birth);
    CHECK(facts_of(when_inconsistent::retry, reading, get("/v1/sys/health")).is_probe);
}

TEST_CASE("a probe of health does not teach which cluster is there")
{
    replication_view view;
    exchange_run run{exchange(policy_of(when_inconsistent::retry), {}, reading, at(0s), 1),
                     get("/v1/sys/health")};
    run.run({answer(200).with("X-Vault-Index", vault("c", 1, 0))}, view);
    CHECK(view.cluster().empty());
}

TEST_CASE("an answer of another cluster than before is reported")
{
    auto view = view_of(dialect::vault);
    exchange_run same{exchange(policy_of(when_inconsistent::retry), {}, writing, at(0s), 1)};
    same.run({written(vault("c", 1, 0))}, view);
    CHECK_FALSE(same.last.cluster_changed);
    exchange_run other{exchange(policy_of(when_inconsistent::retry), {}, writing, at(0s), 1)};
    other.run({written(vault("d", 1, 0))}, view);
    CHECK(other.last.cluster_changed);
    CHECK(other.last.what == action::deliver);
}

TEST_CASE("while the history is in doubt everything goes to the active node that can")
{
    auto const mine = in_doubt(vault("c", 100, 0), vault("c", 40, 0));
    for (auto const& facts : {reading, writing}) {
        auto view = view_of(dialect::vault);
        CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {answer(200)}, facts) ==
              lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node", "0 deliver answered"});
    }
    auto view = view_of(dialect::vault);
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view,
                {forward_barred("X-Vault-Forward"), answer(204)},
                writing) == lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node",
                                  "0 any not_forwarded: 1 index", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {answer(200)}, reading) ==
          lines{"0 give up not_offered"});
}

TEST_CASE("what the active node lacks of its own log for longer than an election, it will never have")
{
    auto const local = in_doubt(vault("c", 100, 0), vault("c", 40, 0)); // since 0 s
    auto view = view_of(dialect::vault);
    auto const ask = [&](session const& mine, duration when, std::vector<reply> const& script) {
        exchange_run run{
            exchange(policy_of(when_inconsistent::retry), mine.required(view), reading, at(when), 1)};
        run.now = at(when);
        return run.run(script, view);
    };
    CHECK(ask(local, 1ms, {vault_stale(), answer(200)}) ==
          lines{"1 any first_attempt: 1 index, X-Vault-Forward: active-node",
                "11 any waiting: 1 index, X-Vault-Forward: active-node", "11 deliver answered"});
    CHECK(ask(local, 3s, {vault_stale(), answer(200)}) ==
          lines{"3000 any first_attempt: 1 index, X-Vault-Forward: active-node",
                "3000 any without_index: 0 index, X-Vault-Forward: active-node", "3000 deliver answered"});
    // If it refuses without the index as well, it is the token.
    CHECK(ask(local, 3s, {vault_stale(), vault_stale(), answer(200)}) ==
          lines{"3000 any first_attempt: 1 index, X-Vault-Forward: active-node",
                "3000 any without_index: 0 index, X-Vault-Forward: active-node",
                "3010 any waiting: 0 index, X-Vault-Forward: active-node", "3010 deliver answered"});
    // What another cluster has to send it may come.
    auto const replicated = in_doubt(vault("c", 100, 9), vault("c", 40, 9));
    CHECK(ask(replicated, 3s, {vault_stale(), answer(200)}) ==
          lines{"3000 any first_attempt: 1 index, X-Vault-Forward: active-node",
                "3010 any waiting: 1 index, X-Vault-Forward: active-node", "3010 deliver answered"});
}

TEST_CASE("what nodes have shown to have is forgotten with the history that it was of")
{
    auto const mine = in_doubt(vault("c", 100, 0), vault("c", 40, 0));
    auto view = view_of(dialect::vault);
    view.nodes()[anywhere].flight.answered({.required = {100, 0}}, at(0s));
    exchange_run run{exchange(policy_of(when_inconsistent::retry), mine.required(view), reading, at(3s), 1)};
    run.now = at(3s);
    run.last = run.exchange.first(view);
    CHECK(view.nodes()[anywhere].has({40, 0}));
    run.attempt(vault_stale(), view);
    CHECK(run.last.why == reason::without_index);
    CHECK_FALSE(view.nodes()[anywhere].has({40, 0}));
    CHECK(view.history() == 1);
}

TEST_CASE("OpenBao: an answer that shows less than it should have checked is taken for the refusal that it "
          "should be")
{
    session mine;
    mine.record(openbao("c", "120"), at(-10s));
    auto view = view_of(dialect::openbao);
    auto const behind = answer(200, "old").with("X-Vault-Index", openbao("c", "100"));
    auto const in_order = answer(200, "new").with("X-Vault-Index", openbao("c", "121"));
    CHECK(
        trace(policy_of(when_inconsistent::retry), mine.required(view), view, {behind, in_order}, reading) ==
        lines{"0 any first_attempt: 1 index, fail", "10 any waiting: 1 index, fail", "10 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::fail), mine.required(view), view, {behind}, reading) ==
          lines{"0 any first_attempt: 1 index, fail", "0 give up refused"});
    // The active node has the last word, and a write was executed.
    CHECK(trace(policy_of(when_inconsistent::forward), mine.required(view), view, {behind}, reading) ==
          lines{"0 any first_attempt: 1 index, forward-active-node", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {behind}, writing) ==
          lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"});
}

TEST_CASE("behind a fence a request that might store nothing goes to the active node as well")
{
    session mine;
    mine.record(openbao("c", "5"), at(0s));
    auto lost = mine.required();
    lost.set_sent_as({.cluster = cluster_id("c"), .form = dialect::openbao});
    mine.record_lost(lost, at(0s));
    auto view = with_active_node(view_of(dialect::openbao));
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {answer(200)},
                with_address(writing)) ==
          lines{"0 active first_attempt: 1 index, forward-active-node", "0 deliver answered"});
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {answer(200)}, writing) ==
          lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"}); // no way leads there
}

TEST_CASE("the answer to a repetition repays the fence of what broke before it")
{
    session mine;
    mine.record(vault("c", 1, 0), at(0s));
    auto view = view_of(dialect::vault);
    exchange_run run{exchange(policy_of(when_inconsistent::retry), mine.required(view),
                              request_facts{.idempotent = true}, at(0s), 1)};
    run.last = run.exchange.first(view);
    run.attempt(broken, view);
    mine.record_lost(run.exchange.carried(), run.now);
    CHECK(mine.required().fenced());
    run.attempt(written(vault("c", 2, 0)), view);
    mine.record(written(vault("c", 2, 0)), run.exchange.carried(), run.now);
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("a session that fails on a regression sends nothing before it was accepted")
{
    session mine(session_options{.regression = on_regression::fail});
    mine.record(vault("c", 100, 0), at(-10s));
    auto carried = mine.required();
    carried.advance(at(-5s));
    carried.set_sent_as({.was_checked = true});
    mine.record(written(vault("c", 40, 0)), carried, at(-1s));
    mine.record(written(vault("c", 41, 0)), carried, at(0s));
    auto view = view_of(dialect::vault);
    for (auto const& facts : {reading, writing}) {
        exchange_run run{
            exchange(policy_of(when_inconsistent::retry), mine.required(view), facts, at(0s), 1)};
        CHECK(run.run({answer(200)}, view) == lines{"0 give up regressed"});
        exchange_run careless{
            exchange(policy_of(when_inconsistent::retry), mine.required(view), facts, at(0s), 1)};
        careless.exchange.prepare(careless.request, view); // without having asked first()
        CHECK(careless.request.fields.empty());
        CHECK(careless.exchange.on_response(answer(200), view, at(0s)).what == action::give_up);
    }
    mine.accept_regression("c");
    CHECK(trace(policy_of(when_inconsistent::retry), mine.required(view), view, {answer(204)}, writing) ==
          lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node", "0 deliver answered"});
}

TEST_CASE("what was not sent is no loss, and its repetition takes nobody else's fence away")
{
    for (bool const was_sent : {true, false}) {
        session mine;
        mine.record(vault("c", 1, 0), at(0s));
        auto view = view_of(dialect::vault);
        exchange machine(policy_of(when_inconsistent::retry), mine.required(view), {.idempotent = true},
                         at(0s), 1);
        auto request = put();
        machine.prepare(request, view);
        if (was_sent)
            mine.record_lost(machine.carried(), at(1ms));
        REQUIRE_FALSE(machine.on_transport_error(view, at(1ms), was_sent).is_final());
        machine.prepare(request, view);
        auto others = mine.required(view); // of another thread, after the repetition was sent
        others.set_sent_as({.cluster = cluster_id("c"), .form = dialect::vault});
        mine.record_lost(others, at(2ms));
        mine.record(written(vault("c", 2, 0)), machine.carried(), at(3ms));
        CHECK(mine.required().fenced());
    }
}

TEST_CASE("who finds no connection before the request was prepared tries again")
{
    auto view = view_of(dialect::vault);
    exchange machine(policy_of(when_inconsistent::retry), on_vault, reading, at(0s), 1);
    REQUIRE(machine.first(view).what == action::send_again);
    auto const next = machine.on_transport_error(view, at(1ms), false);
    CHECK(next.what == action::send_again);
    CHECK(next.why == reason::repeating);
}

TEST_CASE("where a session ignores losses its exchanges do, too")
{
    session careless(session_options{.fence_lost_writes = false});
    careless.record(vault("c", 1, 0), at(0s));
    auto view = view_of(dialect::vault);
    exchange machine(policy_of(when_inconsistent::retry), careless.required(view), {.idempotent = true},
                     at(0s), 1);
    auto request = put();
    machine.prepare(request, view);
    careless.record_lost(machine.carried(), at(1ms));
    REQUIRE_FALSE(machine.on_transport_error(view, at(1ms)).is_final());
    CHECK_FALSE(machine.carried().fenced());
}

TEST_CASE("a fence that has ended holds nothing back, and one that was set meanwhile is not seen")
{
    session mine;
    mine.record(openbao("c", "5"), at(0s));
    mine.record_lost(mine.required(), at(0s));
    auto view = view_of(dialect::openbao); // no way leads to the active node
    exchange early(policy_of(when_inconsistent::retry), mine.required(view), reading, at(14min), 1);
    CHECK(early.first(view).why == reason::not_offered);
    exchange late(policy_of(when_inconsistent::retry), mine.required(view), reading, at(15min), 1);
    CHECK(late.first(view).what == action::send_again);
}
