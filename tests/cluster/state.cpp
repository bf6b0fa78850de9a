// SPDX-License-Identifier: BSL-1.0
// What a cluster is at the beginning.
#include "state.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cluster {

model::state::state(settings chosen, std::size_t first, ticket first_ticket, ticket step)
    : set(std::move(chosen)), first_node(first), log(set), signer(set.hmac_key), names(set.seed, 0xFFFFFFFFU),
      link(set.seed, 0xFFFFFFFEU), last_ticket(first_ticket), ticket_step(step)
{
    const std::size_t nodes = 1 + set.performance_standbys + set.plain_standbys;
    counted.resize(nodes);
    quota.resize(nodes);
    cached.resize(nodes);
    for (std::size_t node = 0; node < nodes; ++node) {
        addresses.push_back("http://node-" + std::to_string(first_node + node) + ":8200");
        bool const reads = node <= set.performance_standbys && set.performance_standbys > 0;
        rest_role.push_back(reads ? role::performance_standby : role::plain_standby);
    }
    mount_those_of_the_beginning(false, {});
    for (auto const& where : set.auth_mounts) {
        for (auto const& each : set.users) {
            stored.users.put(user_key(where, {}, each.name), each, 0, 0);
        }
    }
}

void model::state::mount_those_of_the_beginning(bool only_local, std::string const& suffix)
{
    auto const add = [&](std::vector<std::string> const& all, char const* type, bool versioned) {
        for (auto const& name : all) {
            bool const local = is_local(name);
            if (local || !only_local) {
                std::string id = "start-" + name;
                id += suffix;
                stored.mounts.put('/' + name, mount{std::move(id), type, versioned, local}, 0, 0);
            }
        }
    };
    add(set.mounts, "kv", false);
    add(set.versioned_mounts, "kv", true);
    add(set.lease_mounts, "leases", false);
}

bool model::state::is_local(std::string_view mount) const
{
    return std::find(set.local_mounts.begin(), set.local_mounts.end(), mount) != set.local_mounts.end();
}

void model::state::follow(state& primary)
{
    if (set.speaks != dialect::vault || primary.set.speaks != dialect::vault) {
        throw std::invalid_argument("only clusters of Vault follow each other");
    }
    upstream = &primary;
    primary.followers.push_back(this);
    is_namesake = set.cluster_id == primary.set.cluster_id;
    const position above = primary.log.newest();
    // A cluster for disasters has the primary's own log; the other kind has one of its own, and into that
    // goes what it gets of the primary's.
    log.restart(set.follows == replication_kind::performance ? position{set.first_index, above.local}
                                                             : position{above.local, 0});
}

} // namespace cluster
