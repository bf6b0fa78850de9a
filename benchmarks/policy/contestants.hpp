// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/consistency_policy.hpp>

#include <span>
#include <string_view>

namespace replay {

/// A way to wait for a node that lags.
struct contestant {
    std::string_view name;
    afterwrite::consistency_policy policy{};
    bool chooses_node = false; ///< among the declared ones; else each read has its one node
    bool is_oracle = false;    ///< no policy: it is told when its one node has the write
};

[[nodiscard]] std::span<contestant const> all_contestants();

/// Null if there is none of this name.
[[nodiscard]] contestant const* find_contestant(std::string_view name);

} // namespace replay
