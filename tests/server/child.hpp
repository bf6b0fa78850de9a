// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace server {

/// Another program, without the variables that configure OpenBao (`BAO_...`, `VAULT_...`). It ends with this
/// object, and with the process: even if that one is killed. To be made by a thread that lives as long.
class child {
public:
    /// What it says goes to the end of the log. Throws std::runtime_error if it cannot be started.
    child(std::vector<std::string> const& command, std::filesystem::path const& log);
    ~child() { kill(); }
    child(child const&) = delete;
    child& operator=(child const&) = delete;

    /// Ends it at once and without warning, as a power failure would. Ended already: nothing happens.
    void kill();

    [[nodiscard]] bool is_running();

private:
    pid_t process_ = -1;
};

/// What a program writes to its standard output until it ends, its first 64 kB. Throws std::runtime_error if
/// it cannot be started.
[[nodiscard]] std::string output_of(std::vector<std::string> const& command);

} // namespace server
