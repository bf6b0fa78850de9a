// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Where a node keeps its data. On OpenBao it decides how an index is written and compared.
enum class node_storage : std::uint8_t {
    raft,       ///< integrated storage; OpenBao's index is a decimal number
    postgresql, ///< OpenBao's index is a log sequence number, `HEX/HEX`
    other,      ///< Vault: Consul and the like. OpenBao: no index at all, so each one counts as reached
};

/// What a node does with a request that waited in vain, in the words of `X-Vault-Inconsistent`.
enum class after_await : std::uint8_t { fail, forward_active_node };

/// How a node is configured, in the servers' own words and with their defaults. A plain value.
struct node_settings {
    /// Vault, stanza `replication`: requests may ask by a field to be forwarded. If not, one that does is
    /// refused with 400, whatever the node's role and state.
    bool allow_forwarding_via_header = false;

    /// Vault, stanza `replication`: true for `"new_token"`. A performance standby that has not reached the
    /// index of a token forwards instead of refusing.
    bool allow_forwarding_via_token = false;

    /// Vault: so long a node holds a request whose state it lacks, before it answers 412. Whether Vault
    /// Enterprise waits at all, nobody outside knows; the default is that it does not.
    duration hold_before_412{};

    /// OpenBao, listener: what follows a lone `await-state`. Its other words are errors there at each
    /// request; here they cannot be said.
    after_await consistency_fallback_behavior = after_await::fail;

    /// OpenBao, listener: a standby forwards what carries neither a usable index nor
    /// `X-Vault-Inconsistent`.
    bool consistency_missing_header_forward = false;

    /// OpenBao, listener: how long `await-state` waits, see `index_wait`.
    duration consistency_max_index_wait{};

    /// Vault: whether a performance standby checks tokens depends on it (since 1.10.5 only with `raft`).
    node_storage storage = node_storage::raft;

    /// OpenBao waits no shorter and no longer than this, whatever is configured.
    static constexpr duration least_index_wait = std::chrono::milliseconds(25);
    static constexpr duration longest_index_wait = std::chrono::seconds(60);

    /// How long OpenBao holds a request. The 25 ms are taken for the least of it, as its code does; its docs
    /// say that they come on top.
    [[nodiscard]] constexpr duration index_wait() const noexcept
    {
        return std::clamp(consistency_max_index_wait, least_index_wait, longest_index_wait);
    }

    friend constexpr bool operator==(node_settings const&, node_settings const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
