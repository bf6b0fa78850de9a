// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "message.hpp"

#include <string>
#include <string_view>

namespace cluster {

/// `{"errors":[…]}`; an empty text makes an empty list (Vault http/handler.go, respondError).
[[nodiscard]] response error_answer(int status, std::string_view text = {});

/// The form of errors that the logical layer collects: "1 error occurred:\n\t* text\n\n".
[[nodiscard]] response collected_error(int status, std::string_view text);

/// 204 without a body.
[[nodiscard]] response no_content();

/// 200 with a JSON body that is not in the logical envelope (sys/health, sys/leader).
[[nodiscard]] response plain_json(int status, std::string body);

/// 200 in Vault's logical envelope; `data` and `auth` are JSON texts, `null` if there is none.
[[nodiscard]] response logical_answer(std::string_view request_id, std::string_view data,
                                      long lease_seconds = 0, std::string_view auth = "null");

/// A text as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

} // namespace cluster
