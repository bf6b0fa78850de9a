// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/node_hopping.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<node_hopping>);
static_assert(sizeof(node_hopping) == sizeof(float));

namespace {

constexpr std::uint64_t trial = 0;
constexpr std::uint64_t no_trial = 1;

/// After so many reads that were refused twice, where a hop succeeds with this chance.
node_hopping after(int reads, double chance, node_hopping nodes = {})
{
    std::mt19937_64 random(17);
    for (int i = 0; i < reads; ++i)
        if (nodes.should_hop(2, 0, random()))
            nodes.hopped(static_cast<double>(random() >> 11) * 0x1p-53 < chance);
    return nodes;
}

} // namespace

TEST_CASE("hops are tried at first, and given up after some in vain")
{
    node_hopping nodes;
    int hops = 0;
    for (; nodes.pays(); ++hops)
        nodes.hopped(false);
    CHECK(hops == 28);
    CHECK_FALSE(nodes.should_hop(2, 0, no_trial));
}

TEST_CASE("it pays from the worthwhile rate on")
{
    auto const of_rate = [](float rate) { return std::bit_cast<node_hopping>(rate); };
    CHECK(of_rate(node_hopping::worthwhile).pays());
    CHECK_FALSE(of_rate(std::nextafter(node_hopping::worthwhile, 0.0F)).pays());
}

TEST_CASE("the first retry stays")
{
    node_hopping const nodes;
    for (auto const random : {trial, no_trial}) {
        CHECK_FALSE(nodes.should_hop(0, 0, random));
        CHECK_FALSE(nodes.should_hop(1, 0, random));
    }
    CHECK(nodes.should_hop(2, 0, no_trial));
    CHECK(nodes.should_hop(9, 0, no_trial));
}

TEST_CASE("there are at most two hops between two waits")
{
    node_hopping const nodes;
    CHECK(nodes.should_hop(3, 1, no_trial));
    for (auto const random : {trial, no_trial}) {
        CHECK_FALSE(nodes.should_hop(4, 2, random));
        CHECK_FALSE(nodes.should_hop(4, 200, random));
    }
}

TEST_CASE("one read in sixteen does the other thing")
{
    for (auto const chance : {0.0, 1.0}) {
        auto const nodes = after(1000, chance);
        REQUIRE(nodes.pays() == (chance > 0));
        int hops = 0;
        for (std::uint64_t random = 0; random < 1600; ++random)
            hops += nodes.should_hop(2, 0, random) ? 1 : 0;
        CHECK(hops == (nodes.pays() ? 1500 : 100));
    }
}

TEST_CASE("chance alone does not end what pays")
{
    std::mt19937_64 random(23);
    node_hopping nodes;
    bool always_pays = true;
    for (int i = 0; i < 20'000; ++i) {
        nodes.hopped(random() % 2 == 0);
        always_pays = always_pays && nodes.pays();
    }
    CHECK(always_pays);
}

TEST_CASE("nodes that lag apart are told from nodes that lag together, and each change is noticed")
{
    auto nodes = after(100'000, 0.5);
    CHECK(nodes.pays());
    nodes = after(100, 0.02, nodes);
    CHECK_FALSE(nodes.pays());
    nodes = after(100'000, 0.02, nodes);
    CHECK_FALSE(nodes.pays());
    nodes = after(1000, 0.5, nodes);
    CHECK(nodes.pays());
}
