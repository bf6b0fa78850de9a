// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>

// Where and when all replays take place.

namespace replay {

using afterwrite::duration;
using afterwrite::time_point;

/// Nodes that clients read from; besides them there is the active one, which takes the writes.
inline constexpr std::size_t node_count = 3;

/// From a client to a node and back. A node sees a request half of it after it was sent.
inline constexpr duration round_trip = std::chrono::milliseconds(1);

/// What it takes longer if the node lets the active one answer.
inline constexpr duration forward_hop = std::chrono::milliseconds(1);

/// Of each read, from the moment when it is issued.
inline constexpr duration time_allowed = std::chrono::seconds(60);

inline constexpr double reads_per_second = 200;

/// Virtual time begins here. Not at the clock's own zero, which could be taken for "never".
inline constexpr time_point origin{std::chrono::hours(1)};

[[nodiscard]] inline duration from_ms(double ms) { return std::chrono::nanoseconds(std::llround(ms * 1e6)); }

[[nodiscard]] inline double to_ms(duration time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

} // namespace replay
