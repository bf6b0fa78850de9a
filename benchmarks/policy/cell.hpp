// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "player.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace replay {

/// What one policy makes of one model.
struct cell {
    std::string_view model{};
    std::string_view policy{};
    std::uint64_t reads = 0;
    std::optional<double> p50_ms{}; ///< of the reads that were answered; nothing if none was
    std::optional<double> p99_ms{};
    double requests_per_read = 0;
    double active_share = 0; ///< of the reads, 0 to 1
    double failed_share = 0; ///< of the reads, 0 to 1
    std::uint64_t stale = 0;
};

[[nodiscard]] cell cell_of(std::string_view model, std::string_view policy, tally const& seen);

/// Null if it was not measured.
[[nodiscard]] cell const* find_cell(std::span<cell const> all, std::string_view model,
                                    std::string_view policy);

[[nodiscard]] std::string table_head();
[[nodiscard]] std::string table_line(cell const& measured);

/// {"cells":[{"model":..,"policy":..,"p50_ms":..,"p99_ms":..,"requests_per_read":..,"active_share":..,
/// "failed_share":..}]}; a figure that there is not is null.
[[nodiscard]] std::string to_json(std::span<cell const> all);

/// A number as people read it, and as JSON does: the shortest text that is this number.
[[nodiscard]] std::string fixed(double number, int digits);
[[nodiscard]] std::string shortest(double number);

} // namespace replay
