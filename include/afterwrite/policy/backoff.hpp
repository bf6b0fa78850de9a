// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How long to wait before each retry of one exchange. A plain value without progress: the number of the
/// retry and the random bits are arguments, so the same policy serves any number of exchanges, and a test
/// gets the same waits.
struct backoff {
    enum class shape : std::uint8_t {
        exponential, ///< `first`, doubled with each retry, at most `longest`
        learned,     ///< what the lag of the cluster makes of it, a half more each time, at most `longest`
        vault_go,    ///< k times a random 1 to 1.5 s before the k-th retry: as Vault's Go client, to compare
    };
    enum class jitter : std::uint8_t {
        none,
        full,  ///< anything between nothing and the whole wait: spreads a herd best
        equal, ///< between half of the wait and the whole of it: never comes back at once
    };

    shape form = shape::exponential;
    jitter spread = jitter::equal;

    /// The wait before the first retry. Measured lag has a median of some ms, so a second is far too long.
    duration first = std::chrono::milliseconds(5);

    /// No single wait is longer, so that a cluster that comes back is noticed within this time.
    duration longest = std::chrono::seconds(1);

    /// The wait before the first retry is what half of the reads need (see `estimate_lag`), each later one is
    /// half as much longer, and all are a tenth more or less.
    [[nodiscard]] static constexpr backoff learned() noexcept { return {.form = shape::learned}; }

    /// The wait after `last` in the learned form: a half more, and never above `longest`.
    [[nodiscard]] static constexpr duration grown_from(duration last, duration longest) noexcept
    {
        return last >= longest - longest / 3 ? longest : last + last / 2;
    }

    /// A uniform share of `whole`, in steps of 2^-20: finer than it matters, and no product overflows.
    [[nodiscard]] static constexpr duration fraction(duration whole, std::uint64_t random) noexcept
    {
        return duration(whole.count() / (1 << 20) * static_cast<duration::rep>(random >> 44) +
                        whole.count() % (1 << 20) * static_cast<duration::rep>(random >> 44) / (1 << 20));
    }

    /// A tenth more or less. `random` is 64 uniform bits.
    [[nodiscard]] static constexpr duration spread_a_tenth(duration wait, std::uint64_t random) noexcept
    {
        auto const tenth = wait / 10;
        return wait - tenth + fraction(2 * tenth, random);
    }

    /// What Vault's Go client waits (go-retryablehttp, `LinearJitterBackoff`, with the defaults of
    /// api/client.go).
    [[nodiscard]] static constexpr backoff vault_go() noexcept { return {.form = shape::vault_go}; }

    /// The wait before retry number `retry`, the first one being 1. `random` is 64 uniform bits. The learned
    /// form is exponential where there is nothing to learn from, as after a quota.
    [[nodiscard]] constexpr duration delay(std::uint32_t retry, std::uint64_t random) const noexcept
    {
        using std::chrono::milliseconds;
        if (form == shape::vault_go)
            return static_cast<std::int64_t>(retry) *
                   (milliseconds(1000) + fraction(milliseconds(500), random));
        auto const whole = grown(retry);
        switch (spread) {
        case jitter::none: return whole;
        case jitter::full: return fraction(whole, random);
        case jitter::equal: return whole / 2 + fraction(whole - whole / 2, random);
        }
        return whole;
    }

    friend constexpr bool operator==(backoff const&, backoff const&) noexcept = default;

private:
    [[nodiscard]] constexpr duration grown(std::uint32_t retry) const noexcept
    {
        auto wait = std::clamp(first, duration::zero(), std::max(longest, duration::zero()));
        for (std::uint32_t i = 1; i < retry && wait < longest; ++i)
            wait = wait > longest / 2 ? longest : wait * 2;
        return wait;
    }
};

[[nodiscard]] constexpr std::string_view to_string(backoff::shape form) noexcept
{
    switch (form) {
    case backoff::shape::exponential: return "exponential";
    case backoff::shape::learned: return "learned";
    case backoff::shape::vault_go: return "vault_go";
    }
    return "exponential";
}

[[nodiscard]] constexpr std::string_view to_string(backoff::jitter spread) noexcept
{
    switch (spread) {
    case backoff::jitter::none: return "none";
    case backoff::jitter::full: return "full";
    case backoff::jitter::equal: return "equal";
    }
    return "none";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
