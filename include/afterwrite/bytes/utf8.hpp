// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How many bytes the UTF-8 sequence at the start of `text` has; 0 if there is no valid one (RFC 3629, 4).
[[nodiscard]] constexpr std::size_t utf8_sequence_size(std::string_view text) noexcept
{
    auto const byte = [text](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
    };
    auto const is_tail = [byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
    unsigned const first = byte(0);
    unsigned const second = byte(1);
    if (first < 0x80)
        return text.empty() ? 0 : 1;
    if (first >= 0xc2 && first <= 0xdf)
        return is_tail(1) ? 2 : 0;
    if (first >= 0xe0 && first <= 0xef) { // neither an overlong form nor a surrogate
        bool const is_valid = (first != 0xe0 || second >= 0xa0) && (first != 0xed || second <= 0x9f);
        return is_valid && is_tail(1) && is_tail(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) { // neither an overlong form nor beyond U+10FFFF
        bool const is_valid = (first != 0xf0 || second >= 0x90) && (first != 0xf4 || second <= 0x8f);
        return is_valid && is_tail(1) && is_tail(2) && is_tail(3) ? 4 : 0;
    }
    return 0;
}

/// U+FFFD, which stands for what is not valid.
inline constexpr std::string_view utf8_replacement = "\xef\xbf\xbd";

} // namespace afterwrite::inline AFTERWRITE_VERSION
