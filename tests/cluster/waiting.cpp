// SPDX-License-Identifier: BSL-1.0
// Time, roles, and when a held request may go on.
#include "state.hpp"
#include "target.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

nanoseconds model::state::clock(nanoseconds now)
{
    latest = std::max(latest, now);
    return latest;
}

namespace {

bool has_node(std::vector<outage> const& all, std::size_t node, nanoseconds now)
{
    return std::any_of(all.begin(), all.end(), [&](outage const& each) {
        return each.node == node && now >= each.from && now < each.to;
    });
}

} // namespace

bool model::state::is_sealed(std::size_t node, nanoseconds now) const
{
    return has_node(set.sealed, node, now);
}

bool model::state::is_cut_off(std::size_t node, nanoseconds now) const
{
    return has_node(set.cut_off, node, now);
}

std::optional<std::size_t> model::state::active(nanoseconds now) const
{
    bool const none = std::any_of(set.no_active.begin(), set.no_active.end(),
                                  [&](outage const& each) { return now >= each.from && now < each.to; });
    return none || is_sealed(leader_node, now) ? std::nullopt : std::optional{leader_node};
}

/// The active node, if this one can reach it.
std::optional<std::size_t> model::state::active_for(std::size_t node, nanoseconds now) const
{
    auto const there = active(now);
    return there && is_cut_off(*there, now) == is_cut_off(node, now) ? there : std::nullopt;
}

/// Whether the node could commit what this request would write. (A read that makes a lease or counts the use
/// of a token is taken for a read.)
bool model::state::commits(std::size_t node, call const& from) const
{
    auto const& method = from.asked.method;
    bool const reads = method == "GET" || method == "HEAD" || method == "LIST";
    return reads || active(from.now) != node || !is_cut_off(node, from.now);
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
    return writable(node, now) || (asks && set.forwarding_works && active_for(node, now).has_value());
}

std::optional<nanoseconds> model::state::arrival(std::size_t node, position wanted) const
{
    if (auto const known = log.arrival(node, wanted)) {
        return known;
    }
    // Not in this cluster's log yet. Once what is on its way from the primary has landed, more is known.
    auto const found = std::find_if(arriving.begin(), arriving.end(),
                                    [&](shipment const& each) { return each.index >= wanted.replicated; });
    return found == arriving.end() ? std::nullopt : std::optional{found->landing};
}

nanoseconds model::state::wake_time(waiter const& one) const
{
    if (one.wanted.never) {
        return one.deadline;
    }
    nanoseconds last{0};
    for (const position each : one.wanted.all) {
        last = std::max(last, arrival(one.where, each).value_or(one.deadline));
    }
    if (!one.wanted.any.empty()) {
        nanoseconds first = one.deadline;
        for (const position each : one.wanted.any) {
            first = std::min(first, arrival(one.where, each).value_or(one.deadline));
        }
        last = std::max(last, first);
    }
    return std::min(std::max(last, latest), one.deadline);
}

outcome model::state::hold(waiter one)
{
    outcome result;
    result.held = true;
    result.id = last_ticket += ticket_step;
    result.until = one.until = wake_time(one);
    waiting.emplace(result.id, std::move(one));
    return result;
}

outcome model::state::resume(ticket id, nanoseconds now)
{
    outcome result;
    auto const found = waiting.find(id);
    if (found == waiting.end()) {
        result.answer.status = 0;
        return result;
    }
    if (now < found->second.until) {
        result.held = true;
        result.id = id;
        result.until = found->second.until;
        return result;
    }
    waiter one = std::move(found->second);
    waiting.erase(found);
    if (!one.ready) {
        return run(one.node, one.asked, now, one.deadline);
    }
    if (now < one.deadline && !satisfied(one.where, one.wanted, now)) {
        return hold(std::move(one));
    }
    const request asked = std::move(one.asked);
    return finish(one.node, std::move(*one.ready), take_apart(asked, one.node, now));
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
