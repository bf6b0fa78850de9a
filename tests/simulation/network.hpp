// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/required_states.hpp>

#include "cluster/message.hpp"
#include "dice.hpp"
#include "errand.hpp"
#include "fault_kinds.hpp"
#include "oracle.hpp"
#include "timeline.hpp"
#include "world.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulation {

/// Which faults there may be now, and how often they have struck.
class weather {
public:
    /// It strikes this share of what it can strike, until then.
    void open(fault kind, std::size_t site, nanoseconds until, std::uint64_t per_mille)
    {
        of_[static_cast<std::size_t>(kind)].push_back({site, until, per_mille});
    }
    void close_all()
    {
        for (auto& each : of_)
            each.clear();
    }

    /// Whether it strikes now; counted.
    bool strikes(fault kind, std::size_t site, nanoseconds now, dice& luck);

    fault_counts struck;

private:
    struct window {
        std::size_t site;
        nanoseconds until;
        std::uint64_t per_mille;
    };
    std::array<std::vector<window>, fault_kinds> of_;
};

/// By whom an answer is recorded, and what decides what that makes of it.
struct recording {
    std::size_t caller;
    std::size_t process;
    std::size_t scope;
    afterwrite::cluster_id believed; ///< the cluster that was known when the operation began; empty: none
    bool was_fenced;                 ///< what the answered attempt carried
    bool was_checked;                ///< it asked a node itself, which can compare
    std::uint64_t epoch;             ///< of that cluster, when the attempt was sent
    afterwrite::time_point begun;    ///< by the clock of the process
    cluster::position settled;       ///< what was required then, and surely older than the request
    bool is_clients_own;             ///< a proxy sent it as its client said, and carried nothing
};

/// An answer that is to be recorded once more.
struct late_record {
    afterwrite::required_states carried;
    recording by;
    std::uint64_t generation; ///< of the process
};

/// One attempt on its way.
struct flight {
    std::size_t operation = 0; ///< whose it is
    std::uint64_t attempt = 0; ///< of all attempts of the run: which one
    std::size_t site = 0;      ///< at whose address
    std::size_t address = 0;
    errand what{};
    cluster::request asked{};
    dice luck{0};

    cluster::response answer{};
    std::optional<nanoseconds> answered{};          ///< when a node did
    bool forwarding_was_off = false;                ///< then
    bool is_broken = false;                         ///< there is no answer
    bool was_sent = true;                           ///< and a connection there was
    bool is_cached = false;                         ///< not the server's answer, but an old one
    bool is_altered = false;                        ///< its index is not the one that the server answered
    bool is_forged = false;                         ///< ... and can be read
    bool is_huge = false;                           ///< ... and cannot, but is taken for one past a bound
    bool is_joined = false;                         ///< an older index came with it
    bool is_shadow = false;                         ///< the same request once more: its answer goes nowhere
    bool repeats = false;                           ///< its answer is to be recorded twice
    bool is_appended = false;                       ///< the node that it came to died before it was committed
    cluster::position had{};                        ///< what the node had that answered, or refused
    cluster::position claimed{};                    ///< what that one said that it has, when it answered
    cluster::position looked_at{};                  ///< what that one looked at, when it refused
    std::uint64_t end_of_log = 0;                   ///< of its cluster, then
    std::optional<cluster::position> had_in_vain{}; ///< it was refused or held by a node that had that
    std::unique_ptr<late_record> late{};

    node_place node{};                 ///< that it arrived at
    log_view log{};                    ///< where it was executed, seen from the site that answered
    std::optional<version> executed{}; ///< of a write: its version, once it is executed
    std::optional<sight> seen{};       ///< of a read: what it showed

    std::optional<cluster::ticket> held{};
    nanoseconds armed{}; ///< when the node looks at it again
    bool is_used = false;
};

/// Carries requests to nodes and answers back, in virtual time, over ways that may be as bad as the weather.
class network {
public:
    /// `has_cache`: a proxy on the way keeps answers, to give them to others one day (fault::old_cache).
    network(world& servers, oracle& truth, index_book& book, timeline& time, weather& sky, bool has_cache)
        : servers_(servers), truth_(truth), book_(book), time_(time), sky_(sky), has_cache_(has_cache)
    {}

