// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace simulation {

/// What the program is asked for.
struct options {
    std::uint64_t first_seed = 1;
    std::uint64_t last_seed = 200;
    std::size_t operations = 20'000;
    std::size_t jobs = 0; ///< threads; 0: as many as there are processors
    bool shrinks = false;
    bool has_rivals = false;
    bool wants_help = false;
    std::optional<std::string> history{}; ///< a file to write the history of one seed to
    std::string error{};                  ///< not empty: what is wrong with the arguments

    /// One seed, with all that is to be told of it.
    [[nodiscard]] bool is_single() const { return first_seed == last_seed; }
};

[[nodiscard]] options read_options(int count, char const* const* arguments);
[[nodiscard]] std::string usage();

} // namespace simulation
