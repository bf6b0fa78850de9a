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

} // namespace afterwrite::inline AFTERWRITE_VERSION
