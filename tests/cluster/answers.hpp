// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lag.hpp"
#include "message.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

/// The start of virtual time, in seconds since 1970: fixed, so that answers do not depend on the day.
inline constexpr std::int64_t epoch_seconds = 1'790'000'000;

/// Vault's default of 32 days for tokens and secrets.
inline constexpr long default_lease_seconds = 2764800;

/// The parts of Vault's logical envelope; `data`, `auth` and `wrap_info` are JSON texts.
struct envelope {
    std::string_view data = "null";
    std::string_view auth = "null";
    std::string_view wrap_info = "null";
    std::string_view lease_id{};
    long lease_seconds = 0;
    bool renewable = false;
};

/// `{"errors":[…]}`; an empty text makes an empty list (Vault http/handler.go, respondError).
[[nodiscard]] response error_answer(int status, std::string_view text = {});

/// The form of errors that the logical layer collects: "1 error occurred:\n\t* text\n\n".
[[nodiscard]] response collected_error(int status, std::string_view text);

/// 204 without a body.
[[nodiscard]] response no_content();

/// 200 with a JSON body that is not in the logical envelope (sys/health, sys/leader).
[[nodiscard]] response plain_json(int status, std::string body);

/// 200 in Vault's logical envelope.
[[nodiscard]] response logical_answer(std::string_view request_id, envelope const& parts);

/// The same with data and no more; `data` is a JSON text.
[[nodiscard]] response logical_answer(std::string_view request_id, std::string_view data,
                                      long lease_seconds = 0);

/// An answer of sys/mounts: the members of its data stand beside the envelope's, too, as before Vault had
/// one.
[[nodiscard]] response with_data_on_top(response answer);

/// Adds a warning to an answer of the logical layer; one without a body gets an envelope.
void add_warning(response& answer, std::string_view request_id, std::string_view text);

/// A text as a JSON string, quotes included.
[[nodiscard]] std::string json_string(std::string_view text);

/// A moment of virtual time as RFC 3339 writes it, whole seconds in UTC.
[[nodiscard]] std::string time_text(nanoseconds now);

} // namespace cluster
