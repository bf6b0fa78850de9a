// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/unplaced_demand.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// It is `now`, and a fence lasts so long.
struct fence_clock {
    time_point now;
    duration lasting;

    [[nodiscard]] std::uint32_t seconds() const noexcept { return seconds_of(now); }

    /// A time not before that stamp was made: a fence may end late, but not early.
    [[nodiscard]] time_point at(std::uint32_t stamp) const noexcept
    {
        auto const age = age_of(stamp, seconds());
        return now - std::chrono::seconds(age > 0 ? age - 1 : 0);
    }
};

// The fences of a demand, in and out of a cell. They count, see `read_fence`, and answers that are still on
// their way name a count: so it is kept when the fence no longer stands.

inline void load_fences(store_cell const& from, cluster_demand& to, fence_clock const& clock) noexcept
{
    for (int i = 0; i < from.fences; ++i)
        to.fence();
    if (from.fences == 0)
        return;
    if (from.is_repaid != 0) {
        auto const all = to;
        to.repay(all);
    }
    to.advance(clock.at(from.fenced_at), clock.lasting);
}

inline void load_fences(store_cell const& from, unplaced_demand& to, fence_clock const& clock) noexcept
{
    for (int i = 0; i < from.fences; ++i)
        to.stray();
    if (from.fences > 0 && from.is_repaid != 0) {
        auto const all = to;
        to.repay(all);
    }
    if (from.fences > 0)
        to.advance(clock.at(from.fenced_at), clock.lasting);
    if (from.is_crowded != 0) {
        to.crowd();
        to.advance(clock.at(from.crowded_at), clock.lasting);
    }
}

/// Puts into a cell, which holds what was loaded, what has become of it. `set` sets one fence more, and
/// `is_up` tells whether one stands.
template <class Demand, class IsUp, class Set>
void save_fences(Demand const& from, store_cell& to, fence_clock const& clock, IsUp is_up, Set set) noexcept
{
    if (!is_up(from)) {
        to.repay();
        if (has_ended(to.fenced_at, clock.seconds(), seconds_in(clock.lasting)))
            to.fences = to.is_repaid = 0; // nobody waits for an answer that long
        return;
    }
    Demand sent; // with as many fences as `from`, its answer repays them all
    int count = 0;
    auto probe = from;
    for (; count < 255 && is_up(probe); ++count) {
        set(sent);
        probe.repay(sent);
    }
    if (count > to.fences || to.is_repaid != 0 || is_up(probe)) // one more, even if it cannot be counted
        to.fenced_at = later_stamp(to.fenced_at, clock.seconds());
    to.fences = static_cast<std::uint8_t>(count);
    to.is_repaid = 0;
}

inline void save_fences(cluster_demand const& from, store_cell& to, fence_clock const& clock) noexcept
{
    auto const is_up = [](cluster_demand demand) {
        demand.history() = lineage(); // a suspicion is no fence of this identity
        return demand.fenced();
    };
    save_fences(from, to, clock, is_up, [](cluster_demand& demand) { demand.fence(); });
}

/// `is_raised`: something could not be kept just now.
inline void save_fences(unplaced_demand const& from, store_cell& to, fence_clock const& clock,
                        bool is_raised) noexcept
{
    auto const is_up = [](unplaced_demand const& demand) { return demand.has_strays(); };
    save_fences(from, to, clock, is_up, [](unplaced_demand& demand) { demand.stray(); });
    if (!from.is_crowded())
        to.is_crowded = 0;
    else if (is_raised || to.is_crowded == 0)
        to.crowd(clock.seconds());
}

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
