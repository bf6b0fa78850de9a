// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/eight_bytes.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The exact number of characters that `byte_count` bytes encode to, with padding (RFC 4648, section 4).
[[nodiscard]] constexpr std::size_t base64_encoded_size(std::size_t byte_count) noexcept
{
    return (byte_count + 2) / 3 * 4;
}

/// The most bytes that `text_size` characters can decode to; padding makes it up to two fewer.
[[nodiscard]] constexpr std::size_t base64_decoded_size_max(std::size_t text_size) noexcept
{
    return text_size / 4 * 3;
}

namespace detail {

inline constexpr char base64_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// What each character means at each of the four places of a quad: the bits that it adds to the three bytes,
/// the first of them lowest. So a quad costs four loads and three ors, and two quads are stored at once, as
/// they are. A character that is no digit sets `invalid`, which no digit does.
struct base64_places {
    static constexpr std::uint32_t invalid = 0x8000'0000;

    std::uint32_t value[4][256];

    constexpr base64_places() noexcept : value()
    {
        for (auto& place : value)
            for (auto& meaning : place)
                meaning = invalid;
        for (std::uint32_t digit = 0; digit < 64; ++digit) {
            auto const character = static_cast<unsigned char>(base64_alphabet[digit]);
            value[0][character] = digit << 2;
            value[1][character] = digit >> 4 | (digit & 0xf) << 12;
            value[2][character] = digit >> 2 << 8 | (digit & 0x3) << 22;
            value[3][character] = digit << 16;
        }
    }

    [[nodiscard]] constexpr std::uint32_t quad(char a, char b, char c, char d) const noexcept
    {
        return value[0][static_cast<unsigned char>(a)] | value[1][static_cast<unsigned char>(b)] |
               value[2][static_cast<unsigned char>(c)] | value[3][static_cast<unsigned char>(d)];
    }
};

inline constexpr base64_places base64_meaning;

} // namespace detail

/// Decodes base64 of the standard alphabet into `out` and says how many bytes there are; nothing if `text` is
/// not base64, or `out` is smaller than `base64_decoded_size_max(text.size())`. `out` is then in an
/// unspecified state, as are the bytes behind the last one decoded.
///
/// Padding is required, and nothing is skipped (RFC 4648, sections 3.2 and 3.3). Bits that padding cuts off
/// may be set: Vault and OpenBao are written in Go, whose `base64.StdEncoding` ignores them. It also skips CR
/// and LF, which no HTTP field value can hold; here they are refused.
[[nodiscard]] constexpr std::optional<std::size_t> base64_decode(std::string_view text,
                                                                 std::span<char> out) noexcept
{
    if (text.empty())
        return 0;
    if (text.size() % 4 != 0 || out.size() < base64_decoded_size_max(text.size()))
        return std::nullopt;

    auto const& meaning = detail::base64_meaning;
    char const* from = text.data();
    char const* const last = from + (text.size() - 4);
    char* to = out.data();
    std::uint32_t seen = 0; // what is wrong is looked for once, at the end

    for (; last - from >= 8; from += 8, to += 6) { // at least three quads are left, so that a word has room
        std::uint32_t const first = meaning.quad(from[0], from[1], from[2], from[3]);
        std::uint32_t const second = meaning.quad(from[4], from[5], from[6], from[7]);
        seen |= first | second;
        store_eight_bytes(to, first | static_cast<std::uint64_t>(second) << 24);
    }

    std::size_t const padding = last[3] != '=' ? 0 : last[2] != '=' ? 1 : 2;
    for (; from <= last; from += 4) {
        bool const is_last = from == last;
        std::uint32_t const bits = meaning.quad(from[0], from[1], is_last && padding == 2 ? 'A' : from[2],
                                                is_last && padding != 0 ? 'A' : from[3]);
        seen |= bits;
        for (int i = 0; i < 3; ++i)
            *to++ = static_cast<char>(bits >> (8 * i) & 0xff);
    }
    if ((seen & meaning.invalid) != 0)
        return std::nullopt;
    return base64_decoded_size_max(text.size()) - padding;
}

namespace detail {

/// The two digits of each twelve bits, the first one lowest: so six bytes cost four loads.
struct base64_pairs {
    std::uint16_t value[4096];

    constexpr base64_pairs() noexcept : value()
    {
        for (std::uint32_t bits = 0; bits < 4096; ++bits)
            value[bits] =
                static_cast<std::uint16_t>(static_cast<unsigned char>(base64_alphabet[bits >> 6]) |
                                           static_cast<unsigned char>(base64_alphabet[bits & 63]) << 8);
    }

    /// The eight digits of the six bytes that are the highest of `word`, in the order of the text.
    [[nodiscard]] constexpr std::uint64_t eight(std::uint64_t word) const noexcept
    {
        return value[word >> 52] | std::uint64_t{value[word >> 40 & 0xfff]} << 16 |
               std::uint64_t{value[word >> 28 & 0xfff]} << 32 |
               std::uint64_t{value[word >> 16 & 0xfff]} << 48;
    }
};

inline constexpr base64_pairs base64_digits;

/// `out` holds `base64_encoded_size(bytes.size())` characters.
constexpr void write_base64(std::string_view bytes, char* out) noexcept
{
    auto const byte = [&bytes](std::size_t i) {
        return i < bytes.size() ? static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])) : 0;
    };
    for (; bytes.size() >= 8; bytes.remove_prefix(6), out += 8) // six, of a word
        store_eight_bytes(out, base64_digits.eight(bytes_swapped(load_eight_bytes(bytes.data()))));
    for (std::size_t from = 0; from < bytes.size(); from += 3, out += 4) {
        std::uint32_t const bits = byte(from) << 16 | byte(from + 1) << 8 | byte(from + 2);
        out[0] = base64_alphabet[bits >> 18];
        out[1] = base64_alphabet[bits >> 12 & 63];
        out[2] = from + 1 < bytes.size() ? base64_alphabet[bits >> 6 & 63] : '=';
        out[3] = from + 2 < bytes.size() ? base64_alphabet[bits & 63] : '=';
    }
}

} // namespace detail

/// Encodes `bytes` into `out` with padding and says how many characters there are; nothing if `out` is
/// smaller than `base64_encoded_size(bytes.size())`.
[[nodiscard]] constexpr std::optional<std::size_t> base64_encode(std::string_view bytes,
                                                                 std::span<char> out) noexcept
{
    std::size_t const size = base64_encoded_size(bytes.size());
    if (out.size() < size)
        return std::nullopt;
    detail::write_base64(bytes, out.data());
    return size;
}

/// `bytes` in base64, with padding. Allocates.
[[nodiscard]] inline std::string base64_encode(std::string_view bytes)
{
    std::string text(base64_encoded_size(bytes.size()), '\0');
    detail::write_base64(bytes, text.data()); // no span: to make one of a string is slow to compile
    return text;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
