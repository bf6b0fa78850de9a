// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What is known of the attempt that an answer belongs to, as far as it decides what the answer proves. An
/// `exchange` tells it with what was carried; the defaults claim nothing.
struct attempt_facts {
    /// It only reads. (An answer without an index then shows nothing; one that was lost has changed nothing.)
    bool is_read = false;

    /// A node could compare what was carried with its own state, and answered for itself: not on the way to
    /// the active node, whose standbys may put their own index on its answer.
    bool was_checked = false;

    /// It asked for the active node, by a field or at its address: an answer is that node's.
    bool asked_active_node = false;

    /// It asked for the active node by a field, with an index of the cluster's own log: if it is refused as
    /// stale, it is that node which lacks the index, or what the token demands.
    bool may_show_loss = false;

    /// The active node had refused the same request with an index, which was left out this time: if this one
    /// is answered, that node lacks the index.
    bool index_was_refused = false;

    /// It may make a token: a login, a token creation, a wrapped answer.
    bool may_give_birth = false;

    /// It asks for the health of a node: says nothing about writes.
    bool is_probe = false;

    /// Its session sets a fence for each attempt of which it is told that it was lost. The exchange counts
    /// along, so that the answer to a repetition takes these fences away, and none that was set by others
    /// since.
    bool fences_losses = false;

    /// Where it went, as far as the view knew; empty if it did not.
    cluster_id cluster{};
    dialect form = dialect::unknown;

    friend constexpr bool operator==(attempt_facts const&, attempt_facts const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
