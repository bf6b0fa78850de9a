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

namespace detail {

/// The value of a hexadecimal digit of either case; 16 for any other character.
[[nodiscard]] constexpr std::uint8_t hex_digit(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return static_cast<std::uint8_t>(c - '0');
    if (c >= 'a' && c <= 'f')
        return static_cast<std::uint8_t>(c - 'a' + 10);
    if (c >= 'A' && c <= 'F')
        return static_cast<std::uint8_t>(c - 'A' + 10);
    return 16;
}

/// The top bit of each byte of `word` whose character is no hexadecimal digit. Eight at a time, without a
/// branch: a byte x below 128 is at least `low` exactly if x + (128 - low) reaches bit 7, and no carry leaves
/// its byte.
[[nodiscard]] constexpr std::uint64_t not_hex(std::uint64_t word) noexcept
{
    constexpr std::uint64_t each = 0x0101'0101'0101'0101;
    constexpr std::uint64_t top = each * 0x80;
    std::uint64_t const low_bits = word & ~top;
    std::uint64_t const lower_case = low_bits | each * 0x20;
    std::uint64_t const digit = (low_bits + each * (128 - '0')) & ~(low_bits + each * (127 - '9'));
    std::uint64_t const letter = (lower_case + each * (128 - 'a')) & ~(lower_case + each * (127 - 'f'));
    return (~(digit | letter) | word) & top;
}

/// `out` holds two characters for each byte.
constexpr void write_hex(std::span<std::uint8_t const> bytes, char* out) noexcept
{
    constexpr char digits[] = "0123456789abcdef";
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

} // namespace detail

/// Whether `text` is what `hex_decode` decodes: an even number of hexadecimal digits, of either case; none is
/// even.
[[nodiscard]] constexpr bool is_hex(std::string_view text) noexcept
{
    if (text.size() % 2 != 0)
        return false;
    char const* from = text.data();
    std::size_t left = text.size();
    std::uint64_t bad = 0;
    for (; left >= 8; from += 8, left -= 8)
        bad |= detail::not_hex(load_eight_bytes(from));
    for (; left != 0; ++from, --left)
        bad |= detail::hex_digit(*from) == 16 ? 1 : 0;
    return bad == 0;
}

/// Decodes hexadecimal digits of either case into `out` and says how many bytes there are; nothing if `text`
/// is not hexadecimal, has an odd number of digits, or has more than `out` holds (RFC 4648, section 8).
[[nodiscard]] constexpr std::optional<std::size_t> hex_decode(std::string_view text,
                                                              std::span<std::uint8_t> out) noexcept
{
    if (!is_hex(text) || out.size() < text.size() / 2)
        return std::nullopt;
    for (std::size_t i = 0; i < text.size() / 2; ++i)
        out[i] = static_cast<std::uint8_t>(detail::hex_digit(text[2 * i]) * 16 +
                                           detail::hex_digit(text[2 * i + 1]));
    return text.size() / 2;
}

/// Encodes `bytes` in lower case into `out` and says how many characters there are; nothing if `out` holds
/// fewer than two for each byte.
[[nodiscard]] constexpr std::optional<std::size_t> hex_encode(std::span<std::uint8_t const> bytes,
                                                              std::span<char> out) noexcept
{
    if (out.size() / 2 < bytes.size())
        return std::nullopt;
    detail::write_hex(bytes, out.data());
    return 2 * bytes.size();
}

/// `bytes` in lower-case hexadecimal. Allocates.
[[nodiscard]] inline std::string hex_encode(std::span<std::uint8_t const> bytes)
{
    std::string text(2 * bytes.size(), '\0');
    detail::write_hex(bytes, text.data()); // no span: to make one of a string is slow to compile
    return text;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
