// SPDX-License-Identifier: BSL-1.0
// Faults, and what else a test does to the clusters.
#include "model.hpp"

#include "state.hpp"

#include <stdexcept>
#include <utility>

namespace cluster {

void model::stall(std::size_t node, nanoseconds from, nanoseconds to)
{
    state& there = owner_of(node);
    there.log.stall(inside(node), from, to);
    there.rewake();
}

void model::drop_lag(nanoseconds now)
{
    drop_upstream_lag(now);
    for (auto const& each : clusters_) {
        each->log.drop_lag(each->latest);
        each->rewake();
    }
}

void model::drop_upstream_lag(nanoseconds now)
{
    now = tick(now);
    for (auto const& each : clusters_) {
        each->drop_upstream_lag(now);
    }
}

void model::set_lag(lag_spec lag, std::size_t which)
{
    state& there = *clusters_.at(which);
    there.set.lag = lag;
    there.log.set_lag(std::move(lag));
}

void model::set_upstream_lag(lag_spec lag, std::size_t which)
{
    clusters_.at(which)->set.upstream_lag = std::move(lag);
}

void model::advance(std::uint64_t entries, nanoseconds now, std::size_t which)
{
    now = tick(now);
    state& there = *clusters_.at(which);
    for (std::uint64_t each = 0; each < entries; ++each) {
        there.ship(there.write(now).local, reach::shared, now, {});
    }
}

void model::receive_upstream(std::uint64_t entries, nanoseconds now)
{
    now = tick(now);
    state& there = *clusters_.front();
    for (std::uint64_t each = 0; each < entries; ++each) {
        // What comes from the primary is written to this cluster's own log as well.
        there.log.append({1, 1}, there.leader_node, now);
    }
    there.rewake();
}

void model::promote(std::size_t which, nanoseconds now)
{
    (void)tick(now);
    clusters_.at(which)->promote();
}

void model::elect(std::size_t node, nanoseconds now, nanoseconds gap)
{
    now = tick(now);
    state& there = owner_of(node);
    const std::size_t next = inside(node);
    if (gap > nanoseconds{0}) {
        there.set.no_active.push_back({now, now + gap, 0});
    }
    // The two change places, so that the number of each kind of standby stays.
    std::swap(there.rest_role[there.leader_node], there.rest_role.at(next));
    there.leader_node = next;
    there.log.catch_up(next);
    there.rewake();
}

void model::cut_off(std::size_t node, nanoseconds from, nanoseconds to)
{
    owner_of(node).set.cut_off.push_back({from, to, inside(node)});
    stall(node, from, to);
}

bool model::is_cut_off(std::size_t node, nanoseconds now) const
{
    return owner_of(node).is_cut_off(inside(node), now);
}

void model::seal(std::size_t node, nanoseconds from, nanoseconds to)
{
    owner_of(node).set.sealed.push_back({from, to, inside(node)});
}

void model::change(settings const& chosen, std::size_t which)
{
    state& there = *clusters_.at(which);
    settings old = std::exchange(there.set, chosen);
    there.set.performance_standbys = old.performance_standbys;
    there.set.plain_standbys = old.plain_standbys;
    there.set.hmac_key = old.hmac_key;
    there.set.cluster_id = old.cluster_id;
    there.set.seed = old.seed;
    there.set.follows = old.follows;
    there.set.secondaries = std::move(old.secondaries);
    there.log.set_lag(chosen.lag);
    there.log.set_replay_lag(chosen.replay_lag);
    there.rewake();
}

} // namespace cluster
