// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lag.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace cluster {

/// Whose rules the nodes follow.
enum class dialect { vault, openbao };

/// OpenBao's storage; it decides how an index is written. `other` has no index at all.
enum class storage { raft, postgresql, other };

/// What a node makes of an `X-Vault-Index` line that it cannot use: it counts as missing, or as not there, or
/// the whole check ends and the request passes, whatever the other lines say.
enum class unusable_line { missing, ignored, ends_check };

/// How several `X-Vault-Index` lines are taken together.
enum class several_lines { all_of, any_of };

/// How an answer tells of a write that changed this cluster and the primary above it.
enum class answer_lines { one, one_for_each_half };

/// How a secondary follows its primary: it serves its own clients, or it stands by for a disaster.
enum class replication_kind { performance, disaster_recovery };

/// A time in which a node (or the cluster) is not itself; `to` is not included.
struct outage {
    nanoseconds from{};
    nanoseconds to{};
    std::size_t node = 0; ///< used for nodes that are sealed or cut off
};

/// Who can log in, in each of the auth mounts.
struct user {
    std::string name;
    std::string password;
    std::vector<std::string> policies; ///< of the tokens that a login makes; `default` comes by itself
};

/// What a login at a JWT mount must be, and what it gives.
struct jwt_role {
    std::string name;
    std::string audience;                ///< must be in `aud`; empty: any
    std::string user_claim = "sub";      ///< names the alias
    std::vector<std::string> policies{}; ///< of the tokens that a login makes; `default` comes by itself
};

/// An auth mount that trusts one key, and its roles.
struct jwt_mount {
    std::string path = "jwt";
    std::string key; ///< a public key as PEM text (RS256), or else a shared secret (HS256)
    std::vector<jwt_role> roles{};
};

/// What nobody outside knows about Vault Enterprise (its `MissingRequiredState` is not public).
/// The defaults are the strictest towards a client.
struct unknowns {
    unusable_line foreign_cluster = unusable_line::missing; ///< a well signed line of another cluster
    unusable_line malformed = unusable_line::missing;       ///< not an index, or its HMAC does not fit
    several_lines lines = several_lines::all_of;
    answer_lines answers = answer_lines::one;
    bool active_checks_index = true;       ///< the active node answers 412 to an index beyond its log
    nanoseconds hold_before_412{};         ///< a node waits so long for the state before it answers 412
    bool primary_checks_replicated = true; ///< a cluster that follows none compares that half as well
    int stale_token_status = 412;          ///< OpenBao: 412 (so its docs) or 403 (so the code of its review)
    bool standby_index_on_forward = false; ///< OpenBao: a forwarded answer shows the standby's own index
    bool await_adds_floor = false;         ///< OpenBao: the 25 ms come on top of the configured wait (so its
                                           ///< docs), and are not the least of it (so its code)
};

/// Everything that is chosen before the cluster starts.
struct settings {
    dialect speaks = dialect::vault;
    std::size_t performance_standbys = 2; ///< OpenBao: read-enabled standbys; nodes 1..n
    std::size_t plain_standbys = 0;       ///< the nodes after them
    lag_spec lag;
    std::uint64_t seed = 1;
    std::string cluster_id = "3f2a7c1e-5b0d-4e7a-9c66-0d1f2e3a4b5c";
    std::string cluster_name = "emulated";
    std::string hmac_key = "c4f1d2e3-0a9b-4c8d-b7e6-5f4a3b2c1d0e"; ///< Vault signs its indices with it
    std::string root_token = "root";
    std::vector<std::string> mounts = {"kv", "secret"}; ///< KV version 1, there from the beginning
    std::vector<std::string> versioned_mounts;          ///< KV version 2, there from the beginning
    std::vector<std::string> lease_mounts; ///< of type `leases`, there from the beginning: reads make secrets
    std::vector<std::string> auth_mounts = {"userpass"}; ///< below `auth/`; not `token`
    std::vector<jwt_mount> jwt_mounts;                   ///< further ones, whose logins bring a JWT
    std::vector<std::string> local_mounts; ///< those of all mounts above that other clusters do not get
    std::vector<user> users;               ///< there from the beginning, at each of `auth_mounts`
    std::uint64_t first_index = 0;         ///< position of the log before the first write

    bool allow_forwarding_via_header = false; ///< Vault, replication stanza; its default
    std::string allow_forwarding_via_token;   ///< Vault, replication stanza: empty, or `new_token`
    nanoseconds best_effort_wal_wait_duration = std::chrono::seconds(2); ///< Vault, replication stanza
    bool consistent_tokens = false; ///< tokens made from now on carry the index of their making

    std::string consistency_fallback_behavior;       ///< OpenBao listener; empty means `fail`
    bool consistency_missing_header_forward = false; ///< OpenBao listener
    nanoseconds consistency_max_index_wait{};        ///< OpenBao listener; the node waits 25 ms at least
    storage stores = storage::raft;                  ///< OpenBao; Vault: `other` is Consul
    nanoseconds index_cache_age = std::chrono::milliseconds(5); ///< OpenBao: the header check looks at an
                                                                ///< index up to so old; 0: at the newest
    bool cached_index_on_answers = false; ///< OpenBao: answers show the cached index, not a fresh one
    nanoseconds replay_lag{}; ///< PostgreSQL replicas: received (and claimed) so long before visible

    std::uint64_t requests_per_second = 0;    ///< rate-limit quota of each node; 0 is none
    bool rate_limit_response_headers = false; ///< the quota's 429 carries Retry-After
    bool leases_used_up = false;              ///< lease-count quota: no further token can be made
    bool standbys_redirect = false;           ///< a plain standby answers 307 instead of forwarding
    bool forwarding_works = true;  ///< false: the hop to the active node fails, the standby answers 307
    std::vector<outage> no_active; ///< times of election
    std::vector<outage> sealed;    ///< times in which a node is sealed
    std::vector<outage> cut_off;   ///< times in which a node is on the smaller side of a parted network: it
                                   ///< hears nothing of the others, and commits nothing if it is active
    std::vector<outage> syncing;   ///< Vault: times of a merkle sync: no index is judged until its end

    /// Clusters that follow this one, Vault only; their nodes are numbered behind the nodes of this cluster,
    /// and those of an earlier one. What of `mounts` and users is not local they have from here.
    std::vector<settings> secondaries;
    replication_kind follows = replication_kind::performance; ///< of a secondary
    lag_spec upstream_lag;          ///< of a secondary: from the primary's active node to its own
    bool upstream_reachable = true; ///< of a secondary: false: no write can be handed to the primary

    unknowns unknown;
};

/// The settings of a cluster that is to follow `primary`, without lag: as that one, with an id, a name and a
/// seed of its own; `number` tells several apart.
[[nodiscard]] settings secondary_of(settings const& primary,
                                    replication_kind kind = replication_kind::performance,
                                    std::size_t number = 1);

} // namespace cluster
