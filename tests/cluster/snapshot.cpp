// SPDX-License-Identifier: BSL-1.0
// Snapshots. Restored in place, hashicorp/raft lets no index fall; but a cluster that is bootstrapped anew
// goes on behind the snapshot's own index, with the id that is in the data.
#include "state.hpp"

#include <memory>
#include <stdexcept>

namespace cluster {

stored_data stored_data::as_of(std::uint64_t index) const
{
    return {mounts.as_of(index), policies.as_of(index), tokens.as_of(index),
            values.as_of(index), users.as_of(index),    wrapped.as_of(index),
            leases.as_of(index), entities.as_of(index), aliases.as_of(index)};
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

void model::restore(snapshot const& saved, nanoseconds now)
{
    auto& into = *clusters_.front();
    if (!into.followers.empty()) {
        throw std::logic_error("a cluster that others follow cannot be restored here");
    }
    auto& set = into.set;
    set.cluster_id = saved->cluster_id;
    set.cluster_name = saved->cluster_name;
    set.hmac_key = saved->hmac_key;
    set.root_token = saved->root_token;
    into.generation = saved->generation;
    into.signer = hmac_signer(saved->hmac_key);
    into.vault_indices = {}; // judged with another key, perhaps
    into.stored = saved->stored.as_of(saved->where.local);
    into.log.restart(saved->where);
    into.cached.assign(into.cached.size(), {});
    (void)tick(now);
    into.rewake();
}

} // namespace cluster
