// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How long a fence stands that nothing repays. By then every node that is still a member has caught up: lag
/// is seconds, and twenty minutes are an outage (facts: `session.md` B5).
inline constexpr duration default_fence_time = std::chrono::minutes(15);

/// Something must be seen that no index held here says: one could not be kept, or never arrived. Until an
/// answer brings a newer one, or the fence time ends, reads go to the active node.
///
/// A fence counts: an answer repays what had been set when its request was sent, and nothing that was set
/// since.
class read_fence {
public:
    /// In the place of a time: it ends after the fence time, counted from the next `advance`.
    static constexpr time_point not_told = time_point::min();

    /// Of several, the latest end counts.
    void set(time_point until = not_told) noexcept
    {
        if (!is_up() || until == not_told || (until_ != not_told && until > until_))
            until_ = until;
        ++set_;
    }

    /// When it ends, if it is up.
    [[nodiscard]] time_point until() const noexcept { return until_; }

    [[nodiscard]] bool is_up() const noexcept { return set_ != repaid_; }

    /// The answer to a request that was sent behind `carried` has brought something newer.
    void repay(read_fence const& carried) noexcept
    {
        if (set_ - carried.set_ < set_ - repaid_) // both are behind set_, which may have begun anew at 0
            repaid_ = carried.set_;
    }

    /// Nothing has to be seen any more.
    void lift() noexcept { repaid_ = set_; }

    /// It is `now`. What was set since the last call was set now, and ends after `lasting`.
    void advance(time_point now, duration lasting) noexcept
    {
        if (!is_up())
            return;
        if (until_ == not_told)
            until_ = later(now, lasting);
        else if (now >= until_)
            lift();
    }

private:
    std::uint32_t set_ = 0;    ///< how often
    std::uint32_t repaid_ = 0; ///< how many of these no longer matter
    time_point until_ = not_told;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
