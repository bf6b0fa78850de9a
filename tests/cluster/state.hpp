// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "codec.hpp"
#include "model.hpp"
#include "policy.hpp"
#include "replication.hpp"
#include "tokens.hpp"
#include "versioned_store.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cluster {

/// A mount; its id keeps what is stored below it apart from a later mount of the same name.
struct mount {
    std::string id;
    std::string type;
};

/// A secret that was made for one caller.
struct lease {
    nanoseconds issued{};
};

/// All that the log of a cluster has made: what a snapshot holds.
struct stored_data {
    versioned_store<mount> mounts;
    versioned_store<policy> policies;
    versioned_store<token_record> tokens;
    versioned_store<std::string> values; ///< JSON texts
    versioned_store<user> users;
    versioned_store<std::string> wrapped; ///< bodies of answers, under the token that unwraps them
    versioned_store<lease> leases;

    /// A copy of what a node at `index` sees.
    [[nodiscard]] stored_data as_of(std::uint64_t index) const;

    /// Number of versions.
    [[nodiscard]] std::size_t kept() const;
};

/// What a snapshot holds besides: the id of the cluster and its keys are data too.
struct snapshot_data {
    std::string cluster_id;
    std::string cluster_name;
    std::string hmac_key;
    std::string root_token;
    position where;
    stored_data stored;
};

/// A request on its way through the nodes.
struct call {
    request const& asked;
    std::size_t entry; ///< the node that it came to
    nanoseconds now;
    std::string_view path;          ///< below `/v1/`, without the query, not decoded
    std::string decoded;            ///< the same, decoded; a list ends in a slash (Vault http/logical.go)
    bool lists = false;             ///< LIST, or GET with list=true
    std::string_view query;         ///< behind the `?`
    std::string name_space;         ///< `X-Vault-Namespace` without slashes around it
    std::string token;              ///< the caller's, once it has been looked at
    bool taken_in = false;          ///< what follows has been read
    nlohmann::json body;            ///< the object in the body
    std::uint64_t wrap_seconds = 0; ///< `X-Vault-Wrap-TTL`; 0: the answer is not to be wrapped
};

/// What serving a request gave.
struct reply {
    response answer;
    bool forward = false;  ///< only the active node can do this
    bool modified = false; ///< storage was written
    bool logical = true;   ///< not one of the paths outside the logical layer (sys/health, sys/leader)
    bool raw = false;      ///< a body that was not made here (sys/wrapping/unwrap)
    bool read = false;     ///< a read of KV
    bool newest = true;
};

/// This node cannot do it.
[[nodiscard]] inline reply elsewhere()
{
    reply done;
    done.forward = true;
    return done;
}

/// Where a user of an auth mount is stored.
[[nodiscard]] std::string user_key(std::string_view mount, std::string_view name_space,
                                   std::string_view name);

/// A path below `auth/` taken apart.
struct auth_place {
    std::string_view mount;
    std::string_view rest; ///< behind the mount and its slash
};

/// What the headers of a request make of it, before anything is done.
struct verdict {
    enum class kind { serve, forward, answer, hold };
    kind what = kind::serve;
    response answer;
    nanoseconds until{};
};

/// Positions that a request demands of the node; `never` is what no node can satisfy.
struct demand {
    std::vector<position> all;
    std::vector<position> any; ///< if not empty, one of these is enough
    bool never = false;
};

/// A request that waits at a node.
struct waiter {
    std::size_t node = 0;
    request asked;
    demand wanted;
    nanoseconds deadline{};
    nanoseconds until{};
};

/// The state of the cluster and the steps of a request, one file for each group of them.
struct model::state {
    explicit state(settings chosen);

