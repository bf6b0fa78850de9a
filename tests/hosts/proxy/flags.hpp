// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <afterwrite/result.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace proxy {

/// What the program is asked to do, by its arguments, the environment and the files named there.
struct command_line {
    enum class task : std::uint8_t {
        serve,
        check, ///< say whether the configuration is valid
        help,
        version,
    };

    task what = task::serve;
    settings chosen{};
};

/// Why it cannot be done.
struct command_line_error {
    std::string message{};
    int status = 2; ///< of the program: 1 if a file is at fault, 2 if an argument or the environment is
};

/// The value of an environment variable, or null; `std::getenv`.
using environment = std::function<char const*(char const*)>;

/// Reads arguments with the names of Vault Proxy: `-name=value`, `-name value`, with one dash or two. A flag
/// goes before the environment, and that before the files, as with Vault. A variable that is empty counts as
/// not set; a switch takes its value after `=` alone. (VAULT_SKIP_VERIFY=false is false; to Vault Proxy any
/// value is true.) Sources: Vault command/base.go, command/proxy.go, command/log_flags.go, api/client.go.
[[nodiscard]] afterwrite::result<command_line, command_line_error>
read_command_line(std::span<std::string const> arguments, environment const& variable);

/// All flags, with the variables that stand for them.
[[nodiscard]] std::string help();

} // namespace proxy
