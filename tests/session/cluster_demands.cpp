// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/cluster_demands.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"

#include <cstdint>
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
    CHECK(demands.find("b", dialect::openbao) == nullptr);
    CHECK(demands.find("c", dialect::vault) == nullptr);
    CHECK(demands[2].cluster() == "b");
}

TEST_CASE("there is room for eight, and no more")
{
    cluster_demands demands;
    for (int i = 0; i < 8; ++i)
        CHECK(demands.find_or_add(cluster_id(std::to_string(i)), dialect::vault) != nullptr);
    CHECK(demands.find_or_add(cluster_id("one more"), dialect::vault) == nullptr);
    CHECK(demands.find_or_add(cluster_id("3"), dialect::vault) != nullptr);
    CHECK(demands.size() == cluster_demands::max_clusters);

    demands.erase("3");
    CHECK(demands.size() == 7);
    CHECK(demands.find("3", dialect::vault) == nullptr);
    CHECK(demands.find("0", dialect::vault) != nullptr);
    CHECK(demands.find("7", dialect::vault) != nullptr);
    CHECK(demands.find_or_add(cluster_id("one more"), dialect::vault) != nullptr);
}

TEST_CASE("what was erased does not come back, and no other cluster goes with it")
{
    cluster_demands demands;
    for (auto const* id : {"a", "b", "c"})
        demands.find_or_add(cluster_id(id), dialect::vault)->fence();
    REQUIRE(demands.find_or_add(cluster_id("c"), dialect::openbao) != nullptr);
    demands.erase("c");
    CHECK(demands.size() == 2);
    demands.erase("c");
    CHECK(demands.size() == 2);
    demands.erase("a");
    CHECK(demands.size() == 1);
    CHECK(demands[0].cluster() == "b");
    CHECK(demands.fenced());
    demands.erase("b");
    CHECK(demands.empty());
    CHECK_FALSE(demands.fenced());
    CHECK(demands.find("b", dialect::vault) == nullptr);
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

TEST_CASE("one fence fences all, and one other history counts for all, whichever cluster's it is")
{
    for (std::uint8_t which = 0; which < 3; ++which) {
        cluster_demands demands;
        for (auto const* id : {"a", "b", "c"})
            REQUIRE(demands.find_or_add(cluster_id(id), dialect::vault) != nullptr);
        CHECK_FALSE(demands.fenced());
        demands[which].fence();
        CHECK(demands.fenced());
        CHECK_FALSE(demands.has_regressed());
        demands[which].set_regressed(true);
        CHECK(demands.has_regressed());
    }
}

TEST_CASE("each of them is visited once, to be read or to be changed")
{
    cluster_demands demands;
    CHECK(demands.begin() == demands.end());
    for (auto const* id : {"a", "b", "c"})
        REQUIRE(demands.find_or_add(cluster_id(id), dialect::vault) != nullptr);
    for (auto& demand : demands)
        demand.fence();
    std::string visited;
    for (auto const& demand : static_cast<cluster_demands const&>(demands)) {
        CHECK(demand.fenced());
        visited += demand.cluster().view();
    }
    CHECK(visited == "abc");
}
