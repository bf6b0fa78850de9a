// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <chrono>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The only clock, because it never steps. The core does not read it: who drives the library hands over time
/// points.
using clock = std::chrono::steady_clock;
using time_point = clock::time_point;
using duration = clock::duration;

/// `wait` after `begin`. Never overflows: the end of time is a point like any other.
[[nodiscard]] constexpr time_point later(time_point begin, duration wait) noexcept
{
    bool const is_beyond =
        wait > duration::zero() && begin > time_point::max() - wait; // the difference itself can overflow
    return is_beyond ? time_point::max() : begin + wait;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
