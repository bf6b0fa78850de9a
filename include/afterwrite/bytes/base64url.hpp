// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The number of bytes that `text_size` characters decode to; of no text if it is one more than a multiple of
/// four.
[[nodiscard]] constexpr std::size_t base64url_decoded_size(std::size_t text_size) noexcept
{
    return text_size / 4 * 3 + text_size % 4 * 3 / 4;
}

namespace detail {

/// What a character of the URL-safe alphabet stands for; 64 for any other character.
[[nodiscard]] constexpr std::uint32_t base64url_digit(char c) noexcept
{
    auto const from = [c](char first) { return static_cast<std::uint32_t>(c - first); };
    if (c >= 'A' && c <= 'Z')
        return from('A');
    if (c >= 'a' && c <= 'z')
        return from('a') + 26;
    if (c >= '0' && c <= '9')
        return from('0') + 52;
    return c == '-' ? 62 : c == '_' ? 63 : 64;
}

} // namespace detail

/// Decodes base64 of the URL-safe alphabet without padding into `out` and says how many bytes there are;
/// nothing if `text` is not such base64, or `out` is smaller than `base64url_decoded_size(text.size())`.
/// `out` is then in an unspecified state.
///
/// The form of Go's `base64.RawURLEncoding` (RFC 4648, section 5, with 3.2): bits that are left over may be
/// set, padding is refused. Go skips CR and LF, which no HTTP field value can hold; here they are refused.
[[nodiscard]] constexpr std::optional<std::size_t> base64url_decode(std::string_view text,
                                                                    std::span<char> out) noexcept
{
    std::size_t const size = base64url_decoded_size(text.size());
    if (text.size() % 4 == 1 || out.size() < size)
        return std::nullopt;
    std::uint32_t bits = 0;
    unsigned held = 0; // how many of the lowest bits are still to be written
    std::size_t to = 0;
    for (char const c : text) {
        std::uint32_t const digit = detail::base64url_digit(c);
        if (digit == 64)
            return std::nullopt;
        bits = bits << 6 | digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[to++] = static_cast<char>(bits >> held & 0xff);
        }
    }
    return size;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
