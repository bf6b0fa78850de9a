// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "plan.hpp"
#include "report.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace simulation {

/// What many runs come to together.
struct campaign {
    std::uint64_t runs = 0;
    report total{};               ///< sums; its digest is one over those of all seeds, in their order
    std::vector<report> failed{}; ///< the first runs that broke something

    /// The faults that struck in none of the runs.
    [[nodiscard]] std::vector<std::string> idle_faults() const;
};

/// Runs all these seeds, in several threads, each seed in one; the result does not depend on how many.
/// `change` may alter what a seed has chosen, or leave out the seed: false.
[[nodiscard]] campaign run_seeds(std::uint64_t first, std::uint64_t last, std::size_t operations,
                                 std::size_t threads, std::function<bool(plan&)> const& change = {});

} // namespace simulation
