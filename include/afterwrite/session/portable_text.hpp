// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/base64.hpp>
#include <afterwrite/bytes/crc32.hpp>
#include <afterwrite/bytes/hmac_sha256.hpp>
#include <afterwrite/bytes/sha256.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/session/portable_error.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

// A session as a text, for the next process, job or node:
//
//     "aw1."  base64url( flags count [seconds] item* crc32 )        anybody can write it
//     "aw1s." base64url( flags count [seconds] item* hmac )         signed with the caller's key
//     item := kind size-1 bytes
//     seconds := for how long the fences stand, at most, in two bytes, the greater one first
//
// base64url (RFC 4648, section 5, without padding) because of all places where the text may go: it needs no
// quotes in a header, a cookie (RFC 6265, section 4.1.1), a variable, a shell, a URL or the name of a file.
// Indices are kept as the server wrote them; those that are base64 themselves, and nearly all are, as the
// bytes that they encode. The seal is over the prefix and all bytes before it.

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

inline constexpr std::string_view portable_prefix = "aw1.";
inline constexpr std::string_view portable_signed_prefix = "aw1s.";

/// The values are part of the form, and so are those of `portable_flag`: they stay what they are.
enum class portable_item : std::uint8_t {
    encoded_index = 1, ///< the bytes whose base64 (RFC 4648, section 4, with padding) is the index
    verbatim_index = 2,
    fence = 3, ///< a cluster id; this and the next two, in the order of `dialect`
    last_fence = 5,
};
static_assert(static_cast<int>(dialect::vault) == 1 && static_cast<int>(dialect::openbao) == 2);

enum portable_flag : std::uint8_t { has_strays = 1, is_crowded = 2, has_seconds = 4 };

/// For how long the fences still stood when the session last heard of time; negative if it never did.
[[nodiscard]] inline std::int32_t seconds_of_fences(required_states const& required) noexcept
{
    if (!required.fenced())
        return -1;
    auto latest = time_point::min();
    bool is_told = required.advanced_at() != time_point::max();
    auto const look = [&](time_point until) {
        is_told = is_told && until != read_fence::not_told;
        latest = std::max(latest, until);
    };
    if (required.unplaced().fenced())
        look(required.unplaced().fenced_until());
    for (std::uint8_t i = 0; i < required.clusters(); ++i)
        if (required[i].fenced())
            look(required[i].fenced_until());
    if (!is_told)
        return -1;
    auto const left = std::chrono::ceil<std::chrono::seconds>(latest - required.advanced_at()).count();
    return static_cast<std::int32_t>(std::clamp<std::int64_t>(left, 0, 0xffff));
}

/// What follows the bytes that it seals: their HMAC, or without a key their checksum. That one finds each
/// character that was altered, and is no protection against a forger.
struct portable_seal {
    sha256_digest bytes{};
    std::size_t size = 4;

    portable_seal(std::string_view sealed, hmac_key const* key) noexcept
    {
        if (key != nullptr) {
            bytes = key->sign(sealed);
            size = bytes.size();
            return;
        }
        auto const checksum = crc32(sealed);
        for (std::size_t i = 0; i < size; ++i)
            bytes[i] = static_cast<std::uint8_t>(checksum >> (24 - 8 * i) & 0xff);
    }
};

/// Base64 of the standard alphabet to that for URLs, or back.
inline void change_base64_alphabet(std::string& text, std::string_view from, std::string_view to) noexcept
{
    for (char& c : text)
        if (auto const which = from.find(c); which != from.npos)
            c = to[which];
}

inline void append_portable_item(std::string& payload, portable_item kind, std::string_view bytes)
{
    payload += static_cast<char>(kind);
    payload += static_cast<char>(bytes.size() - 1);
    payload += bytes;
}

inline void append_portable_index(std::string& payload, std::string_view index)
{
    char bytes[base64_decoded_size_max(max_index_size)];
    char again[max_index_size];
    auto const size = base64_decode(index, bytes);
    std::string_view const decoded(bytes, size.value_or(0));
    bool const is_same = size && base64_encode(decoded, again) == index.size() &&
                         std::string_view(again, index.size()) == index;
    append_portable_item(payload, is_same ? portable_item::encoded_index : portable_item::verbatim_index,
                         is_same ? decoded : index);
}

[[nodiscard]] inline result<std::string, portable_error> write_portable(required_states const& required,
                                                                        hmac_key const* key)
{
    std::string_view const prefix = key != nullptr ? portable_signed_prefix : portable_prefix;
    std::string payload(prefix);
    auto const& unplaced = required.unplaced();
    auto const seconds = seconds_of_fences(required);
    payload += static_cast<char>((unplaced.has_strays() ? has_strays : 0) +
                                 (unplaced.is_crowded() ? is_crowded : 0) + (seconds >= 0 ? has_seconds : 0));
    std::size_t const count_at = payload.size();
    std::uint8_t count = 0; // at most eight fences and 16 indices
    payload += '\0';
    if (seconds >= 0) {
        payload += static_cast<char>(seconds >> 8);
        payload += static_cast<char>(seconds & 0xff);
    }
    required.for_each([&](std::string_view index) {
        append_portable_index(payload, index);
        ++count;
    });
    for (std::uint8_t i = 0; i < required.clusters(); ++i) {
        if (!required[i].fenced())
            continue;
        auto const kind = static_cast<int>(portable_item::fence) + static_cast<int>(required[i].form());
        append_portable_item(payload, static_cast<portable_item>(kind), required[i].cluster());
        ++count;
    }
    payload[count_at] = static_cast<char>(count);
    portable_seal const seal(payload, key);
    for (std::size_t i = 0; i < seal.size; ++i)
        payload += static_cast<char>(seal.bytes[i]);

    auto encoded = base64_encode(std::string_view(payload).substr(prefix.size()));
    encoded.erase(std::min(encoded.find('='), encoded.size()));
    change_base64_alphabet(encoded, "+/", "-_");
    if (prefix.size() + encoded.size() > max_portable_size)
        return unexpected(portable_error::too_long);
    return std::string(prefix) + encoded;
}

