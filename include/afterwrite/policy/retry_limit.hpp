// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Where one exchange ends at the latest. The time is what matters: a count fits either a lag of milliseconds
/// or an outage of minutes, never both.
struct retry_limit {
    /// Attempts in all, the first one included; 0 for as many as there is time for.
    std::uint32_t max_attempts = 0;

    /// From the beginning of the exchange to its last attempt at the latest. Reported lags are below 3 s as a
    /// rule, so 15 s leave room for an election. A request's own deadline may end it earlier.
    duration timeout = std::chrono::seconds(15);

    /// How often a request is repeated after the exchange broke or the server failed with 5xx, where its
    /// caller says that a repetition does no harm. Twice, as Vault's Go client.
    std::uint32_t max_repeats = 2;

    /// The deadline of an exchange that begins now.
    [[nodiscard]] constexpr time_point deadline(time_point now, time_point own) const noexcept
    {
        auto const latest = later(now, timeout);
        return own < latest ? own : latest;
    }

    [[nodiscard]] constexpr bool allows(std::uint32_t attempts_made) const noexcept
    {
        return max_attempts == 0 || attempts_made < max_attempts;
    }

    friend constexpr bool operator==(retry_limit const&, retry_limit const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
