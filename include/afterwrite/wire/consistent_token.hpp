// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64url.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/bytes/protobuf.hpp>
#include <afterwrite/bytes/utf8.hpp>
#include <afterwrite/bytes/wipe.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

// A service token that carries the index of its own making (Vault: "server-side consistent tokens"):
//
//     "hvs." base64url( SignedToken )
//     SignedToken { uint64 token_version = 1; bytes hmac = 2; bytes token = 3 }
//     Token       { string random = 1; uint64 local_index = 2; uint32 index_epoch = 3 }         Vault
//     Token       { string random = 1; uint32 index_epoch = 3; string local_index = 50 }        OpenBao
//
// The HMAC is SHA-256 over the bytes of the inner message; the servers of a cluster sign with the key that
// signs their indices. Sources: Vault vault/token_store.go and vault/tokens/token.proto, OpenBao
// internal/vault/tokens/token.proto.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a token says of the log: the node that it is shown to must have come so far, or it does not know the
/// token. Nothing of what makes the token a secret is in it.
///
/// It is no state that could be required of a node: it names no cluster and nothing signs it as an index, so
/// there is no way from here to an index field.
struct consistent_token {
    dialect form = dialect::unknown;

    /// Where the log of its cluster stood: of Vault a decimal number; of OpenBao the value of its storage,
    /// as in an index (see `opaque_index`): visible ASCII, not empty.
    inline_string<opaque_index::max_value_size> local_index{};

    /// How many promotions of a disaster recovery cluster came before it. A node that has seen more of them
    /// does not look at the index.
    std::uint32_t epoch = 0;

    /// The index as a number; none if only its storage backend knows its order.
    [[nodiscard]] constexpr std::optional<std::uint64_t> number() const noexcept
    {
        return opaque_index{.value = local_index}.number();
    }

    friend constexpr bool operator==(consistent_token const&, consistent_token const&) noexcept = default;
};

