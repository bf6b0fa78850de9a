// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <algorithm>
#include <compare>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How far a node is: `local` in the log of its own cluster, `replicated` in the log of the primary that its
/// cluster replicates from (0 on a primary).
///
/// The order is that of the product: a position is behind another only if it is so in no part ahead. (1,2)
/// and (2,1) are unordered; a defaulted `<=>` would be lexicographic and call the first one less. Source:
/// `compareReplicationStates` of Vault's api/client.go.
struct wal_position {
    std::uint64_t local = 0;
    std::uint64_t replicated = 0;

    friend constexpr bool operator==(wal_position const&, wal_position const&) noexcept = default;

    friend constexpr std::partial_ordering operator<=>(wal_position const& a, wal_position const& b) noexcept
    {
        auto const by_local = a.local <=> b.local;
        auto const by_replicated = a.replicated <=> b.replicated;
        if (by_local == by_replicated || by_replicated == 0)
            return by_local;
        if (by_local == 0)
            return by_replicated;
        return std::partial_ordering::unordered;
    }

    /// The least position that is ahead of both or equal: who has reached it has reached both.
    friend constexpr wal_position join(wal_position const& a, wal_position const& b) noexcept
    {
        return {std::max(a.local, b.local), std::max(a.replicated, b.replicated)};
    }

    /// The greatest position that is behind both or equal: both have reached it.
    friend constexpr wal_position meet(wal_position const& a, wal_position const& b) noexcept
    {
        return {std::min(a.local, b.local), std::min(a.replicated, b.replicated)};
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
