// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

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
    std::string token_id;           ///< by which the store knows it
    bool taken_in = false;          ///< what follows has been read
    nlohmann::json body;            ///< the object in the body
    std::uint64_t wrap_seconds = 0; ///< `X-Vault-Wrap-TTL`; 0: the answer is not to be wrapped

    /// By its method it writes.
    [[nodiscard]] bool writes() const { return asked.method == "POST" || asked.method == "PUT"; }
};

/// What serving a request gave.
struct reply {
    response answer;
    bool forward = false; ///< only the active node can do this
    position wrote{}; ///< the last entries that it made in this cluster's log and in the primary's; 0: none
    bool logical = true; ///< not one of the paths outside the logical layer (sys/health, sys/leader)
    bool raw = false;    ///< a body that was not made here (sys/wrapping/unwrap)
    bool read = false;   ///< a read of KV
    bool newest = true;

    [[nodiscard]] bool modified() const { return wrote != position{}; }
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
    std::string_view rest;          ///< behind the mount and its slash
    jwt_mount const* jwt = nullptr; ///< its logins bring a JWT; null: a password
    bool local = false;

    [[nodiscard]] bool logs_in() const
    {
        return jwt != nullptr ? rest == "login" : rest.starts_with("login/");
    }
};

/// What the text of a token says before anybody looks it up.
struct token_check {
    std::string id;            ///< by which the store knows it
    std::optional<reply> ends; ///< the request goes no further with it
};

/// A fresh token.
struct minted {
    std::string text; ///< for its holder
    std::string id;   ///< for the store
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

/// An answer that is ready, at the node that made it.
struct ready_answer {
    std::size_t server = 0;
    bool forwarded = false;
    reply done;
};

/// A request that waits at a node.
struct waiter {
    std::size_t node = 0; ///< that it came to
    request asked;
    std::size_t where = 0; ///< the node that must have what is wanted
    demand wanted;
    nanoseconds deadline{};
    nanoseconds until{};
    std::optional<ready_answer> ready{}; ///< it has been done, and only its answer waits
};

} // namespace cluster
