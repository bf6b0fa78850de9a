// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/fences.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

constexpr fence_clock clock_at(duration since) { return {at(since), 900s}; }

cluster_demand demand_of(store_cell const& cell, duration since)
{
    cluster_demand demand(cluster_id("c"), dialect::vault);
    load_fences(cell, demand, clock_at(since));
    demand.advance(at(since), 900s);
    return demand;
}

} // namespace

TEST_CASE("a fence is kept with its count, and an answer repays it across the store")
{
    store_cell cell;
    cluster_demand demand = demand_of(cell, 0s);
    CHECK_FALSE(demand.fenced());
    demand.fence();
    demand.fence();
    save_fences(demand, cell, clock_at(0s));
    CHECK(cell.fences == 2);
    CHECK(cell.is_fenced());

    auto const carried = demand_of(cell, 1s);
    CHECK(carried.fenced());
    auto answered = demand_of(cell, 2s);
    answered.fence(); // one more since it was sent
    save_fences(answered, cell, clock_at(2s));
    CHECK(cell.fences == 3);
    answered = demand_of(cell, 3s);
    answered.repay(carried);
    CHECK(answered.fenced());
    save_fences(answered, cell, clock_at(3s));
    CHECK(cell.is_fenced());
    auto const later = demand_of(cell, 4s);
    answered = demand_of(cell, 4s);
    answered.repay(later);
    CHECK_FALSE(answered.fenced());
    save_fences(answered, cell, clock_at(4s));
    CHECK_FALSE(cell.is_fenced());
    CHECK_FALSE(demand_of(cell, 5s).fenced());
    CHECK(cell.fences == 3); // answers on their way name it

    answered = demand_of(cell, 5s);
    answered.fence();
    answered.repay(carried); // an old one repays nothing that came since
    CHECK(answered.fenced());
    save_fences(answered, cell, clock_at(5s));
    CHECK(cell.fences == 4);
    CHECK(cell.is_fenced());
}

TEST_CASE("a fence ends when it was set so long ago, whenever it is loaded")
{
    store_cell cell;
    cluster_demand demand = demand_of(cell, 0s);
    demand.fence();
    save_fences(demand, cell, clock_at(0s));
    CHECK(demand_of(cell, 899s).fenced());
    auto const ended = demand_of(cell, 902s);
    CHECK_FALSE(ended.fenced());
    save_fences(ended, cell, clock_at(902s));
    CHECK(cell.empty());
}

