// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// The member of a body that is a text; an empty text if it is not there or something else.
[[nodiscard]] std::string body_text(nlohmann::json const& body, std::string_view name);

/// The member of a body that is a list of texts, or one text with commas; nothing if it is neither.
[[nodiscard]] std::optional<std::vector<std::string>> body_words(nlohmann::json const& body,
                                                                 std::string_view name);

} // namespace cluster
