// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What to do now.
enum class action : std::uint8_t {
    deliver,    ///< hand this answer to the caller
    send_again, ///< prepare and send once more, not before `not_before`, to `to`
    give_up,    ///< no answer that may be trusted: tell the caller why
};

/// Why.
enum class reason : std::uint8_t {
    // deliver
    answered,             ///< the node answered, and its answer shows what was required
    not_enforced,         ///< the policy enforces nothing, so whatever came is the answer
    redirected_elsewhere, ///< a redirect that is not followed; the caller sees it, and nothing was executed

    // send_again
    first_attempt, ///< nothing was sent yet
    waiting,       ///< the node was behind: the same again, after a while
    forwarding,    ///< the node was behind: from now on the active node is to answer
    not_forwarded, ///< the server does not forward by a field: the same without it
    without_index, ///< the server cannot read the index it was sent, or the active node cannot reach it any
                   ///< more: the same without it
    redirected,    ///< a standby told the active node's address
    repeating,     ///< the exchange broke or the server failed, and a repetition does no harm
    another_node,  ///< the node was behind, or could not be reached: another one, at once
    joined,        ///< another read asks this node for the same already: unsent until that knows
    over_budget,   ///< the node was behind, and the cluster has had its share of retries: waiting longer
    not_held,      ///< the server does not know how to hold a request: the same without
    doubted,       ///< a "no" right after a write that no request can carry the index of: once more

    // give_up
    refused,             ///< refused, and the policy says `fail`, or the refusal cannot pass by waiting
    attempts_exhausted,  ///< refused or broken once more, and no attempt is left
    deadline_passed,     ///< refused or broken once more, and no time is left
    body_not_replayable, ///< refused, and the body cannot be sent a second time
    outcome_unknown,     ///< it may have been executed, and must not be twice
    not_offered,         ///< only the active node's answer would do, no way leads to it, nothing was sent
    unproven,            ///< an answer came, but nothing shows that its node had what was required
    regressed,           ///< the cluster was restored and the caller has not accepted it, nothing was sent
    cancelled,           ///< the caller ended the wait
};

/// A sentence for people.
[[nodiscard]] constexpr std::string_view to_string(reason why) noexcept
{
    switch (why) {
    case reason::answered: return "The node answered.";
    case reason::not_enforced: return "The policy enforces no consistency.";
    case reason::redirected_elsewhere:
        return "The answer is a redirect that is not followed: to no declared node, to one that the "
               "transport cannot reach, or one too many.";
    case reason::first_attempt: return "Nothing was sent yet.";
    case reason::waiting: return "The node has not reached the required state: waiting.";
    case reason::forwarding: return "The node has not reached the required state: asking the active node.";
    case reason::not_forwarded: return "The server does not forward by a request field: going on without.";
    case reason::without_index:
        return "The server can do nothing with the index that it was sent: going on without.";
    case reason::redirected: return "A standby pointed to the active node.";
    case reason::repeating: return "The exchange broke or the server failed: trying again.";
    case reason::another_node: return "The node is behind or cannot be reached: asking another one.";
    case reason::joined: return "Another read waits for the same node already: waiting unsent.";
    case reason::over_budget:
        return "The node has not reached the required state, and retries are over their budget: waiting "
               "longer.";
    case reason::not_held: return "The server does not know how to hold a request: going on without.";
    case reason::doubted:
        return "The node may not have heard of a write whose index no request can carry: asking again.";
    case reason::refused: return "The server refused the request.";
    case reason::attempts_exhausted: return "No attempt is left: the last one was refused, or it broke.";
    case reason::deadline_passed:
        return "No time is left: the last attempt was refused, or it broke, or it had to wait.";
    case reason::body_not_replayable:
        return "The server refused the request, whose body cannot be sent twice.";
    case reason::outcome_unknown:
        return "The request may have been executed, and must not be executed twice.";
    case reason::not_offered:
        return "Only the active node may answer this request, and no way to it is known: declare "
               "its address, or the dialect, in the replication view.";
    case reason::unproven:
        return "An answer came, but from a node that may lack what is required; a write may have been "
               "executed.";
    case reason::regressed:
        return "The cluster follows another history than what is required: writes may be lost.";
    case reason::cancelled: return "The caller cancelled the request.";
    }
    return "";
}

/// What an exchange tells its driver to do.
struct step {
    action what = action::send_again;
    time_point not_before{};    ///< of `send_again`: when, by the driver's clock; may have passed already
    route to = route::any_node; ///< of `send_again`: where to
    reason why = reason::first_attempt;
    refusal refused_as = refusal::none; ///< what the last answer refused, if it did
    bool cluster_changed = false; ///< it is another cluster's than the answer before, at these addresses
    std::optional<capability> missing{}; ///< what the cluster has turned out to lack; told once in 10 minutes

    /// Whether the exchange has ended.
    [[nodiscard]] constexpr bool is_final() const noexcept { return what != action::send_again; }

    friend constexpr bool operator==(step const&, step const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
