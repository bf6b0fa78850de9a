// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/sha256.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A key of HMAC-SHA256 (RFC 2104), ready for use: both passes have taken in the padded key, so that each
/// signature of a short message costs two blocks less. Trivially copyable; it is as secret as the key itself.
class hmac_key {
public:
    /// `key` are raw bytes, of any length; one longer than a block (64 bytes) stands for its digest.
    constexpr explicit hmac_key(std::string_view key) noexcept
    {
        std::uint8_t block[sha256::block_size] = {};
        if (key.size() > sha256::block_size) {
            auto const digest = sha256().update(key).finish();
            for (std::size_t i = 0; i < digest.size(); ++i)
                block[i] = digest[i];
        } else {
            for (std::size_t i = 0; i < key.size(); ++i)
                block[i] = static_cast<std::uint8_t>(key[i]);
        }
        for (auto& byte : block)
            byte ^= 0x36;
        inner_.update(block);
        for (auto& byte : block)
            byte ^= 0x36 ^ 0x5c;
        outer_.update(block);
    }

    /// The authentication code of `message`.
    [[nodiscard]] constexpr sha256_digest sign(std::string_view message) const noexcept
    {
        sha256 inner = inner_;
        sha256 outer = outer_;
        return outer.update(inner.update(message).finish()).finish();
    }

private:
    sha256 inner_;
    sha256 outer_;
};

/// Whether both hold the same bytes, in a time that depends on their lengths alone: who guesses a signature
/// learns nothing from how long its refusal took. Lengths are no secret, so different ones are told at once.
[[nodiscard]] constexpr bool equal_in_constant_time(std::span<std::uint8_t const> a,
                                                    std::span<std::uint8_t const> b) noexcept
{
    if (a.size() != b.size())
        return false;
    std::uint8_t difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference = static_cast<std::uint8_t>(difference | (a[i] ^ b[i]));
    return difference == 0;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
