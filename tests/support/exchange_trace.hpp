// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/exchange.hpp>

#include "support/manual_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/test_message.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace support {

using lines = std::vector<std::string>;

[[nodiscard]] constexpr std::string_view name_of(afterwrite::reason why)
{
    constexpr std::string_view names[] = {"answered",
                                          "not_enforced",
                                          "redirected_elsewhere",
                                          "first_attempt",
                                          "waiting",
                                          "forwarding",
                                          "not_forwarded",
                                          "without_index",
                                          "redirected",
                                          "repeating",
                                          "another_node",
                                          "joined",
                                          "over_budget",
                                          "not_held",
                                          "doubted",
                                          "refused",
                                          "attempts_exhausted",
                                          "deadline_passed",
                                          "body_not_replayable",
                                          "outcome_unknown",
                                          "not_offered",
                                          "unproven",
                                          "regressed",
                                          "cancelled"};
    return names[static_cast<std::size_t>(why)];
}

/// What an attempt says, in one line: "2 indices, await-state + fail, X-Vault-Forward: active-node".
inline std::string said(test_message const& request)
{
    std::string line = std::to_string(request.values("X-Vault-Index").size()) + " index";
    std::string_view separator = ", ";
    for (auto const& value : request.values("X-Vault-Inconsistent")) {
        line += std::string(separator) + value;
        separator = " + ";
    }
    for (auto const& value : request.values("X-Vault-Forward"))
        line += ", X-Vault-Forward: " + value;
    return line;
}

/// One exchange against a script, whose last line is repeated, in a time that passes by waiting alone.
struct exchange_run {
    afterwrite::exchange exchange;
    test_message request = get();
    afterwrite::step last{};
    afterwrite::time_point now = at(0s);
    lines log{};

    /// An attempt at the time at which it is due, and what becomes of its answer.
    void attempt(reply const& answer, afterwrite::replication_view& view)
    {
        now = std::max(now, last.not_before);
        exchange.prepare(request, view);
        log.push_back(since_begin() + where(view) + std::string(name_of(last.why)) + ": " + said(request));
        last = answer ? exchange.on_response(*answer, view, now) : exchange.on_transport_error(view, now);
    }

    /// All attempts, and how the exchange ends.
    lines const& run(std::vector<reply> const& script, afterwrite::replication_view& view)
    {
        last = exchange.first(view);
        for (std::size_t i = 0; !last.is_final() && i < 10'000; ++i)
            attempt(script[std::min(i, script.size() - 1)], view);
        auto const what = last.what == afterwrite::action::deliver   ? " deliver "
                          : last.what == afterwrite::action::give_up ? " give up "
                                                                     : " endless ";
        log.push_back(since_begin() + what + std::string(name_of(last.why)));
        return log;
    }

    /// " active ", " any ", or the address of the best node.
    [[nodiscard]] std::string where(afterwrite::replication_view const& view) const
    {
        if (exchange.to() == afterwrite::route::active_node)
            return " active ";
        auto const address = std::string(exchange.address(view));
        return address.empty() ? " any " : " " + address + " ";
    }

    [[nodiscard]] std::string since_begin() const
    {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now - at(0s)).count());
    }
};

} // namespace support
