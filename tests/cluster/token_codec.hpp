// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "codec.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace cluster {

/// A token that says which entry of the log made it (a server-side consistent token), taken apart.
struct consistent_token {
    std::string id;          ///< the token inside, by which the store knows it: `hvs.` and more
    std::string local_index; ///< as the storage writes it; decimal on Vault
    std::uint32_t epoch = 0; ///< the generation of the cluster that made it
};

/// `hvs.` and base64 (URL alphabet, no padding) of SignedToken{1: 1, 2: HMAC, 3: Token}. Token is {1: id,
/// 2: index, 3: epoch} on Vault, and {1: id, 3: epoch, 50: index as text} on OpenBao; what is zero is left
/// out (vault/tokens/token.proto of both).
[[nodiscard]] std::string encode_consistent_token(dialect speaks, consistent_token const& token,
                                                  hmac_signer const& signer);

/// What a node makes of the text of a token.
struct token_reading {
    enum class kind {
        plain,      ///< it carries nothing; `token.id` is the text
        consistent, ///< `token` is what it carries
        bad,        ///< it looks like one that carries an index, and is damaged or signed with another key
    };
    kind what = kind::plain;
    consistent_token token;
};

/// The steps of vault/version_store.go (IsSSCToken) and vault/token_store.go (DecodeSSCToken): the prefix,
/// the length, base64, the outer message, its HMAC, the inner message.
[[nodiscard]] token_reading read_token(dialect speaks, std::string_view text, hmac_signer const& signer);

} // namespace cluster
