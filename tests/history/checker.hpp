// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "history/history.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace history {

/// What a history may break: FORMAT.md says what each one is.
enum class guarantee : std::uint8_t {
    real_writes,
    read_your_writes,
    monotonic_reads,
    monotonic_writes,
    writes_follow_reads
};

/// "read your writes"
[[nodiscard]] std::string_view to_string(guarantee which);

struct finding {
    guarantee broken;
    std::size_t line;      ///< where the operation ended; of a write that did not return, where it began
    std::string witness{}; ///< the least that shows it, in a sentence
};

struct report {
    std::vector<finding> findings{}; ///< by line
    std::size_t writes = 0;
    std::size_t acknowledged = 0; ///< of the writes
    std::size_t uncertain = 0;    ///< of the writes: lost, or without an end
    std::size_t executed = 0;     ///< of the uncertain ones, those that somebody saw
    std::size_t reads = 0;
    std::size_t answered = 0;   ///< of the reads
    std::size_t unpromised = 0; ///< of the answered
    std::size_t steps = 0;      ///< what it took: comparisons, and operations looked at
};

/// For n events it takes O(n log n) steps.
[[nodiscard]] report check(transcript const& seen);

} // namespace history
