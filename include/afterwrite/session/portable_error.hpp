// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The longest text that is written or read, in bytes. A browser need not keep a cookie of more than 4096,
/// counted with its name and attributes (RFC 6265, section 6.1), which 256 are left for. So many hold every
/// session of Vault indices without a fence: 16 of at most 232 bytes.
inline constexpr std::size_t max_portable_size = 3840;

/// Why a session could not be written or read: one value for each way.
enum class portable_error : std::uint8_t {
    too_long,          ///< more than `max_portable_size` bytes, to write or to read
    unsafe_bytes,      ///< other bytes than letters, digits, '-', '_' and '.'
    malformed,         ///< nothing that this library writes
    unknown_version,   ///< written in another version of this form
    checksum_mismatch, ///< altered, or cut off
    mac_missing,       ///< a key was given, but the text is not signed
    key_missing,       ///< the text is signed, but no key was given
    mac_mismatch,      ///< signed with another key, altered, or cut off
};

/// A full sentence for a person to read, which ends in a full stop and quotes nothing of the text.
[[nodiscard]] constexpr std::string_view to_string(portable_error error) noexcept
{
    switch (error) {
    case portable_error::too_long: return "The text of the session is longer than 3840 bytes.";
    case portable_error::unsafe_bytes:
        return "The text of the session holds other bytes than letters, digits, '-', '_' and '.'.";
    case portable_error::malformed: return "The text of the session was not written by this library.";
    case portable_error::unknown_version: return "The text of the session is of a version not known here.";
    case portable_error::checksum_mismatch: return "The text of the session was altered or cut off.";
    case portable_error::mac_missing: return "The text of the session is not signed, but has to be.";
    case portable_error::key_missing: return "The text of the session is signed, and no key was given.";
    case portable_error::mac_mismatch: return "The text of the session was not signed with this key.";
    }
    return "The text of the session is wrong in a way that has no name.";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
