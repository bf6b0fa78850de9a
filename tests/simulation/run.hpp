// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "journal.hpp"
#include "plan.hpp"
#include "report.hpp"

namespace simulation {

/// Does what a plan says, from beginning to end. The same plan gives the same report, bit by bit.
[[nodiscard]] report run(plan const& what, journal const& into = {});

} // namespace simulation
