// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/utf8.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace afterwrite;

TEST_CASE("a sequence is as long as its first byte says")
{
    static_assert(utf8_sequence_size("a") == 1);
    static_assert(utf8_sequence_size("\xc3\xbcx") == 2);
    static_assert(utf8_sequence_size("\xe2\x82\xacx") == 3);
    static_assert(utf8_sequence_size("\xf0\x9f\x98\x80x") == 4);
    static_assert(utf8_sequence_size(std::string_view("\0", 1)) == 1);
    static_assert(utf8_sequence_size("\x7f") == 1);
    static_assert(utf8_sequence_size(utf8_replacement) == 3);
}

TEST_CASE("no text has no sequence") { static_assert(utf8_sequence_size("") == 0); }

TEST_CASE("a sequence that ends too early is none")
{
    static_assert(utf8_sequence_size("\xc3") == 0);
    static_assert(utf8_sequence_size("\xe2\x82") == 0);
    static_assert(utf8_sequence_size("\xe2\x82x") == 0);
    static_assert(utf8_sequence_size("\xf0\x9f\x98") == 0);
    static_assert(utf8_sequence_size("\xf0\x9f\x98x") == 0);
    static_assert(utf8_sequence_size("\x80") == 0);
    static_assert(utf8_sequence_size("\xff") == 0);
}

TEST_CASE("a code point has one spelling, surrogates have none, and 0x10ffff is the last")
{
    static_assert(utf8_sequence_size("\xc0\x80") == 0);
    static_assert(utf8_sequence_size("\xc1\xbf") == 0);
    static_assert(utf8_sequence_size("\xc2\x80") == 2);
    static_assert(utf8_sequence_size("\xe0\x9f\xbf") == 0);
    static_assert(utf8_sequence_size("\xe0\xa0\x80") == 3);
    static_assert(utf8_sequence_size("\xed\x9f\xbf") == 3);
    static_assert(utf8_sequence_size("\xed\xa0\x80") == 0);
    static_assert(utf8_sequence_size("\xed\xbf\xbf") == 0);
    static_assert(utf8_sequence_size("\xee\x80\x80") == 3);
    static_assert(utf8_sequence_size("\xf0\x8f\xbf\xbf") == 0);
    static_assert(utf8_sequence_size("\xf0\x90\x80\x80") == 4);
    static_assert(utf8_sequence_size("\xf4\x8f\xbf\xbf") == 4);
    static_assert(utf8_sequence_size("\xf4\x90\x80\x80") == 0);
    static_assert(utf8_sequence_size("\xf5\x80\x80\x80") == 0);
}

TEST_CASE("each byte of a sequence counts, and each bound of what may follow the first")
{
    struct sequence {
        std::string_view text;
        std::size_t size;
    };
    for (auto const& each : {sequence{"", 0},
                             {"\x7f", 1},
                             {"\x80", 0},
                             {"\xc1\xbf", 0},
                             {"\xc2\x80", 2},
                             {"\xdf\xbf", 2},
                             {"\xdf\xc0", 0},
                             {"\xe0\x9f\x80", 0},
                             {"\xe0\xa0\x80", 3},
                             {"\xed\x9f\xbf", 3},
                             {"\xed\xa0\x80", 0},
                             {"\xe1\x7f\x80", 0},
                             {"\xe1\x80\xc0", 0},
                             {"\xf0\x8f\x80\x80", 0},
                             {"\xf0\x90\x80\x80", 4},
                             {"\xf4\x8f\xbf\xbf", 4},
                             {"\xf4\x90\x80\x80", 0},
                             {"\xf1\xc0\x80\x80", 0},
                             {"\xf1\x80\xc0\x80", 0},
                             {"\xf1\x80\x80\xc0", 0},
                             {"\xf5\x80\x80\x80", 0}}) {
        CAPTURE(std::string(each.text));
        CHECK(utf8_sequence_size(each.text) == each.size);
    }
}
