// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace probe {

/// What an embedded cluster is made of.
enum class topology {
    one,       ///< one cluster, which is written to and read from
    secondary, ///< a primary, and a performance secondary, whose nodes are written through and read from
};

/// What the user asks for.
struct options {
    std::vector<std::string> addresses; ///< of nodes or of a load balancer; none: the embedded cluster
    std::string token;
    std::string name_space;                                  ///< empty: the root namespace
    std::string ca_file;                                     ///< PEM; empty: the system's authorities
    std::string mount;                                       ///< without slashes at its ends
    afterwrite::dialect form = afterwrite::dialect::unknown; ///< of a real cluster: unknown until it tells

    std::vector<std::string> policies; ///< empty: all that the dialect knows
    std::uint32_t reads = 300;         ///< of each policy
    std::uint32_t clients = 12;
    bool is_pinned = false; ///< reads go to the node that was written through
    std::string lag = "lognormal:20ms,1";
    topology shape = topology::one;
    std::uint64_t seed = 0;

    std::string json_file; ///< empty: none
    bool wants_help = false;

    [[nodiscard]] bool is_embedded() const noexcept { return addresses.empty(); }
};

/// The options, or a sentence that says what is wrong and what to do.
struct parsed_options {
    std::optional<options> chosen;
    std::string error; ///< empty if `chosen` is there
};

/// The value of an environment variable; null if it is not set.
using environment = std::function<char const*(char const*)>;

/// Reads the command line, without the program's name. Where an option is missing that the environment gives,
/// that counts; a seed that is not given is drawn.
[[nodiscard]] parsed_options parse_options(std::span<std::string const> arguments,
                                           environment const& variable);

/// The text of --help.
[[nodiscard]] std::string help();

} // namespace probe
