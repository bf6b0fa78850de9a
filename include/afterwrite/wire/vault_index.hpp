// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/hex.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/state/wal_state.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// The value of X-Vault-Index as Vault Enterprise writes it:
//
//     base64( "v1:" cluster ":" local ":" replicated ":" hmac )
//
// The HMAC is hexadecimal SHA-256 over all that stands before the last colon; only the servers of a cluster
// have the key. Source: `ParseReplicationState` of Vault's api/client.go.

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// A decimal number as Go's `strconv.ParseUint(text, 10, 64)` reads it: digits alone, at least one, as many
/// leading zeros as there may be.
[[nodiscard]] constexpr std::optional<std::uint64_t> read_decimal(std::string_view text) noexcept
{
    constexpr std::uint64_t max = std::numeric_limits<std::uint64_t>::max();
    if (text.empty())
        return std::nullopt;
    std::uint64_t number = 0;
    for (char const c : text) {
        auto const digit = static_cast<std::uint64_t>(static_cast<unsigned char>(c)) - '0';
        if (digit > 9 || number > max / 10 || number * 10 > max - digit)
            return std::nullopt;
        number = number * 10 + digit;
    }
    return number;
}

/// Where the last colon of `text` is, or `npos`. The usual HMAC has 64 digits, so that place is looked at
/// first.
[[nodiscard]] constexpr std::size_t find_hmac_separator(std::string_view text) noexcept
{
    constexpr std::size_t usual = 1 + 2 * sizeof(sha256_digest);
    std::size_t const place = text.size() - usual;
    if (text.size() >= usual && text[place] == ':' && text.find(':', place + 1) == text.npos)
        return place;
    return text.rfind(':');
}

/// The steps of `ParseReplicationState` in their order, so that of several errors the same one is reported.
///
/// Errors are marked unlikely: a compiler that thinks each as likely as not takes what comes after so many of
/// them for cold, and makes it small instead of fast.
[[nodiscard]] constexpr result<wal_state, decode_error> read_vault_index(std::string_view encoded,
                                                                         hmac_key const* key) noexcept
{
    if (encoded.size() > max_index_size) [[unlikely]]
        return unexpected(decode_error::too_long);
    char buffer[base64_decoded_size_max(max_index_size)];
    auto const size = base64_decode(encoded, buffer);
    if (!size) [[unlikely]]
        return unexpected(decode_error::not_base64);
    std::string_view const text(buffer, *size);

    std::size_t const last_colon = find_hmac_separator(text);
    if (last_colon == std::string_view::npos) [[unlikely]]
        return unexpected(decode_error::no_separator);
    std::string_view const head = text.substr(0, last_colon);
    std::string_view const hmac = text.substr(last_colon + 1);
    if (!is_hex(hmac)) [[unlikely]]
        return unexpected(decode_error::hmac_hex);
    if (key != nullptr) {
        sha256_digest claimed{};
        std::size_t const claimed_size = hex_decode(hmac, claimed).value_or(0);
        if (!equal_in_constant_time(std::span(claimed).first(claimed_size), key->sign(head))) [[unlikely]]
            return unexpected(decode_error::hmac_mismatch);
    }

    constexpr std::string_view version_prefix = "v1:";
    if (!head.starts_with(version_prefix)) [[unlikely]]
        return unexpected(decode_error::format);
    std::string_view const rest = head.substr(version_prefix.size());
    std::size_t const after_cluster = rest.find(':');
    if (after_cluster == 0 || after_cluster == std::string_view::npos) [[unlikely]]
        return unexpected(decode_error::format);
    std::string_view const numbers = rest.substr(after_cluster + 1);
    std::size_t const after_local = numbers.find(':');
    if (after_local == std::string_view::npos || numbers.find(':', after_local + 1) != numbers.npos)
        [[unlikely]]
        return unexpected(decode_error::format);

    auto const local = read_decimal(numbers.substr(0, after_local));
    if (!local) [[unlikely]]
        return unexpected(decode_error::local_index);
    auto const replicated = read_decimal(numbers.substr(after_local + 1));
    if (!replicated) [[unlikely]]
        return unexpected(decode_error::replicated_index);
    std::string_view const cluster = rest.substr(0, after_cluster);
    if (!cluster_id::fits(cluster)) [[unlikely]]
        return unexpected(decode_error::cluster_too_long);
    return wal_state{cluster_id(cluster), {*local, *replicated}};
}

} // namespace detail

/// Reads a Vault index without its key, as every client must. Its HMAC has to be hexadecimal, but may be
/// anything, even empty. Accepts and refuses what Vault's own `ParseReplicationState` does, with the same
/// error, except that:
///
/// - a text longer than `max_index_size` is `too_long`, and nothing else about it is looked at;
/// - a cluster id longer than `cluster_id::max_size` is `cluster_too_long` where Vault finds no error;
/// - CR and LF are `not_base64`; Go skips them, but no HTTP field value can hold them.
///
/// Allocates nothing.
[[nodiscard]] constexpr result<wal_state, decode_error> decode_vault_index(std::string_view text) noexcept
{
    return detail::read_vault_index(text, nullptr);
}

/// Reads a Vault index and verifies it, in constant time, where the key is known: in a test, or beside the
/// server. One that is not signed is `hmac_mismatch`, and so is one signed with another key; only then comes
/// what it says.
[[nodiscard]] constexpr result<wal_state, decode_error> decode_vault_index(std::string_view text,
                                                                           hmac_key const& key) noexcept
{
    return detail::read_vault_index(text, &key);
}

/// Writes a Vault index as the server does: no leading zeros, the HMAC in lower case. At most 232 bytes.
///
/// The cluster id must not be empty nor hold a colon; what is written of such a one does not decode.
/// Allocates.
[[nodiscard]] inline std::string encode_vault_index(wal_state const& state, hmac_key const& key)
{
    std::string text = "v1:";
    text += state.cluster.view();
    text += ':';
    text += std::to_string(state.position.local);
    text += ':';
    text += std::to_string(state.position.replicated);
    auto const hmac = key.sign(text);
    text += ':';
    text += hex_encode(hmac);
    return base64_encode(text);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
