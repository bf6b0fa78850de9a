// SPDX-License-Identifier: BSL-1.0
#include "world.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace simulation {

world::world(plan const& what)
{
    for (auto const& each : what.clusters) {
        models_.emplace_back(each);
        auto const& made = models_.back();
        for (std::size_t which = 0; which < made.cluster_count(); ++which) {
            auto const& chosen = made.chosen(which);
            if (made.is_secondary(which) && !serves_clients(chosen))
                continue; // no site, until it takes the place of one
            site one{.name = "site" + std::to_string(sites_.size()),
                     .id = chosen.cluster_id,
                     .speaks = chosen.speaks,
                     .model = models_.size() - 1,
                     .which = which,
                     .follows = made.is_secondary(which)};
            one.nodes.resize(1 + chosen.performance_standbys + chosen.plain_standbys);
            number_nodes(one);
            sites_.push_back(std::move(one));
        }
    }
    for (std::size_t of = 0; of < sites_.size(); ++of) {
        behind_.push_back(of);
        addresses_.emplace_back();
        for (std::size_t i = 0; i < sites_[of].nodes.size(); ++i)
            addresses_[of].push_back("http://" + sites_[of].name + "-" + std::to_string(i) + ":8200");
        name_nodes(of);
    }
}

void world::number_nodes(site& of)
{
    std::iota(of.nodes.begin(), of.nodes.end(), model_of(of).first_node(of.which));
    of.leader = of.nodes.front();
}

void world::name_nodes(std::size_t of)
{
    auto const& there = sites_[behind_[of]];
    for (std::size_t i = 0; i < there.nodes.size(); ++i)
        model_of(there).set_address(there.nodes[i], addresses_[of][i % addresses_[of].size()]);
}

std::string world::log_name(std::size_t seen_from, std::size_t store) const
{
    auto const& here = sites_[seen_from];
    if (seen_from == store)
        return here.name;
    return here.follows && store == 0 ? sites_[store].name + ".at." + here.name : std::string();
}

std::uint64_t world::end_of(log_view const& log, nanoseconds now)
{
    auto const& here = sites_[log.seen_from];
    auto& there = model_of(here);
    if (here.follows && log.store == log.seen_from)
        (void)there.applied(here.nodes.front(), now);
    return there.newest(sites_[log.store].which).local;
}

std::string world::path_of(key_place const& key)
{
    std::string path = key.is_own ? "/v1/own/of" : "/v1/kv/of";
    return path.append(std::to_string(key.home)).append("/").append(std::to_string(key.number));
}

node_place world::node_at(std::size_t of, std::size_t address) const
{
    auto const& there = sites_[behind_[of]];
    return {there.model, there.nodes[address % there.nodes.size()]};
}

std::pair<std::size_t, std::size_t> world::find(std::string_view address) const
{
    for (std::size_t of = 0; of < addresses_.size(); ++of) {
        auto const& all = addresses_[of];
        auto const found = std::find(all.begin(), all.end(), address);
        if (found != all.end())
            return {of, static_cast<std::size_t>(found - all.begin())};
    }
    throw std::out_of_range("there is no such address");
}

std::string const& world::active_address(std::size_t of) const
{
    auto const& there = sites_[behind_[of]];
    auto const found = std::find(there.nodes.begin(), there.nodes.end(), there.leader);
    return addresses_[of][static_cast<std::size_t>(found - there.nodes.begin()) % addresses_[of].size()];
}

void world::elect(std::size_t of, std::size_t place, nanoseconds now, nanoseconds gap)
{
    ++elections_;
    auto& there = sites_[of];
    auto const count = there.nodes.size();
    auto const last = place + count; // all may be cut off: two networks that are parted one over the other
    while (place < last && model_of(there).is_cut_off(there.nodes[place % count], now))
        ++place;
    there.leader = there.nodes[place % count];
    model_of(there).elect(there.leader, now, gap);
}

bool world::part(std::size_t of, bool with_active, nanoseconds from, nanoseconds to, dice& luck)
{
    auto const& there = sites_[of];
    auto const count = there.nodes.size();
    auto const most = (count - 1) / 2;
    if (most == 0)
        return false;
    auto const leader = std::find(there.nodes.begin(), there.nodes.end(), there.leader);
    auto const first = static_cast<std::size_t>(leader - there.nodes.begin()) + (with_active ? 0 : 1);
    for (auto left = 1 + luck.below(most); left > 0; --left)
        model_of(there).cut_off(there.nodes[(first + left - 1) % count], from, to);
    return true;
}

void world::swap(std::size_t one, std::size_t other)
{
    ++elections_;
    std::swap(behind_[one], behind_[other]);
    name_nodes(one);
    name_nodes(other);
}

void world::fail_over(nanoseconds now)
{
    ++elections_;
    auto& gone = sites_[0];
    gone.which = 1; // it has as many nodes
    model_of(gone).promote(gone.which, now);
    number_nodes(gone);
    for (std::size_t of = 0; of < sites_.size(); ++of)
        name_nodes(of);
}

bool world::follow_ids()
{
    bool has_changed = false;
    for (auto& each : sites_) {
        auto const& id = model_of(each).chosen(each.which).cluster_id;
        bool const is_new = each.id != id;
        each.has_new_id = each.has_new_id || is_new;
        has_changed = has_changed || is_new;
        each.id = id;
    }
    return has_changed;
}

void world::promote(nanoseconds now)
{
    for (auto& each : sites_)
        if (std::exchange(each.follows, false)) {
            each.arrived = model_of(each).newest(each.which).replicated;
            model_of(each).promote(each.which, now);
        }
}

void world::allow_forwarding(std::size_t of, bool allowed)
{
    auto& there = model_of(sites_[of]);
    auto chosen = there.chosen(sites_[of].which);
    chosen.allow_forwarding_via_header = allowed;
    there.change(chosen, sites_[of].which);
}

void world::set_lag(nanoseconds lag)
{
    cluster::lag_spec const spec{.shape = cluster::lag_shape::constant, .typical = lag, .stalls = {}};
    for (auto const& each : sites_) {
        model_of(each).set_lag(spec, each.which);
        if (each.follows)
            model_of(each).set_upstream_lag(spec, each.which);
    }
}

} // namespace simulation