    // model.cpp: the way of a request
    outcome run(std::size_t node, request const& asked, nanoseconds now, std::optional<nanoseconds> deadline);
    outcome finish(std::size_t node, std::size_t server, bool forwarded, reply done, call const& from);
    outcome forward(std::size_t node, call& from);
    outcome hold(std::size_t node, request const& asked, demand const& wanted, nanoseconds deadline,
                 nanoseconds until);
    outcome simple(std::size_t node, response answer, call const& from);
    response redirect(call const& from);
    std::optional<response> over_quota(std::size_t node, call const& from);
    void add_index(std::size_t node, std::size_t server, bool forwarded, reply const& done, response& answer,
                   nanoseconds now);
    void rewake();
    nanoseconds wake_time(waiter const& one) const;
    nanoseconds clock(nanoseconds now);
    bool is_sealed(std::size_t node, nanoseconds now) const;
    std::optional<std::size_t> active(nanoseconds now) const;
    role role_of(std::size_t node, nanoseconds now) const;

    // gate_vault.cpp, gate_openbao.cpp: headers before the logical layer
    verdict gate_vault(std::size_t node, call& from, std::optional<nanoseconds> deadline);
    verdict gate_openbao(std::size_t node, call& from, std::optional<nanoseconds> deadline);
    demand vault_demand(call const& from);
    bool satisfied(std::size_t node, demand const& wanted, nanoseconds now);
    std::optional<vault_index> known_index(std::string_view text);
    demand demanded; ///< of the request that the gate just asked to hold

    // dispatch.cpp: token, policy, route
    reply dispatch(std::size_t node, call& from);
    reply checked(std::size_t node, call& from);
    reply routed(std::size_t node, call& from, token_record const& caller);
    std::optional<response> token_ahead(std::size_t node, std::string_view token, nanoseconds now);
    bool allowed(token_record const& caller, call const& from, std::uint64_t at) const;
    void use_token(std::string const& token, token_record const& record, reply& done, nanoseconds now);
    std::optional<response> take_in(call& from) const;

    // kv.cpp, leases.cpp, sys.cpp, mounts.cpp, tokens.cpp, logins.cpp, wrapping.cpp: the backends
    reply key_value(std::size_t node, call& from);
    reply make_lease(std::size_t node, call const& from, std::string_view rest);
    reply lookup_lease(std::size_t node, call const& from);
    reply health(std::size_t node, call const& from);
    reply leader(std::size_t node, call const& from);
    reply seal_status(std::size_t node, call const& from);
    reply replication_status(std::size_t node);
    reply mounts_path(std::size_t node, call& from, std::string_view rest);
    reply policies_path(std::size_t node, call& from, std::string_view rest);
    reply token_path(std::size_t node, call& from, std::string_view rest, token_record const& caller);
    reply create_token(std::size_t node, call& from, token_record const& caller);
    reply lookup_token(std::size_t node, call& from, std::string const& token);
    reply issue_token(call const& from, new_token wanted);
    std::string token_text(bool root, position end);
    std::optional<auth_place> find_auth(std::string_view path) const;
    reply login(std::size_t node, call const& from, auth_place const& place);
    reply users_path(std::size_t node, call const& from, auth_place const& place);
    reply wrap(std::size_t node, call const& from, reply done);
    reply unwrap(std::size_t node, call const& from, std::string const& token);

    // What the backends share.
    bool writable(std::size_t node, nanoseconds now) const { return active(now) == node; }
    bool writes_through(std::size_t node, nanoseconds now) const;
    std::uint64_t sees(std::size_t node, nanoseconds now) { return log.visible(node, now).local; }
    position write(nanoseconds now);
    std::string request_id();
    std::string random_letters(std::size_t count);

    settings set;
    replication log;
    hmac_signer signer;
    random_source names;
    nanoseconds latest{};
    std::size_t leader_node = 0;
    std::vector<role> rest_role; ///< of each node while it is not active
    std::vector<node_counters> counted;
    std::vector<std::string> addresses;

    stored_data stored;

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
    ticket last_ticket = 0;
    std::uint64_t wakes = 0;

    std::unordered_map<std::string, std::optional<vault_index>> parsed; ///< bounded; see known_index
};

} // namespace cluster
