// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "times.hpp"

#include <cstddef>
#include <cstdint>
#include <queue>
#include <tuple>
#include <vector>

namespace replay {

/// What happens to a flight, and when. Of two at the same time the earlier planned one comes first, so that a
/// replay is the same each time.
struct event {
    enum class kind : std::uint8_t { wake, answer };

    time_point at;
    std::uint64_t number; ///< in the order of planning
    std::size_t flight;
    kind what;

    friend bool operator>(event const& a, event const& b)
    {
        return std::tie(a.at, a.number) > std::tie(b.at, b.number);
    }
};

class event_queue {
public:
    [[nodiscard]] bool empty() const { return planned_.empty(); }
    [[nodiscard]] time_point next_at() const { return planned_.top().at; }

    void plan(time_point at, std::size_t flight, event::kind what)
    {
        planned_.push({at, ++count_, flight, what});
    }

    event take()
    {
        auto const next = planned_.top();
        planned_.pop();
        return next;
    }

private:
    std::priority_queue<event, std::vector<event>, std::greater<>> planned_;
    std::uint64_t count_ = 0;
};

} // namespace replay
