// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/recorded.hpp>

#include "cluster/message.hpp"
#include "oracle.hpp"
#include "sabotage.hpp"
#include "scope.hpp"

#include <string_view>

namespace simulation {

/// Spoils a request that is ready. `received`: the texts that its session was handed; `believed`: the
/// cluster that it goes to.
void spoil(sabotage by, cluster::request& asked, text_set const& received, std::string_view believed,
           index_book& book);

/// Spoils what a session requires: its client said this text itself.
void spoil(sabotage by, scope& who, std::string_view said, afterwrite::time_point now);

/// Spoils what is required of whoever has logged in.
void spoil(sabotage by, scope& who);

/// Spoils what was learned of a cluster.
void spoil(sabotage by, afterwrite::replication_view& view, afterwrite::time_point now);

/// Spoils what became of an answer.
void spoil(sabotage by, afterwrite::recorded& what);

/// Spoils what the library wants to be done next.
void spoil(sabotage by, afterwrite::step& next, afterwrite::time_point now);

} // namespace simulation
