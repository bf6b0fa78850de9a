// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/node_knowledge.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What a request requires of the node that is to be chosen: none if nothing, (0,0) if something that has no
/// order.
using required_position = std::optional<wal_position>;

/// How likely a node has what is required, the likeliest first.
enum class likelihood : std::uint8_t {
    certain,     ///< it has shown to have it; or its breaker is open and waits for a read that shows
    unknown,     ///< nothing speaks against it
    lacking,     ///< it lacked it a moment ago
    stalled,     ///< reads wait for it already, and one of them asks for all
    hopeless,    ///< its breaker is open: the active node answers for it
    unreachable, ///< nobody could reach it a moment ago
};

/// `must_wait`: nobody else can answer for it, so a node that others wait for is avoided. (Else it is not, or
/// its breaker would never open.)
[[nodiscard]] inline likelihood judge_node(node_knowledge const& node, required_position const& required,
                                           time_point now, bool must_wait = false) noexcept
{
    if (node.has_failed(now))
        return likelihood::unreachable;
    if (!required) // any node will do
        return likelihood::unknown;
    if (node.guard.is_open())
        return node.guard.is_probe_due(now) ? likelihood::certain : likelihood::hopeless;
    if (node.has(*required))
        return likelihood::certain;
    if (must_wait && node.flight.is_watched(now))
        return likelihood::stalled;
    return node.lacks(*required, now) ? likelihood::lacking : likelihood::unknown;
}

/// The declared node that has what is required, or the likeliest. Among equals two are drawn, and the one
/// that lags less is taken: so the better node gets more of the reads, and none gets all or nothing
/// (Mitzenmacher 2001).
///
/// A node whose breaker is open keeps its share of the reads, but for one in 16: each costs the active node a
/// request, and would cost the others two or three, since they lag as well. `random` is 64 uniform bits.
/// `anywhere` if none is declared. `must_wait`: see `judge_node`.
[[nodiscard]] inline node_number choose_node(declared_nodes const& nodes, required_position const& required,
                                             time_point now, std::uint64_t random,
                                             bool must_wait = false) noexcept
{
    if (nodes.size() == 0)
        return anywhere;
    auto const drawn = static_cast<node_number>(random % nodes.size());
    bool const is_kept = (random >> 16) % 16 != 0;
    if (is_kept && judge_node(nodes[drawn], required, now) == likelihood::hopeless)
        return drawn;

    std::array<node_number, declared_nodes::max_nodes> best{};
    std::size_t count = 0;
    auto likeliest = likelihood::unreachable;
    for (node_number i = 0; i < nodes.size(); ++i) {
        auto const how = judge_node(nodes[i], required, now, must_wait);
        if (how < likeliest) {
            likeliest = how;
            count = 0;
        }
        if (how == likeliest)
            best[count++] = i;
    }
    auto const one = best[(random >> 24) % count];
    auto const other = best[(random >> 44) % count];
    if (!required || one == other || !nodes[one].lag.is_known() || !nodes[other].lag.is_known())
        return one;
    return nodes[other].lag.quantile(0.5F) < nodes[one].lag.quantile(0.5F) ? other : one;
}

/// Another declared node, after this one refused: not one that lacked the state a moment ago, nor one whose
/// breaker is open, nor `not_this_one` either. `anywhere` if there is none.
[[nodiscard]] inline node_number choose_other_node(declared_nodes const& nodes, node_number from,
                                                   node_number not_this_one,
                                                   required_position const& required, time_point now) noexcept
{
    for (std::size_t step = 1; step < nodes.size(); ++step) {
        auto const next = static_cast<node_number>((from + step) % nodes.size());
        bool const has_lacked = required && nodes[next].lacked(*required, now);
        if (next != not_this_one && !nodes[next].guard.is_open() && !has_lacked &&
            judge_node(nodes[next], required, now) <= likelihood::unknown)
            return next;
    }
    return anywhere;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
