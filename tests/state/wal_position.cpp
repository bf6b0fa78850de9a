// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/state/wal_position.hpp>

#include <doctest/doctest.h>

#include <compare>
#include <cstdint>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<wal_position>);
static_assert(sizeof(wal_position) == 16);
static_assert(std::is_same_v<decltype(wal_position() <=> wal_position()), std::partial_ordering>);

namespace {

constexpr bool unordered(wal_position a, wal_position b)
{
    return (a <=> b) == std::partial_ordering::unordered;
}

// What the order means, in the words of the definition.
constexpr bool reaches(wal_position a, wal_position b)
{
    return a.local >= b.local && a.replicated >= b.replicated;
}

template <class Law>
constexpr bool for_every_pair(Law law)
{
    for (std::uint64_t i = 0; i < 256; ++i)
        if (!law(wal_position{i & 3, i >> 2 & 3}, wal_position{i >> 4 & 3, i >> 6 & 3}))
            return false;
    return true;
}

template <class Law>
constexpr bool for_every_triple(Law law)
{
    for (std::uint64_t i = 0; i < 16; ++i)
        if (!for_every_pair([i, law](auto a, auto b) { return law(a, b, wal_position{i & 3, i >> 2}); }))
            return false;
    return true;
}

} // namespace

TEST_CASE("the order is that of the product, not of the dictionary")
{
    static_assert(unordered({1, 2}, {2, 1}));
    static_assert(unordered({0, 1}, {1, 0}));
    static_assert(wal_position{1, 2} < wal_position{2, 2});
    static_assert(wal_position{1, 2} < wal_position{1, 3});
    static_assert(wal_position{1, 2} < wal_position{2, 3});
    static_assert(!(wal_position{1, 2} < wal_position{2, 1}));
    static_assert(!(wal_position{1, 2} >= wal_position{2, 1}));
    static_assert((wal_position{1, 2} <=> wal_position{1, 2}) == std::partial_ordering::equivalent);
    static_assert(wal_position{UINT64_MAX, 0} > wal_position{});
}

TEST_CASE("greater or equal means to reach in both parts")
{
    static_assert(for_every_pair([](auto a, auto b) { return (a >= b) == reaches(a, b); }));
    static_assert(for_every_pair([](auto a, auto b) { return (a <= b) == reaches(b, a); }));
    static_assert(
        for_every_pair([](auto a, auto b) { return (a > b) == (reaches(a, b) && !reaches(b, a)); }));
    static_assert(
        for_every_pair([](auto a, auto b) { return unordered(a, b) == (!reaches(a, b) && !reaches(b, a)); }));
}

TEST_CASE("the order is reflexive, antisymmetric and transitive, and looks the same from both sides")
{
    static_assert(for_every_pair([](auto a, auto) { return a <= a; }));
    static_assert(for_every_pair([](auto a, auto b) { return !(a <= b && b <= a) || a == b; }));
    static_assert(for_every_triple([](auto a, auto b, auto c) { return !(a <= b && b <= c) || a <= c; }));
    static_assert(for_every_pair([](auto a, auto b) { return (a < b) == (b > a); }));
}

TEST_CASE("equality agrees with the order")
{
    static_assert(for_every_pair(
        [](auto a, auto b) { return (a == b) == ((a <=> b) == std::partial_ordering::equivalent); }));
}

TEST_CASE("the join is the least position that reaches both")
{
    static_assert(join(wal_position{1, 2}, wal_position{2, 1}) == wal_position{2, 2});
    static_assert(for_every_pair([](auto a, auto b) { return join(a, b) >= a && join(a, b) >= b; }));
    static_assert(for_every_triple([](auto a, auto b, auto c) {
        return (c >= a && c >= b) == (c >= join(a, b)); // to reach both is to reach the join
    }));
}

TEST_CASE("the meet is the greatest position that both reach")
{
    static_assert(meet(wal_position{1, 2}, wal_position{2, 1}) == wal_position{1, 1});
    static_assert(for_every_pair([](auto a, auto b) { return a >= meet(a, b) && b >= meet(a, b); }));
    static_assert(
        for_every_triple([](auto a, auto b, auto c) { return (a >= c && b >= c) == (meet(a, b) >= c); }));
}

TEST_CASE("the join is idempotent, commutative and associative, and the first position is neutral")
{
    static_assert(for_every_pair([](auto a, auto) { return join(a, a) == a; }));
    static_assert(for_every_pair([](auto a, auto b) { return join(a, b) == join(b, a); }));
    static_assert(
        for_every_triple([](auto a, auto b, auto c) { return join(a, join(b, c)) == join(join(a, b), c); }));
    static_assert(for_every_pair([](auto a, auto) { return join(a, wal_position{}) == a; }));
    static_assert(for_every_pair([](auto a, auto b) { return (a <= b) == (join(a, b) == b); }));
}
