// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "state.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// The parts of a request's target and its namespace. The call refers to `asked`.
[[nodiscard]] call take_apart(request const& asked, std::size_t node, nanoseconds now);

/// Whether a standby answers 307 for the path: it cannot pass the answer on (Vault http/handler.go,
/// alwaysRedirectPaths).
[[nodiscard]] bool always_redirected(std::string_view path);

/// `%41` becomes `A`; what is no such triple stays.
[[nodiscard]] std::string percent_decode(std::string_view text);

/// The first parameter of that name: its value, empty if it has none; nothing if it is not there.
[[nodiscard]] std::optional<std::string> parameter(std::string_view query, std::string_view name);

} // namespace cluster
