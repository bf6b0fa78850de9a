// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Overwrites what was secret with zeros, and so that no compiler leaves it out because nobody reads it after
/// that. What copies there are elsewhere, in registers or below the stack, it does not know.
inline void wipe(std::span<char> secret) noexcept
{
    for (char& byte : secret) {
        char volatile& seen = byte;
        seen = 0;
    }
}

/// Room for `Size` bytes that are secret: wiped at its end, and never copied.
template <std::size_t Size>
struct wiped_buffer {
    char bytes[Size] = {};

    constexpr wiped_buffer() noexcept = default;
    wiped_buffer(wiped_buffer const&) = delete;
    wiped_buffer& operator=(wiped_buffer const&) = delete;

    constexpr ~wiped_buffer()
    {
        if (!std::is_constant_evaluated())
            wipe(bytes);
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
