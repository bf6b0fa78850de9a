// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// The time of a store: whole seconds of the clock, of which the lowest 32 bits are kept. Nothing in a store
/// ends too early when a machine is started anew and its clock begins at 0: what was stamped before seems to
/// lie in the future then, and what is older than the new clock can count is older still.
[[nodiscard]] constexpr std::uint32_t seconds_of(time_point now) noexcept
{
    auto const since = std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count();
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(since));
}

/// A duration in seconds, rounded up.
[[nodiscard]] constexpr std::uint32_t seconds_in(duration span) noexcept
{
    auto const count = std::chrono::ceil<std::chrono::seconds>(span).count();
    constexpr std::uint32_t most = 0x3fff'ffff;
    return count < 0 ? 0 : count > most ? most : static_cast<std::uint32_t>(count);
}

/// How old a stamp is: 0 if it lies in the future.
[[nodiscard]] constexpr std::uint32_t age_of(std::uint32_t stamp, std::uint32_t now) noexcept
{
    auto const age = now - stamp;
    return age <= 0x7fff'ffff ? age : 0;
}

/// A stamp that lies further in the future than threads can be apart: the clock began anew since then, and it
/// would not end for long. It is to be replaced by the time of now.
[[nodiscard]] constexpr bool is_future(std::uint32_t stamp, std::uint32_t now) noexcept
{
    constexpr std::uint32_t slack = 60;
    auto const ahead = stamp - now;
    return ahead > slack && ahead <= 0x7fff'ffff;
}

/// The later one of a stamp and of now. A stamp of another thread may be a little ahead.
[[nodiscard]] constexpr std::uint32_t later_stamp(std::uint32_t stamp, std::uint32_t now) noexcept
{
    return age_of(stamp, now) == 0 && !is_future(stamp, now) ? stamp : now;
}

/// Whether a stamp is older than `limit`. Both ends are rounded down, so that an age that equals it may be a
/// part of a second less.
[[nodiscard]] constexpr bool has_ended(std::uint32_t stamp, std::uint32_t now, std::uint32_t limit) noexcept
{
    return age_of(stamp, now) > limit;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
