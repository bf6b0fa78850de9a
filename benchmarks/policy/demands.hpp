// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cell.hpp"

#include <cstdint>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// The figures of a cell that something is demanded of.
enum class figure : std::uint8_t { p50_ms, p99_ms, requests_per_read, active_share, failed_share };

/// How much it matters: who misses a must fails; a goal is where to go; and the study that the default policy
/// comes from has simulated figures which it should not fall behind.
enum class weight : std::uint8_t { must, goal, study };

/// A figure is to be at most this.
struct demand {
    weight how;
    std::string_view model;
    std::string_view policy;
    figure of;
    double most;
    bool times_oracle = false; ///< `most` is of the oracle's figure
};

/// What became of it.
struct verdict {
    demand what;
    double is;
    double most; ///< in the figure's own unit
    bool is_met;
};

[[nodiscard]] std::span<demand const> all_demands();

/// Judges a demand; nothing if its cell was not measured, or the oracle's that it is compared with. A figure
/// that does not exist, for want of an answered read, meets no demand.
[[nodiscard]] std::optional<verdict> judge(demand const& what, std::span<cell const> all);

/// "must  constant, default: p50 at most 1.2 x the oracle's: met, 5.6 of 6.0 ms"
[[nodiscard]] std::string to_string(verdict const& judged);

/// Says of the cells, model by model, what is met and what is missed, and of the study what is not reached.
/// Returns whether no must is missed.
[[nodiscard]] bool report_demands(std::span<cell const> all, std::ostream& out);

} // namespace replay
