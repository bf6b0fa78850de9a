// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/retry_budget.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace simulation {

/// What a budget allows, by our own count: each read and each second add their share, up to a bound, and
/// whoever repeats or forwards takes one.
class allowance {
public:
    explicit allowance(afterwrite::retry_budget::terms const& terms)
        : terms_(terms), left_(terms.burst * whole)
    {}

    void count_read() { add(terms_.percent_of_reads * (whole / 100)); }

    /// Whether there was one.
    [[nodiscard]] bool take(afterwrite::time_point now)
    {
        auto const since = std::clamp<afterwrite::duration>(now - last_, {}, std::chrono::hours(1));
        last_ = std::max(last_, now);
        add(since.count() * terms_.per_second);
        left_ -= whole;
        return left_ >= 0;
    }

private:
    static constexpr std::int64_t whole = 1'000'000'000; // so a nanosecond adds a whole number

    void add(std::int64_t more) { left_ = std::min(left_ + more, terms_.burst * whole); }

    afterwrite::retry_budget::terms terms_;
    std::int64_t left_;
    afterwrite::time_point last_{};
};

} // namespace simulation
