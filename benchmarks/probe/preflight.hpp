// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "target.hpp"

#include <optional>
#include <string>

namespace probe {

/// Tries once what the measurement will do often: reaches each node, writes, reads and deletes one key of the
/// probe's own folder. Teaches the target its dialect, and tells whether a write answers an index. Returns a
/// sentence that says what is wrong and what to do, or nothing.
[[nodiscard]] std::optional<std::string> preflight(target& cluster, bool& has_index);

} // namespace probe
