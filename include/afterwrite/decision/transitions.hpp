// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <string_view>

// What a refusal because of a node's state makes of the next attempt stands in the table below, and nowhere
// else: `approach` looks it up, and a test compares the README's table with it. Answers of other kinds leave
// the stage as it is.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an exchange is set to do about a node that is behind: the policy's mode, unless the active node was
/// asked for.
enum class plan : std::uint8_t { fail, retry, await, forward, retry_then_forward, active_node };

/// What an attempt asks of the node that gets it.
enum class stage : std::uint8_t {
    ask,     ///< the index: refuse if you are behind
    hold,    ///< the index: hold the request for a while if you are behind
    forward, ///< the index: let the active node answer if you are behind
    active,  ///< let the active node answer
    lagging, ///< the index, for the active node is behind too: it lacks what another cluster has to send it
};

/// What came back.
enum class occurrence : std::uint8_t {
    behind,        ///< refused: the node is behind, and there is time to wait
    overdue,       ///< refused: the node is behind, and the policy's time for waiting is over
    token_overdue, ///< the same, but no index was carried: it can only be the token that demands more
    barred,        ///< refused: forwarding by a field is not allowed, or holding is not known
};

/// When the next attempt is due.
enum class pace : std::uint8_t {
    at_once,
    after_backoff,
    when_overdue, ///< once the policy's time for waiting is over, which may be before the backoff would end
    never,        ///< the exchange ends
};

struct transition {
    plan in;
    stage from;
    occurrence on;
    dialect with; ///< unknown: whichever
    stage to;
    pace when;
};

inline constexpr transition transitions[] = {
    {plan::fail, stage::ask, occurrence::behind, dialect::unknown, stage::ask, pace::never},

    {plan::retry, stage::ask, occurrence::behind, dialect::unknown, stage::ask, pace::after_backoff},

    // The server has held the request as long as it will: now it is the client's turn to wait.
    {plan::await, stage::hold, occurrence::behind, dialect::unknown, stage::ask, pace::after_backoff},
    {plan::await, stage::hold, occurrence::barred, dialect::unknown, stage::ask, pace::at_once},
    {plan::await, stage::ask, occurrence::behind, dialect::unknown, stage::ask, pace::after_backoff},

    {plan::forward, stage::forward, occurrence::behind, dialect::unknown, stage::forward,
     pace::after_backoff},
    {plan::forward, stage::forward, occurrence::barred, dialect::unknown, stage::ask, pace::at_once},
    {plan::forward, stage::ask, occurrence::behind, dialect::unknown, stage::ask, pace::after_backoff},

    {plan::retry_then_forward, stage::hold, occurrence::behind, dialect::unknown, stage::ask,
     pace::after_backoff},
    {plan::retry_then_forward, stage::hold, occurrence::overdue, dialect::unknown, stage::forward,
     pace::when_overdue},
    {plan::retry_then_forward, stage::hold, occurrence::barred, dialect::unknown, stage::ask, pace::at_once},
    {plan::retry_then_forward, stage::ask, occurrence::behind, dialect::unknown, stage::ask,
     pace::after_backoff},
    {plan::retry_then_forward, stage::ask, occurrence::overdue, dialect::unknown, stage::forward,
     pace::when_overdue},
    // Without an index the conditional field decides nothing.
    {plan::retry_then_forward, stage::ask, occurrence::token_overdue, dialect::unknown, stage::active,
     pace::when_overdue},
    // A refusal in spite of the conditional field: it looks at the index alone, so the token may be what is
    // ahead.
    {plan::retry_then_forward, stage::forward, occurrence::behind, dialect::vault, stage::active,
     pace::at_once},
    {plan::retry_then_forward, stage::forward, occurrence::behind, dialect::openbao, stage::forward,
     pace::after_backoff},
    {plan::retry_then_forward, stage::forward, occurrence::barred, dialect::unknown, stage::lagging,
     pace::at_once},
    // A refusal by the active node: it waits for another cluster, and so must we.
    {plan::retry_then_forward, stage::active, occurrence::behind, dialect::unknown, stage::lagging,
     pace::after_backoff},
    {plan::retry_then_forward, stage::active, occurrence::barred, dialect::unknown, stage::lagging,
     pace::at_once},
    {plan::retry_then_forward, stage::lagging, occurrence::behind, dialect::unknown, stage::lagging,
     pace::after_backoff},

    // Nobody else will do. Barred: at its own address from now on, or the exchange ends.
    {plan::active_node, stage::active, occurrence::behind, dialect::unknown, stage::active,
     pace::after_backoff},
    {plan::active_node, stage::active, occurrence::barred, dialect::unknown, stage::active, pace::at_once},
};

/// Looks a transition up. Where nothing is said of a node that is overdue, it is merely behind. Null if the
/// table has none, which ends the exchange.
[[nodiscard]] constexpr transition const* find_transition(plan in, stage from, occurrence on,
                                                          dialect with) noexcept
{
    for (auto const& row : transitions)
        if (row.in == in && row.from == from && row.on == on &&
            (row.with == dialect::unknown || row.with == with))
            return &row;
    bool const is_behind_anyway = on == occurrence::overdue || on == occurrence::token_overdue;
    return is_behind_anyway ? find_transition(in, from, occurrence::behind, with) : nullptr;
}

[[nodiscard]] constexpr plan plan_of(when_inconsistent when) noexcept
{
    switch (when) {
    case when_inconsistent::fail: return plan::fail;
    case when_inconsistent::retry: return plan::retry;
    case when_inconsistent::await: return plan::await;
    case when_inconsistent::forward: return plan::forward;
    case when_inconsistent::retry_then_forward: return plan::retry_then_forward;
    }
    return plan::fail;
}

[[nodiscard]] constexpr std::string_view to_string(plan in) noexcept
{
    switch (in) {
    case plan::fail: return "fail";
    case plan::retry: return "retry";
    case plan::await: return "await";
    case plan::forward: return "forward";
    case plan::retry_then_forward: return "retry_then_forward";
    case plan::active_node: return "active_node";
    }
    return "";
}

[[nodiscard]] constexpr std::string_view to_string(stage at) noexcept
{
    switch (at) {
    case stage::ask: return "ask";
    case stage::hold: return "hold";
    case stage::forward: return "forward";
    case stage::active: return "active";
    case stage::lagging: return "lagging";
    }
    return "";
}

[[nodiscard]] constexpr std::string_view to_string(occurrence on) noexcept
{
    switch (on) {
    case occurrence::behind: return "behind";
    case occurrence::overdue: return "overdue";
    case occurrence::token_overdue: return "token overdue";
    case occurrence::barred: return "barred";
    }
    return "";
}

[[nodiscard]] constexpr std::string_view to_string(pace when) noexcept
{
    switch (when) {
    case pace::at_once: return "at once";
    case pace::after_backoff: return "after backoff";
    case pace::when_overdue: return "when overdue";
    case pace::never: return "never";
    }
    return "";
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
