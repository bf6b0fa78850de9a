// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/breaker.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/replication_view.hpp>

#include "support/manual_clock.hpp"

namespace support {

/// The nodes a, b and c, with the numbers 0, 1 and 2.
inline afterwrite::declared_nodes three_nodes()
{
    afterwrite::declared_nodes nodes;
    for (auto const* name : {"http://a", "http://b", "http://c"})
        nodes.add(name);
    return nodes;
}

/// The same as the nodes of the cluster c, which speaks Vault's dialect.
inline afterwrite::replication_view view_of_three()
{
    afterwrite::replication_view view(afterwrite::dialect::vault, afterwrite::cluster_id("c"));
    view.nodes() = three_nodes();
    return view;
}

/// Opens at 0 s; the next probe is due as soon as it may be.
inline void open(afterwrite::breaker& guard)
{
    for (int i = 0; i < afterwrite::breaker::opens_after; ++i)
        guard.escalated(at(0s), 0);
}

} // namespace support
