// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

class required_states;

/// A cluster turned out to follow another history than the one that was required of it: what was given up,
/// and what gave it away. Kept for people to look at; nothing is ever required of it again.
struct regression {
    cluster_demand lost{};  ///< what had been required; writes up to there may be lost
    cluster_demand found{}; ///< what is required instead; no text if the active node's refusal gave it away
    time_point at{};

    /// Whether there was one.
    [[nodiscard]] explicit operator bool() const noexcept { return !lost.cluster().empty(); }
};

/// How an index came.
struct arrival {
    required_states const* carried = nullptr; ///< what the answered attempt had required; null: nothing
    time_point now = time_point::min();       ///< if unknown, nothing is learned of the history
    on_regression on = on_regression::reset_and_forward;
    regression* report = nullptr; ///< where to put the regression that this index gives away
};

namespace detail {

/// What an answer's verdict makes of a demand. Whether the answer's index is to be recorded.
inline bool follow(lineage::verdict verdict, cluster_demand& demand, arrival const& how,
                   recorded& total) noexcept
{
    switch (verdict) {
    case lineage::verdict::consistent: return true;
    case lineage::verdict::outdated:
        ++total.outdated;
        demand.fence(); // its write may be of this history all the same: a retry is sent with what was
        return false;   // required at the beginning
    case lineage::verdict::suspected:
        ++total.suspected;
        demand.fence(); // if it was a false alarm, its write has to be seen
        return false;
    case lineage::verdict::confirmed: break;
    }
    ++total.regressed;
    if (how.report != nullptr)
        *how.report = {demand, {}, how.now};
    demand.begin_epoch(how.now);
    if (how.on != on_regression::reset)
        demand.fence();
    demand.set_regressed(how.on == on_regression::fail);
    return true;
}

} // namespace detail

} // namespace afterwrite::inline AFTERWRITE_VERSION
