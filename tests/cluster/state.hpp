// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "codec.hpp"
#include "memo.hpp"
#include "model.hpp"
#include "replication.hpp"
#include "steps.hpp"
#include "stored.hpp"

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {

/// One cluster and the steps of a request, one file for each group of them. Nodes are numbered from 0 here.
struct model::state {
    state(settings chosen, std::size_t first, ticket first_ticket, ticket step);

    // model.cpp, run.cpp: the way of a request
    outcome run(std::size_t node, request const& asked, nanoseconds now, std::optional<nanoseconds> deadline);
    outcome finish(std::size_t node, ready_answer ready, call const& from);
    outcome forward(std::size_t node, call& from);
    outcome hold(waiter one);
    outcome resume(ticket id, nanoseconds now);
    outcome simple(std::size_t node, response answer, call const& from);
    response redirect(call const& from);
    std::optional<response> over_quota(std::size_t node, call const& from);
    void rewake();
    std::optional<nanoseconds> arrival(std::size_t node, position wanted) const;
    nanoseconds wake_time(waiter const& one) const;
    nanoseconds clock(nanoseconds now);
    bool is_sealed(std::size_t node, nanoseconds now) const;
    bool is_cut_off(std::size_t node, nanoseconds now) const;
    std::optional<std::size_t> active(nanoseconds now) const;
    std::optional<std::size_t> active_for(std::size_t node, nanoseconds now) const;
    bool commits(std::size_t node, call const& from) const;
    role role_of(std::size_t node, nanoseconds now) const;

    // index.cpp: what an answer says of its writes
    outcome settle(std::size_t node, ready_answer ready, call const& from);
    void add_index(std::size_t node, ready_answer const& from, response& answer, nanoseconds now);

    // gate_vault.cpp, gate_openbao.cpp: headers before the logical layer
    verdict gate_vault(std::size_t node, call& from, std::optional<nanoseconds> deadline);
    verdict gate_openbao(std::size_t node, call& from, std::optional<nanoseconds> deadline);
    demand vault_demand(call const& from);
    bool satisfied(std::size_t node, demand const& wanted, nanoseconds now);
    demand demanded; ///< of the request that the gate just asked to hold

    // dispatch.cpp: token, policy, route
    reply dispatch(std::size_t node, call& from);
    std::optional<reply> outside(std::size_t node, call const& from);
    reply checked(std::size_t node, call& from);
    reply routed(std::size_t node, call& from, token_record const& caller);
    token_check look_ahead(std::size_t node, std::string_view token, nanoseconds now);
    bool allowed(token_record const& caller, call const& from, std::uint64_t at) const;
    position use_token(token_record const& record, call const& from);
    std::optional<response> take_in(call& from) const;

    // The backends, a file each.
    reply key_value(std::size_t node, call& from);
    bool is_newest_route(std::string_view space, std::string_view path) const;
    reply list_values(std::size_t node, call const& from, std::string const& prefix, reach how);
    reply unversioned(std::size_t node, call& from, mount const& where, std::string_view rest);
    reply versioned(std::size_t node, call& from, mount const& where, std::string_view rest);
    reply make_lease(std::size_t node, call const& from, std::string_view rest);
    reply lookup_lease(std::size_t node, call const& from);
    reply health(std::size_t node, call const& from);
    reply leader(std::size_t node, call const& from);
    reply seal_status(std::size_t node, call const& from);
    reply replication_status(std::size_t node, std::string_view which);
    std::string mode_text(replication_kind kind) const;
    reply mounts_path(std::size_t node, call& from, std::string_view rest);
    reply mount_details(std::size_t node, call const& from, std::string_view name);
    reply policies_path(std::size_t node, call& from, std::string_view rest);
    reply token_path(std::size_t node, call& from, std::string_view rest, token_record const& caller);
    reply create_token(std::size_t node, call& from, token_record const& caller);
    reply lookup_token(std::size_t node, call& from, std::string const& token, std::string const& id);
    reply renew_token(call const& from, std::string const& token, std::string const& id);
    reply revoke_token(call const& from, std::string const& id);
    reply issue_token(call const& from, new_token wanted);
    minted mint_token(bool root, position end);
    std::optional<auth_place> find_auth(std::string_view path) const;
    reply login(std::size_t node, call& from, auth_place const& place);
    reply login_by_password(std::size_t node, call& from, auth_place const& place);
    reply login_by_jwt(std::size_t node, call& from, auth_place const& place);
    reply admit(std::size_t node, call& from, auth_place const& place, std::string const& alias,
                new_token wanted);
    std::string known_entity(std::string const& alias, std::uint64_t at) const;
    std::string make_entity(std::string const& key, entity::alias alias, position end, reach how,
                            nanoseconds now);
    reply users_path(std::size_t node, call& from, auth_place const& place);
    reply entities_path(std::size_t node, call& from, std::string_view rest);
    reply wrap(std::size_t node, call const& from, reply done);
    reply unwrap(std::size_t node, call const& from, std::string const& id);

    // What the backends share.
    bool writable(std::size_t node, nanoseconds now) const { return active(now) == node; }
    bool writes_through(std::size_t node, nanoseconds now) const;
    std::uint64_t sees(std::size_t node, nanoseconds now) { return log.visible(node, now).local; }
    position write(nanoseconds now);
    std::string request_id();
    std::string random_letters(std::size_t count);
    bool is_local(std::string_view mount) const;

    /// Stores a part of the entry `end`, and hands it on to the clusters that get it.
    template <class Value>
    void put(versioned_store<Value> stored_data::*store, std::string const& key, std::optional<Value> value,
             position end, reach how, nanoseconds now)
    {
        if (!followers.empty()) {
            ship(end.local, how, now, [=](stored_data& into, std::uint64_t index, std::uint64_t oldest) {
                (into.*store).put(key, value, index, oldest);
            });
        }
        (stored.*store).put(key, std::move(value), end.local, log.oldest_visible(now));
    }

    // upstream.cpp: the primary and those that follow it
    void follow(state& primary);
    void ship(std::uint64_t index, reach how, nanoseconds now, log_change const& what);
    void receive(nanoseconds now);
    void land(shipment const& one);
    void drop_upstream_lag(nanoseconds now);
    void promote();

    // snapshot.cpp: another beginning
    void become(std::string id, std::string key);
    void enable_anew();
    void mount_those_of_the_beginning(bool only_local, std::string const& suffix);

    bool stands_by_for_disaster() const
    {
        return upstream != nullptr && set.follows == replication_kind::disaster_recovery;
    }

    /// What is stored at a path that is not local is written by the primary.
    bool writes_above(reach how) const { return upstream != nullptr && how == reach::shared; }

    /// The primary's active node does it; nothing if it cannot be reached.
    template <class F>
    reply at_primary(nanoseconds now, F const& f)
    {
        auto const there = set.upstream_reachable ? upstream->active(now) : std::nullopt;
        if (!there || upstream->is_cut_off(*there, now)) {
            return unreachable_primary();
        }
        reply done = f(*upstream, *there);
        done.wrote = {0, done.wrote.local};
        receive(now);
        return done;
    }
    static reply unreachable_primary();

    /// Whether a node that sees this much of a store has the newest of the key, wherever that is written.
    template <class Value>
    bool is_newest(versioned_store<Value> stored_data::*store, std::string const& key, position seen,
                   reach how) const
    {
        return writes_above(how) ? !(upstream->stored.*store).changed_after(key, seen.replicated)
                                 : !(stored.*store).changed_after(key, seen.local);
    }

    settings set;
    std::size_t first_node;
    replication log;
    hmac_signer signer;
    random_source names;
    nanoseconds latest{};
    std::size_t leader_node = 0;
    std::vector<role> rest_role; ///< of each node while it is not active
    std::vector<node_counters> counted;
    std::vector<std::string> addresses;

    stored_data stored;
    std::uint32_t generation = 0; ///< tokens of an earlier one are not asked for their index

    state* upstream = nullptr; ///< the cluster that this one follows
    std::vector<state*> followers;
    bool is_namesake = false; ///< it has the id of the cluster that it follows
    bool was_promoted = false;
    std::deque<shipment> arriving; ///< from upstream, in the order of its log
    nanoseconds last_arrival{};
    random_source link; ///< draws the lag of what arrives

    struct quota_window {
        std::int64_t second = -1;
        std::uint64_t used = 0;
    };
    std::vector<quota_window> quota;

    struct cached_index {
        nanoseconds at{-1};
        position where;
    };
    std::vector<cached_index> cached;
    position checked_index(std::size_t node, nanoseconds now);

    std::map<ticket, waiter> waiting;
    ticket last_ticket;
    ticket ticket_step; ///< so that tickets of several clusters differ
    std::uint64_t wakes = 0;

    memo<std::optional<vault_index>> vault_indices; ///< each check of an HMAC costs more than the rest
    memo<openbao_index_result> openbao_indices;
};

} // namespace cluster
