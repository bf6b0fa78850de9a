// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace cluster {

/// A key pair for RS256, both PEM text.
struct jwt_key_pair {
    std::string public_key;
    std::string private_key;
};

/// A fresh RSA pair of 2048 bits.
[[nodiscard]] jwt_key_pair make_jwt_keys();

/// A JSON Web Token in compact form (RFC 7519). `key` is a private key as PEM text (RS256), or else a shared
/// secret (HS256).
[[nodiscard]] std::string make_jwt(nlohmann::json const& claims, std::string_view key);

/// The claims of a token, or why it is not to be trusted.
struct jwt_claims {
    nlohmann::json value;
    std::string error; ///< empty if it is
};

/// Checks form, algorithm, signature, `exp` and `nbf`. `key` is a public key as PEM text (RS256), or else a
/// shared secret (HS256); `now` in seconds since 1970.
[[nodiscard]] jwt_claims read_jwt(std::string_view text, std::string_view key, std::int64_t now);

/// Whether `aud`, a text or a list of them, has the audience; an empty one is that of everybody.
[[nodiscard]] bool is_meant_for(nlohmann::json const& claims, std::string_view audience);

} // namespace cluster