namespace detail {

/// A number as Vault's Go writes it.
[[nodiscard]] constexpr inline_string<opaque_index::max_value_size>
decimal_text(std::uint64_t number) noexcept
{
    char digits[20];
    std::size_t first = sizeof digits;
    do {
        digits[--first] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return inline_string<opaque_index::max_value_size>(
        std::string_view(digits + first, sizeof digits - first));
}

[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept
{
    while (!text.empty()) {
        std::size_t const size = utf8_sequence_size(text);
        if (size == 0)
            return false;
        text.remove_prefix(size);
    }
    return true;
}

/// The inner message, as whichever of the two servers wrote it: only OpenBao's has a field 50.
[[nodiscard]] constexpr result<consistent_token, decode_error>
read_inner_token(std::string_view message) noexcept
{
    consistent_token token{.form = dialect::vault};
    std::uint64_t number = 0;
    std::string_view value;
    protobuf_reader reader(message);
    while (auto const field = reader.next()) {
        if (field->is_bytes(1) && !is_utf8(field->bytes)) // the secret, which is not looked at otherwise
            return unexpected(decode_error::token_message);
        if (field->is_varint(2))
            number = field->value;
        if (field->is_varint(3))
            token.epoch = static_cast<std::uint32_t>(field->value); // cut, as Go does it
        if (field->is_bytes(50)) {
            token.form = dialect::openbao;
            value = field->bytes;
        }
    }
    if (!reader.is_whole())
        return unexpected(decode_error::token_message);
    if (token.form == dialect::vault) {
        token.local_index = decimal_text(number);
        return token;
    }
    if (value.size() > opaque_index::max_value_size)
        return unexpected(decode_error::value_too_long);
    if (value.empty())
        return unexpected(decode_error::token_message);
    for (char const c : value)
        if (c < '!' || c > '~')
            return unexpected(decode_error::unsafe_bytes);
    token.local_index = inline_string<opaque_index::max_value_size>(value);
    return token;
}

[[nodiscard]] constexpr bool is_signed_by(hmac_key const& key, std::string_view message,
                                          std::string_view hmac) noexcept
{
    sha256_digest claimed{};
    if (hmac.size() != claimed.size())
        return false;
    for (std::size_t i = 0; i < claimed.size(); ++i)
        claimed[i] = static_cast<std::uint8_t>(hmac[i]);
    return equal_in_constant_time(claimed, key.sign(message));
}

/// The steps of `checkSSCTokenInternal` in their order, up to the index. Decoded bytes live in one place,
/// which is wiped.
[[nodiscard]] constexpr result<consistent_token, decode_error>
read_consistent_token(std::string_view text, hmac_key const* key) noexcept
{
    if (!may_carry_index(text))
        return unexpected(decode_error::not_consistent);
    if (text.size() > max_token_size)
        return unexpected(decode_error::token_too_long);
    constexpr std::size_t prefix_size = 4;
    wiped_buffer<base64url_decoded_size(max_token_size)> decoded;
    auto const size = base64url_decode(text.substr(prefix_size), decoded.bytes);
    if (!size)
        return unexpected(decode_error::token_base64);

    std::string_view hmac;
    std::string_view inner;
    protobuf_reader reader(std::string_view(decoded.bytes, *size));
    while (auto const field = reader.next()) {
        if (field->is_bytes(2))
            hmac = field->bytes;
        if (field->is_bytes(3))
            inner = field->bytes;
    }
    if (!reader.is_whole() || inner.empty() || hmac.size() != sizeof(sha256_digest))
        return unexpected(decode_error::token_message);
    if (key != nullptr && !is_signed_by(*key, inner, hmac))
        return unexpected(decode_error::hmac_mismatch);
    return read_inner_token(inner);
}

} // namespace detail

/// Reads the index that a token carries, without the key, as every client must: it may be anybody's
/// invention, and is good for an explanation at most. Its errors, in this order:
///
/// - `not_consistent`: a root, batch, recovery, short or older token, which demands nothing of a node;
/// - `token_too_long`: more than `max_token_size`, and then nothing else about it is looked at;
/// - `token_base64`: not base64url without padding; servers take such a text for a token as it stands;
/// - `token_message`: not the two messages above, or no HMAC of 32 bytes. Fields that are unknown, or of
///   another type than above, are skipped; of several of one number the last counts;
/// - `value_too_long`, `unsafe_bytes`: OpenBao's index is longer than we keep, or is not all visible ASCII.
///
/// Vault's index 0 and OpenBao's absent one are written alike, by leaving them out: that reads as Vault's 0,
/// which every node has reached.
///
/// Allocates nothing. What is decoded on the way is wiped before it returns.
[[nodiscard]] constexpr result<consistent_token, decode_error>
decode_consistent_token(std::string_view token) noexcept
{
    return detail::read_consistent_token(token, nullptr);
}

/// Reads it and verifies it, in constant time, where the key is known: beside the server, or in a test. A
/// token that is well-formed on the outside but not signed with this key is `hmac_mismatch`; only then comes
/// what the inner message says.
[[nodiscard]] constexpr result<consistent_token, decode_error>
decode_consistent_token(std::string_view token, hmac_key const& key) noexcept
{
    return detail::read_consistent_token(token, &key);
}

/// Whether a node refuses this token for its index: it has not come so far, and it looks at the index, since
/// it has seen no later epoch. That is what explains a 412 to a request that carried no index at all: the
/// token was made on a node that is ahead (Vault's `checkSSCTokenInternal`).
///
/// `local` and `epoch` are the node's, as it tells without being asked for a token: Vault's `last_wal` of
/// `sys/health` or `performance_standby_last_remote_wal` of `sys/leader`, and `ssct_generation_counter` of
/// `sys/replication/performance/status`. They must be of the cluster that made the token, which the token
/// does not tell. An index without an order explains nothing.
[[nodiscard]] constexpr bool explains_412(consistent_token const& token, std::uint64_t local,
                                          std::uint32_t epoch = 0) noexcept
{
    auto const number = token.number();
    return number && *number > local && token.epoch >= epoch;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
