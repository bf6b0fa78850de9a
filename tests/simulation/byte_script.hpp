// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "plan.hpp"

#include <cstddef>
#include <cstdint>
#include <span>

namespace simulation {

/// No more than so many lines of a byte script are read.
inline constexpr std::size_t longest_byte_script = 400;

/// What any bytes say as a script: for a fuzzer. The first two choose the clusters and clients, as those of
/// the seed that is one more than their number. Of each four of the others the first is the number of the
/// fault that strikes, or past those of the caller that does something; the second says how long after what
/// came before, in 50 us; and the last two draw the rest. What is missing at the end is 0.
[[nodiscard]] plan read_byte_script(std::span<std::uint8_t const> bytes);

} // namespace simulation
