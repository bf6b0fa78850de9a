// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/retry_schedule.hpp>
#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/policy/traffic_budget.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The waits of one exchange that follow what was learned: what half of the reads need, then a half more each
/// time. One exchange in some tries a part of the first wait, then the rest, to see whether lag has fallen.
class learned_wait {
public:
    explicit learned_wait(duration longest) noexcept
        : longest_(std::clamp<duration>(longest, shortest, std::chrono::hours(24)))
    {}

    /// A part of the first wait was tried, and the rest is still to come.
    [[nodiscard]] bool is_trial() const noexcept { return is_trial_; }

    /// The next wait. The first retry is free, and so are those of a probe; a trial pays for itself; what the
    /// budget does not allow waits longer, and says so.
    [[nodiscard]] duration next(lag_estimate const& known, traffic_budget& budget, retry_schedule& times,
                                bool is_probe, bool& is_over_budget) noexcept
    {
        auto wait = grow(known, budget, times.now());
        bool const is_free = is_trial_ || !std::exchange(has_retried_, true) || is_probe;
        if (!is_free && !budget.try_retry(times.now())) {
            is_over_budget = true;
            wait = std::max(wait, std::min(2 * wait_, longest_));
        }
        auto const spread = backoff::spread_a_tenth(wait, times.random());
        return is_over_budget ? std::max(spread, shortest_over_budget) : spread;
    }

private:
    static constexpr duration shortest = std::chrono::milliseconds(1);

    /// Who is over the budget stays away for so long at least.
    static constexpr duration shortest_over_budget = std::chrono::milliseconds(50);

    [[nodiscard]] duration grow(lag_estimate const& known, traffic_budget& budget, time_point now) noexcept
    {
        if (wait_ == duration::zero()) {
            wait_ = std::min(known.wait, longest_);
            is_trial_ = known.is_trial() && budget.try_retry(now);
            tried_ = is_trial_ ? std::min(known.first_wait, wait_) : duration::zero();
            return is_trial_ ? tried_ : wait_;
        }
        if (std::exchange(is_trial_, false))
            return wait_ - tried_;
        return wait_ = backoff::grown_from(wait_, longest_);
    }

    duration wait_{};
    duration tried_{};
    duration longest_;
    bool is_trial_ = false;
    bool has_retried_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