/// Takes one item into `required`; says whether it is one.
[[nodiscard]] inline bool take_portable_item(portable_item kind, std::string_view bytes,
                                             required_states& required) noexcept
{
    if (kind >= portable_item::fence && kind <= portable_item::last_fence) {
        auto const form = static_cast<int>(kind) - static_cast<int>(portable_item::fence);
        required.fence(cluster_id(bytes), static_cast<dialect>(form));
        return cluster_id::fits(bytes);
    }
    char text[max_index_size];
    if (kind == portable_item::encoded_index) {
        bytes = {text, base64_encode(bytes, text).value_or(0)};
    } else if (kind != portable_item::verbatim_index) {
        return false;
    }
    bool const has_text = !required.unplaced().text().empty();
    if (!is_sendable(bytes)) // it could be none, or several
        return false;
    auto const total = required.record(bytes);
    return total.rejected + total.unkept == 0 && (total.unknown_form == 0 || !has_text);
}

/// Reads what stands between the prefix and the seal. Nothing that is too much or too little is passed over.
[[nodiscard]] inline bool read_portable_items(std::string_view rest, required_states& required,
                                              duration& fences_last) noexcept
{
    if (rest.size() < 2)
        return false;
    auto const flags = static_cast<std::uint8_t>(rest[0]);
    if ((flags & ~(has_strays | is_crowded | has_seconds)) != 0)
        return false;
    auto const count = static_cast<std::uint8_t>(rest[1]);
    rest.remove_prefix(2);
    if ((flags & has_seconds) != 0) {
        if (rest.size() < 2)
            return false;
        fences_last = std::chrono::seconds(static_cast<std::uint8_t>(rest[0]) << 8 |
                                           static_cast<std::uint8_t>(rest[1]));
        rest.remove_prefix(2);
    }
    for (std::uint8_t i = 0; i < count; ++i) {
        if (rest.size() < 2)
            return false;
        auto const kind = static_cast<portable_item>(rest[0]);
        std::size_t const size = std::size_t{static_cast<std::uint8_t>(rest[1])} + 1;
        if (rest.size() < 2 + size || !take_portable_item(kind, rest.substr(2, size), required))
            return false;
        rest.remove_prefix(2 + size);
    }
    if ((flags & has_strays) != 0)
        required.unplaced().stray();
    if ((flags & is_crowded) != 0)
        required.unplaced().crowd();
    return rest.empty() && ((flags & has_seconds) == 0 || required.fenced());
}

[[nodiscard]] inline result<required_states, portable_error>
read_portable(std::string_view text, hmac_key const* key, duration& fences_last)
{
    if (text.size() > max_portable_size)
        return unexpected(portable_error::too_long);
    constexpr std::string_view safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    for (char const c : text)
        if (safe.find(c) == safe.npos)
            return unexpected(portable_error::unsafe_bytes);
    bool const is_signed = text.starts_with(portable_signed_prefix);
    std::string_view const prefix = is_signed ? portable_signed_prefix : portable_prefix;
    if (!text.starts_with(prefix)) {
        bool const is_ours = text.starts_with("aw") && text.find('.') != text.npos;
        return unexpected(is_ours ? portable_error::unknown_version : portable_error::malformed);
    }
    if (is_signed != (key != nullptr))
        return unexpected(is_signed ? portable_error::key_missing : portable_error::mac_missing);

    std::string encoded(text.substr(prefix.size()));
    change_base64_alphabet(encoded, "-_", "+/");
    encoded.append((4 - encoded.size() % 4) % 4, '=');
    char bytes[max_portable_size];
    std::copy(prefix.begin(), prefix.end(), bytes);
    auto const size = base64_decode(encoded, std::span(bytes).subspan(prefix.size()));
    // One text for one payload: what differs only in bits that mean nothing is not what was written.
    if (!size || base64_encode(std::string_view(bytes + prefix.size(), *size)) != encoded)
        return unexpected(portable_error::malformed);

    std::string_view const payload(bytes, prefix.size() + *size);
    std::size_t const seal_size = key != nullptr ? sizeof(sha256_digest) : sizeof(std::uint32_t);
    if (*size < seal_size)
        return unexpected(portable_error::malformed);
    auto const sealed = payload.substr(0, payload.size() - seal_size);
    portable_seal const expected(sealed, key);
    sha256_digest claimed{};
    std::copy(payload.begin() + static_cast<std::ptrdiff_t>(sealed.size()), payload.end(), claimed.begin());
    if (!equal_in_constant_time(claimed, expected.bytes))
        return unexpected(key != nullptr ? portable_error::mac_mismatch : portable_error::checksum_mismatch);

    required_states required;
    if (!read_portable_items(sealed.substr(prefix.size()), required, fences_last))
        return unexpected(portable_error::malformed);
    return required;
}

} // namespace detail

} // namespace afterwrite::inline AFTERWRITE_VERSION
