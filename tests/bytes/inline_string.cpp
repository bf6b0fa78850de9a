// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/inline_string.hpp>

#include <doctest/doctest.h>

#include <compare>
#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<inline_string<64>>);
static_assert(std::is_nothrow_default_constructible_v<inline_string<64>>);
static_assert(!std::is_convertible_v<std::string_view, inline_string<64>>,
              "what may not fit is not held by chance");
static_assert(sizeof(inline_string<64>) == 65);
static_assert(sizeof(inline_string<255>) == 256);
static_assert(sizeof(inline_string<256>) == 258);

TEST_CASE("holds any text up to its capacity, and reads as that text")
{
    for (std::size_t size = 0; size <= 64; ++size) {
        std::string const text(size, 'x');
        inline_string<64> const held(text);
        CHECK(inline_string<64>::fits(text));
        CHECK(held.size() == size);
        CHECK(held.empty() == (size == 0));
        CHECK(held.view() == text);
        CHECK(std::string_view(held) == text);
        CHECK(held == text);
    }
}

TEST_CASE("a text that does not fit is not cut: it leaves nothing")
{
    static_assert(inline_string<3>::fits("abc"));
    static_assert(!inline_string<3>::fits("abcd"));
    static_assert(inline_string<3>("abcd").empty());
    static_assert(inline_string<3>("abcd") == inline_string<3>());
    std::string const text(65, 'x');
    CHECK(inline_string<64>(text).empty());
}

TEST_CASE("a text that is nowhere is held as one without letters")
{
    std::string_view const nowhere; // its data() is null, which memcpy may not be given: a sanitizer sees it
    CHECK(inline_string<64>(nowhere).empty());
    CHECK(inline_string<64>(nowhere) == inline_string<64>());
}

TEST_CASE("zero bytes are bytes like others")
{
    constexpr std::string_view text("a\0b\0", 4);
    static_assert(inline_string<8>(text).size() == 4);
    static_assert(inline_string<8>(text) == text);
    static_assert(inline_string<8>(text) != inline_string<8>("a"));
}

TEST_CASE("equal texts are equal byte by byte, so what is behind the end is zero")
{
    char memory[2][sizeof(inline_string<64>)];
    std::memset(memory[0], 0x55, sizeof memory[0]);
    std::memset(memory[1], 0xaa, sizeof memory[1]);
    auto* const a = new (memory[0]) inline_string<64>("cluster");
    auto* const b = new (memory[1]) inline_string<64>("cluster");
    CHECK(*a == *b);
    CHECK(std::memcmp(memory[0], memory[1], sizeof memory[0]) == 0);
}

TEST_CASE("the order is that of the texts")
{
    static_assert(inline_string<8>("a") < inline_string<8>("b"));
    static_assert(inline_string<8>("a") < inline_string<8>("aa"));
    static_assert(inline_string<8>() < inline_string<8>("a"));
    static_assert((inline_string<8>("a") <=> inline_string<8>("a")) == std::strong_ordering::equal);
    static_assert(inline_string<8>("B") < inline_string<8>("a"));
}

TEST_CASE("a constant may hold a text")
{
    static constexpr inline_string<8> held("abc");
    static_assert(held.size() == 3 && held.view() == "abc" && held.data()[0] == 'a');
    CHECK(held == inline_string<8>("abc"));
}
