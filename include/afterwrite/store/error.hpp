// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Why a block of memory cannot be a `session_store`: one value for each way.
enum class store_error : std::uint8_t {
    too_small,     ///< no room for the least that there is of everything
    misaligned,    ///< does not begin at a multiple of `session_store::alignment`
    no_store,      ///< nothing that `session_store::create` has completed
    other_version, ///< written in another version of this form
    other_layout,  ///< made with another type of lock, or for another machine
    other_size,    ///< the block has another size than the one that the store was created in
    damaged_head,  ///< the head was altered
    other_key,     ///< created with another key
};

/// A full sentence for a person to read, which ends in a full stop.
[[nodiscard]] constexpr std::string_view to_string(store_error error) noexcept
{
    switch (error) {
    case store_error::too_small: return "The block of memory is too small for a store of sessions.";
    case store_error::misaligned: return "The block of memory does not begin at a multiple of 64 bytes.";
    case store_error::no_store: return "The block of memory holds no store of sessions.";
    case store_error::other_version:
        return "The store of sessions was created by another version of this library, whose form differs.";
    case store_error::other_layout:
        return "The store of sessions was created with another type of lock or for another machine.";
    case store_error::other_size:
        return "The block of memory has another size than the one that the store was created in.";
    case store_error::damaged_head: return "The head of the store of sessions was altered.";
    case store_error::other_key: return "The store of sessions was created with another key.";
    }
    return "The block of memory is wrong in a way that has no name.";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
