// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ostream>
#include <span>
#include <string>

namespace replay {

/// Exit statuses, as --help tells them.
inline constexpr int status_met = 0;
inline constexpr int status_missed = 1;
inline constexpr int status_unusable = 2;

/// The whole program but for its main. Returns the exit status.
[[nodiscard]] int run(std::span<std::string const> arguments, std::ostream& out, std::ostream& err);

} // namespace replay
