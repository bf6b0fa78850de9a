// SPDX-License-Identifier: BSL-1.0
// Snapshots. Restored in place, hashicorp/raft lets no index fall; but a cluster that is bootstrapped anew
// goes on behind the snapshot's own index, with the id that is in the data.
#include "answers.hpp"
#include "state.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cluster {

stored_data stored_data::as_of(std::uint64_t index) const
{
    return {mounts.as_of(index), policies.as_of(index), tokens.as_of(index),
            values.as_of(index), users.as_of(index),    wrapped.as_of(index),
            leases.as_of(index), entities.as_of(index), aliases.as_of(index)};
}

stored_data stored_data::shared_as_of(std::uint64_t index,
                                      std::function<bool(std::string_view)> const& is_local) const
{
    auto const is_shared = [&](std::string_view key, auto const&) {
        return !is_local(key.substr(0, key.find(':')));
    };
    stored_data shared;
    shared.mounts = mounts.as_of(index, [](auto const&, mount const& each) { return !each.local; });
    shared.policies = policies.as_of(index);
    shared.values = values.as_of(index); // those of local mounts lie below ids that no mount has there
    shared.users = users.as_of(index, is_shared);
    shared.entities = entities.as_of(index);
    shared.aliases = aliases.as_of(index, is_shared);
    return shared;
}

std::size_t stored_data::kept() const
{
    return mounts.kept() + policies.kept() + tokens.kept() + values.kept() + users.kept() + wrapped.kept() +
           leases.kept() + entities.kept() + aliases.kept();
}

snapshot model::take_snapshot() const
{
    auto const& from = *clusters_.front();
    auto const& set = from.set;
    const position where = from.log.newest();
    snapshot_data taken{set.cluster_id,
                        set.cluster_name,
                        set.hmac_key,
                        set.root_token,
                        from.generation,
                        where,
                        from.stored.as_of(where.local)};
    return std::make_shared<snapshot_data const>(std::move(taken));
}

void model::state::become(std::string id, std::string key)
{
    set.cluster_id = std::move(id);
    set.hmac_key = std::move(key);
    signer = hmac_signer(set.hmac_key);
    vault_indices = {}; // judged with another key, perhaps
    cached.assign(cached.size(), {});
}

void model::state::enable_anew()
{
    become(is_namesake ? upstream->set.cluster_id : request_id(), upstream->set.hmac_key);
    const position above = upstream->log.newest();
    arriving.clear();
    last_arrival = nanoseconds{0};
    if (set.follows == replication_kind::disaster_recovery) {
        stored = upstream->stored.as_of(above.local);
        log.restart({above.local, 0});
    } else {
        stored = upstream->stored.shared_as_of(above.local,
                                               [this](std::string_view mount) { return is_local(mount); });
        mount_those_of_the_beginning(true, "-" + set.cluster_id);
        log.restart({above.local, above.local});
    }
    for (auto& [id, one] : waiting) {
        one.wanted = {};
        one.deadline = latest;
        one.ready = ready_answer{one.where, false, {error_answer(503, "Vault is sealed")}};
    }
    rewake();
}

void model::restore(snapshot const& saved, nanoseconds now, identity as)
{
    now = tick(now);
    auto& into = *clusters_.front();
    if (as == identity::another) {
        const std::string id = into.request_id();
        into.become(id, "the key of " + id);
    } else {
        into.become(saved->cluster_id, saved->hmac_key);
    }
    into.set.cluster_name = saved->cluster_name;
    into.set.root_token = saved->root_token;
    into.generation = saved->generation;
    into.stored = saved->stored.as_of(saved->where.local);
    into.log.restart(saved->where);
    for (state* each : into.followers) {
        each->enable_anew();
    }
    into.rewake();
}

} // namespace cluster
