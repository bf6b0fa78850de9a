// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/state/wal_state.hpp>

#include <doctest/doctest.h>

#include <compare>
#include <cstdint>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<wal_state>);
static_assert(std::is_same_v<decltype(wal_state() <=> wal_state()), std::partial_ordering>);

namespace {

constexpr wal_state state(std::string_view cluster, std::uint64_t local, std::uint64_t replicated)
{
    return {cluster_id(cluster), {local, replicated}};
}

constexpr bool unordered(wal_state const& a, wal_state const& b)
{
    return (a <=> b) == std::partial_ordering::unordered;
}

} // namespace

TEST_CASE("states of one cluster are ordered by their positions")
{
    static_assert(state("a", 1, 1) < state("a", 1, 2));
    static_assert(state("a", 2, 2) > state("a", 1, 1));
    static_assert(state("a", 1, 1) == state("a", 1, 1));
    static_assert((state("a", 1, 1) <=> state("a", 1, 1)) == std::partial_ordering::equivalent);
    static_assert(unordered(state("a", 1, 2), state("a", 2, 1)));
}

TEST_CASE("states of different clusters are unordered, whatever their positions")
{
    for (std::uint64_t a = 0; a < 16; ++a)
        for (std::uint64_t b = 0; b < 16; ++b) {
            CHECK(unordered(state("a", a & 3, a >> 2), state("b", b & 3, b >> 2)));
            CHECK(state("a", a & 3, a >> 2) != state("b", b & 3, b >> 2));
        }
}

TEST_CASE("the order of one cluster is that of its positions, for every pair")
{
    for (std::uint64_t a = 0; a < 16; ++a)
        for (std::uint64_t b = 0; b < 16; ++b) {
            wal_position const left{a & 3, a >> 2};
            wal_position const right{b & 3, b >> 2};
            wal_state const one{cluster_id("a"), left};
            wal_state const other{cluster_id("a"), right};
            CHECK((one <=> other) == (left <=> right));
            CHECK((one == other) == (left == right));
        }
}
