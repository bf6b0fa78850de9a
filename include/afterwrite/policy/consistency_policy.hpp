// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/policy/retry_limit.hpp>
#include <afterwrite/version.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether requests carry what they require. The words are those of Vault Agent's and Vault Proxy's
/// configuration.
enum class enforce_consistency : std::uint8_t {
    never,  ///< nothing is added and nothing sent again: the caller gets what the node says
    always, ///< each request carries what its session requires
};

/// What to do when a node has not reached the required state. The first words are those of Vault Agent and
/// Proxy, and of OpenBao's `X-Vault-Inconsistent`.
enum class when_inconsistent : std::uint8_t {
    fail,               ///< give up, and let the caller see the refusal
    retry,              ///< wait, and send again
    await,              ///< let the node hold the request (OpenBao; Vault has no such mode), then as `retry`
    forward,            ///< let the active node answer, where that is allowed; else as `retry`
    retry_then_forward, ///< as `await` for a while, then let the active node answer, then wait
};

[[nodiscard]] constexpr std::string_view to_string(enforce_consistency enforce) noexcept
{
    return enforce == enforce_consistency::never ? "never" : "always";
}

[[nodiscard]] constexpr std::string_view to_string(when_inconsistent when) noexcept
{
    switch (when) {
    case when_inconsistent::fail: return "fail";
    case when_inconsistent::retry: return "retry";
    case when_inconsistent::await: return "await";
    case when_inconsistent::forward: return "forward";
    case when_inconsistent::retry_then_forward: return "retry_then_forward";
    }
    return "fail";
}

namespace detail {

/// How many words an enumeration has: its values are 0 to this.
template <class Enum>
inline constexpr int words = 0;
template <>
inline constexpr int words<enforce_consistency> = 2;
template <>
inline constexpr int words<when_inconsistent> = 5;

} // namespace detail

/// Reads the words above; any other text is nothing. `from_string<when_inconsistent>("retry")`.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> from_string(std::string_view text) noexcept
{
    static_assert(detail::words<Enum> > 0, "there are no words for this type");
    for (int i = 0; i < detail::words<Enum>; ++i)
        if (to_string(static_cast<Enum>(i)) == text)
            return static_cast<Enum>(i);
    return std::nullopt;
}

/// How requests are made consistent: configuration alone, a plain value that any number of exchanges share.
struct consistency_policy {
    enforce_consistency enforce = enforce_consistency::always;
    when_inconsistent when = when_inconsistent::retry_then_forward;
    retry_limit limit{};
    backoff wait = backoff::learned();

    /// The waits after a broken exchange or a 5xx: a node that restarts or an election takes seconds, not ms.
    backoff repeat_wait{.first = std::chrono::milliseconds(500), .longest = std::chrono::seconds(4)};

    /// How long `retry_then_forward` waits, from the first refusal, before it goes to the active node. As
    /// learned, that is twice what nine of ten reads need, between 20 and 250 ms (100 while nothing is known;
    /// 250 for what is no read): long enough that ordinary lag passes and standbys stay useful; short enough
    /// that nobody notices.
    static constexpr duration as_learned = duration::min();
    duration forward_after = as_learned;

    /// For so long after a write or a login that was answered *without* an index, a "no" to a read of the
    /// same session is taken for a node that has not heard of it yet, and asked again: 404, 403, and the
    /// errors of `is_stale_negative`. Where a request carries an index they are the truth. 0: never, since a
    /// true "no" takes as long then. Some seconds are enough.
    duration stale_negatives = duration::zero();

    /// For who waits in front of a screen, for services, and for CI pipelines that outlast an outage of
    /// minutes.
    [[nodiscard]] static constexpr consistency_policy interactive() noexcept
    {
        return {.limit = {.timeout = std::chrono::seconds(5)}};
    }
    [[nodiscard]] static constexpr consistency_policy standard() noexcept { return {}; }
    [[nodiscard]] static constexpr consistency_policy patient() noexcept
    {
        return {.limit = {.timeout = std::chrono::seconds(180)}};
    }

    /// The schedule of Vault's Go client: two retries, after 1 to 1.5 s and 2 to 3 s more. For comparison.
    [[nodiscard]] static constexpr consistency_policy vault_go() noexcept
    {
        return {.when = when_inconsistent::retry,
                .limit = {.max_attempts = 3, .timeout = std::chrono::seconds(60)},
                .wait = backoff::vault_go()};
    }

    friend constexpr bool operator==(consistency_policy const&, consistency_policy const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
