// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/version.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A cluster turned out to follow another history than the one that was required of it: what was given up,
/// and what gave it away. Kept for people to look at; nothing is ever required of it again.
struct regression {
    cluster_demand lost{};  ///< what had been required; writes up to there may be lost
    cluster_demand found{}; ///< what is required instead; no text if the active node's refusal gave it away
    time_point at{};

    /// Whether there was one.
    [[nodiscard]] explicit operator bool() const noexcept { return !lost.cluster().empty(); }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
