// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace probe {

/// What was seen of the reads of one policy, by one client or by all.
struct tally {
    struct node_reads {
        std::uint64_t reads = 0; ///< answered 2xx or 404
        std::uint64_t stale = 0;
    };

    std::uint64_t reads = 0;
    std::uint64_t stale = 0;
    std::uint64_t refused = 0;
    std::uint64_t failed = 0;
    std::uint64_t requests = 0;           ///< of reads; writes are not counted
    std::vector<double> fresh_ms;         ///< from the write's answer to the read's, of each fresh read
    std::vector<node_reads> by_node;      ///< by the node that the read went to
    std::optional<std::string> failure{}; ///< what the first failure said

    void add(tally const& other)
    {
        reads += other.reads;
        stale += other.stale;
        refused += other.refused;
        failed += other.failed;
        requests += other.requests;
        fresh_ms.insert(fresh_ms.end(), other.fresh_ms.begin(), other.fresh_ms.end());
        if (by_node.size() < other.by_node.size())
            by_node.resize(other.by_node.size());
        for (std::size_t i = 0; i < other.by_node.size(); ++i) {
            by_node[i].reads += other.by_node[i].reads;
            by_node[i].stale += other.by_node[i].stale;
        }
        if (!failure)
            failure = other.failure;
    }
};

/// One line of the report.
struct measurement {
    std::string name;
    bool promises_consistency = false;
    tally seen;
    std::optional<double> active_share; ///< nothing if unknown
    double seconds = 0;
};

} // namespace probe
