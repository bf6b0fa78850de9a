// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace replay {

/// What the user asks for.
struct options {
    std::vector<std::string> models;   ///< empty: all
    std::vector<std::string> policies; ///< empty: all
    std::size_t reads = 200'000;       ///< of each cell without an outage
    std::uint64_t seed = 1;
    std::string json_file; ///< empty: none
    bool wants_help = false;

    [[nodiscard]] bool asks_for_model(std::string_view name) const;
    [[nodiscard]] bool asks_for_policy(std::string_view name) const;
};

/// The options, or a sentence that says what is wrong and what to do.
struct parsed_options {
    std::optional<options> chosen;
    std::string error; ///< empty if `chosen` is there
};

/// Reads the command line, without the program's name. Options of Google Benchmark, which run.sh hands to
/// all benchmarks, mean nothing here, and are passed over.
[[nodiscard]] parsed_options parse_options(std::span<std::string const> arguments);

/// The text of --help.
[[nodiscard]] std::string help();

} // namespace replay
