// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rows.hpp"

#include <string>
#include <utility>

namespace cluster {

/// What rows about consistent tokens are tuned to and begin with.
inline void consistent(settings& set) { set.consistent_tokens = true; }

inline void consistent_on_other_storage(settings& set)
{
    consistent(set);
    set.stores = storage::other;
}

inline void make_token(scene& place) { place.make_token(); }

inline void make_token_and_land(scene& place)
{
    place.make_token();
    place.land();
}

/// The header line with the token that was made.
inline std::pair<std::string, std::string> const own{"X-Vault-Token", "@token"};

/// A read with it, and further header lines.
[[nodiscard]] inline request with(field_list more = {})
{
    more.push_back(own);
    return ask_as_nobody("GET", "kv/foo", std::move(more));
}

} // namespace cluster
