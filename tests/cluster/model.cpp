// SPDX-License-Identifier: BSL-1.0
// Several clusters as one: which of them a node belongs to, and the requests to it.
#include "model.hpp"

#include "state.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cluster {

model::model(settings chosen)
{
    auto const secondaries = chosen.secondaries;
    const ticket step = 1 + secondaries.size();
    std::size_t nodes = 0;
    auto const add = [&](settings set) {
        clusters_.push_back(std::make_unique<state>(std::move(set), nodes, clusters_.size(), step));
        nodes += clusters_.back()->counted.size();
    };
    add(std::move(chosen));
    for (auto const& each : secondaries) {
        add(each);
        clusters_.back()->follow(*clusters_.front());
    }
}

model::~model() = default;
model::model(model&&) noexcept = default;
model& model::operator=(model&&) noexcept = default;

std::size_t model::cluster_of(std::size_t node) const
{
    for (std::size_t which = 0; which < clusters_.size(); ++which) {
        auto const& each = *clusters_[which];
        if (node - each.first_node < each.counted.size()) {
            return which;
        }
    }
    throw std::out_of_range("there is no such node");
}

model::state& model::owner_of(std::size_t node) const { return *clusters_[cluster_of(node)]; }

std::size_t model::inside(std::size_t node) const { return node - owner_of(node).first_node; }

nanoseconds model::tick(nanoseconds now)
{
    for (auto const& each : clusters_) {
        now = each->clock(now);
    }
    for (auto const& each : clusters_) {
        each->receive(now);
    }
    return now;
}

outcome model::handle(std::size_t node, request const& asked, nanoseconds now)
{
    state& there = owner_of(node);
    const std::size_t number = inside(node);
    ++there.counted.at(number).received;
    outcome result = there.run(number, asked, tick(now), std::nullopt);
    result.note.served_by += there.first_node;
    return result;
}

outcome model::resume(ticket id, nanoseconds now)
{
    state& there = *clusters_[id % clusters_.size()];
    outcome result = there.resume(id, tick(now));
    result.note.served_by += there.first_node;
    return result;
}

void model::cancel(ticket id) { clusters_[id % clusters_.size()]->waiting.erase(id); }

std::optional<nanoseconds> model::held_until(ticket id) const
{
    auto const& waiting = clusters_[id % clusters_.size()]->waiting;
    auto const found = waiting.find(id);
    return found == waiting.end() ? std::nullopt : std::optional{found->second.until};
}

std::uint64_t model::wake_changes() const
{
    std::uint64_t all = 0;
    for (auto const& each : clusters_) {
        all += each->wakes;
    }
    return all;
}

std::size_t model::held_count() const
{
    std::size_t all = 0;
    for (auto const& each : clusters_) {
        all += each->waiting.size();
    }
    return all;
}

std::size_t model::node_count() const
{
    return clusters_.back()->first_node + clusters_.back()->counted.size();
}

std::size_t model::cluster_count() const { return clusters_.size(); }

std::size_t model::first_node(std::size_t which) const { return clusters_.at(which)->first_node; }

settings const& model::chosen(std::size_t which) const { return clusters_.at(which)->set; }

std::optional<std::size_t> model::active(nanoseconds now, std::size_t which) const
{
    auto const& there = *clusters_.at(which);
    auto const node = there.active(now);
    return node ? std::optional{there.first_node + *node} : std::nullopt;
}

role model::role_of(std::size_t node, nanoseconds now) const
{
    return owner_of(node).role_of(inside(node), now);
}

bool model::is_secondary(std::size_t which) const { return clusters_.at(which)->upstream != nullptr; }

position model::newest(std::size_t which) const { return clusters_.at(which)->log.newest(); }

position model::applied(std::size_t node, nanoseconds now)
{
    now = tick(now);
    return owner_of(node).log.visible(inside(node), now);
}

position model::claimed(std::size_t node, nanoseconds now)
{
    now = tick(now);
    return owner_of(node).log.received(inside(node), now);
}

position model::looked_at(std::size_t node) const { return owner_of(node).cached.at(inside(node)).where; }

std::string model::index_text(position where, std::size_t which) const
{
    auto const& there = *clusters_.at(which);
    auto const& set = there.set;
    if (set.speaks == dialect::vault) {
        return encode_vault_index({set.cluster_id, where}, there.signer);
    }
    return encode_openbao_index({set.cluster_id, storage_text(set.stores, where.local)});
}

node_counters const& model::counters(std::size_t node) const
{
    return owner_of(node).counted.at(inside(node));
}

void model::reset_counters()
{
    for (auto const& one : clusters_) {
        std::fill(one->counted.begin(), one->counted.end(), node_counters{});
    }
}

void model::set_address(std::size_t node, std::string address)
{
    owner_of(node).addresses.at(inside(node)) = std::move(address);
}

std::size_t model::kept_versions() const
{
    std::size_t all = 0;
    for (auto const& each : clusters_) {
        all += each->stored.kept();
    }
    return all;
}

} // namespace cluster
