// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/base64url.hpp>

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr bool decodes_to(std::string_view text, std::string_view bytes)
{
    char out[64] = {};
    auto const size = base64url_decode(text, out);
    return size && std::string_view(out, *size) == bytes;
}

constexpr bool is_refused(std::string_view text)
{
    char out[64] = {};
    return !base64url_decode(text, out);
}

// RFC 4648, section 10, without the padding.
static_assert(decodes_to("", ""));
static_assert(decodes_to("Zg", "f"));
static_assert(decodes_to("Zm8", "fo"));
static_assert(decodes_to("Zm9v", "foo"));
static_assert(decodes_to("Zm9vYg", "foob"));
static_assert(decodes_to("Zm9vYmE", "fooba"));
static_assert(decodes_to("Zm9vYmFy", "foobar"));

/// In our standard base64, with the two characters and the padding changed.
std::string encoded(std::string_view bytes)
{
    auto text = base64_encode(bytes);
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    return text;
}

std::optional<std::string> decoded(std::string_view text)
{
    std::string out(base64url_decoded_size(text.size()), '\0');
    auto const size = base64url_decode(text, std::span<char>(out));
    if (!size)
        return std::nullopt;
    out.resize(*size);
    return out;
}

} // namespace

TEST_CASE("bytes come back as they were, whatever they are and however many")
{
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes(size, '\0');
        for (auto& byte : bytes)
            byte = static_cast<char>(random());
        auto const text = encoded(bytes);
        CHECK(base64url_decoded_size(text.size()) == size);
        CHECK(decoded(text) == bytes);
    }
}

TEST_CASE("a character that is not of the URL-safe alphabet is refused, wherever it stands")
{
    for (int c = 0; c < 256; ++c) {
        auto const letter = static_cast<char>(c);
        constexpr std::string_view alphabet =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        bool const is_digit = alphabet.find(letter) != alphabet.npos;
        CAPTURE(c);
        for (std::size_t place = 0; place < 7; ++place) {
            std::string text = "AAAAAAA";
            text[place] = letter;
            CHECK(decoded(text).has_value() == is_digit);
        }
    }
}

TEST_CASE("padding is refused, and a length that no bytes have")
{
    static_assert(is_refused("Zg=="));
    static_assert(is_refused("Zm8="));
    static_assert(is_refused("Zm9v="));
    static_assert(is_refused("Z"));
    static_assert(is_refused("Zm9vY"));
    CHECK_FALSE(decoded("Zg=="));
    CHECK_FALSE(decoded("Zm9vY"));
}

TEST_CASE("bits that are left over may be set")
{
    static_assert(decodes_to("Zh", "f"));
    static_assert(decodes_to("Zm9vYmF", "fooba"));
    CHECK(decoded("Zv") == "f");
}

TEST_CASE("a place that is too small is refused, and nothing is written beyond it")
{
    char out[4] = {'x', 'x', 'x', 'x'};
    CHECK_FALSE(base64url_decode("Zm9v", std::span(out).first(2)));
    CHECK(std::string_view(out, 4) == "xxxx");
    CHECK(base64url_decode("Zm9v", std::span(out).first(3)) == 3u);
    CHECK(std::string_view(out, 4) == "foox");
}
