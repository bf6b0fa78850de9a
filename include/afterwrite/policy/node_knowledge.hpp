// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/breaker.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/policy/single_flight.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <chrono>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What has been learned of one node, and is shared by all exchanges with it: how far it lags, whether it is
/// worth waiting for, which position it has at least, and which one it lacked of late. It decides where a
/// request goes and when, never what it requires: if it is wrong, that costs an attempt.
///
/// A plain value below 1 KiB; one thread at a time.
class node_knowledge {
public:
    /// What a node lacked so long ago, it may have by now.
    static constexpr duration lack_memory = std::chrono::milliseconds(100);

    /// A node that could not be reached is not chosen for so long, while there are others.
    static constexpr duration failure_memory = std::chrono::seconds(1);

    replication_lag lag{};
    breaker guard{};
    single_flight flight{};

    /// The node refused what required this position; (0,0), which has no order, tells nothing.
    constexpr void refused(wal_position const& required, time_point now) noexcept
    {
        if (required == wal_position{})
            return;
        flight.lacks(required);
        bool const says_more = required <= lacked_ || !(lacked_ <= required);
        if (says_more || now >= later(lacked_at_, lack_memory)) {
            lacked_ = required;
            lacked_at_ = now;
        }
    }

    /// It could not be reached, or it is sealed.
    constexpr void failed(time_point now) noexcept { failed_until_ = later(now, failure_memory); }

    /// Whether the node is known to have this position.
    [[nodiscard]] constexpr bool has(wal_position const& required) const noexcept
    {
        return required <= flight.has();
    }

    /// Whether it lacked this position, or one that is not after it, a moment ago. (It may have got the older
    /// one since: that says little of this one.)
    [[nodiscard]] constexpr bool lacked(wal_position const& required, time_point now) const noexcept
    {
        return lacked_ <= required && !has(required) && now < later(lacked_at_, lack_memory);
    }

    /// Whether it lacks it still, as likely as not: it lags longer than that is ago.
    [[nodiscard]] bool lacks(wal_position const& required, time_point now) const noexcept
    {
        if (!lacked(required, now))
            return false;
        return !lag.is_known() || now < later(lacked_at_, lag.quantile(0.5F));
    }

    [[nodiscard]] constexpr bool has_failed(time_point now) const noexcept { return now < failed_until_; }

    /// The history has changed: positions mean something else now.
    constexpr void forget_positions() noexcept
    {
        flight = {};
        lacked_at_ = time_point::min();
    }

private:
    wal_position lacked_{};
    time_point lacked_at_ = time_point::min();
    time_point failed_until_ = time_point::min();
};

static_assert(sizeof(node_knowledge) <= 1024);

} // namespace afterwrite::inline AFTERWRITE_VERSION
