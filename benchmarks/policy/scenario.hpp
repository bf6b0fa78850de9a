// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "times.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace replay {

/// A write, and the read that is sent the moment the write is acknowledged: the hardest case there is.
struct read_after_write {
    time_point issued;                          ///< of the read
    std::array<time_point, node_count> landing; ///< when each node has the write
};

/// What all policies are measured on: the same reads, and the same lag of the same writes.
struct scenario {
    std::vector<read_after_write> reads; ///< in the order of their times
    std::vector<std::string> indices;    ///< of each read's write, as the server returned it

    time_point measured_from = time_point::min(); ///< of the reads issued before it nothing is counted
    time_point measured_until = time_point::max();

    [[nodiscard]] bool is_measured(std::size_t read) const
    {
        return reads[read].issued >= measured_from && reads[read].issued < measured_until;
    }
};

/// The cluster whose log it is.
inline constexpr std::string_view cluster_name = "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731";

/// The `local` number of the first write's index; each write has the next one.
inline constexpr std::uint64_t first_position = 1000;

/// How nodes lag.
struct model {
    std::string_view name;
    bool is_outage = false; ///< its number of reads follows from its time
};

[[nodiscard]] std::span<model const> all_models();

/// Null if there is none of this name.
[[nodiscard]] model const* find_model(std::string_view name);

/// Draws the scenario of a model: `reads` of them, unless it is an outage. The same seed draws the same.
[[nodiscard]] scenario draw_scenario(model const& how, std::size_t reads, std::uint64_t seed);

} // namespace replay
