// SPDX-License-Identifier: BSL-1.0
// A run is what its plan says, and nothing else: so a seed that fails fails again, and can be made small.
#include "history/history.hpp"
#include "simulation/campaign.hpp"
#include "simulation/invariants.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"
#include "simulation/shrink.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <string>

using namespace simulation;

TEST_CASE("a seed gives the same run each time, and another seed another one")
{
    std::set<std::uint64_t> digests;
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        auto const once = run(draw_plan(seed, 600));
        auto const again = run(draw_plan(seed, 600));
        CHECK(once.digest == again.digest);
        CHECK(once.attempts == again.attempts);
        digests.insert(once.digest);
    }
    CHECK(digests.size() == 8);
}

TEST_CASE("what is written down changes nothing")
{
    auto const what = draw_plan(3, 600);
    std::ostringstream text;
    history::writer history(text);
    std::string diary;
    CHECK(run(what, {.history = &history, .diary = &diary}).digest == run(what).digest);
    CHECK(text.str().find(" invoke ") != std::string::npos);
    CHECK(diary.find(" ends: ") != std::string::npos);
}

TEST_CASE("neither does the number of threads")
{
    auto const alone = run_seeds(1, 6, 300, 1);
    auto const together = run_seeds(1, 6, 300, 3);
    CHECK(alone.total.digest == together.total.digest);
    CHECK(alone.total.operations == together.total.operations);
    CHECK(alone.runs == 6);
}

TEST_CASE("a line that is left out of a script changes what it does, and not what others draw")
{
    auto what = draw_plan(5, 400);
    auto const lines = what.script;
    auto const left_out = std::find_if(what.script.begin() + 100, what.script.end(),
                                       [](script_line const& each) { return !each.is_fault; });
    auto const at = static_cast<std::size_t>(left_out - what.script.begin());
    what.script.erase(left_out);
    CHECK(run(what).operations + 1 == run(draw_plan(5, 400)).operations);
    CHECK(what.script[at].luck == lines[at + 1].luck);
}

TEST_CASE("a script that breaks something is made small, and breaks it still")
{
    auto const breaks = [](plan const& what) {
        auto const seen = run(what);
        return std::any_of(seen.found.begin(), seen.found.end(), [](violation const& each) {
            return each.invariant == invariant::read_your_writes;
        });
    };
    plan failing;
    for (std::uint64_t seed = 1; failing.script.empty() && seed <= 40; ++seed) {
        auto what = draw_plan(seed, 300);
        for (auto& each : what.processes)
            each.breaks = sabotage::forgets;
        if (breaks(what))
            failing = what;
    }
    REQUIRE_FALSE(failing.script.empty());
    auto const least = shrink(failing, invariant::read_your_writes);
    CHECK(least.script.size() <= 12);
    CHECK(breaks(least));
    auto const told = tell_script(least, invariant::read_your_writes);
    auto const lines = std::count(told.begin(), told.end(), '\n');
    CHECK(tell_script(failing, invariant::read_your_writes)
              .find(", luck " + std::to_string(failing.script[0].luck)) != std::string::npos);
    CHECK(told.find(" begins: ") != std::string::npos);
    CHECK(lines > static_cast<std::ptrdiff_t>(least.script.size() + 4));
    std::string all;
    (void)run(least, {.diary = &all});
    CHECK(lines < std::count(all.begin(), all.end(), '\n')); // not what happened after that
}
