// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/state/opaque_index.hpp>

#include <doctest/doctest.h>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<opaque_index>);
static_assert(std::is_same_v<decltype(opaque_index() <=> opaque_index()), std::partial_ordering>);

namespace {

constexpr opaque_index index(std::string_view value, std::string_view cluster = "c")
{
    return {cluster_id(cluster), inline_string<64>(value)};
}

constexpr opaque_index with_unknown_fields(std::string_view value)
{
    auto changed = index(value);
    changed.has_unknown_fields = true;
    return changed;
}

constexpr bool unordered(opaque_index const& a, opaque_index const& b)
{
    return (a <=> b) == std::partial_ordering::unordered && (b <=> a) == std::partial_ordering::unordered;
}

constexpr bool less(std::string_view a, std::string_view b)
{
    return index(a) < index(b) && index(b) > index(a);
}

constexpr bool unordered(std::string_view a, std::string_view b) { return unordered(index(a), index(b)); }

constexpr bool equivalent(std::string_view a, std::string_view b)
{
    return (index(a) <=> index(b)) == std::partial_ordering::equivalent;
}

} // namespace

TEST_CASE("raft's indices are ordered as numbers, not as texts")
{
    static_assert(less("9", "10"));
    static_assert(less("0", "1"));
    static_assert(less("9223372036854775807", "9223372036854775808"));
    static_assert(less("18446744073709551614", "18446744073709551615"));
    static_assert(equivalent("7", "7"));
    static_assert(equivalent("07", "7"));
    static_assert(index("07") != index("7"));
}

TEST_CASE("PostgreSQL's log sequence numbers are ordered as numbers, the first half first")
{
    static_assert(less("F/0", "10/0"));
    static_assert(less("0/FFFFFFFF", "1/0"));
    static_assert(less("0/16B3748", "0/16B3749"));
    static_assert(less("FFFFFFFF/FFFFFFFE", "ffffffff/ffffffff"));
    static_assert(less("7FFFFFFF/0", "80000000/0"));
    static_assert(equivalent("0/ab", "0/AB"));
    static_assert(equivalent("00/0AB", "0/AB"));
}

TEST_CASE("values of different backends are unordered")
{
    static_assert(unordered("1", "0/1"));
    static_assert(unordered("18446744073709551615", "0/0"));
}

TEST_CASE("a value of no known form is unordered, unless it is the same text")
{
    constexpr std::string_view values[] = {
        "",
        "abc",
        "-1",
        "+1",
        " 7",
        "7 ",
        "1.5",
        "0x10",
        "18446744073709551616",
        ":",
        "1?",
        "0/",
        "/0",
        "/",
        "0/1/2",
        "FFFFFFFFF/0",
        "0/100000000",
        "0/100000001",
        "100000001/0",
        "G/0",
        "g/0",
        "@/0",
        "0/;",
        "0/ 1",
    };
    for (auto const value : values) {
        CAPTURE(value);
        CHECK(unordered(value, "5"));
        CHECK(unordered(value, "5/5"));
        CHECK(equivalent(value, value));
    }
}

TEST_CASE("indices of different clusters are unordered, even with one value")
{
    static_assert(unordered(index("1", "a"), index("2", "b")));
    static_assert(unordered(index("1", "a"), index("1", "b")));
}

TEST_CASE("an index with unknown fields is unordered, even with one of the same value")
{
    static_assert(unordered(with_unknown_fields("1"), index("2")));
    static_assert(unordered(with_unknown_fields("1"), index("1")));
    static_assert(unordered(with_unknown_fields("1"), with_unknown_fields("1")));
    static_assert(with_unknown_fields("1") == with_unknown_fields("1"));
    static_assert(with_unknown_fields("1") != index("1"));
}

TEST_CASE(
    "the order is reflexive, antisymmetric up to spelling and transitive, for every triple of a small world")
{
    constexpr std::string_view values[] = {"0", "1", "9", "10", "010", "0/0", "0/1", "F/0", "10/0", "x", ""};
    for (auto const a : values)
        for (auto const b : values)
            for (auto const c : values) {
                CHECK(index(a) <= index(a));
                if (index(a) <= index(b) && index(b) <= index(a))
                    CHECK(equivalent(a, b));
                if (index(a) <= index(b) && index(b) <= index(c))
                    CHECK(index(a) <= index(c));
                CHECK((index(a) < index(b)) == (index(b) > index(a)));
            }
}

TEST_CASE("the number that orders an index is told, and none of one that has no order")
{
    static_assert(index("0").number() == 0);
    static_assert(index("1701").number() == 1701);
    static_assert(index("18446744073709551615").number() == UINT64_MAX);
    static_assert(index("16/B374D848").number() == 0x16'b374'd848);
    static_assert(index("89ABCDEF/01234567").number() == 0x89ab'cdef'0123'4567);
    static_assert(!index("abc").number().has_value());
    static_assert(!index("").number().has_value());
    static_assert(!opaque_index().number().has_value());
    static_assert(!opaque_index().has_unknown_fields);
    CHECK_FALSE(with_unknown_fields("1701").number().has_value());
    CHECK_FALSE(with_unknown_fields("abc").number().has_value());
}

TEST_CASE("indices are equal only if cluster, value and what is unknown of them are")
{
    CHECK(index("1", "a") == index("1", "a"));
    CHECK_FALSE(index("1", "a") == index("1", "b"));
    CHECK_FALSE(index("1", "a") == index("2", "a"));
    CHECK_FALSE(index("1") == with_unknown_fields("1"));
}
