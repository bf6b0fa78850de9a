// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lag.hpp"
#include "model.hpp"
#include "random.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace cluster {

/// The log and how far each node has it. Entries land at a follower in the order of the log: none
/// lands before the one ahead of it, whatever lag it drew.
class replication {
public:
    explicit replication(settings const& chosen);

    /// The log grows by one entry, written at the active node; `step` is how much it adds.
    position append(position step, std::size_t active, nanoseconds now);

    [[nodiscard]] position newest() const { return newest_; }

    /// What the node has got, and claims to have.
    position received(std::size_t node, nanoseconds now);

    /// What a read at the node sees: `received`, less the replay lag.
    position visible(std::size_t node, nanoseconds now);

    /// The lowest visible local position of all nodes.
    std::uint64_t oldest_visible(nanoseconds now);

    /// When the node will have got `wanted`, if that is under way already (or there: the past).
    [[nodiscard]] std::optional<nanoseconds> arrival(std::size_t node, position wanted) const;

    void stall(std::size_t node, nanoseconds from, nanoseconds to);
    void drop_lag(nanoseconds now);
    void set_lag(lag_spec lag);
    void set_replay_lag(nanoseconds lag) { replay_lag_ = lag; }

    /// Another log, which ends at `where`; every node has it all, and nothing is under way.
    void restart(position where);

    /// The node gets the whole log at once: it becomes active.
    void catch_up(std::size_t node);

private:
    struct entry {
        nanoseconds landing;
        position end; ///< where a node stands that has this entry
    };
    struct follower {
        std::deque<entry> under_way; ///< from the oldest that is not visible yet
        std::size_t received = 0;    ///< how many of `under_way` have landed
        position visible;
        nanoseconds last_landing{};
        random_source random;
    };

    void touch(follower& one, nanoseconds now) const;

    lag_spec lag_;
    nanoseconds replay_lag_;
    position newest_;
    std::vector<follower> followers_;
    random_source shared_;
};

} // namespace cluster
