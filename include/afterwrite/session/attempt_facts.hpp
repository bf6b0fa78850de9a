// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What is known of the attempt that an answer belongs to, as far as it decides what the answer proves. An
/// `exchange` tells it with what was carried; the defaults claim nothing.
struct attempt_facts {
    /// It only reads. (An answer without an index then shows nothing; one that was lost has changed nothing.)
    bool is_read = false;

    /// A node could compare what was carried with its own state, and answered for itself: not on the way to
    /// the active node, whose standbys may put their own index on its answer.
    bool was_checked = false;

    /// It asked, by a field, for the active node, with an index: if it is refused, it is that node which
    /// lacks it.
    bool asked_active_node = false;

    /// A 412 may be due to the token's own state, see `may_carry_index`.
    bool token_may_carry_index = true;

    /// It may make a token: a login, a token creation, a wrapped answer.
    bool may_give_birth = false;

    /// It asks for the health of a node: says nothing about writes.
    bool is_probe = false;

    friend constexpr bool operator==(attempt_facts const&, attempt_facts const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
