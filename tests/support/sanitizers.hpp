// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace support {

/// Whether this is built with the address sanitizer or the thread sanitizer.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool is_sanitized = true;
#elif defined(__has_feature)
inline constexpr bool is_sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool is_sanitized = false;
#endif

/// How often a test does the same with other numbers: with a sanitizer each time takes many times as long,
/// and what it looks for shows in few of them.
constexpr std::size_t rounds(std::size_t all, std::size_t sanitized)
{
    return is_sanitized ? sanitized : all;
}

} // namespace support