TEST_CASE("when a stamp was made is not taken for earlier than it was, at any time of the clock")
{
    for (auto const now : {0ns, duration(999'999'999), duration(1'500'000'000), duration(1h)}) {
        auto const clock = clock_at(now);
        auto const stamp = seconds_of(clock.now);
        CHECK(clock.at(stamp) == clock.now);
        CHECK(clock.at(stamp - 1) == clock.now);
        CHECK(clock.at(stamp - 3) == clock.now - 2s);
    }
    for (auto const now : {time_point::min(), time_point::max()}) {
        fence_clock const clock{now, default_fence_time};
        CHECK(clock.at(clock.seconds()) == now);
    }
}

TEST_CASE("more fences than are counted are only ended by their time")
{
    store_cell cell;
    cluster_demand demand = demand_of(cell, 0s);
    for (int i = 0; i < 300; ++i)
        demand.fence();
    save_fences(demand, cell, clock_at(0s));
    CHECK(cell.fences == 255);
    auto answered = demand_of(cell, 1s);
    auto const carried = answered;
    answered.repay(carried);
    save_fences(answered, cell, clock_at(1s));
    CHECK(cell.is_fenced());
    CHECK_FALSE(demand_of(cell, 902s).fenced());
}

TEST_CASE("a suspicion of the cluster's history is no fence of the identity")
{
    store_cell cell;
    cluster_demand demand = demand_of(cell, 0s);
    lineage sent;
    sent.note({9, 9}, at(0s));
    sent.advance(at(1s));
    CHECK(demand.history().judge(sent, {1, 1}, lineage::witness::checked, at(2s)) ==
          lineage::verdict::suspected);
    CHECK(demand.fenced());
    save_fences(demand, cell, clock_at(2s));
    CHECK(cell.fences == 0);

    cell.fenced_at = seconds_of(at(950s)); // of one that has ended
    load_fences(cell, demand, clock_at(950s));
    CHECK(demand.history().is_suspected()); // until it is told the time
}

TEST_CASE("what is required of nobody knows which cluster has fences of two kinds")
{
    store_cell cell;
    unplaced_demand unplaced;
    unplaced.stray();
    save_fences(unplaced, cell, clock_at(0s), true);
    CHECK(cell.fences == 1);
    CHECK(cell.is_crowded == 0);
    unplaced_demand with_stray;
    load_fences(cell, with_stray, clock_at(5s));
    CHECK(with_stray.has_strays());
    CHECK_FALSE(with_stray.is_crowded());

    unplaced.crowd();
    save_fences(unplaced, cell, clock_at(10s), true);
    CHECK(cell.is_crowded == 1);

    unplaced_demand loaded;
    load_fences(cell, loaded, clock_at(20s));
    save_fences(loaded, cell, clock_at(20s), false);
    CHECK(cell.fences == 1); // no more for having been loaded
    CHECK(loaded.has_strays());
    CHECK(loaded.is_crowded());
    auto const carried = loaded;
    loaded.repay(carried);
    CHECK_FALSE(loaded.has_strays());
    CHECK(loaded.is_crowded());
    save_fences(loaded, cell, clock_at(20s), false);
    CHECK_FALSE(cell.is_fenced());

    unplaced_demand last;
    load_fences(cell, last, clock_at(905s));
    last.advance(at(905s), 900s);
    CHECK(last.is_crowded());
    unplaced_demand none;
    load_fences(cell, none, clock_at(912s));
    none.advance(at(912s), 900s);
    CHECK_FALSE(none.fenced());
    save_fences(none, cell, clock_at(912s), false);
    CHECK(cell.empty());
}

TEST_CASE("a cell without fences does not end one that was not told the time yet")
{
    unplaced_demand unplaced;
    unplaced.crowd();
    unplaced.stray();
    store_cell repaid;
    repaid.is_repaid = 1; // of one that has no count any more
    for (auto const& cell : {store_cell(), repaid})
        load_fences(cell, unplaced, clock_at(950s));
    unplaced.advance(at(950s), 900s);
    CHECK(unplaced.is_crowded());
    CHECK(unplaced.has_strays());
}

TEST_CASE("a fence that cannot be counted any more stands as long as any other")
{
    store_cell cell;
    cluster_demand demand;
    for (int i = 0; i < 255; ++i)
        demand.fence();
    save_fences(demand, cell, clock_at(0s));
    CHECK(cell.fences == 255);
    cluster_demand loaded;
    load_fences(cell, loaded, clock_at(500s));
    save_fences(loaded, cell, clock_at(500s));
    CHECK(cell.fenced_at == seconds_of(at(0s))); // no new one
    loaded.fence();
    save_fences(loaded, cell, clock_at(800s));
    CHECK(cell.fences == 255);
    CHECK(cell.fenced_at == seconds_of(at(800s)));
}

TEST_CASE("a stray fence ends when it was set so long ago, or when it is repaid")
{
    store_cell cell;
    unplaced_demand unplaced;
    unplaced.stray();
    save_fences(unplaced, cell, clock_at(0s), false);
    auto const has_strays = [&](duration since) {
        unplaced_demand loaded;
        load_fences(cell, loaded, clock_at(since));
        loaded.advance(at(since), 900s);
        return loaded.has_strays();
    };
    CHECK(has_strays(899s));
    CHECK_FALSE(has_strays(902s));
    cell.repay();
    CHECK_FALSE(has_strays(1s));
}

TEST_CASE("each fence begins when it was set last")
{
    store_cell cell;
    cluster_demand demand = demand_of(cell, 0s);
    demand.fence();
    save_fences(demand, cell, clock_at(0s));
    demand = demand_of(cell, 500s);
    demand.fence();
    save_fences(demand, cell, clock_at(500s));
    CHECK(demand_of(cell, 1399s).fenced());

    cell.fences = 3; // of which none stands
    cell.is_repaid = 1;
    cluster_demand anew(cluster_id("c"), dialect::vault);
    anew.fence();
    save_fences(anew, cell, clock_at(800s));
    CHECK(demand_of(cell, 1699s).fenced());

    store_cell crowded;
    unplaced_demand unplaced;
    unplaced.crowd();
    for (auto const since : {0s, 500s, 600s}) {
        save_fences(unplaced, crowded, clock_at(since), since == 500s);
        CHECK(crowded.is_crowded == 1);
    }
    CHECK(crowded.crowded_at == seconds_of(at(500s)));
}
