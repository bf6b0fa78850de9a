// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace simulation {

/// What a process does wrong on purpose, between the library and the network: so each invariant is seen to
/// find what it is there for.
enum class sabotage : std::uint8_t {
    none,
    forgets,         ///< its sessions lose half of what they are told
    forgets_logins,  ///< the same, of all that they know, when a login is answered: and so does the new token
    forgets_on_load, ///< the same, of all that they knew, when they are loaded, or others evicted
    invents_texts,   ///< sends an index that nobody gave it
    leaves_out_texts,  ///< sends none of those that are required
    confuses_clusters, ///< sends the index of another cluster
    repeats_lost,      ///< sends a write again that may have been executed
    outwaits,          ///< waits until after the deadline
    sees_epochs,       ///< takes each answer for that of another history
    misses_epochs,     ///< takes none for that
    keeps_old_answers, ///< keeps what answers a request of an older history
    lies,              ///< tells of a change of clusters
    overspends,        ///< takes the usual budgets for its own, which may be smaller
    opens_breakers,    ///< takes every node for one that never catches up
    hides_refusals,    ///< does not tell that a node was behind
    merges_texts,      ///< its proxies require what a client says itself
    dawdles,           ///< does nothing for some seconds, also when all is well
};

} // namespace simulation
