// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/retry_budget.hpp>
#include <afterwrite/version.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What all exchanges with one cluster may cause there together, beside the first attempts. Configuration
/// alone, a plain value.
struct traffic_limits {
    retry_budget::terms retries{};
    retry_budget::terms forwards = retry_budget::forwards;

    /// Of forwards to the active node while the breaker of a node is open; none: as many as there are reads.
    /// To stop them means to let reads wait for as long as the outage lasts.
    std::optional<retry_budget::terms> forwards_while_open{};

    friend constexpr bool operator==(traffic_limits const&, traffic_limits const&) noexcept = default;
};

/// The same with what of it is left. One thread at a time.
class traffic_budget {
public:
    traffic_budget() noexcept = default;
    explicit constexpr traffic_budget(traffic_limits const& limits) noexcept
        : retries_(limits.retries), forwards_(limits.forwards)
    {
        if (limits.forwards_while_open)
            forwards_while_open_ = retry_budget(*limits.forwards_while_open);
    }

    /// An exchange begins that waits for its node.
    constexpr void count_read() noexcept
    {
        retries_.count_read();
        forwards_.count_read();
        if (forwards_while_open_)
            forwards_while_open_->count_read();
    }

    /// Takes a retry beyond an exchange's first one, or says that none is left: then wait longer.
    [[nodiscard]] constexpr bool try_retry(time_point now) noexcept { return retries_.try_spend(now); }

    /// Takes a forward to the active node, or says that none is left: then go on waiting.
    [[nodiscard]] constexpr bool try_forward(time_point now, bool breaker_is_open) noexcept
    {
        if (breaker_is_open)
            return !forwards_while_open_ || forwards_while_open_->try_spend(now);
        return forwards_.try_spend(now);
    }

    [[nodiscard]] constexpr retry_budget const& retries() const noexcept { return retries_; }
    [[nodiscard]] constexpr retry_budget const& forwards() const noexcept { return forwards_; }

private:
    retry_budget retries_{};
    retry_budget forwards_{retry_budget::forwards};
    std::optional<retry_budget> forwards_while_open_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
