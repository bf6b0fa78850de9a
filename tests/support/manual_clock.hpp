// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>

#include <chrono>
#include <cstddef>
#include <vector>

namespace support {

using namespace std::chrono_literals;

/// A point in time after an arbitrary beginning.
constexpr afterwrite::time_point at(afterwrite::duration since)
{
    return afterwrite::time_point(1000s) + since;
}

/// A wait that takes no time: it moves the clock that it reads.
struct manual_clock {
    afterwrite::time_point time = at(0s);
    std::size_t waits_allowed = static_cast<std::size_t>(-1); ///< the wait after these is cancelled
    std::vector<afterwrite::time_point> waits{};

    [[nodiscard]] afterwrite::time_point now() const { return time; }

    bool operator()(afterwrite::time_point until)
    {
        waits.push_back(until);
        if (waits.size() > waits_allowed)
            return false;
        if (time < until)
            time = until;
        return true;
    }
};

} // namespace support
