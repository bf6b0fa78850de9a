// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "server/findings.hpp"
#include "server/nodes.hpp"

#include <cstddef>
#include <string>

namespace server {

/// Mounts, a policy and a user, at all nodes: `kv` and `versions` are KV of version 1 and 2.
void set_up(nodes& cluster);

/// The index of answers, and the answer of a node that is behind: are they what the library knows?
void check_fields(nodes& cluster, findings& into, std::size_t rounds);

/// What one writes at the active node and reads at the slow one, without the library and with each policy.
void check_policies(nodes& cluster, findings& into, std::size_t rounds);

/// Callers that know nothing of each other, and tokens that are used as soon as they are born.
void check_identities(nodes& cluster, findings& into, std::size_t rounds);

/// What sessions see of all nodes, while the active one steps down and nodes are killed. The history goes to
/// the file too.
void check_history(nodes& cluster, findings& into, std::size_t operations, std::string const& file);

} // namespace server
