// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// The URL alphabet without padding (RFC 4648, 5), as tokens of both kinds have it.
[[nodiscard]] std::string url_base64_encode(std::string_view bytes);

/// As Go's base64.RawURLEncoding: no padding, CR and LF skipped, bits left over not looked at.
[[nodiscard]] std::optional<std::string> url_base64_decode(std::string_view text);

} // namespace cluster
