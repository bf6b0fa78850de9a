// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/node_settings.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a node is in its cluster.
enum class node_role : std::uint8_t {
    active,              ///< it writes the log
    performance_standby, ///< it answers reads itself: Vault's performance standby, OpenBao's standby
    standby,             ///< it answers nothing itself: without that feature, or OpenBao's
                         ///< `disable_standby_reads`
};

/// What a cluster is among those that replicate from each other (Vault's performance replication). OpenBao
/// has primaries alone. A secondary for disaster recovery serves nobody, so it has no place here.
enum class cluster_role : std::uint8_t { primary, secondary };

/// What a node knows of itself when a request arrives. The defaults are those of a Vault node that knows of
/// nothing: it refuses whatever requires something.
struct node_view {
    /// Whose rules it follows; `unknown` counts as Vault.
    dialect form = dialect::vault;

    /// As in `sys/health`. Until it is known, Vault's rules refuse every index, and OpenBao's take every one
    /// for this cluster's.
    cluster_id cluster{};

    /// What it has applied, and so shows to its readers. `local`: in its own cluster's log; of OpenBao the
    /// index of its storage, a log sequence number as one number. `replicated`: in the log of the primary
    /// above its cluster, 0 on a cluster that never had one. (Vault: `LastWAL` and `LastRemoteWAL` on the
    /// active node, `LastRemoteWAL` and `LastRemoteUpstreamWAL` on a standby.)
    wal_position position{};

    node_role role = node_role::performance_standby;
    cluster_role replication = cluster_role::primary;

    /// How often a disaster recovery cluster was promoted to be this one (Vault:
    /// `ssct_generation_counter`). Indices in tokens from before are not looked at.
    std::uint32_t token_epoch = 0;

    /// The time, by the driver's clock.
    time_point now{};

    node_settings settings{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
