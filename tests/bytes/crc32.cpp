// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/crc32.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace afterwrite;

// The expected values are zlib's (Python's zlib.crc32).
TEST_CASE("the checksum is the usual one")
{
    static_assert(crc32("") == 0);
    static_assert(crc32("a") == 0xe8b7be43);
    static_assert(crc32("abc") == 0x352441c2);
    static_assert(crc32(std::string_view("\0", 1)) == 0xd202ef8d);
    static_assert(crc32("\xff\xff\xff\xff") == 0xffffffff);
    CHECK(crc32("The quick brown fox jumps over the lazy dog") == 0x414fa339);
}

TEST_CASE("every error within 32 bits in a row is found")
{
    std::string const text = "v1:c9a4:1701:42:0f0e0d0c0b0a0908";
    auto const before = crc32(text);
    for (std::size_t first = 0; first < text.size() * 8; ++first) // each bit with each one of the next 31
        for (std::size_t last = first; last < text.size() * 8 && last < first + 32; ++last) {
            auto altered = text;
            altered[first / 8] = static_cast<char>(altered[first / 8] ^ 1 << first % 8);
            if (last != first)
                altered[last / 8] = static_cast<char>(altered[last / 8] ^ 1 << last % 8);
            REQUIRE(crc32(altered) != before);
        }
}
