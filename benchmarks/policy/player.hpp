// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "contestants.hpp"
#include "scenario.hpp"

#include <cstdint>
#include <vector>

namespace replay {

/// What came of the measured reads of one replay.
struct tally {
    std::uint64_t reads = 0;
    std::uint64_t requests = 0;
    std::uint64_t by_active_node = 0;
    std::uint64_t failed = 0;
    std::uint64_t stale = 0;         ///< delivered by a node that lacked the write: must never be
    std::vector<double> latencies{}; ///< ms from the read's being issued to its answer; not of the failed
};

/// Replays a scenario under a policy in virtual time, with the library's own exchanges and one replication
/// view that they share, as in one process. The seed spreads the waits.
[[nodiscard]] tally play(scenario const& all, contestant const& who, std::uint64_t seed);

} // namespace replay
