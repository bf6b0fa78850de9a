// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace server {

/// Where a node lives: its folder, and its ports of 127.0.0.1.
struct place {
    std::string name;
    std::filesystem::path folder;
    unsigned short api = 0;     ///< for clients
    unsigned short cluster = 0; ///< where it listens for other nodes
    unsigned short link = 0;    ///< where other nodes are to reach it: the port of a relay to `cluster`

    [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(api); }
};

/// The configuration file of one of these nodes. The first one is to be initialised; the others join it.
/// Sources: OpenBao's documentation, configuration/storage/raft, configuration/listener/tcp, and
/// concepts/consistency. Standbys answer reads unless `disable_standby_reads` is set.
[[nodiscard]] std::string configuration_of(std::span<place const> nodes, std::size_t which);

} // namespace server
