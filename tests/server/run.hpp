// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ostream>
#include <span>
#include <string>

namespace server {

inline constexpr int status_passed = 0;
inline constexpr int status_failed = 1;
inline constexpr int status_unusable = 2;      ///< no server that could be checked
inline constexpr int status_interrupted = 130; ///< by a signal

/// The whole program but for its main. Returns the exit status.
[[nodiscard]] int run(std::span<std::string const> arguments, std::ostream& out, std::ostream& err);

} // namespace server
