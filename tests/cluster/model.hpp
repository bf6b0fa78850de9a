// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "message.hpp"
#include "settings.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cluster {

/// How far a node is in the cluster's own log and in that of the primary above it.
struct position {
    std::uint64_t local = 0;
    std::uint64_t replicated = 0;

    friend bool operator==(position const&, position const&) = default;
};

/// What a node is at a given time.
enum class role { active, performance_standby, plain_standby };

/// What a node did so far.
struct node_counters {
    std::uint64_t received = 0;    ///< requests that came in at this node
    std::uint64_t served = 0;      ///< answered out of this node's own state, forwarded ones included
    std::uint64_t forwarded = 0;   ///< handed on to the active node
    std::uint64_t redirected = 0;  ///< answered 307
    std::uint64_t refused = 0;     ///< answered 412 or 429 because the index was not there
    std::uint64_t held = 0;        ///< made to wait for their index
    std::uint64_t reads = 0;       ///< reads of KV answered here (404 included)
    std::uint64_t stale_reads = 0; ///< of these, reads whose answer was not the newest any more
};

/// How a request ended, besides the answer itself.
struct answer_note {
    std::size_t served_by = 0; ///< the node whose state gave the answer
    bool forwarded = false;    ///< it went over a hop from a standby to the active node
    bool to_primary = false;   ///< a secondary had its primary write
    bool read = false;         ///< a KV read or list (404 included)
    bool newest = true;        ///< a read: nothing newer had been written at that time
    position seen;             ///< where `served_by` stood
};

/// A held request, to be resumed.
using ticket = std::uint64_t;

/// What a cluster had stored at one position of its log; made by `model::take_snapshot`. Copies share it.
struct snapshot_data;
using snapshot = std::shared_ptr<snapshot_data const>;

/// The end of `handle` or `resume`: an answer, or a ticket and the time to come back.
struct outcome {
    bool held = false;
    ticket id = 0;       ///< of a held request
    nanoseconds until{}; ///< resume then; it may become earlier, see `model::wake_changes`
    response answer;     ///< unless held
    answer_note note;    ///< unless held
};

/// The emulated cluster in virtual time: a pure function of its settings and of the calls, no sockets,
/// no clock, no threads. Node 0 is active at first. Calls must come with times that never go back
/// (an earlier time counts as the latest one). Not thread-safe: the driver sees to that.
///
/// With `settings::secondaries` there are several clusters. Cluster 0 is the one that the others follow;
/// their nodes are numbered behind its nodes, and the first node of each is active at first. Functions that
/// take no `which` speak of all clusters, or of that of the node.
class model {
public:
    explicit model(settings chosen);
    ~model();
    model(model&&) noexcept;
    model& operator=(model&&) noexcept;

    /// A request arrives at node `node`. Time is the one at which the node takes it up.
    outcome handle(std::size_t node, request const& asked, nanoseconds now);

    /// A held request again: the answer, or held on (it came too early). Status 0 for an unknown ticket.
    outcome resume(ticket id, nanoseconds now);

    /// The client of a held request has gone; an unknown ticket is no error.
    void cancel(ticket id);

    /// When a held request is to be resumed, as known now.
    [[nodiscard]] std::optional<nanoseconds> held_until(ticket id) const;

    /// Grows whenever the wake time of some held request may have changed: ask `held_until` again.
    [[nodiscard]] std::uint64_t wake_changes() const;

    /// Number of held requests.
    [[nodiscard]] std::size_t held_count() const;

    [[nodiscard]] std::size_t node_count() const;
    [[nodiscard]] std::size_t cluster_count() const;

    /// The number of the cluster's first node.
    [[nodiscard]] std::size_t first_node(std::size_t which) const;
    [[nodiscard]] settings const& chosen(std::size_t which = 0) const;

    /// The active node at that time; none during an election.
    [[nodiscard]] std::optional<std::size_t> active(nanoseconds now, std::size_t which = 0) const;
    [[nodiscard]] role role_of(std::size_t node, nanoseconds now) const;

    /// Whether the cluster follows another one.
    [[nodiscard]] bool is_secondary(std::size_t which) const;

    /// The end of the log; of a secondary as of the latest call.
    [[nodiscard]] position newest(std::size_t which = 0) const;

    /// What the node has applied at that time.
    position applied(std::size_t node, nanoseconds now);

