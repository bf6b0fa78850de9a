// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"
#include "policy.hpp"
#include "tokens.hpp"
#include "versioned_store.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// A mount; its id keeps what is stored below it apart from a later mount of the same name.
struct mount {
    std::string id;
    std::string type;
    bool versioned = false; ///< KV version 2
    bool local = false;     ///< other clusters do not get it, nor what is stored below it
};

/// A secret that was made for one caller.
struct lease {
    nanoseconds issued{};
};

/// Somebody who has logged in, by whichever aliases.
struct entity {
    struct alias {
        std::string mount;
        std::string name;
    };
    std::string id;
    std::string name;
    std::vector<alias> aliases;
    std::vector<std::string> policies; ///< of all of its tokens
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
    versioned_store<entity> entities;     ///< by id
    versioned_store<std::string> aliases; ///< id of the entity, by auth mount and name there

    /// A copy of what a node at `index` sees.
    [[nodiscard]] stored_data as_of(std::uint64_t index) const;

    /// What of that a performance secondary gets: nothing that is local, no tokens and no leases.
    [[nodiscard]] stored_data shared_as_of(std::uint64_t index,
                                           std::function<bool(std::string_view)> const& is_local) const;

    /// Number of versions.
    [[nodiscard]] std::size_t kept() const;
};

/// Who gets an entry of the log: this cluster and what stands by for it, or those that share its data too.
enum class reach { own, shared };

/// A part of an entry, to be applied by another cluster at an index of its own.
using log_change = std::function<void(stored_data& into, std::uint64_t index, std::uint64_t oldest)>;

/// An entry of the primary's log on its way to a secondary.
struct shipment {
    nanoseconds landing{};
    std::uint64_t index = 0; ///< in the primary's log
    std::vector<log_change> what;
};

/// What a snapshot holds besides: the id of the cluster and its keys are data too.
struct snapshot_data {
    std::string cluster_id;
    std::string cluster_name;
    std::string hmac_key;
    std::string root_token;
    std::uint32_t generation = 0;
    position where;
    stored_data stored;
};

} // namespace cluster
