// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/model.hpp"
#include "dice.hpp"
#include "plan.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace simulation {

/// A node: which of the models, and the node's number there.
struct node_place {
    std::size_t model = 0;
    std::size_t node = 0;

    friend bool operator==(node_place const&, node_place const&) = default;
};

/// One cluster, and what is stored there: the mount `own`, which no other cluster gets, and `kv`. Of a
/// secondary `kv` is its primary's: what is written there goes into the primary's log.
struct site {
    std::string name;
    std::string id;
    cluster::dialect speaks = cluster::dialect::vault;
    std::size_t model = 0;
    std::size_t which = 0; ///< of the model's clusters
    std::vector<std::size_t> nodes{};
    std::size_t leader = 0;  ///< the active node, or who becomes it when the election is over
    bool follows = false;    ///< a secondary
    bool has_new_id = false; ///< not the one of the beginning
    std::optional<std::uint64_t>
        arrived{}; ///< of a primary that was a secondary: so much of its primary's log
};

/// Where a value lies: in the mount that stays in its cluster, or in the one that a secondary shares with its
/// primary; and whose clients use it. (A client of one site may find another one at the addresses.)
struct key_place {
    bool is_own = false;
    std::size_t home = 0;
    std::size_t number = 0;
};

/// The log of a cluster, the store, as it is seen from a site.
struct log_view {
    std::size_t seen_from = 0;
    std::size_t store = 0;

    friend bool operator==(log_view const&, log_view const&) = default;
};

/// The emulated clusters of a run, and the addresses at which they are reached. The clusters are those of
/// tests/cluster, which know nothing of the library; here is only what a simulation does with them.
class world {
public:
    explicit world(plan const& what);

    [[nodiscard]] std::size_t sites() const { return sites_.size(); }
    [[nodiscard]] site const& at(std::size_t number) const { return sites_[number]; }

    /// The site with nothing to do with the first one.
    [[nodiscard]] std::size_t stranger() const { return sites_.size() - 1; }
    [[nodiscard]] bool has_secondary() const { return sites_.size() > 2; }

    [[nodiscard]] std::size_t models() const { return models_.size(); }
    [[nodiscard]] cluster::model& model(std::size_t number) { return models_[number]; }
    [[nodiscard]] cluster::model& model_of(site const& one) { return models_[one.model]; }

    /// The log that a write of this key goes into, which comes in at this site.
    [[nodiscard]] log_view log_at(std::size_t place, key_place const& key) const
    {
        return {place, sites_[place].follows && !key.is_own ? 0 : place};
    }

    /// What a log is called where it is seen from there; empty: it is not.
    [[nodiscard]] std::string log_name(std::size_t seen_from, std::size_t store) const;

    /// How many entries a log has. (What is on its way from a primary, and due, lands first.)
    std::uint64_t end_of(log_view const& log, nanoseconds now);

    [[nodiscard]] static std::string path_of(key_place const& key);

    // Addresses

    /// The addresses that clients know of a site; each leads to a node of whoever is there now.
    [[nodiscard]] std::vector<std::string> const& addresses(std::size_t of) const { return addresses_[of]; }
    [[nodiscard]] std::size_t behind(std::size_t of) const { return behind_[of]; }
    [[nodiscard]] node_place node_at(std::size_t of, std::size_t address) const;

    /// The number of the address that this text is; that of the site and of the address. Not found: throws.
    [[nodiscard]] std::pair<std::size_t, std::size_t> find(std::string_view address) const;

    /// The address of the active node.
    [[nodiscard]] std::string const& active_address(std::size_t of) const;

    // What faults do

    /// This node of a site becomes active, or the next one that is not cut off from the others.
    void elect(std::size_t of, std::size_t place, nanoseconds now, nanoseconds gap);

    /// The smaller part of a site's nodes, as many as luck will have, is cut off from the others: with the
    /// active one or without it. False: there are too few of them.
    bool part(std::size_t of, bool with_active, nanoseconds from, nanoseconds to, dice& luck);

    /// How often the active address of a site has become another one.
    [[nodiscard]] std::uint64_t elections() const { return elections_; }

    /// Whoever was at these two sites' addresses changes places. (The names under which nodes redirect to
    /// each other change too.)
    void swap(std::size_t one, std::size_t other);

    /// The first cluster is gone. The one that stood by for that takes its place.
    void fail_over(nanoseconds now);

    /// Clusters may have become others: their sites get their ids. Whether any did.
    bool follow_ids();

    /// The second site becomes a primary.
    void promote(nanoseconds now);

    /// Forwarding by a field is allowed from now on, or not.
    void allow_forwarding(std::size_t of, bool allowed);

    /// From now on every node is so far behind its cluster's active one, and that of a secondary behind its
    /// primary.
    void set_lag(nanoseconds lag);

private:
    void number_nodes(site& of);
    void name_nodes(std::size_t of);

    std::vector<cluster::model> models_;
    std::vector<site> sites_;
    std::vector<std::vector<std::string>> addresses_;
    std::vector<std::size_t> behind_;
    std::uint64_t elections_ = 0;
};

} // namespace simulation
