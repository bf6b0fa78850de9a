// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cluster {

/// What the log says about a token. The text itself is opaque here; one that carries an index (a server-side
/// consistent token) is taken apart before it is looked up, see `look_ahead`.
struct token_record {
    std::string accessor;
    std::vector<std::string> policies;
    std::uint64_t uses_left = 0; ///< 0: no limit
    bool root = false;
    std::string entity{}; ///< id of whoever logged in; empty: nobody did
};

/// A token that is to be made.
struct new_token {
    std::vector<std::string> policies; ///< `default` comes by itself
    std::uint64_t uses = 0;            ///< 0: no limit
    std::string id;                    ///< of the caller's choice; empty: drawn
    bool orphan = false;
    nlohmann::json metadata; ///< null unless a login gives some
    std::string entity{};    ///< id of whoever logs in
};

} // namespace cluster
