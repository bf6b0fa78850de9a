// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether the active node has what is carried, unless its cluster was restored: it is all of the cluster's
/// own log, and nothing that another cluster has to send.
[[nodiscard]] inline bool is_of_own_log(required_states const& carried) noexcept
{
    return carried.clusters() == 1 && carried[0].size() > 0 && carried[0].position().replicated == 0;
}

/// The active node has refused what is of its own log. If it does so for longer than an election lasts, it
/// will never have it: leaves the index out then, and says so. The answer to the same without is what shows
/// whether it was the index, see `attempt_facts::index_was_refused`.
[[nodiscard]] inline bool give_up_lost_index(required_states& carried, time_point now) noexcept
{
    auto& demand = carried.demands()[0];
    static_cast<void>(demand.history().judge_refusal(demand.history(), now));
    bool const is_lost = demand.history().is_decisive(now);
    if (is_lost)
        demand.forget_texts();
    return is_lost;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