    /// What the node says that it has: no less than it has applied, see `settings::replay_lag`.
    position claimed(std::size_t node, nanoseconds now);

    /// What of that OpenBao's header check looked at last, see `settings::index_cache_age`.
    [[nodiscard]] position looked_at(std::size_t node) const;

    /// The `X-Vault-Index` text for a position in this cluster's dialect; OpenBao uses `local` only.
    [[nodiscard]] std::string index_text(position where, std::size_t which = 0) const;

    [[nodiscard]] node_counters const& counters(std::size_t node) const;
    void reset_counters();

    /// Where the node is reached; used for `Location` and `leader_address`. Default `http://node-N:8200`.
    void set_address(std::size_t node, std::string address);

    /// Number of key versions kept, for tests of pruning.
    [[nodiscard]] std::size_t kept_versions() const;

    // Faults and other hooks.

    /// Nothing lands at this node from `from` to `to`; what is under way and would land then, waits.
    void stall(std::size_t node, nanoseconds from, nanoseconds to);

    /// Everything that is under way lands at once, at every node.
    void drop_lag(nanoseconds now);

    /// What is on its way from a primary to the active nodes of its secondaries lands at once.
    void drop_upstream_lag(nanoseconds now);

    /// Other lag from the next entry on.
    void set_lag(lag_spec lag, std::size_t which = 0);

    /// Other lag of a secondary behind its primary, from the next entry on.
    void set_upstream_lag(lag_spec lag, std::size_t which);

    /// The log grows by entries of nobody here (other clients): positions rise, no key changes.
    void advance(std::uint64_t entries, nanoseconds now, std::size_t which = 0);

    /// Cluster 0 is a performance secondary of one that is not here, and gets `entries` entries of its log.
    void receive_upstream(std::uint64_t entries, nanoseconds now);

    /// A secondary becomes a primary. What has not arrived never will; the old primary knows nothing of it.
    void promote(std::size_t which, nanoseconds now);

    /// `node` becomes its cluster's active one after `gap`; until then there is none. It has the whole log
    /// then.
    void elect(std::size_t node, nanoseconds now, nanoseconds gap = nanoseconds{0});

    /// The node does not hear of the greater part of its cluster in that time: it applies nothing, and hands
    /// nothing on to an active node of the other side. An active node goes on reading what it has, and
    /// answers 500 to what would have to be committed, until the others `elect` another one. Assumed: they
    /// do not before its lease of leadership has ended, as hashicorp/raft has it, so there are never two.
    void cut_off(std::size_t node, nanoseconds from, nanoseconds to);
    [[nodiscard]] bool is_cut_off(std::size_t node, nanoseconds now) const;

    /// The node is sealed in that time.
    void seal(std::size_t node, nanoseconds from, nanoseconds to);

    /// All that cluster 0 has stored now, at the end of the log: values, tokens, mounts, policies, users,
    /// leases, entities, and the id and the keys of the cluster.
    [[nodiscard]] snapshot take_snapshot() const;

    /// Who the cluster is once it has a snapshot.
    enum class identity { of_snapshot, another };

    /// The cluster is bootstrapped anew and gets the snapshot, not null: its log ends where the snapshot was
    /// taken, at every node, and goes on from there with another history. What was written later is gone.
    /// The id comes back with the data, so the same cluster has a smaller index now; the signing key too, so
    /// indices from before are well signed. Or else it gets `another` id and key, and is a stranger to
    /// whoever knew it. Held requests stay, and are judged when their time comes.
    ///
    /// Assumed of clusters that follow it: they are enabled anew at once, and that empties them (Vault docs,
    /// API, sys/replication, enable performance secondary). They have another id, what the primary shares,
    /// their local mounts without anything in them, and a log that begins there; whoever waits there gets a
    /// 503.
    void restore(snapshot const& saved, nanoseconds now, identity as = identity::of_snapshot);

    /// Changes switches while the cluster runs (not: nodes, keys, cluster id, seed, other clusters).
    void change(settings const& chosen, std::size_t which = 0);

private:
    struct state;
    [[nodiscard]] std::size_t cluster_of(std::size_t node) const;
    [[nodiscard]] state& owner_of(std::size_t node) const;
    [[nodiscard]] std::size_t inside(std::size_t node) const;
    nanoseconds tick(nanoseconds now);

    std::vector<std::unique_ptr<state>> clusters_;
};

} // namespace cluster
