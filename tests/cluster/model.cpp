// SPDX-License-Identifier: BSL-1.0
#include "model.hpp"

#include "state.hpp"

#include <utility>

namespace cluster {

model::state::state(settings chosen)
    : set(std::move(chosen)), log(set), signer(set.hmac_key), names(set.seed, 0xFFFFFFFFU)
{
    const std::size_t nodes = 1 + set.performance_standbys + set.plain_standbys;
    counted.resize(nodes);
    quota.resize(nodes);
    cached.resize(nodes);
    for (std::size_t node = 0; node < nodes; ++node) {
        addresses.push_back("http://node-" + std::to_string(node) + ":8200");
        bool const reads = node <= set.performance_standbys && set.performance_standbys > 0;
        rest_role.push_back(reads ? role::performance_standby : role::plain_standby);
    }
    for (auto const& name : set.mounts) {
        stored.mounts.put('/' + name, mount{"start-" + name, "kv"}, 0, 0);
    }
    for (auto const& name : set.lease_mounts) {
        stored.mounts.put('/' + name, mount{"start-" + name, "leases"}, 0, 0);
    }
    for (auto const& where : set.auth_mounts) {
        for (auto const& each : set.users) {
            stored.users.put(user_key(where, {}, each.name), each, 0, 0);
        }
    }
}

model::model(settings chosen) : state_(std::make_unique<state>(std::move(chosen))) {}
model::~model() = default;
model::model(model&&) noexcept = default;
model& model::operator=(model&&) noexcept = default;

outcome model::handle(std::size_t node, request const& asked, nanoseconds now)
{
    ++state_->counted.at(node).received;
    return state_->run(node, asked, state_->clock(now), std::nullopt);
}

outcome model::resume(ticket id, nanoseconds now)
{
    auto const found = state_->waiting.find(id);
    if (found == state_->waiting.end()) {
        outcome gone;
        gone.answer.status = 0;
        return gone;
    }
    now = state_->clock(now);
    if (now < found->second.until) {
        outcome still;
        still.held = true;
        still.id = id;
        still.until = found->second.until;
        return still;
    }
    const waiter one = std::move(found->second);
    state_->waiting.erase(found);
    return state_->run(one.node, one.asked, now, one.deadline);
}

void model::cancel(ticket id) { state_->waiting.erase(id); }

std::optional<nanoseconds> model::held_until(ticket id) const
{
    auto const found = state_->waiting.find(id);
    return found == state_->waiting.end() ? std::nullopt : std::optional{found->second.until};
}

std::uint64_t model::wake_changes() const { return state_->wakes; }

std::size_t model::held_count() const { return state_->waiting.size(); }

std::size_t model::node_count() const { return state_->counted.size(); }

settings const& model::chosen() const { return state_->set; }

std::optional<std::size_t> model::active(nanoseconds now) const { return state_->active(now); }

role model::role_of(std::size_t node, nanoseconds now) const { return state_->role_of(node, now); }

position model::newest() const { return state_->log.newest(); }

position model::applied(std::size_t node, nanoseconds now)
{
    return state_->log.visible(node, state_->clock(now));
}

std::string model::index_text(position where) const
{
    auto const& set = state_->set;
    if (set.speaks == dialect::vault) {
        return encode_vault_index({set.cluster_id, where}, state_->signer);
    }
    return encode_openbao_index({set.cluster_id, storage_text(set.stores, where.local)});
}

node_counters const& model::counters(std::size_t node) const { return state_->counted.at(node); }

void model::reset_counters()
{
    for (auto& each : state_->counted) {
        each = {};
    }
}

void model::set_address(std::size_t node, std::string address)
{
    state_->addresses.at(node) = std::move(address);
}

std::size_t model::kept_versions() const { return state_->stored.kept(); }

void model::stall(std::size_t node, nanoseconds from, nanoseconds to)
{
    state_->log.stall(node, from, to);
    state_->rewake();
}

void model::drop_lag(nanoseconds now)
{
    state_->log.drop_lag(state_->clock(now));
    state_->rewake();
}

void model::set_lag(lag_spec lag)
{
    state_->set.lag = lag;
    state_->log.set_lag(std::move(lag));
}

void model::advance(std::uint64_t entries, nanoseconds now)
{
    now = state_->clock(now);
    for (std::uint64_t each = 0; each < entries; ++each) {
        state_->log.append({1, 0}, state_->leader_node, now);
    }
    state_->rewake();
}

void model::receive_upstream(std::uint64_t entries, nanoseconds now)
{
    now = state_->clock(now);
    for (std::uint64_t each = 0; each < entries; ++each) {
        // What comes from the primary is written to this cluster's own log as well.
        state_->log.append({1, 1}, state_->leader_node, now);
    }
    state_->rewake();
}

void model::elect(std::size_t node, nanoseconds now, nanoseconds gap)
{
    now = state_->clock(now);
    if (gap > nanoseconds{0}) {
        state_->set.no_active.push_back({now, now + gap, 0});
    }
    // The two change places, so that the number of each kind of standby stays.
    std::swap(state_->rest_role[state_->leader_node], state_->rest_role.at(node));
    state_->leader_node = node;
    state_->log.catch_up(node);
    state_->rewake();
}

void model::seal(std::size_t node, nanoseconds from, nanoseconds to)
{
    state_->set.sealed.push_back({from, to, node});
}

void model::change(settings const& chosen)
{
    const settings old = std::exchange(state_->set, chosen);
    state_->set.performance_standbys = old.performance_standbys;
    state_->set.plain_standbys = old.plain_standbys;
    state_->set.hmac_key = old.hmac_key;
    state_->set.cluster_id = old.cluster_id;
    state_->set.seed = old.seed;
    state_->log.set_lag(chosen.lag);
    state_->log.set_replay_lag(chosen.replay_lag);
    state_->rewake();
}

} // namespace cluster
