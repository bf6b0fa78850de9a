// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

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
    auto const size = base64_decode(text, out);
    return size && std::string_view(out, *size) == bytes;
}

constexpr bool encodes_to(std::string_view bytes, std::string_view text)
{
    char out[64] = {};
    auto const size = base64_encode(bytes, out);
    return size && std::string_view(out, *size) == text;
}

constexpr bool is_refused(std::string_view text)
{
    char out[64] = {};
    return !base64_decode(text, out);
}

std::optional<std::string> decoded(std::string_view text)
{
    std::string out(base64_decoded_size_max(text.size()), '\0');
    auto const size = base64_decode(text, std::span<char>(out));
    if (!size)
        return std::nullopt;
    out.resize(*size);
    return out;
}

// RFC 4648, section 10.
constexpr struct {
    std::string_view bytes, text;
} published[] = {{"", ""},
                 {"f", "Zg=="},
                 {"fo", "Zm8="},
                 {"foo", "Zm9v"},
                 {"foob", "Zm9vYg=="},
                 {"fooba", "Zm9vYmE="},
                 {"foobar", "Zm9vYmFy"}};

constexpr bool published_vectors_hold()
{
    for (auto const& [bytes, text] : published)
        if (!encodes_to(bytes, text) || !decodes_to(text, bytes) ||
            base64_encoded_size(bytes.size()) != text.size())
            return false;
    return true;
}
static_assert(published_vectors_hold());

constexpr char seven[] = {'s', 'e', 'v', 'e', 'n', '.', '.'};
static_assert(encodes_to({seven, sizeof seven}, "c2V2ZW4uLg==")); // and nothing behind them is read

} // namespace

TEST_CASE("the vectors of RFC 4648 hold at run time too")
{
    for (auto const& [bytes, text] : published) {
        CHECK(base64_encode(bytes) == text);
        CHECK(decoded(text) == bytes);
    }
}

TEST_CASE("bytes come back as they were, whatever they are and however many")
{
    std::mt19937 random(1);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes(size, '\0');
        for (auto& byte : bytes)
            byte = static_cast<char>(random());
        std::string const text = base64_encode(bytes);
        CHECK(text.size() == base64_encoded_size(size));
        CHECK(decoded(text) == bytes);
    }
}

TEST_CASE("a quad is refused for each character that is no digit, at each of its places")
{
    std::string_view const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t quad = 0; quad < 3; ++quad) {
        for (std::size_t place = 0; place < 4; ++place) {
            for (int c = 0; c < 256; ++c) {
                std::string text = "AAAAAAAAAAAA";
                text[4 * quad + place] = static_cast<char>(c);
                CAPTURE(text);
                bool const is_padding = c == '=' && quad == 2 && place == 3;
                CHECK(decoded(text).has_value() ==
                      (is_padding || alphabet.find(static_cast<char>(c)) != alphabet.npos));
            }
        }
    }
}

TEST_CASE("padding stands at the end, completes the last quad, and nowhere else")
{
    static_assert(is_refused("="));
    static_assert(is_refused("===="));
    static_assert(is_refused("A==="));
    static_assert(is_refused("AA=A"));
    static_assert(is_refused("Zg==Zg=="));
    static_assert(is_refused("Zm8=Zm8="));
    static_assert(is_refused("Zg"));
    static_assert(is_refused("Zg="));
    static_assert(is_refused("Zg==="));
    static_assert(is_refused("Zg======"));
    static_assert(is_refused("Zm8"));
    static_assert(is_refused("Zm9vY"));
}

TEST_CASE("trailing bits may be set, as Go allows")
{
    static_assert(decodes_to("Zh==", "f"));
    static_assert(decodes_to("Z///", "g\xff\xff"));
    static_assert(decodes_to("Zm9=", "fo"));
}

TEST_CASE("neither the alphabet of URLs nor white space is base64")
{
    static_assert(decodes_to("+/+/", "\xfb\xff\xbf"));
    static_assert(is_refused("-_-_"));
    static_assert(is_refused("Zm9v\n"));
    static_assert(is_refused("Zm9v\r\n\r\n"));
    static_assert(is_refused("Zm\n9vYg"));
    static_assert(is_refused(" Zm9vYg="));
}

TEST_CASE("a buffer that is too small is left alone")
{
    char out[5] = {'-', '-', '-', '-', '-'};
    CHECK_FALSE(base64_decode("Zm9vYmFy", out));
    CHECK_FALSE(base64_encode("foob", out));
    CHECK(std::string_view(out, 5) == "-----");
    CHECK(base64_decode("Zm9v", std::span(out).first(3)) == 3);
    CHECK(std::string_view(out, 5) == "foo--");
    CHECK(base64_decode("", std::span<char>()) == 0);
}

TEST_CASE("decoding never writes behind the most that the text can decode to")
{
    for (std::string_view const text : {"Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}) {
        std::string out(base64_decoded_size_max(text.size()) + 16, '-');
        REQUIRE(base64_decode(text, std::span(out).first(base64_decoded_size_max(text.size()))));
        CHECK(out.substr(base64_decoded_size_max(text.size())) == std::string(16, '-'));
    }
}

TEST_CASE("encoding fills a buffer of the exact size, and never writes behind it")
{
    for (auto const& [bytes, text] : published) {
        std::string out(text.size() + 16, '-');
        CHECK(base64_encode(bytes, std::span(out).first(text.size())) == text.size());
        CHECK(out == std::string(text) + std::string(16, '-'));
    }
}
