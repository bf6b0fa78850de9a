// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace probe {

/// A way to read after a write, as it is called on the command line.
struct named_policy {
    std::string_view name;
    afterwrite::consistency_policy policy;
    bool promises_consistency = true; ///< no answer 2xx may ever be stale
    bool openbao_only = false;
};

/// All of them, in the order in which they are measured.
[[nodiscard]] std::span<named_policy const> all_policies();

/// Null if there is none of this name.
[[nodiscard]] named_policy const* find_policy(std::string_view name);

/// Those chosen by name, or all if none was, that this dialect has.
[[nodiscard]] std::vector<named_policy> choose_policies(std::span<std::string const> names,
                                                        afterwrite::dialect form);

} // namespace probe
