// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The longest text that is decoded, in bytes, whatever its dialect. A Vault index of the longest cluster id
/// (64 bytes) and the greatest positions encodes to 232; a longer one is no index, or one that carries what
/// nobody asked for.
inline constexpr std::size_t max_index_size = 256;

/// The longest token that is taken apart, in bytes. Vault's FAQ asks to plan for 255; the rest is room for
/// fields to come.
inline constexpr std::size_t max_token_size = 512;

/// Why a text is not an index, or a token carries none that can be read: one value for each way to be wrong.
enum class decode_error : std::uint8_t {
    // our bounds, whatever the dialect
    too_long,         ///< more than `max_index_size` bytes
    cluster_too_long, ///< well-formed, but the cluster id has more than `cluster_id::max_size` bytes
    value_too_long,   ///< well-formed, but the value has more than `opaque_index::max_value_size` bytes
    no_room,          ///< well-formed, but as many are kept already as ever are

    // before it is known whose it is
    unsafe_bytes, ///< bytes that may not stand in an HTTP field value (RFC 9110, section 5.5)
    unknown_form, ///< neither Vault's form nor OpenBao's

    // both dialects
    not_base64, ///< not base64 of the standard alphabet with padding

    // Vault, in the order in which its `ParseReplicationState` finds them
    no_separator,     ///< no colon at all
    hmac_hex,         ///< what follows the last colon is not hexadecimal, or has an odd number of digits
    hmac_mismatch,    ///< signed with another key, altered, or not signed
    format,           ///< not `v1:cluster:local:replicated:hmac`, or the cluster id is empty
    local_index,      ///< the local index is no decimal number of 64 bits
    replicated_index, ///< the replicated index is no decimal number of 64 bits

    // OpenBao
    not_json,      ///< not JSON, not an object, or one whose cluster or value is no text
    missing_field, ///< the cluster or the value is absent, null or empty

    // tokens, in the order in which Vault's `checkSSCTokenInternal` finds them
    not_consistent, ///< of a kind that carries no index: not a service token, or one of before Vault 1.10
    token_too_long, ///< more than `max_token_size` bytes
    token_base64,   ///< not base64 of the URL-safe alphabet without padding
    token_message,  ///< what it encodes is not a signed message that holds another one
};

/// A full sentence for a person to read, which ends in a full stop and quotes nothing of the text.
[[nodiscard]] constexpr std::string_view to_string(decode_error error) noexcept
{
    switch (error) {
    case decode_error::too_long: return "The index is longer than 256 bytes.";
    case decode_error::cluster_too_long: return "The cluster id of the index is longer than 64 bytes.";
    case decode_error::value_too_long: return "The value of the index is longer than 64 bytes.";
    case decode_error::no_room: return "The index finds no room beside those that are kept.";
    case decode_error::unsafe_bytes:
        return "The index holds bytes that may not stand in an HTTP field value.";
    case decode_error::unknown_form: return "The index has neither the form of Vault nor that of OpenBao.";
    case decode_error::not_base64: return "The index is not base64 of the standard alphabet with padding.";
    case decode_error::no_separator: return "The decoded index holds no colon to separate its parts.";
    case decode_error::hmac_hex: return "The HMAC of the index is not an even number of hexadecimal digits.";
    case decode_error::hmac_mismatch: return "The HMAC was not made with this key.";
    case decode_error::format:
        return "The decoded index is not of the form v1:cluster:local:replicated:hmac with a cluster id.";
    case decode_error::local_index: return "The local index is not a decimal number of 64 bits.";
    case decode_error::replicated_index: return "The replicated index is not a decimal number of 64 bits.";
    case decode_error::not_json:
        return "The decoded index is not a JSON object whose cluster and value are texts.";
    case decode_error::missing_field:
        return "The decoded index lacks its cluster or its value, or one of them is empty.";
    case decode_error::not_consistent: return "The token is of a kind that carries no index.";
    case decode_error::token_too_long: return "The token is longer than 512 bytes.";
    case decode_error::token_base64:
        return "The token is not base64 of the URL-safe alphabet without padding.";
    case decode_error::token_message: return "The decoded token is not a signed message with an index.";
    }
    return "The index is wrong in a way that has no name.";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
