// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "target.hpp"

#include <optional>
#include <string>

namespace probe {

/// What the first try brought to light.
struct preflight_result {
    std::optional<std::string> problem{};  ///< what is wrong, and what to do
    std::optional<std::string> leftover{}; ///< why the key of the try may still be there
    bool has_index = false;                ///< a write answers an index
};

/// Tries once what the measurement will do often: reaches each node, writes, reads and deletes one key of the
/// probe's own folder. Teaches the target its dialect. A signal cuts it short, but for the deletion.
[[nodiscard]] preflight_result preflight(target& cluster);

} // namespace probe
