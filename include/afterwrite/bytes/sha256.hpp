// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What SHA-256 makes of a message.
using sha256_digest = std::array<std::uint8_t, 32>;

namespace detail {

/// FIPS 180-4, section 4.2.2: the fractions of the cube roots of the first 64 primes.
inline constexpr std::uint32_t sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

} // namespace detail

/// SHA-256 (FIPS 180-4) of a message that may come in pieces. Trivially copyable: a copy goes on by itself,
/// so a common beginning is digested once.
class sha256 {
public:
    static constexpr std::size_t block_size = 64;

    constexpr sha256& update(std::span<std::uint8_t const> bytes) noexcept
    {
        std::uint8_t const* next = bytes.data();
        std::size_t left = bytes.size();
        std::size_t used = static_cast<std::size_t>(size_ % block_size);
        size_ += left;
        while (left > 0) {
            if (used == 0 && left >= block_size) { // needs no copy, and nothing of a key stays behind
                compress(next);
                next += block_size;
                left -= block_size;
                continue;
            }
            std::size_t const count = std::min(left, block_size - used);
            std::copy_n(next, count, pending_ + used);
            next += count;
            left -= count;
            used += count;
            if (used == block_size) {
                compress(pending_);
                used = 0;
            }
        }
        return *this;
    }

    constexpr sha256& update(std::string_view bytes) noexcept
    {
        while (!bytes.empty()) { // a constant expression cannot take characters for bytes where they are
            std::uint8_t piece[block_size];
            std::size_t const count = std::min(bytes.size(), block_size);
            for (std::size_t i = 0; i < count; ++i)
                piece[i] = static_cast<std::uint8_t>(bytes[i]);
            update(std::span<std::uint8_t const>(piece, count));
            bytes.remove_prefix(count);
        }
        return *this;
    }

    /// The digest of all that was given so far; more may follow.
    [[nodiscard]] constexpr sha256_digest finish() const noexcept
    {
        sha256 padded = *this;
        std::uint64_t const bit_count = size_ * 8;  // the standard ends at 2^64 bits, and so does the counter
        std::uint8_t tail[block_size + 8] = {0x80}; // then zeros, so that the count ends a block
        std::size_t const used = static_cast<std::size_t>(size_ % block_size);
        std::size_t const zeros_end = used < 56 ? 56 - used : block_size + 56 - used;
        for (std::size_t i = 0; i < 8; ++i)
            tail[zeros_end + i] = static_cast<std::uint8_t>(bit_count >> (56 - 8 * i) & 0xff);
        padded.update(std::span<std::uint8_t const>(tail, zeros_end + 8));

        sha256_digest digest{};
        for (std::size_t i = 0; i < digest.size(); ++i)
            digest[i] = static_cast<std::uint8_t>(padded.state_[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
        return digest;
    }

private:
    /// FIPS 180-4, section 6.2.2.
    constexpr void compress(std::uint8_t const* block) noexcept
    {
        std::uint32_t schedule[64] = {};
        for (std::size_t t = 0; t < 16; ++t)
            for (std::size_t i = 0; i < 4; ++i)
                schedule[t] = schedule[t] << 8 | block[4 * t + i];
        for (std::size_t t = 16; t < 64; ++t) {
            std::uint32_t const w15 = schedule[t - 15];
            std::uint32_t const w2 = schedule[t - 2];
            schedule[t] = schedule[t - 16] + (std::rotr(w15, 7) ^ std::rotr(w15, 18) ^ w15 >> 3) +
                          schedule[t - 7] + (std::rotr(w2, 17) ^ std::rotr(w2, 19) ^ w2 >> 10);
        }
        auto [a, b, c, d, e, f, g, h] = state_;
        for (std::size_t t = 0; t < 64; ++t) {
            std::uint32_t const choice = (e & f) ^ (~e & g);
            std::uint32_t const majority = (a & b) ^ (a & c) ^ (b & c);
            std::uint32_t const first = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + choice +
                                        detail::sha256_constants[t] + schedule[t];
            std::uint32_t const second = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + majority;
            h = g;
            g = f;
            f = e;
            e = d + first;
            d = c;
            c = b;
            b = a;
            a = first + second;
        }
        std::uint32_t const change[8] = {a, b, c, d, e, f, g, h};
        for (std::size_t i = 0; i < 8; ++i)
            state_[i] += change[i];
    }

    /// FIPS 180-4, section 5.3.3: the fractions of the square roots of the first eight primes.
    std::uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                               0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    std::uint8_t pending_[block_size] = {};
    std::uint64_t size_ = 0;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
