// SPDX-License-Identifier: BSL-1.0
#include "settings.hpp"

namespace cluster {

settings secondary_of(settings const& primary, replication_kind kind, std::size_t number)
{
    settings set = primary;
    set.secondaries.clear();
    set.no_active.clear();
    set.sealed.clear();
    set.cut_off.clear();
    set.syncing.clear();
    set.follows = kind;
    set.upstream_lag = {};
    const std::string digits = std::to_string(number);
    // The id of a secondary is its own (hashicorp/vault pull request 18130).
    set.cluster_id = "9b1d0c52-7e3f-4a68-8d10-" + std::string(12 - digits.size(), '0') + digits;
    set.cluster_name += "-" + digits;
    set.seed = primary.seed + number;
    return set;
}

} // namespace cluster
