// SPDX-License-Identifier: BSL-1.0
// What no server, however confused or hostile, can make of an exchange: every sequence of three answers of a
// small world, for every mode, dialect, way to the active node and kind of request.
#include <afterwrite/decision/exchange.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/sequences.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::string_view active_url = "https://active:8200";

/// An answer, and whether the request may have been executed before it came.
struct move {
    reply answer;
    bool may_have_executed;
};

std::vector<move> const& moves()
{
    static std::vector<move> const all = {
        {vault_stale(), false},
        {openbao_stale(), false},
        {forward_barred(), false},
        {quota_used_up("0"), false},
        {unreadable_index(), false},
        {redirect_to(active_url), false},
        {redirect_to("https://evil/"), false},
        {answer(412), true},                          // nothing says that it was refused
        {answer(429).with("Retry-After", "0"), true}, // nor does anything here
        {answer(412, "a plugin's own"), true},
        {no_active_node(), true},
        {answer(500), true},
        {answer(0), true},
        {std::nullopt, true},
        {answer(200).with("X-Vault-Index", vault("stranger", 1, 1)), true},
        {answer(200).with("X-Vault-Index", openbao("stranger", "9")), true},
    };
    return all;
}

struct world {
    when_inconsistent when;
    required_states required;
    bool has_address;
    request_facts facts;
};

std::vector<world> worlds()
{
    std::vector<required_states> const required = {
        {},
        states({vault("c", 5, 0)}),
        states({vault("c", 5, 0), vault("c", 0, 5)}),
        states({openbao("c", "5")}),
        states({openbao("c", "p"), openbao("c", "q")}),
        states({openbao("c", "p"), openbao("c", "q"), openbao("c", "r")}),
        states({"future-format"})};
    std::vector<world> found;
    for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::await,
                            when_inconsistent::forward, when_inconsistent::retry_then_forward})
        for (auto const& states : required)
            for (bool const has_address : {false, true})
                for (bool const is_safe : {false, true})
                    for (auto const to : {route::any_node, route::active_node})
                        found.push_back(
                            {when,
                             states,
                             has_address,
                             {.safe = is_safe, .idempotent = is_safe, .addressable = has_address, .to = to}});
    return found;
}

struct findings {
    std::size_t exchanges = 0;
    std::size_t endless = 0;
    std::size_t executed_twice = 0;
    std::size_t answered_unproven = 0;
    std::size_t refusal_as_answer = 0;
    std::size_t storms = 0;
    std::size_t altered = 0;
};

/// Whether a 200 to this attempt shows all that was required.
bool is_proof(test_message const& request, route to, required_states const& required)
{
    bool const is_by_active_node = to == route::active_node || !request.values("X-Vault-Forward").empty();
    bool const carries_all =
        required.is_expressible() && sorted(request.values("X-Vault-Index")) == texts_of(required);
    bool const is_unreadable = required.clusters() == 0 && !required.fenced(); // it may have been dropped
    return is_by_active_node || carries_all || is_unreadable;
}

replication_view view_for(world const& w)
{
    replication_view view(w.required.form());
    if (w.required.form() != dialect::unknown)
        view.learn(w.required.form(), cluster_id("c"));
    if (w.has_address)
        view.set_active_address(active_url);
    return view;
}

void play(world const& w, std::vector<std::size_t> const& sequence, bool goes_on, findings& found)
{
    auto view = view_for(w);
    consistency_policy const policy{.when = w.when, .forward_after = 20ms};
    exchange_run run{exchange(policy, w.required, w.facts, at(0s), 7)};
    run.last = run.exchange.first(view);
    ++found.exchanges;
    std::size_t at_once = 0;
    bool may_have_executed = false;
    for (std::size_t i = 0; !run.last.is_final(); ++i) {
        if (run.exchange.attempts() == 200) {
            ++found.endless;
            return;
        }
        found.executed_twice += may_have_executed && !w.facts.safe ? 1U : 0U;
        at_once = run.last.not_before > run.now ? 0 : at_once + 1;
        found.storms += at_once > 6 ? 1U : 0U;
        auto const is_scripted = i < sequence.size();
        auto const& next = is_scripted ? moves()[sequence[i]] : moves()[sequence.back()];
        auto const fresh = move{answer(200), true};
        auto const& played = is_scripted || goes_on ? next : fresh;
        run.attempt(played.answer, view);
        run.log.clear();
        may_have_executed = may_have_executed || played.may_have_executed;
        for (auto const& index : run.request.values("X-Vault-Index"))
            found.altered += w.required.holds(index) || index == "future-format" ? 0U : 1U;
        int const status = played.answer ? played.answer->status : 0;
        bool const is_answered = run.last.what == action::deliver && run.last.why == reason::answered;
        if (is_answered && status == 200 && w.facts.safe) // a write shows nothing
            found.answered_unproven += is_proof(run.request, run.exchange.to(), w.required) ? 0U : 1U;
        found.refusal_as_answer += is_answered && is_stale(run.last.refused_as) ? 1U : 0U;
    }
}

void check(findings const& found)
{
    CHECK(found.endless == 0);
    CHECK(found.executed_twice == 0);
    CHECK(found.answered_unproven == 0);
    CHECK(found.refusal_as_answer == 0);
    CHECK(found.storms == 0);
    CHECK(found.altered == 0);
}

} // namespace

TEST_CASE(
    "no three answers make an exchange deliver what is unproven, execute twice, alter an index, or storm")
{
    findings found;
    auto const all = worlds();
    for_each_sequence(moves().size(), 3, [&](auto const& sequence) {
        for (auto const& w : all)
            if ((sequence[0] + sequence[1] + sequence[2] + static_cast<std::size_t>(&w - all.data())) %
                    rounds(4, 16) ==
                0) // each world sees a quarter of them, or a sixteenth
                play(w, sequence, false, found);
    });
    CHECK(found.exchanges > rounds(200'000, 50'000));
    check(found);
}

TEST_CASE("an answer that is repeated for ever ends every exchange, at a bounded number of attempts")
{
    findings found;
    for (auto const& w : worlds())
        for_each_sequence(moves().size(), 2, [&](auto const& sequence) { play(w, sequence, true, found); });
    CHECK(found.exchanges > 20'000);
    check(found);
}
