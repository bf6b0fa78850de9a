// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"

#include <cstddef>
#include <cstdint>

namespace proxy {

/// Lets this process have as many files open as the system allows: each connection is one. As many as it may
/// have then.
std::uint64_t raise_file_limit() noexcept;

/// As many files as this process may have open.
[[nodiscard]] std::uint64_t file_limit() noexcept;

/// How many clients may be connected with so many files: no more than `client_limits::max_connections`, and
/// as many as leave a file to each one's request for a connection of its own to a node, and some to the
/// connections that are kept, the listeners, the log and whatever else. At least 1.
[[nodiscard]] std::size_t connections_within(std::uint64_t files, settings const& chosen) noexcept;

} // namespace proxy
