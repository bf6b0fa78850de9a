// SPDX-License-Identifier: BSL-1.0
// A few seeds, in each run of the tests; `sh tests/run.sh --simulate SEEDS` does more.
#include "simulation/campaign.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace simulation;

TEST_CASE("nothing is broken, whatever goes wrong, and everything goes wrong at least once")
{
    auto const all = run_seeds(1, 120, 500, 2);
    for (auto const& each : all.failed)
        for (auto const& broken : each.found)
            FAIL_CHECK("seed " << each.seed << ", " << broken.invariant << ": " << broken.what);
    CHECK(all.total.violations == 0);
    CHECK(all.idle_faults() == std::vector<std::string>{});
    CHECK(all.total.checked_reads > all.total.operations / 4);
    CHECK(all.total.checked_lists > all.total.operations / 100);
    CHECK(all.total.checked_tokens > all.total.operations / 200);
    CHECK(all.total.tokens_refused > 0);
    CHECK(all.total.hidden_reads > 0);
    CHECK(all.total.hops > 100);
    CHECK(all.total.redirects > 100);
    CHECK(all.total.epochs > 0);
    CHECK(all.total.judged_ends > static_cast<std::uint64_t>(all.runs) * 10);
    MESSAGE("simulated " << all.total.operations << " operations, " << all.total.checked_reads
                         << " reads of which it was known what they must show");
}

TEST_CASE("clients that forget what they are told are found out, on servers of either dialect")
{
    int vault = 0;
    int openbao = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        auto what = draw_plan(seed, 400);
        for (auto& each : what.processes)
            each.breaks = sabotage::forgets;
        auto const seen = run(what);
        auto& of = what.clusters[0].speaks == cluster::dialect::vault ? vault : openbao;
        of += seen.violations > 0 ? 1 : 0;
    }
    CHECK(vault >= 4);
    CHECK(openbao >= 4);
}
