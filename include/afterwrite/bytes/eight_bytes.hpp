// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// Whether a word lies in memory with its lowest byte first, so that it can be copied there as it is.
inline constexpr bool words_begin_low = std::endian::native == std::endian::little;

} // namespace detail

/// Eight bytes in one word, the first one lowest, on every machine. One instruction where it can be one.
[[nodiscard]] constexpr std::uint64_t load_eight_bytes(char const* from) noexcept
{
    std::uint64_t word = 0;
    if (detail::words_begin_low && !std::is_constant_evaluated()) {
        std::memcpy(&word, from, sizeof word);
        return word;
    }
    for (int i = 0; i < 8; ++i)
        word |= static_cast<std::uint64_t>(static_cast<unsigned char>(from[i])) << (8 * i);
    return word;
}

/// The way back: the lowest byte of `word` becomes the first of eight.
constexpr void store_eight_bytes(char* to, std::uint64_t word) noexcept
{
    if (detail::words_begin_low && !std::is_constant_evaluated()) {
        std::memcpy(to, &word, sizeof word);
        return;
    }
    for (int i = 0; i < 8; ++i)
        to[i] = static_cast<char>(word >> (8 * i) & 0xff);
}

/// The lowest byte first becomes the highest first. One instruction where it can be one.
[[nodiscard]] constexpr std::uint64_t bytes_swapped(std::uint64_t word) noexcept
{
    word = (word & 0x00ff'00ff'00ff'00ff) << 8 | (word >> 8 & 0x00ff'00ff'00ff'00ff);
    word = (word & 0x0000'ffff'0000'ffff) << 16 | (word >> 16 & 0x0000'ffff'0000'ffff);
    return word << 32 | word >> 32;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
