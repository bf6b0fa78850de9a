// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whose states may be sent to a set of addresses: what a session asks of a `replication_view`, small enough
/// to be copied out of one, so that no lock of it is held while a session is asked. One thread at a time.
class cluster_and_peers {
public:
    /// How many clusters can be declared to replicate with this one: a primary and its secondaries are few.
    static constexpr std::size_t max_peers = 4;

    cluster_and_peers() noexcept {}
    explicit cluster_and_peers(cluster_id const& cluster) noexcept : cluster_(cluster) {}

    /// Costs what is held, not the room for it.
    cluster_and_peers(cluster_and_peers const& other) noexcept { copy(other); }
    cluster_and_peers& operator=(cluster_and_peers const& other) noexcept
    {
        if (this != &other)
            copy(other);
        return *this;
    }
    ~cluster_and_peers() = default;

    /// Empty if it is not known.
    [[nodiscard]] cluster_id const& cluster() const noexcept { return cluster_; }
    void set_cluster(cluster_id const& cluster) noexcept { cluster_ = cluster; }

    /// See `replication_view::add_peer`.
    bool add_peer(cluster_id const& cluster) noexcept
    {
        if (is_peer(cluster))
            return true;
        if (peer_count_ == max_peers)
            return false;
        peers_[peer_count_++] = cluster;
        return true;
    }

    /// See `replication_view::add_peer`.
    [[nodiscard]] bool is_peer(cluster_id const& cluster) const noexcept
    {
        for (std::size_t i = 0; i < peer_count_; ++i)
            if (peers_[i] == cluster)
                return true;
        return false;
    }

private:
    void copy(cluster_and_peers const& other) noexcept
    {
        cluster_ = other.cluster_;
        peer_count_ = other.peer_count_;
        for (std::size_t i = 0; i < peer_count_; ++i)
            peers_[i] = other.peers_[i];
    }

    cluster_id cluster_;
    std::size_t peer_count_ = 0;
    cluster_id peers_[max_peers];
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
