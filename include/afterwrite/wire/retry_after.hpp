// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The longest wait that a server can ask for; more is taken for this. A day is beyond any quota's window.
inline constexpr std::chrono::seconds max_retry_after = std::chrono::hours(24);

/// Reads the value of `Retry-After` (RFC 9110, 10.2.3): whole seconds. A date is not read, because it could
/// only be understood by a wall clock, which the library has none of; it counts as no value.
[[nodiscard]] constexpr std::optional<duration> read_retry_after(std::string_view value) noexcept
{
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t'))
        value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t'))
        value.remove_suffix(1);
    if (value.empty())
        return std::nullopt;
    std::int64_t seconds = 0;
    for (char const c : value) {
        if (c < '0' || c > '9')
            return std::nullopt;
        seconds = seconds * 10 + (c - '0');
        if (seconds > max_retry_after.count())
            seconds = max_retry_after.count();
    }
    return std::chrono::seconds(seconds);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
