// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

/// Standard alphabet with padding (RFC 4648, 4).
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// As Go's base64.StdEncoding: padding required, CR and LF skipped, bits left over not looked at.
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

/// Lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(std::string_view bytes);

/// Either case; nothing if the length is odd or a letter is no digit.
[[nodiscard]] std::optional<std::string> from_hex(std::string_view digits);

/// HMAC-SHA256 with one key, made ready once.
class hmac_signer {
public:
    explicit hmac_signer(std::string_view key);
    ~hmac_signer();
    hmac_signer(hmac_signer&&) noexcept;
    hmac_signer& operator=(hmac_signer&&) noexcept;

    /// The 32 bytes of the code.
    [[nodiscard]] std::string sign(std::string_view text) const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

/// What a Vault index says once it is taken apart.
struct vault_index {
    std::string cluster;
    position where;
};

/// A Vault index, or the step at which its parsing stopped in the words of Vault's Go client.
struct vault_index_result {
    std::optional<vault_index> index;
    std::string error; ///< empty if `index` is there
};

/// base64("v1:" cluster ":" local ":" replicated ":" hex HMAC), the HMAC over all before the last colon
/// (Vault api/client.go, ParseReplicationState).
[[nodiscard]] std::string encode_vault_index(vault_index const& index, hmac_signer const& signer);

/// The steps in Vault's order; without `signer` the HMAC is not compared.
[[nodiscard]] vault_index_result decode_vault_index(std::string_view text, hmac_signer const* signer);

/// What an OpenBao index says: cluster and the storage's own text.
struct openbao_index {
    std::string cluster;
    std::string value;
};

/// An OpenBao index or the reason why it is none; neither means an empty text (absent).
struct openbao_index_result {
    std::optional<openbao_index> index;
    std::string error;
};

/// base64 of the JSON object {"cluster":…,"value":…}, empty members left out (OpenBao api/index.go).
[[nodiscard]] std::string encode_openbao_index(openbao_index const& index);

/// By the rules of Go's encoding/json: null and unknown members pass, names match in any case, and of several
/// members that match the last one counts.
[[nodiscard]] openbao_index_result decode_openbao_index(std::string_view text);

/// Decimal digits only, 64 bits (Go's strconv.ParseUint with base 10).
[[nodiscard]] std::optional<std::uint64_t> parse_decimal(std::string_view text);

/// PostgreSQL's text of a log position: high and low half in hexadecimal.
[[nodiscard]] std::string lsn_text(std::uint64_t value);

/// The number of an LSN text; nothing if it is not HEX/HEX with at most 32 bits each.
[[nodiscard]] std::optional<std::uint64_t> parse_lsn(std::string_view text);

/// How `kind` of storage writes an index.
[[nodiscard]] std::string storage_text(storage kind, std::uint64_t value);

/// How `kind` of storage reads an index; nothing if it is the text of another kind.
[[nodiscard]] std::optional<std::uint64_t> parse_storage_text(storage kind, std::string_view text);

} // namespace cluster
