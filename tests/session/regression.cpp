// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/regression.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace support;
using verdict = lineage::verdict;

namespace {

cluster_demand demand_of_ten()
{
    cluster_demand demand(cluster_id("c"), dialect::vault);
    demand.record({10, 0}, vault("c", 10, 0));
    return demand;
}

} // namespace

TEST_CASE("a consistent answer is recorded and changes nothing else")
{
    auto demand = demand_of_ten();
    recorded total;
    CHECK(detail::follow(verdict::consistent, demand, {}, total));
    CHECK(total == recorded{});
    CHECK(demand.position() == wal_position{10, 0});
    CHECK_FALSE(demand.fenced());
}

TEST_CASE("what is outdated or suspected is not recorded, and fences its cluster")
{
    auto demand = demand_of_ten();
    recorded total;
    CHECK_FALSE(detail::follow(verdict::outdated, demand, {}, total));
    CHECK(total == recorded{.outdated = 1});
    CHECK(demand.fenced());

    auto other = demand_of_ten();
    CHECK_FALSE(detail::follow(verdict::suspected, other, {}, total));
    CHECK(total == recorded{.suspected = 1, .outdated = 1});
    CHECK(other.fenced());
    CHECK(other.holds(vault("c", 10, 0)));
}

TEST_CASE("what is certain begins a new epoch, and is reported with what was lost")
{
    for (auto const on : {on_regression::reset_and_forward, on_regression::fail, on_regression::reset}) {
        CAPTURE(to_string(on));
        auto demand = demand_of_ten();
        demand.fence();
        regression report;
        CHECK_FALSE(static_cast<bool>(report));
        recorded total;
        CHECK(
            detail::follow(verdict::confirmed, demand, {.now = at(5s), .on = on, .report = &report}, total));
        CHECK(total == recorded{.regressed = 1});
        CHECK(demand.size() == 0);
        CHECK(demand.history().epoch() == 1);
        CHECK(demand.fenced() == (on != on_regression::reset));
        CHECK(demand.has_regressed() == (on == on_regression::fail));
        CHECK(static_cast<bool>(report));
        CHECK(report.lost.holds(vault("c", 10, 0)));
        CHECK(report.at == at(5s));
    }
}
