// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/siphash.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr siphash_key paper_key{0x0706'0504'0302'0100, 0x0f0e'0d0c'0b0a'0908};

/// 00, 01, 02 ..., as in the paper's test.
template <std::size_t Size>
constexpr std::array<char, Size> counted = [] {
    std::array<char, Size> bytes{};
    for (std::size_t i = 0; i < Size; ++i)
        bytes[i] = static_cast<char>(i);
    return bytes;
}();

constexpr std::uint64_t hash_of_first(std::size_t size)
{
    return siphash(paper_key, std::string_view(counted<64>.data(), size));
}

} // namespace

static_assert(hash_of_first(15) == 0xa129'ca61'49be'45e5); // appendix A of the paper

TEST_CASE("texts of each size hash as by the reference implementation")
{
    // The bytes of its table, and of OpenSSL's SIPHASH, the lowest first.
    CHECK(hash_of_first(0) == 0x726f'db47'dd0e'0e31);
    CHECK(hash_of_first(1) == 0x74f8'39c5'93dc'67fd);
    CHECK(hash_of_first(2) == 0x0d6c'8009'd9a9'4f5a);
    CHECK(hash_of_first(3) == 0x8567'6696'd7fb'7e2d);
    CHECK(hash_of_first(7) == 0xab02'00f5'8b01'd137);
    CHECK(hash_of_first(8) == 0x93f5'f579'9a93'2462);
    CHECK(hash_of_first(9) == 0x9e00'82df'0ba9'e4b0);
    CHECK(hash_of_first(16) == 0x3f2a'cc7f'57c2'9bdb);
    CHECK(hash_of_first(31) == 0x32d8'92fa'd841'c342);
    CHECK(hash_of_first(63) == 0x958a'324c'eb06'4572);
}

TEST_CASE("each bit of the key and of the text matters")
{
    std::set<std::uint64_t> seen;
    std::string const text = "hvs.token";
    for (int bit = 0; bit < 64; ++bit) {
        seen.insert(siphash({paper_key.first ^ std::uint64_t{1} << bit, paper_key.last}, text));
        seen.insert(siphash({paper_key.first, paper_key.last ^ std::uint64_t{1} << bit}, text));
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto other = text;
        other[i] = static_cast<char>(other[i] ^ 1);
        seen.insert(siphash(paper_key, other));
    }
    CHECK(seen.size() == 128 + text.size());
    CHECK_FALSE(seen.contains(siphash(paper_key, text)));
}

TEST_CASE("a text is not the same as one that ends in zeros besides")
{
    using namespace std::string_view_literals;
    CHECK(siphash(paper_key, "a"sv) != siphash(paper_key, "a\0"sv));
    CHECK(siphash(paper_key, ""sv) != siphash(paper_key, "\0"sv));
}

TEST_CASE("a key that nobody has chosen is zero")
{
    CHECK(siphash_key() == siphash_key{0, 0});
    CHECK_FALSE(siphash_key() == siphash_key{1, 0});
    CHECK_FALSE(siphash_key() == siphash_key{0, 1});
}
