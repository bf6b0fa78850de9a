// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "options.hpp"

#include <ostream>
#include <span>
#include <string>

namespace probe {

/// Exit statuses, as --help tells them.
inline constexpr int status_ran = 0;
inline constexpr int status_stale = 1;
inline constexpr int status_unusable = 2;
inline constexpr int status_interrupted = 130; // what a shell reports of a program that SIGINT has ended

/// The outside of a run.
struct surroundings {
    environment variable;
    std::ostream& out;
    std::ostream& err;
    bool err_is_terminal = false;
};

/// The whole program but for its main. Returns the exit status.
[[nodiscard]] int run(std::span<std::string const> arguments, surroundings const& around);

} // namespace probe
