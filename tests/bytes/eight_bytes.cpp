// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/eight_bytes.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr std::uint64_t loaded(std::string_view text) { return load_eight_bytes(text.data()); }

constexpr bool survives(std::uint64_t word)
{
    char bytes[8] = {};
    store_eight_bytes(bytes, word);
    return load_eight_bytes(bytes) == word;
}

} // namespace

TEST_CASE("the first byte is the lowest, for the compiler and on this machine")
{
    static_assert(loaded("\x01\x02\x03\x04\x05\x06\x07\xf8") == 0xf807060504030201);
    CHECK(loaded("\x01\x02\x03\x04\x05\x06\x07\xf8") == 0xf807060504030201);
}

TEST_CASE("a word that was stored is loaded again, for the compiler and on this machine")
{
    static_assert(survives(0) && survives(0xf807060504030201) && survives(UINT64_MAX));
    CHECK(survives(0));
    CHECK(survives(0xf807060504030201));
    CHECK(survives(UINT64_MAX));
}

TEST_CASE("the lowest byte becomes the highest, and back again")
{
    static_assert(bytes_swapped(0xf807060504030201) == 0x01020304050607f8);
    CHECK(bytes_swapped(0xf807060504030201) == 0x01020304050607f8);
    CHECK(bytes_swapped(bytes_swapped(0xf807060504030201)) == 0xf807060504030201);
}

TEST_CASE("eight bytes are stored and no more, wherever they begin")
{
    char bytes[10] = {'-', '-', '-', '-', '-', '-', '-', '-', '-', '-'};
    store_eight_bytes(bytes + 1, 0x6867666564636261);
    CHECK(std::string_view(bytes, 10) == "-abcdefgh-");
}
