// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace cluster {

/// What the log says about a token. The text itself is opaque here; one that carries an index (Vault's
/// server-side consistent tokens) is taken apart before it is looked up, see `token_ahead`.
struct token_record {
    std::string accessor;
    std::vector<std::string> policies;
    std::uint64_t uses_left = 0; ///< 0: no limit
    bool root = false;
};

/// A token that is to be made.
struct new_token {
    std::vector<std::string> policies; ///< `default` comes by itself
    std::uint64_t uses = 0;            ///< 0: no limit
    std::string id;                    ///< of the caller's choice; empty: drawn
    bool orphan = false;
    nlohmann::json metadata; ///< null unless a login gives some
};

} // namespace cluster
