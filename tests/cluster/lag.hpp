// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "random.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// Virtual time and durations of the cluster, in nanoseconds since the start of the model.
using nanoseconds = std::chrono::nanoseconds;

/// How long a log entry takes from the active node to a follower.
enum class lag_shape { none, constant, lognormal, bimodal };

/// A time in which nothing lands at a follower; what would land then lands at `to`.
struct stall_window {
    nanoseconds from{};
    nanoseconds to{};
    std::optional<std::size_t> node; ///< number of the one node that stalls; all followers if absent
};

/// The lag of the followers, as written by `parse_lag`.
struct lag_spec {
    lag_shape shape = lag_shape::none;
    nanoseconds typical{};   ///< constant: the lag; lognormal: its median; bimodal: the usual lag
    nanoseconds rare{};      ///< bimodal: the other lag
    double sigma = 1.0;      ///< lognormal: standard deviation of the logarithm
    double rare_share = 0.0; ///< bimodal: probability of `rare`, 0..1
    bool shared = false;     ///< one draw an entry for all followers, instead of one for each follower
    std::vector<stall_window> stalls;

    /// One lag out of this distribution; stalls are not part of it.
    [[nodiscard]] nanoseconds draw(random_source& random) const;

    /// The time at which an entry that would land at `landing` at node `node` lands in fact.
    [[nodiscard]] nanoseconds after_stalls(nanoseconds landing, std::size_t node) const;
};

/// What `parse_lag` found: a specification, or a sentence that says what is wrong.
struct lag_result {
    std::optional<lag_spec> spec;
    std::string error; ///< empty if `spec` is there
};

/// Reads `none`, `constant:5ms`, `lognormal:20ms,1` (median, sigma; sigma 1 if left out),
/// `bimodal:10ms,2s,0.1` (usual, rare, share of rare), each with any of `+shared` and
/// `+stalled:1s,3s` (all followers) or `+stalled:1s,3s@2` (node 2 only).
/// `stalled:1s,3s` without a base means no lag but the stall. Units: ns, us, ms, s, m, h; `0` needs none.
[[nodiscard]] lag_result parse_lag(std::string_view text);

/// Reads one duration such as `5ms` or `1.5s`; nothing if it is not one or is negative.
[[nodiscard]] std::optional<nanoseconds> parse_duration(std::string_view text);

} // namespace cluster
