// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/traffic_budget.hpp>
#include <afterwrite/session/session_options.hpp>

#include "cluster/settings.hpp"
#include "dice.hpp"
#include "fault_kinds.hpp"
#include "sabotage.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace simulation {

/// How the callers of a process keep what they must see.
enum class keeping : std::uint8_t {
    sessions,       ///< a `session` each
    shared_session, ///< one `shared_session` for all of them
    store,          ///< identities of a `session_store`
    small_store,    ///< the same with less room than there are identities
    proxy,          ///< they come through a proxy, which keeps a store
    rival,          ///< another client library, see rivals.hpp
};

/// Which one: see rivals.hpp.
enum class rival : std::uint8_t { none, vault_go, vault_agent, openbao_go };

struct process_plan {
    keeping how = keeping::sessions;
    rival as = rival::none;
    sabotage breaks = sabotage::none; ///< a test of the tests
    bool addressable = false; ///< its transport can be sent to an address, and it was told all of them
    bool knows_dialect = false;
    bool knows_cluster = false;
    bool logs_in = false; ///< now and then, and uses the tokens that it gets
    afterwrite::session_options options{};
    afterwrite::traffic_limits traffic{};
    std::size_t programs = 1; ///< of one machine, which share what is kept: more than one if that is a store
};

/// Somebody who does one thing after the other.
struct caller_plan {
    std::size_t process = 0;
    std::size_t program = 0; ///< of its process
    std::size_t site = 0;    ///< the cluster that it works with
    bool wanders = false;    ///< and now and then with another one
    bool likes_best = false; ///< asks for `route::best_node` where that is possible
    std::uint64_t writes_per_mille = 400;
    afterwrite::consistency_policy policy{};
};

/// One thing that is to happen. Its draws are its own, so that leaving out others does not change it.
struct script_line {
    nanoseconds at{};
    std::uint64_t luck = 0;
    bool is_fault = false;
    fault kind{};          ///< of a fault
    std::uint16_t who = 0; ///< of an operation: the caller
};

/// What a seed chooses: the clusters, the clients, and what is to happen. Whoever changes it by hand, or
/// leaves out some of its lines, gets another run that is as repeatable.
struct plan {
    std::uint64_t seed = 1;
    std::vector<cluster::settings> clusters{}; ///< the first may have a follower; a second one is apart
    std::vector<process_plan> processes{};
    std::vector<caller_plan> callers{};
    std::size_t keys = 4; ///< of each log
    nanoseconds calm{};   ///< from then on nothing goes wrong any more
    std::vector<script_line> script{};
};

/// Whether clients use this cluster, which follows another one; or else it stands by for a disaster.
[[nodiscard]] inline bool serves_clients(cluster::settings const& follower)
{
    return follower.follows == cluster::replication_kind::performance;
}

[[nodiscard]] plan draw_plan(std::uint64_t seed, std::size_t operations);

/// Leaves out what gives a key several logs, which a history cannot tell: that a cluster changes its
/// addresses, or a secondary becomes a primary.
void keep_logs_apart(plan& what);

/// In some lines, for people.
[[nodiscard]] std::string describe(plan const& what);

} // namespace simulation
