// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cluster {

/// What the log says about a token. The text itself is opaque here; a token that carries an index
/// (Vault's server-side consistent tokens) would be taken apart where `checked` looks the token up.
struct token_record {
    std::string accessor;
    std::vector<std::string> policies;
    std::uint64_t uses_left = 0; ///< 0: no limit
    bool root = false;
};

} // namespace cluster
