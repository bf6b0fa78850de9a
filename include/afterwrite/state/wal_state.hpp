// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <compare>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a Vault index says: the state of one cluster. Vault's sdk calls it `WALState`.
struct wal_state {
    cluster_id cluster{};
    wal_position position{};

    friend constexpr bool operator==(wal_state const&, wal_state const&) noexcept = default;

    /// The order of the positions; states of different clusters are unordered.
    friend constexpr std::partial_ordering operator<=>(wal_state const& a, wal_state const& b) noexcept
    {
        return a.cluster == b.cluster ? a.position <=> b.position : std::partial_ordering::unordered;
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
