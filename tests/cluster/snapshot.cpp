// SPDX-License-Identifier: BSL-1.0
// Snapshots. Restored in place, hashicorp/raft lets no index fall; but a cluster that is bootstrapped anew
// goes on behind the snapshot's own index, with the id that is in the data.
#include "state.hpp"

#include <memory>

namespace cluster {

stored_data stored_data::as_of(std::uint64_t index) const
{
    return {mounts.as_of(index), policies.as_of(index), tokens.as_of(index), values.as_of(index),
            users.as_of(index),  wrapped.as_of(index),  leases.as_of(index)};
}

std::size_t stored_data::kept() const
{
    return mounts.kept() + policies.kept() + tokens.kept() + values.kept() + users.kept() + wrapped.kept() +
           leases.kept();
}

snapshot model::take_snapshot() const
{
    auto const& set = state_->set;
    const position where = state_->log.newest();
    snapshot_data taken{set.cluster_id, set.cluster_name,
                        set.hmac_key,   set.root_token,
                        where,          state_->stored.as_of(where.local)};
    return std::make_shared<snapshot_data const>(std::move(taken));
}

void model::restore(snapshot const& saved, nanoseconds now)
{
    auto& set = state_->set;
    set.cluster_id = saved->cluster_id;
    set.cluster_name = saved->cluster_name;
    set.hmac_key = saved->hmac_key;
    set.root_token = saved->root_token;
    state_->signer = hmac_signer(saved->hmac_key);
    state_->parsed.clear(); // judged with another key, perhaps
    state_->stored = saved->stored.as_of(saved->where.local);
    state_->log.restart(saved->where);
    state_->cached.assign(state_->cached.size(), {});
    (void)state_->clock(now);
    state_->rewake();
}

} // namespace cluster
