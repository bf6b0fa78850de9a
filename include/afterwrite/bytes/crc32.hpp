// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// CRC-32 of IEEE 802.3, section 3.2.9: the one of Ethernet, gzip and PNG. It finds every error that is
/// confined to 32 bits in a row, where a digest of that size would find nearly all. It finds accidents:
/// whoever alters a text on purpose computes another one. A bit at a time, for texts of some hundred bytes.
[[nodiscard]] constexpr std::uint32_t crc32(std::string_view bytes) noexcept
{
    std::uint32_t rest = 0xffff'ffff;
    for (char const byte : bytes) {
        rest ^= static_cast<unsigned char>(byte);
        for (int bit = 0; bit < 8; ++bit)
            rest = rest >> 1 ^ ((rest & 1) != 0 ? 0xedb8'8320 : 0);
    }
    return ~rest;
}
static_assert(crc32("123456789") == 0xcbf4'3926); // the check value that catalogues of CRCs give

} // namespace afterwrite::inline AFTERWRITE_VERSION
