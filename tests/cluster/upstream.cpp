// SPDX-License-Identifier: BSL-1.0
// Between clusters: what a primary ships, how it lands at a secondary, and how a secondary becomes a primary.
#include "answers.hpp"
#include "state.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

void model::state::ship(std::uint64_t index, reach how, nanoseconds now, log_change const& what)
{
    for (state* each : followers) {
        // Tokens, leases and what is stored in local mounts stay in their cluster (Vault docs, enterprise
        // replication); a cluster for disasters gets all of it.
        if (how == reach::own && each->set.follows == replication_kind::performance) {
            continue;
        }
        auto& line = each->arriving;
        if (line.empty() || line.back().index != index) {
            auto const& lag = each->set.upstream_lag;
            const nanoseconds free = std::max(now + lag.draw(each->link), each->last_arrival);
            each->last_arrival = lag.after_stalls(free, 0);
            line.push_back({each->last_arrival, index, {}});
        }
        if (what) {
            line.back().what.push_back(what);
        }
        each->rewake();
    }
}

void model::state::receive(nanoseconds now)
{
    if (arriving.empty() || arriving.front().landing > now) {
        return;
    }
    while (!arriving.empty() && arriving.front().landing <= now) {
        land(arriving.front());
        arriving.pop_front();
    }
    rewake();
}

void model::state::land(shipment const& one)
{
    bool const performance = set.follows == replication_kind::performance;
    const position old = log.newest();
    const position end =
        log.append(performance ? position{1, one.index - old.replicated} : position{one.index - old.local, 0},
                   leader_node, one.landing);
    const std::uint64_t oldest = log.oldest_visible(one.landing);
    for (auto const& each : one.what) {
        each(stored, end.local, oldest);
    }
}

void model::state::drop_upstream_lag(nanoseconds now)
{
    for (auto& each : arriving) {
        each.landing = std::min(each.landing, now);
    }
    last_arrival = std::min(last_arrival, now);
    receive(now);
}

void model::state::promote()
{
    if (upstream == nullptr) {
        return;
    }
    auto& others = upstream->followers;
    others.erase(std::remove(others.begin(), others.end(), this), others.end());
    upstream = nullptr;
    arriving.clear();
    was_promoted = true;
    // The one event that makes the indices of older tokens meaningless (Vault vault/token_store.go).
    generation += set.follows == replication_kind::disaster_recovery ? 1 : 0;
    rewake();
}

reply model::state::unreachable_primary()
{
    return {error_answer(500, "rpc error: code = Unavailable desc = the primary cannot be reached")};
}

} // namespace cluster