    /// Sends a request to an address of a site.
    void send(std::size_t operation, std::size_t site, std::size_t address, errand const& what,
              cluster::request const& asked, dice luck);

    /// What `timeline` says is due.
    void arrive(std::size_t id);
    void wake(std::size_t id);

    [[nodiscard]] flight& at(std::size_t id) { return flights_[id]; }
    void release(std::size_t id);

    /// To be called after anything that may change what held requests wait for.
    void look_at_held();

    /// An active node that is about to die: it does, when the next write comes.
    void arm_crash(std::size_t site, bool before) { crash_ = {site, before}; }

    /// What comes in to be written into a site's log is appended, and not committed any more, for the active
    /// node is about to die. False: another one is just about to.
    bool begin_dying(std::size_t store);

    /// It does. The next one has the first of what was appended, or none, and commits it as soon as it is
    /// active; the rest is lost. Nobody is answered.
    void die(fault kind, dice& luck);

    /// Nodes are gone: whatever waits there is not answered, and what they had not committed is lost.
    void bury_nodes(dice& luck);

    /// Nodes that no connection can be made to, until then.
    void cut_off(std::size_t site, std::size_t address, nanoseconds until) { cut_[{site, address}] = until; }
    void heal();

    /// What was answered before is of a history that is no more, and comes from nowhere again.
    void forget_answers()
    {
        older_.clear();
        cache_.clear();
        forgotten_ = attempts_;
    }

    /// Whether who comes to this site may have taken one cluster for another.
    [[nodiscard]] bool has_mixed_clusters(std::size_t site) const
    {
        bool const was_swapped = site == 0 || site == servers_.stranger();
        return (was_swapped && sky_.struck[fault::taken_over] > 0) || servers_.at(site).has_new_id ||
               mixed_at_.contains(site);
    }

    /// Whether an answer from this site's addresses ever lost its index.
    [[nodiscard]] bool has_dropped_indices(std::size_t site) const { return dropped_at_.contains(site); }

    /// How often this value was written more than once, but for requests that somebody on the way doubled.
    [[nodiscard]] int repetitions_of(std::uint64_t value) const
    {
        auto const found = executions_.find(value);
        return found == executions_.end() ? 0 : found->second - 1;
    }
    void forget(std::uint64_t value) { executions_.erase(value); }

private:
    flight& add();
    void settle(std::size_t id, cluster::outcome result);
    void finish(std::size_t id);
    void break_off(std::size_t id, nanoseconds after, bool sent = true);
    bool crash(std::size_t id, bool before);
    bool append(std::size_t id);
    void commit(std::size_t id);
    [[nodiscard]] bool is_gone(node_place const& node, std::size_t site) const;
    void elect_another(std::size_t of, dice& luck, nanoseconds gap);
    bool answer_instead(std::size_t id);
    void note_execution(flight& one, std::uint64_t before);
    void note_sight(flight& one);
    static void note_cache(flight& one);

    void spoil_index(flight& one);
    void deliver_at(std::size_t id, nanoseconds when);

    world& servers_;
    oracle& truth_;
    index_book& book_;
    timeline& time_;
    weather& sky_;
    std::deque<flight> flights_;
    std::vector<std::size_t> unused_;
    std::vector<std::size_t> held_;
    std::vector<std::uint64_t> wakes_ = std::vector<std::uint64_t>(2);
    std::map<std::pair<std::size_t, std::size_t>, nanoseconds> cut_;
    /// Of a proxy on the way to each site, which knows no index.
    std::map<std::pair<std::size_t, std::string>, cluster::response> cache_;
    std::map<std::size_t, std::string> older_; ///< the last index that a site answered
    std::optional<std::pair<std::size_t, bool>> crash_;
    std::optional<std::size_t> dying_;  ///< the log that nothing is committed to
    std::vector<std::size_t> appended_; ///< to that, in this order
    std::unordered_map<std::uint64_t, int>
        executions_; ///< of a value, but for doubled requests, while its operation lasts
    std::uint64_t attempts_ = 0;
    std::uint64_t forgotten_ = 0; ///< attempts up to this one belong to a history that is no more
    std::set<std::size_t> dropped_at_;
    std::set<std::size_t> mixed_at_;
    bool has_cache_;
};

/// Makes an index field say something else.
void spoil(std::string& text, fault kind, index_book& book, dice& luck);

} // namespace simulation
