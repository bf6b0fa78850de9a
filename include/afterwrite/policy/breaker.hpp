// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Stops waiting for a node that has not caught up for several reads in a row: from then on the first attempt
/// already lets the active node answer if this one cannot. Since a node says so only while it is behind, that
/// costs nothing once it has caught up; but nothing tells who answered, so a read a second goes without, and
/// shows. A plain value for one node; one thread at a time.
class breaker {
public:
    /// Reads in a row that had to be forwarded. Where one read in ten outlasts the patience, chance alone
    /// makes five once in 100 000 reads.
    static constexpr std::uint8_t opens_after = 5;

    /// How often an open breaker lets a read go as if it were closed; each time a tenth more or less.
    static constexpr duration probe_interval = std::chrono::seconds(1);

    /// Of the probes the first two have patience, since most nodes are not behind for long, and then one in
    /// so many: who has none sees only a node that has caught up entirely, but makes no read wait.
    static constexpr std::uint8_t patient_share = 3;

    enum class mode : std::uint8_t {
        ask,     ///< closed: ask the node, and wait if it refuses
        probe,   ///< open: as `ask` with the longest patience, so that it shows also a lag that has grown
        glance,  ///< open: ask the node, and let the active one answer as soon as it refuses
        forward, ///< open: let the active node answer if this one cannot, from the first attempt on
    };

    [[nodiscard]] constexpr bool is_open() const noexcept { return escalations_ >= opens_after; }

    /// Whether it waits for a read that shows whether the node has caught up.
    [[nodiscard]] constexpr bool is_probe_due(time_point now) const noexcept
    {
        return is_open() && now >= next_probe_;
    }

    /// How a read is to begin. A probe is counted as sent with this answer, so the next is due in a second
    /// whatever becomes of it. `random` is 64 uniform bits.
    [[nodiscard]] constexpr mode begin(time_point now, std::uint64_t random) noexcept
    {
        if (!is_open())
            return mode::ask;
        if (!is_probe_due(now))
            return mode::forward;
        next_probe_ = later(now, backoff::spread_a_tenth(probe_interval, random));
        auto const number = probes_;
        probes_ = static_cast<std::uint8_t>(number < 1 + patient_share ? number + 1 : 2);
        return number < 2 || number == 1 + patient_share ? mode::probe : mode::glance;
    }

    /// A read has waited for this node as long as the policy allows, or is about to have, and goes to the
    /// active node then. While it is open this changes nothing: it must not put off the next probe.
    constexpr void escalated(time_point now, std::uint64_t random) noexcept
    {
        if (is_open())
            return;
        if (++escalations_ == opens_after) {
            next_probe_ = later(now, backoff::spread_a_tenth(probe_interval, random));
            probes_ = 0;
        }
    }

    /// The node itself answered a read that required something: an attempt that nobody may have forwarded.
    constexpr void answered() noexcept { escalations_ = 0; }

    friend constexpr bool operator==(breaker const&, breaker const&) noexcept = default;

private:
    time_point next_probe_{};
    std::uint8_t escalations_ = 0;
    std::uint8_t probes_ = 0; ///< since it opened; begins again at 2, so it never ends
};

[[nodiscard]] constexpr std::string_view to_string(breaker::mode how) noexcept
{
    switch (how) {
    case breaker::mode::ask: return "ask";
    case breaker::mode::probe: return "probe";
    case breaker::mode::glance: return "glance";
    case breaker::mode::forward: return "forward";
    }
    return "ask";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
