// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <ostream>
#include <span>
#include <string>

namespace history {

constexpr int status_right = 0;
constexpr int status_wrong = 1;
constexpr int status_unreadable = 2; ///< some file, whatever the others are

constexpr std::size_t max_witnesses = 20; ///< that are printed of one file

/// Checks each file, and prints what it holds and what is wrong with it. Returns the worst status.
int check_files(std::span<std::string const> names, std::ostream& out, std::ostream& err);

} // namespace history
