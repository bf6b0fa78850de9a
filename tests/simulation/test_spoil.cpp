// SPDX-License-Identifier: BSL-1.0
// Each invariant finds what it is there for, in a run and not only in a test of its own.
#include "simulation/spoil.hpp"

#include "simulation/invariants.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string_view>
#include <vector>

using namespace simulation;

namespace {

/// Nothing goes wrong but this, again and again, the one in turn with the other.
void strike_often(plan& what, std::vector<fault> const& kinds)
{
    std::erase_if(what.script, [](auto const& each) { return each.is_fault; });
    dice luck(what.seed, 100);
    std::size_t turn = 0;
    for (auto i = what.script.size(); i > 40; i -= std::min<std::size_t>(i, 40))
        what.script.insert(what.script.begin() + static_cast<std::ptrdiff_t>(i - 20),
                           {.at = what.script[i - 20].at,
                            .luck = luck.next(),
                            .is_fault = true,
                            .kind = kinds[turn++ % kinds.size()]});
}

/// Restores snapshots, of histories that are long enough to be told from each other; and answers come again
/// after that. All callers come through load balancers, so that most of them find it out.
void restore_often(plan& what)
{
    for (auto& each : what.processes)
        each.addressable = false;
    for (auto& each : what.script)
        each.at *= 100;
    what.calm *= 100;
    strike_often(what, {fault::restored, fault::doubled_answer});
}

/// Budgets are small, and nodes behind.
void lag_often(plan& what)
{
    for (auto& each : what.processes)
        each.traffic = {.retries = {.percent_of_reads = 1, .per_second = 1, .burst = 1},
                        .forwards = {.percent_of_reads = 1, .per_second = 1, .burst = 1}};
    strike_often(what, {fault::stalled, fault::slow});
}

/// Callers log in, at servers whose tokens say nothing of an index, or all that is needed.
void log_in_often(plan& what, bool says_index)
{
    for (auto& each : what.processes)
        each.logs_in = true;
    for (auto& each : what.clusters) {
        each.consistent_tokens = says_index;
        each.unknown.stale_token_status = 412;
        for (auto& follower : each.secondaries) {
            follower.consistent_tokens = says_index;
            follower.unknown.stale_token_status = 412;
        }
    }
}

/// All callers come through proxies, and say themselves what they want.
void speak_often(plan& what)
{
    for (auto& each : what.processes)
        each.how = keeping::proxy;
    strike_often(what, {fault::outspoken});
}

/// Of some seeds, in how many the invariant finds that all processes do this.
int found_by(std::string_view invariant, sabotage what)
{
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        bool const needs_restores = what == sabotage::misses_epochs || what == sabotage::keeps_old_answers;
        auto spoiled = draw_plan(seed, needs_restores ? 1200 : 400);
        if (needs_restores && !spoiled.clusters[0].secondaries.empty())
            continue;
        for (auto& each : spoiled.processes)
            each.breaks = what;
        if (needs_restores)
            restore_often(spoiled);
        if (what == sabotage::merges_texts)
            speak_often(spoiled);
        if (what == sabotage::overspends)
            lag_often(spoiled);
        if (what == sabotage::forgets_logins)
            log_in_often(spoiled, false);
        auto const seen = run(spoiled);
        found += std::any_of(seen.found.begin(), seen.found.end(),
                             [&](violation const& each) { return each.invariant == invariant; })
                     ? 1
                     : 0;
    }
    return found;
}

} // namespace

TEST_CASE("what a process does wrong is found by the invariant that forbids it")
{
    struct {
        sabotage what;
        std::string_view by;
        int at_least; ///< of 20 seeds
    } const rows[] = {
        {sabotage::forgets, invariant::read_your_writes, 5},
        {sabotage::forgets, invariant::demand_is_join, 10},
        {sabotage::forgets, invariant::demand_grows, 10},
        {sabotage::invents_texts, invariant::texts_as_received, 15},
        {sabotage::merges_texts, invariant::texts_as_received, 10},
        {sabotage::leaves_out_texts, invariant::all_is_said, 15},
        {sabotage::confuses_clusters, invariant::texts_at_home, 5},
        {sabotage::repeats_lost, invariant::executed_once, 4},
        {sabotage::outwaits, invariant::within_bounds, 15},
        {sabotage::sees_epochs, invariant::epochs_are_real, 15},
        {sabotage::hides_refusals, invariant::tells_the_truth, 10},
        {sabotage::lies, invariant::tells_the_truth, 15},
        {sabotage::misses_epochs, invariant::epochs_begin, 5},
        {sabotage::keeps_old_answers, invariant::old_answers_end, 5},
        {sabotage::forgets_logins, invariant::tokens_are_good, 5},
        {sabotage::forgets_on_load, invariant::nothing_is_forgotten, 5},
        {sabotage::overspends, invariant::within_bounds, 10},
        {sabotage::opens_breakers, invariant::ends_well, 10},
        {sabotage::dawdles, invariant::ends_well, 10},
    };
    for (auto const& row : rows) {
        CAPTURE(static_cast<int>(row.what));
        CAPTURE(row.by);
        auto const found = found_by(row.by, row.what);
        CHECK(found >= row.at_least);
    }
}

TEST_CASE("a token that says itself where it was made is good for clients that forget all else, too")
{
    std::uint64_t refused = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto spoiled = draw_plan(seed, 400);
        for (auto& each : spoiled.processes)
            each.breaks = sabotage::forgets_logins;
        log_in_often(spoiled, true);
        auto const seen = run(spoiled);
        for (auto const& each : seen.found)
            CHECK(each.invariant != invariant::tokens_are_good);
        refused += seen.tokens_refused;
    }
    CHECK(refused > 20);
}
