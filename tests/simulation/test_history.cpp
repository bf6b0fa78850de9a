// SPDX-License-Identifier: BSL-1.0
// The histories of runs keep the session guarantees by the independent
// checker too; those of clients that forget do not.
#include "history/checker.hpp"
#include "history/history.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"

#include <doctest/doctest.h>

#include <sstream>

using namespace simulation;

namespace {

history::report check_seed(std::uint64_t seed, bool forgets)
{
    auto what = draw_plan(seed, 500);
    keep_logs_apart(what);
    for (auto& each : what.processes)
        each.breaks = forgets ? sabotage::forgets : sabotage::none;
    std::ostringstream text;
    history::writer writer(text);
    (void)run(what, {.history = &writer});
    auto const read = history::parse(text.str());
    REQUIRE_MESSAGE(!read.error, "seed " << seed << ", line " << read.error->line << ": "
                                         << history::to_string(read.error->fault));
    return history::check(read.read);
}

} // namespace

TEST_CASE("the history of a run is right")
{
    std::size_t answered = 0;
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        auto const judged = check_seed(seed, false);
        for (auto const& each : judged.findings)
            FAIL_CHECK("seed " << seed << ", " << history::to_string(each.broken) << ": " << each.witness);
        answered += judged.answered - judged.unpromised;
    }
    CHECK(answered > 3000);
}

TEST_CASE("that of clients which forget is not")
{
    int wrong = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
        wrong += check_seed(seed, true).findings.empty() ? 0 : 1;
    CHECK(wrong >= 8);
}
