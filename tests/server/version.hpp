// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace server {

/// What is wrong with the server that says this of itself (`bao version`), in a sentence; empty if nothing
/// is: it is OpenBao 2.7.0 or newer. What came before, previews of 2.7.0 too, has another index, or none.
[[nodiscard]] std::string refuse_version(std::string_view said);

} // namespace server
