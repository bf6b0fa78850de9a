// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace proxy_load {

inline constexpr int status_missed = 1;   ///< the must is missed
inline constexpr int status_unusable = 2; ///< nothing could be measured

/// The benchmark's main, with the words of the command line behind its name.
int run(std::vector<std::string> const& arguments, std::ostream& out, std::ostream& err);

} // namespace proxy_load
