// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "tally.hpp"
#include "target.hpp"

#include <optional>
#include <span>
#include <string>

namespace probe {

/// The line above the table.
[[nodiscard]] std::string table_head();

/// One line of the table.
[[nodiscard]] std::string table_line(measurement const& measured);

/// {"policies":[…]}, with null for what is unknown.
[[nodiscard]] std::string to_json(std::span<measurement const> measured);

/// Of a policy that ignores the index: which share of its reads was stale, by node; and, if that is too
/// little to show what the other policies are worth, that the measurement proves nothing.
[[nodiscard]] std::string judge_baseline(measurement const& measured, target const& cluster);

} // namespace probe
