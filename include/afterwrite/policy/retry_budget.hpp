// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How much of the traffic may be repetitions, of all exchanges with a cluster together. Each read adds a
/// share of a retry and each second adds some; what is not used is kept up to a bound, and a retry takes one.
/// So a cluster in trouble gets its retries later; what keeps a crowd small is `single_flight`.
///
/// The first retry of an exchange takes nothing, which is its caller's business: a read at once after a write
/// is refused as a rule, and must be sent twice. Forwards to the active node have a budget of their own,
/// another value of this class. A plain value; one thread at a time.
class retry_budget {
public:
    /// What is allowed. 20 % and 10 a second are Finagle's; they let a quiet client retry freely.
    struct terms {
        std::uint32_t percent_of_reads = 20; ///< 100 allows as many retries as there are reads
        std::uint32_t per_second = 10;
        std::uint32_t burst = 100; ///< kept at most: ten seconds of the fixed part

        friend constexpr bool operator==(terms const&, terms const&) noexcept = default;
    };

    /// For forwards to the active node. It keeps fewer: the active node is only one.
    static constexpr terms forwards{.percent_of_reads = 20, .per_second = 10, .burst = 20};

    constexpr retry_budget() noexcept : retry_budget(terms{}) {}

    /// Begins full.
    explicit constexpr retry_budget(terms allowed) noexcept
        : terms_(allowed), left_(static_cast<std::uint64_t>(allowed.burst) * whole)
    {}

    /// An exchange begins that waits for its node.
    constexpr void count_read() noexcept
    {
        add(static_cast<std::uint64_t>(terms_.percent_of_reads) * (whole / 100));
    }

    /// Takes one, or says that there is none: then wait longer, never send at once.
    [[nodiscard]] constexpr bool try_spend(time_point now) noexcept
    {
        refill(now);
        if (left_ < whole)
            return false;
        left_ -= whole;
        return true;
    }

    /// How many could be taken now.
    [[nodiscard]] constexpr std::uint32_t left(time_point now) const noexcept
    {
        auto copy = *this;
        copy.refill(now);
        return static_cast<std::uint32_t>(copy.left_ / whole);
    }

    /// When there will be one though nobody reads: `now` if there is one, the end of time if there never
    /// will. Who was told that there is none need not ask before.
    [[nodiscard]] constexpr time_point next(time_point now) const noexcept
    {
        auto copy = *this;
        copy.refill(now);
        if (copy.left_ >= whole)
            return now;
        if (terms_.burst == 0 || terms_.per_second == 0)
            return time_point::max();
        auto const missing = whole - copy.left_;
        auto const wait = (missing + terms_.per_second - 1) / terms_.per_second;
        return later(now, std::chrono::nanoseconds(wait));
    }

private:
    /// One retry. With this unit a nanosecond adds a whole number, `per_second`, so nothing is ever rounded.
    static constexpr std::uint64_t whole = 1'000'000'000;

    constexpr void add(std::uint64_t more) noexcept
    {
        left_ = std::min(left_ + more, static_cast<std::uint64_t>(terms_.burst) * whole);
    }

    /// A clock that goes back adds nothing, and what it adds when it comes forth again is not added twice.
    constexpr void refill(time_point now) noexcept
    {
        if (!has_begun_) {
            has_begun_ = true;
            refilled_at_ = now;
        }
        if (now <= refilled_at_)
            return;
        if (terms_.per_second > 0) {
            auto const full = static_cast<std::uint64_t>(terms_.burst) * whole;
            auto const full_after = std::chrono::nanoseconds(full / terms_.per_second);
            if (now > later(refilled_at_, full_after))
                left_ = full;
            else // a difference that cannot overflow
                add(static_cast<std::uint64_t>(std::chrono::nanoseconds(now - refilled_at_).count()) *
                    terms_.per_second);
        }
        refilled_at_ = now;
    }

    terms terms_;
    std::uint64_t left_;
    time_point refilled_at_{};
    bool has_begun_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
