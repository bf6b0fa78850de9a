// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/ascii_case.hpp>
#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What has been learned of the cluster behind one set of addresses, and is shared by all exchanges with it.
/// An exchange keeps no reference to it: it is an argument of each call, so the caller may lock per call.
class replication_view {
public:
    /// The longest address that is kept, in bytes: a scheme, a DNS name (253, RFC 1035) and a port.
    static constexpr std::size_t max_address = 272;

    /// How many nodes can be declared; clusters have 3 to 7.
    static constexpr std::size_t max_nodes = 16;

    /// A server that refused to forward is asked again after this time: its configuration may have changed.
    static constexpr duration refusal_memory = std::chrono::minutes(10);

    /// How many clusters can be declared to replicate with this one: a primary and its secondaries are few.
    static constexpr std::size_t max_peers = 4;

    replication_view() noexcept = default;

    /// For a cluster whose dialect, or id as well, is known beforehand, as from configuration.
    explicit replication_view(dialect form, cluster_id const& cluster = {}) noexcept
        : cluster_(cluster), form_(form)
    {}

    /// The cluster that answered last; empty until an answer has told.
    [[nodiscard]] cluster_id const& cluster() const noexcept { return cluster_; }
    [[nodiscard]] dialect form() const noexcept { return form_; }

    /// An answer came from this cluster. If it is another one than before, these addresses have changed
    /// hands: what was learned of the old one is forgotten.
    void learn(dialect form, cluster_id const& cluster) noexcept
    {
        if (!cluster_.empty() && !(cluster_ == cluster)) {
            ++cluster_changes_;
            asks_to_forward_again_ = time_point::min();
        }
        form_ = form;
        cluster_ = cluster;
    }

    /// How often the cluster behind these addresses was another one all of a sudden.
    [[nodiscard]] std::uint32_t cluster_changes() const noexcept { return cluster_changes_; }

    /// States of this other cluster are sent to this one too: the two replicate, and its nodes compare them
    /// with what they have received from there. An *assumption* about Vault Enterprise, which is closed;
    /// nobody outside knows what a node makes of the index of another cluster. Off unless it is called.
    /// False: one peer too many.
    bool add_peer(cluster_id const& cluster) noexcept
    {
        if (is_peer(cluster))
            return true;
        if (peer_count_ == max_peers)
            return false;
        peers_[peer_count_++] = cluster;
        return true;
    }

    /// See `add_peer`.
    [[nodiscard]] bool is_peer(cluster_id const& cluster) const noexcept
    {
        for (std::size_t i = 0; i < peer_count_; ++i)
            if (peers_[i] == cluster)
                return true;
        return false;
    }

    /// Whether it is worth asking the server to forward. Vault refuses it with 400 unless it was configured
    /// to.
    [[nodiscard]] bool may_forward(time_point now) const noexcept { return now >= asks_to_forward_again_; }

    /// The server has refused to forward.
    void forwarding_was_refused(time_point now) noexcept
    {
        asks_to_forward_again_ = later(now, refusal_memory);
    }

    /// Declares a node by its address, "https://10.0.0.1:8200". Redirects are followed to declared nodes
    /// alone, so that an index never goes to a stranger. False if it is too long, no address, or one node too
    /// many.
    bool add_node(std::string_view address) noexcept
    {
        auto const origin = origin_of(address);
        if (origin.empty() || !node_address::fits(origin))
            return false;
        if (has_node(origin))
            return true;
        if (node_count_ == max_nodes)
            return false;
        nodes_[node_count_++] = node_address(origin);
        return true;
    }

    /// Whether a URL leads to a declared node.
    [[nodiscard]] bool has_node(std::string_view url) const noexcept
    {
        auto const origin = origin_of(url);
        for (std::size_t i = 0; i < node_count_; ++i)
            if (equal_ignoring_case(nodes_[i], origin))
                return true;
        return false;
    }

    /// The active node's address, as declared or as a redirect told; empty if unknown.
    [[nodiscard]] std::string_view active_address() const noexcept { return active_; }

    /// Declares which node is active, and thereby the node. An empty address: unknown again. False as
    /// `add_node`. Whoever answers there is taken for the active node: after a failover, declare the new one.
    bool set_active_address(std::string_view address) noexcept
    {
        if (!address.empty() && !add_node(address))
            return false;
        active_ = node_address(origin_of(address));
        return true;
    }

    /// Scheme, host and port of a URL: what stands before its path; empty if it is none of http or https.
    [[nodiscard]] static constexpr std::string_view origin_of(std::string_view url) noexcept
    {
        for (std::string_view const scheme : {"http://", "https://"})
            if (url.size() > scheme.size() && equal_ignoring_case(url.substr(0, scheme.size()), scheme)) {
                std::size_t end = scheme.size();
                while (end < url.size() && url[end] > ' ' && url[end] < 0x7f && url[end] != '/' &&
                       url[end] != '?' && url[end] != '#' && url[end] != '@')
                    ++end;
                bool const is_whole = end == url.size() || url[end] == '/' || url[end] == '?';
                return is_whole && end > scheme.size() ? url.substr(0, end) : std::string_view{};
            }
        return {};
    }

private:
    using node_address = inline_string<max_address>;

    cluster_id cluster_;
    dialect form_ = dialect::unknown;
    std::uint32_t cluster_changes_ = 0;
    time_point asks_to_forward_again_ = time_point::min();
    node_address active_;
    std::size_t node_count_ = 0;
    node_address nodes_[max_nodes];
    std::size_t peer_count_ = 0;
    cluster_id peers_[max_peers];
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
