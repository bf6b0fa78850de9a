// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a node does with a request.
enum class verdict : std::uint8_t {
    serve,             ///< answer it here
    await_state,       ///< hold it, and decide again when the state has arrived or the time is over
    forward_to_active, ///< let the active node answer
    refuse,            ///< answer as `ruling::answer` says; nothing is executed
};

[[nodiscard]] constexpr std::string_view to_string(verdict what) noexcept
{
    switch (what) {
    case verdict::serve: return "serve";
    case verdict::await_state: return "await_state";
    case verdict::forward_to_active: return "forward_to_active";
    case verdict::refuse: return "refuse";
    }
    return "refuse";
}

/// Why.
enum class ruling_reason : std::uint8_t {
    nothing_required,   ///< the request carries nothing that this node must have
    reached,            ///< it does, and the node has it
    not_comparable,     ///< OpenBao: its storage cannot compare the index, so it counts as reached
    not_reached,        ///< the node has not come so far
    unusable_index,     ///< an index that no node of this cluster can have: it counts as not reached
    token_not_reached,  ///< the node has not come as far as the token's index
    asked_for_active,   ///< the request wants the active node in any case
    serves_no_requests, ///< a standby that answers nothing itself
    without_index,      ///< OpenBao is configured to forward what carries no index
    bad_fields,         ///< the fields contradict the protocol, or the configuration
};

/// A sentence for people.
[[nodiscard]] constexpr std::string_view to_string(ruling_reason why) noexcept
{
    switch (why) {
    case ruling_reason::nothing_required: return "The request requires no state of this node.";
    case ruling_reason::reached: return "The node has reached the required state.";
    case ruling_reason::not_comparable: return "The node's storage cannot compare the required state.";
    case ruling_reason::not_reached: return "The node has not reached the required state yet.";
    case ruling_reason::unusable_index: return "No node of this cluster can have the required state.";
    case ruling_reason::token_not_reached:
        return "The node has not reached the state that the token demands yet.";
    case ruling_reason::asked_for_active: return "The request asks for the active node.";
    case ruling_reason::serves_no_requests: return "The node is a standby that answers no requests itself.";
    case ruling_reason::without_index: return "The node forwards what requires no state.";
    case ruling_reason::bad_fields: return "The fields of the request are not allowed so.";
    }
    return "";
}

/// Demanded where nothing that can arrive would do: who waits for it, waits until the time is over.
inline constexpr wal_position unreachable_position{UINT64_MAX, UINT64_MAX};

/// What a node is told to do with a request. A plain value.
struct ruling {
    verdict what = verdict::refuse;
    ruling_reason why = ruling_reason::bad_fields;

    /// Of `await_state`: when to decide again at the latest, and on which position at the soonest.
    time_point until{};
    wal_position awaited{};

    /// Of `forward_to_active`: the request wants a redirect (307) to the active node instead.
    bool by_redirect = false;

    /// Of `forward_to_active`: the active node may lack it as well, and then refuses. On a secondary that
    /// is the part of the primary's log that has not arrived there (Vault docs: to forward helps against
    /// the lag of standbys only); anywhere, what no node can have.
    bool active_may_lack_it = false;

    /// Of `refuse`.
    refusal_answer answer{};

    friend constexpr bool operator==(ruling const&, ruling const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
