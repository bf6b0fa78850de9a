// SPDX-License-Identifier: BSL-1.0
#include "contestants.hpp"

#include "times.hpp"

#include <array>
#include <chrono>

namespace replay {

namespace {

using afterwrite::backoff;
using afterwrite::consistency_policy;
using afterwrite::when_inconsistent;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Whatever a policy allows, here all have the same time.
constexpr consistency_policy timed(consistency_policy policy)
{
    policy.limit.timeout = time_allowed;
    return policy;
}

constexpr consistency_policy waiting(backoff const& wait)
{
    return timed({.when = when_inconsistent::retry, .wait = wait});
}

constexpr std::array<contestant, 7> known = {{
    {.name = "default", .policy = timed({}), .chooses_node = true},
    {.name = "default-no-forward", .policy = timed({.when = when_inconsistent::retry}), .chooses_node = true},
    {.name = "vault-go", .policy = timed(consistency_policy::vault_go())},
    {.name = "fixed-1s",
     .policy = waiting({.spread = backoff::jitter::none, .first = seconds(1), .longest = seconds(1)})},
    {.name = "exponential", .policy = waiting({.first = milliseconds(5), .longest = seconds(1)})},
    {.name = "immediate-forward", .policy = timed({.when = when_inconsistent::forward})},
    {.name = "oracle", .is_oracle = true},
}};

} // namespace

std::span<contestant const> all_contestants() { return known; }

contestant const* find_contestant(std::string_view name)
{
    for (auto const& each : known)
        if (each.name == name)
            return &each;
    return nullptr;
}

} // namespace replay
