// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/policy/cluster_and_peers.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/node_hopping.hpp>
#include <afterwrite/policy/node_knowledge.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/policy/traffic_budget.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What has been learned of the cluster behind one set of addresses, and is shared by all exchanges with it.
/// An exchange keeps no reference to it: it is an argument of each call, so the caller may lock per call.
class replication_view {
public:
    static constexpr std::size_t max_nodes = declared_nodes::max_nodes;

    static constexpr std::size_t max_peers = cluster_and_peers::max_peers;

    replication_view() noexcept = default;

    /// For a cluster whose dialect, or id as well, is known beforehand, as from configuration.
    explicit replication_view(dialect form, cluster_id const& cluster = {}) noexcept
        : asked_(cluster), form_(form)
    {}

    /// The cluster that answered last; empty until an answer has told.
    [[nodiscard]] cluster_id const& cluster() const noexcept { return asked_.cluster(); }
    [[nodiscard]] dialect form() const noexcept { return form_; }

    /// An answer came from this cluster. If it is another one than before, these addresses have changed
    /// hands: what was learned of the old one is forgotten.
    void learn(dialect form, cluster_id const& cluster) noexcept
    {
        if (!asked_.cluster().empty() && !(asked_.cluster() == cluster)) {
            ++cluster_changes_;
            ++history_;
            missing_ = {};
            lag_ = {};
            hopping_ = {};
            nodes_.for_each([](node_knowledge& node) { node = {}; });
        }
        form_ = form;
        asked_.set_cluster(cluster);
    }

    /// How often the cluster behind these addresses was another one all of a sudden.
    [[nodiscard]] std::uint32_t cluster_changes() const noexcept { return cluster_changes_; }

    /// States of this other cluster are sent to this one too: the two replicate, and its nodes compare them
    /// with what they have received from there. An *assumption* about Vault Enterprise, which is closed;
    /// nobody outside knows what a node makes of the index of another cluster. Off unless it is called.
    /// False: one peer too many.
    bool add_peer(cluster_id const& cluster) noexcept { return asked_.add_peer(cluster); }

    /// See `add_peer`.
    [[nodiscard]] bool is_peer(cluster_id const& cluster) const noexcept { return asked_.is_peer(cluster); }

    /// What a session asks of a view, to be copied: a session takes it instead of the view itself.
    [[nodiscard]] cluster_and_peers const& asked() const noexcept { return asked_; }

    /// What the cluster has turned out to lack.
    [[nodiscard]] capabilities const& missing() const noexcept { return missing_; }
    [[nodiscard]] capabilities& missing() noexcept { return missing_; }

    /// Whether it is worth asking the server to forward. Vault refuses it with 400 unless it was configured
    /// to.
    [[nodiscard]] bool may_forward(time_point now) const noexcept
    {
        return !missing_.lacks(capability::forwarding, now);
    }

    /// How far the nodes lag, all of them together: speaks for a node of which too little is known.
    [[nodiscard]] replication_lag const& lag() const noexcept { return lag_; }
    [[nodiscard]] replication_lag& lag() noexcept { return lag_; }

    /// Whether it pays to ask another node at once.
    [[nodiscard]] node_hopping const& hopping() const noexcept { return hopping_; }
    [[nodiscard]] node_hopping& hopping() noexcept { return hopping_; }

    /// What exchanges may still cause beside their first attempts.
    [[nodiscard]] traffic_budget const& budget() const noexcept { return budget_; }
    [[nodiscard]] traffic_budget& budget() noexcept { return budget_; }

    /// Allows other amounts than those of `traffic_limits`.
    void limit(traffic_limits const& allowed) noexcept { budget_ = traffic_budget(allowed); }

    /// The nodes that were declared, and what is known of each, and of whoever answers `anywhere`.
    [[nodiscard]] declared_nodes const& nodes() const noexcept { return nodes_; }
    [[nodiscard]] declared_nodes& nodes() noexcept { return nodes_; }

    /// How many histories positions were of, one after the other: who knows of one tells nothing of the next.
    [[nodiscard]] std::uint32_t history() const noexcept { return history_; }

    /// The cluster was restored, or turned out to be another history's: positions mean something else now.
    void forget_positions() noexcept
    {
        ++history_;
        nodes_.for_each([](node_knowledge& node) { node.forget_positions(); });
    }

    /// Declares a node by its address, "https://10.0.0.1:8200". Redirects are followed to declared nodes
    /// alone, so that an index never goes to a stranger; and `route::best_node` chooses among them. False if
    /// it is too long, no address, or one node too many.
    bool add_node(std::string_view address) noexcept { return nodes_.add(address) != anywhere; }

    /// Whether a URL leads to a declared node.
    [[nodiscard]] bool has_node(std::string_view url) const noexcept { return nodes_.find(url) != anywhere; }

    /// The active node's address, as a redirect told or else as declared; empty if unknown.
    [[nodiscard]] std::string_view active_address() const noexcept
    {
        return told_active_.view().empty() ? declared_active_ : told_active_;
    }

    /// Declares which node is active, and thereby the node. An empty address: unknown again. False as
    /// `add_node`. Whoever answers there is taken for the active node: after a failover, declare the new one.
    bool set_active_address(std::string_view address) noexcept
    {
        if (!address.empty() && !add_node(address))
            return false;
        declared_active_ = node_address(origin_of(address));
        told_active_ = {};
        return true;
    }

    /// A redirect leads to this declared node: it is the active one, until another one is declared or told,
    /// or nobody answers there. False: it leads to no declared node.
    bool learn_active_address(std::string_view url) noexcept
    {
        if (!has_node(url))
            return false;
        told_active_ = node_address(origin_of(url));
        return true;
    }

    /// Where a redirect led is not where the active node is now: what was declared holds again, if it was.
    void forget_told_active() noexcept { told_active_ = {}; }

    /// See `declared_nodes::origin_of`.
    [[nodiscard]] static constexpr std::string_view origin_of(std::string_view url) noexcept
    {
        return declared_nodes::origin_of(url);
    }

private:
    cluster_and_peers asked_;
    dialect form_ = dialect::unknown;
    std::uint32_t cluster_changes_ = 0;
    std::uint32_t history_ = 0;
    capabilities missing_;
    node_hopping hopping_;
    traffic_budget budget_;
    replication_lag lag_;
    node_address declared_active_;
    node_address told_active_; ///< by a redirect; empty: none
    declared_nodes nodes_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
