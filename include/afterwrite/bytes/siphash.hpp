// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/eight_bytes.hpp>
#include <afterwrite/version.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// 128 random bits that nobody else knows. `first` are its first eight bytes, the lowest first.
struct siphash_key {
    std::uint64_t first = 0;
    std::uint64_t last = 0;

    friend constexpr bool operator==(siphash_key const&, siphash_key const&) noexcept = default;
};

namespace detail {

struct siphash_state {
    std::uint64_t a;
    std::uint64_t b;
    std::uint64_t c;
    std::uint64_t d;

    constexpr void round() noexcept
    {
        a += b;
        b = std::rotl(b, 13) ^ a;
        a = std::rotl(a, 32);
        c += d;
        d = std::rotl(d, 16) ^ c;
        a += d;
        d = std::rotl(d, 21) ^ a;
        c += b;
        b = std::rotl(b, 17) ^ c;
        c = std::rotl(c, 32);
    }

    constexpr void take(std::uint64_t word) noexcept
    {
        d ^= word;
        round();
        round();
        a ^= word;
    }
};

} // namespace detail

/// SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012). Who does not know the key
/// can neither find texts of equal hashes nor tell a text by its hash.
[[nodiscard]] constexpr std::uint64_t siphash(siphash_key const& key, std::string_view text) noexcept
{
    detail::siphash_state state{key.first ^ 0x736f'6d65'7073'6575, key.last ^ 0x646f'7261'6e64'6f6d,
                                key.first ^ 0x6c79'6765'6e65'7261, key.last ^ 0x7465'6462'7974'6573};
    std::size_t at = 0;
    for (; at + 8 <= text.size(); at += 8)
        state.take(load_eight_bytes(text.data() + at));
    std::uint64_t end = static_cast<std::uint64_t>(text.size()) << 56;
    for (; at < text.size(); ++at) // `at % 8` shows compilers that no shift is too wide
        end |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at])) << (8 * (at % 8));
    state.take(end);
    state.c ^= 0xff;
    for (int i = 0; i < 4; ++i)
        state.round();
    return state.a ^ state.b ^ state.c ^ state.d;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
