// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "plan.hpp"

#include <string>
#include <string_view>

namespace simulation {

/// Leaves out of a script whatever is not needed to break this invariant still: first what comes after, then
/// ever smaller parts.
[[nodiscard]] plan shrink(plan what, std::string_view invariant);

/// A script that breaks this invariant, for people: its lines, and what happened until it was broken.
[[nodiscard]] std::string tell_script(plan const& what, std::string_view invariant);

} // namespace simulation
