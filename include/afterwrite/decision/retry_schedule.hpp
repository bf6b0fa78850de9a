// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/traffic_budget.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The times of one exchange: when the next attempt is due, and whether there may be one. The policy is
/// configuration; this is the progress against it.
class retry_schedule {
public:
    /// `seed` is any random bits: they spread the waits.
    retry_schedule(consistency_policy const& policy, time_point own_deadline, time_point now,
                   std::uint64_t seed) noexcept
        : limit_(policy.limit), wait_(policy.wait), repeat_wait_(policy.repeat_wait),
          deadline_(policy.limit.deadline(now, own_deadline)), now_(now), random_(seed)
    {}

    /// It is `now`. A clock that went back would only prolong the waits, so the latest time stands.
    void advance(time_point now) noexcept { now_ = std::max(now_, now); }

    [[nodiscard]] time_point now() const noexcept { return now_; }
    [[nodiscard]] time_point deadline() const noexcept { return deadline_; }
    [[nodiscard]] std::uint32_t attempts() const noexcept { return attempts_; }

    /// An attempt begins. It does so when it is due or later, whatever a clock says that stands still: so
    /// each wait brings the deadline nearer.
    void count_attempt() noexcept
    {
        ++attempts_;
        advance(due_);
    }
    [[nodiscard]] bool has_attempts_left() const noexcept { return limit_.allows(attempts_); }
    [[nodiscard]] bool has_time_left() const noexcept { return now_ < deadline_; }

    [[nodiscard]] bool may_go_on() const noexcept { return has_attempts_left() && has_time_left(); }

    /// When the next attempt begins that is wished for at `due`: at the deadline at the latest.
    [[nodiscard]] time_point grant(time_point due) noexcept { return due_ = std::min(due, deadline_); }

    /// The time that was granted has come, whatever a clock says that stands still.
    void arrive() noexcept { advance(due_); }

    /// The next wait of the policy, in a form that is not learned.
    [[nodiscard]] duration next_wait() noexcept
    {
        return std::max(wait_.delay(++retries_, random()), shortest);
    }

    /// The node is behind. What it says in Retry-After is whole seconds, and lag is not: an upper bound. Of 0
    /// nothing is left to wait, and a node would be asked as fast as it refuses, so that says nothing.
    [[nodiscard]] time_point due_after(duration wait, std::optional<duration> retry_after) const noexcept
    {
        bool const is_bound = retry_after && *retry_after > duration::zero();
        return later(now_, is_bound ? std::min(wait, *retry_after) : wait);
    }

    /// A quota is used up, or nobody can serve: a Retry-After is obeyed. The first time is free; beyond the
    /// cluster's budget it waits as long as it ever does.
    [[nodiscard]] time_point due_after_pushback(std::optional<duration> retry_after,
                                                traffic_budget& budget) noexcept
    {
        auto const wait = repeat_wait_.delay(++pushbacks_, random());
        bool const is_allowed = pushbacks_ == 1 || budget.try_retry(now_);
        return due_after_at_least(is_allowed ? wait : std::max(wait, repeat_wait_.longest), retry_after);
    }

    /// The exchange broke or the server failed.
    [[nodiscard]] time_point due_after_failure(std::optional<duration> retry_after) noexcept
    {
        return due_after_at_least(repeat_wait_.delay(++repeats_, random()), retry_after);
    }

    /// Whether to repeat what broke. The first repetition is free, as the first retry is.
    [[nodiscard]] bool may_repeat(traffic_budget& budget) const noexcept
    {
        return repeats_ < limit_.max_repeats && (repeats_ == 0 || budget.try_retry(now_));
    }

    /// SplitMix64 (Steele, Lea, Flood 2014): good enough to spread waits, and 8 bytes of state.
    [[nodiscard]] std::uint64_t random() noexcept
    {
        auto bits = random_ += 0x9e3779b97f4a7c15;
        bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
        bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
        return bits ^ bits >> 31;
    }

private:
    /// A policy of no wait at all would make a client ask as fast as it is refused.
    static constexpr duration shortest = std::chrono::milliseconds(1);

    [[nodiscard]] time_point due_after_at_least(duration wait,
                                                std::optional<duration> retry_after) const noexcept
    {
        return later(now_, std::max({wait, shortest, retry_after.value_or(duration::zero())}));
    }

    retry_limit limit_;
    backoff wait_;
    backoff repeat_wait_;
    time_point deadline_;
    time_point now_;
    time_point due_ = time_point::min(); ///< of the attempt that was granted last
    std::uint64_t random_;
    std::uint32_t attempts_ = 0;
    std::uint32_t retries_ = 0;   ///< after refusals: they grow the waits
    std::uint32_t repeats_ = 0;   ///< after broken exchanges and 5xx
    std::uint32_t pushbacks_ = 0; ///< after quotas, and while there is no active node
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
