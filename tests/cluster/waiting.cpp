// SPDX-License-Identifier: BSL-1.0
// Time, roles, and when a held request may go on.
#include "state.hpp"

#include <algorithm>

namespace cluster {

nanoseconds model::state::clock(nanoseconds now)
{
    latest = std::max(latest, now);
    return latest;
}

bool model::state::is_sealed(std::size_t node, nanoseconds now) const
{
    return std::any_of(set.sealed.begin(), set.sealed.end(), [&](outage const& each) {
        return each.node == node && now >= each.from && now < each.to;
    });
}

std::optional<std::size_t> model::state::active(nanoseconds now) const
{
    bool const none = std::any_of(set.no_active.begin(), set.no_active.end(),
                                  [&](outage const& each) { return now >= each.from && now < each.to; });
    return none || is_sealed(leader_node, now) ? std::nullopt : std::optional{leader_node};
}

role model::state::role_of(std::size_t node, nanoseconds now) const
{
    return active(now) == node ? role::active : rest_role.at(node);
}

bool model::state::writes_through(std::size_t node, nanoseconds now) const
{
    // A performance standby has the active node make tokens and leases, and answers itself (Vault docs,
    // enterprise/consistency); OpenBao's standbys hand the request on.
    bool const asks = set.speaks == dialect::vault && role_of(node, now) == role::performance_standby;
    return writable(node, now) || (asks && set.forwarding_works && active(now).has_value());
}

nanoseconds model::state::wake_time(waiter const& one) const
{
    if (one.wanted.never) {
        return one.deadline;
    }
    nanoseconds last{0};
    for (const position each : one.wanted.all) {
        last = std::max(last, log.arrival(one.node, each).value_or(one.deadline));
    }
    if (!one.wanted.any.empty()) {
        nanoseconds first = one.deadline;
        for (const position each : one.wanted.any) {
            first = std::min(first, log.arrival(one.node, each).value_or(one.deadline));
        }
        last = std::max(last, first);
    }
    return std::min(std::max(last, latest), one.deadline);
}

void model::state::rewake()
{
    for (auto& [id, one] : waiting) {
        const nanoseconds until = wake_time(one);
        wakes += until != one.until ? 1 : 0;
        one.until = until;
    }
}

position model::state::write(nanoseconds now)
{
    const position end = log.append({1, 0}, leader_node, now);
    rewake();
    return end;
}

} // namespace cluster
