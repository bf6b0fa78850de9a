// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/cluster_demands.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"

#include <string>

using namespace afterwrite;
using namespace support;

TEST_CASE("each cluster and dialect has one demand")
{
    cluster_demands demands;
    CHECK(demands.empty());
    CHECK(demands.find("a", dialect::vault) == nullptr);
    auto* const first = demands.find_or_add(cluster_id("a"), dialect::vault);
    REQUIRE(first != nullptr);
    CHECK(demands.find_or_add(cluster_id("a"), dialect::vault) == first);
    CHECK(demands.find_or_add(cluster_id("a"), dialect::openbao) != first);
    CHECK(demands.find_or_add(cluster_id("b"), dialect::vault) != nullptr);
    CHECK(demands.size() == 3);
    CHECK(demands.find("a", dialect::vault) == first);
    CHECK(demands[2].cluster() == "b");
}

TEST_CASE("there is room for eight, and no more")
{
    cluster_demands demands;
    for (int i = 0; i < cluster_demands::max_clusters; ++i)
        CHECK(demands.find_or_add(cluster_id(std::to_string(i)), dialect::vault) != nullptr);
    CHECK(demands.find_or_add(cluster_id("one more"), dialect::vault) == nullptr);
    CHECK(demands.find_or_add(cluster_id("3"), dialect::vault) != nullptr);
    CHECK(demands.size() == cluster_demands::max_clusters);

    demands.erase("3");
    CHECK(demands.find("3", dialect::vault) == nullptr);
    CHECK(demands.find("0", dialect::vault) != nullptr);
    CHECK(demands.find("7", dialect::vault) != nullptr);
    CHECK(demands.find_or_add(cluster_id("one more"), dialect::vault) != nullptr);
}

TEST_CASE("a copy has what the other held, and is its own")
{
    cluster_demands demands;
    demands.find_or_add(cluster_id("a"), dialect::vault)->record({1, 0}, vault("a", 1, 0));
    cluster_demands copied(demands);
    copied[0].record({2, 0}, vault("a", 2, 0));
    CHECK(demands[0].position() == wal_position{1, 0});
    CHECK(copied[0].position() == wal_position{2, 0});
    demands = copied;
    auto const& same = demands;
    demands = same;
    CHECK(demands.size() == 1);
    CHECK(demands[0].holds(vault("a", 2, 0)));
    copied.add(demands[0]);
    CHECK(copied.size() == 2);
}

TEST_CASE("no history turned out to be another one where there is none, or a new one")
{
    cluster_demands demands;
    CHECK_FALSE(demands.has_regressed());
    CHECK_FALSE(demands.fenced());
    auto* const demand = demands.find_or_add(cluster_id("c"), dialect::vault);
    REQUIRE(demand != nullptr);
    CHECK_FALSE(demands.has_regressed());
    demand->set_regressed(true);
    CHECK(demands.has_regressed());
}
