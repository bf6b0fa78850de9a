// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/seal.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>

using namespace afterwrite;
using namespace afterwrite::detail;

TEST_CASE("a sealed word gives back its bits, and only in its place")
{
    for (std::uint64_t const bits :
         {std::uint64_t{0}, std::uint64_t{1}, (std::uint64_t{1} << sealed_bits) - 1}) {
        CHECK(open_word(seal_word(bits, 3), 3) == bits);
        CHECK_FALSE(open_word(seal_word(bits, 3), 4));
    }
    CHECK_FALSE(open_word(0, 3)); // a page of zeros is none
}

TEST_CASE("each single bit that is altered in a sealed word is noticed")
{
    int missed = 0;
    for (std::uint64_t bits = 0; bits < 1000; ++bits)
        for (int bit = 0; bit < 64; ++bit)
            missed += open_word(seal_word(bits * 977, 1) ^ std::uint64_t{1} << bit, 1) ? 1 : 0;
    CHECK(missed == 0);
}

TEST_CASE("the sum of bytes changes with each bit of them, with any two, and with their order")
{
    std::uint64_t words[4] = {1, 2, 3, 4};
    auto const whole = sum_of(words, sizeof words);
    int missed = 0;
    for (int one = 0; one < 4 * 64; ++one)
        for (int other = 0; other <= one; ++other) {
            auto altered = std::to_array(words);
            altered[static_cast<std::size_t>(one / 64)] ^= std::uint64_t{1} << one % 64;
            if (other != one)
                altered[static_cast<std::size_t>(other / 64)] ^= std::uint64_t{1} << other % 64;
            missed += sum_of(altered.data(), sizeof words) == whole ? 1 : 0;
        }
    CHECK(missed == 0);
    std::uint64_t const turned[4] = {2, 1, 3, 4};
    CHECK(sum_of(turned, sizeof turned) != whole);
    std::uint64_t const turned_in_lane[4] = {3, 2, 1, 4};
    CHECK(sum_of(turned_in_lane, sizeof turned_in_lane) != whole);
    CHECK(sum_of(words, 0) != 0);
}

TEST_CASE("a block that an older build has written is read: sums and sealed words are what they were")
{
    CHECK(seal_word(0, 1) == 0xca78'56f0'0000'0000);
    CHECK(seal_word(0x1'2345'6789, 2) == 0x434b'7481'2345'6789);
    std::uint64_t const words[] = {1, 2, 3, 4, 5};
    CHECK(sum_of(words, sizeof words) == 0x6467'3c6e'6fc3'ccc8);
    CHECK(sum_of(words, 0) == 0x9c4c'f901'76a1'8739);
    word_sum placed(7);
    placed.take(8);
    CHECK(placed.total() == 0x7a12'af14'd1f6'057c);
}
