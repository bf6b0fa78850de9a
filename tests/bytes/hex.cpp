// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/hex.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;

namespace {

constexpr std::optional<std::uint8_t> byte_of(std::string_view text)
{
    std::uint8_t out[1] = {};
    auto const size = hex_decode(text, out);
    return size == 1 ? std::optional(out[0]) : std::nullopt;
}

bool is_digit(int c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

} // namespace

TEST_CASE("both cases are read")
{
    static_assert(byte_of("00") == 0x00);
    static_assert(byte_of("9f") == 0x9f);
    static_assert(byte_of("Af") == 0xaf);
    static_assert(byte_of("fA") == 0xfa);
    static_assert(byte_of("FF") == 0xff);
}

TEST_CASE("lower case is written, and what was written is read")
{
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < 256; ++i)
        bytes.push_back(static_cast<std::uint8_t>(i));
    std::string const text = hex_encode(bytes);
    CHECK(text.starts_with("000102030405060708090a0b0c0d0e0f10"));
    CHECK(text.ends_with("fcfdfeff"));
    std::vector<std::uint8_t> again(256);
    CHECK(hex_decode(text, again) == 256);
    CHECK(again == bytes);
}

TEST_CASE("no digits are no bytes, and that is no error")
{
    static_assert(is_hex(""));
    static_assert(hex_decode("", {}) == 0);
}

TEST_CASE("an odd number of digits is refused")
{
    std::string digits;
    for (int count = 0; count < 40; ++count, digits += 'a')
        CHECK(is_hex(digits) == (count % 2 == 0));
}

TEST_CASE("each character that is no digit is refused, wherever it stands")
{
    for (std::size_t size : {2u, 8u, 16u, 22u})
        for (std::size_t place = 0; place < size; ++place)
            for (int c = 0; c < 256; ++c) {
                std::string text(size, '7');
                text[place] = static_cast<char>(c);
                CAPTURE(size);
                CAPTURE(place);
                CAPTURE(c);
                std::vector<std::uint8_t> out(size / 2);
                CHECK(is_hex(text) == is_digit(c));
                CHECK(hex_decode(text, out).has_value() == is_digit(c));
            }
}

TEST_CASE("a character beside a wrong one is judged by itself")
{
    for (int left = 0; left < 256; ++left)
        for (int right = 0; right < 256; ++right) {
            std::string text(8, '0');
            text[3] = static_cast<char>(left);
            text[4] = static_cast<char>(right);
            REQUIRE(is_hex(text) == (is_digit(left) && is_digit(right)));
        }
}

TEST_CASE("a buffer that is too small is refused")
{
    std::uint8_t bytes[2] = {};
    char text[3] = {};
    CHECK_FALSE(hex_decode("010203", bytes));
    CHECK_FALSE(hex_encode(bytes, text));
}

TEST_CASE("into a buffer that is large enough it is written, and no further")
{
    std::uint8_t const bytes[] = {0x01, 0xaf, 0xff};
    char out[8] = "-------";
    CHECK(hex_encode(bytes, std::span<char>(out, 6)) == 6);
    CHECK(std::string_view(out, 7) == "01afff-");
    CHECK(hex_encode(bytes, std::span<char>(out, 5)) == std::nullopt);
}
