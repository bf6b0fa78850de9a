// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dice.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

namespace simulation {

/// What there is to do at a time.
enum class task : std::uint8_t {
    arrive,  ///< a request reaches its node
    wake,    ///< a node looks at a request that it holds
    deliver, ///< an answer, or the news that there is none, reaches its client
    begin,   ///< a caller begins with what it has to do next
    resume,  ///< an operation has waited
    heal,    ///< a fault ends
};

/// The virtual time, and what is to be done when. Things of one time are done in the order in which they were
/// put in, so a run depends on its script alone.
class timeline {
public:
    struct event {
        nanoseconds at;
        std::uint64_t order;
        std::uint32_t id;
        task what;

        friend bool operator<(event const& a, event const& b)
        {
            return a.at != b.at ? a.at > b.at : a.order > b.order;
        }
    };

    [[nodiscard]] nanoseconds now() const { return now_; }

    void put(nanoseconds at, task what, std::size_t id)
    {
        events_.push({std::max(at, now_), order_++, static_cast<std::uint32_t>(id), what});
    }

    [[nodiscard]] bool has_before(nanoseconds end) const
    {
        return !events_.empty() && events_.top().at < end;
    }
    [[nodiscard]] task next() const { return events_.top().what; }
    void advance(nanoseconds to) { now_ = std::max(now_, to); }

    event take()
    {
        auto const next = events_.top();
        events_.pop();
        now_ = next.at;
        return next;
    }

private:
    nanoseconds now_{};
    std::uint64_t order_ = 0;
    std::priority_queue<event> events_;
};

} // namespace simulation
