// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>

#include "cluster/message.hpp"
#include "dice.hpp"
#include "plan.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Other client libraries, by their documented rules (facts: protocol.md 2.5, 3.5, 5 and 6).

namespace simulation {

/// What another client library remembers.
struct rival_memory {
    rival kind = rival::none;
    std::vector<std::string> states{};

    /// An answer brings this index.
    void take(std::string_view index);
};

/// MergeReplicationStates of Vault's Go client, its faults included.
[[nodiscard]] std::vector<std::string> merge_as_vault_does(std::vector<std::string> const& old,
                                                           std::string const& index);

/// One logical request through such a library: in the place of `exchange`.
class rival_exchange {
public:
    rival_exchange(rival_memory& memory, afterwrite::time_point now, std::uint64_t seed)
        : memory_(&memory), states_(memory.states), begun_(now), luck_(seed)
    {}

    [[nodiscard]] afterwrite::step first(afterwrite::replication_view const&) const { return {}; }
    [[nodiscard]] afterwrite::step resume(afterwrite::replication_view const&, afterwrite::time_point) const
    {
        return {};
    }
    void prepare(cluster::request& asked, afterwrite::replication_view const&);
    [[nodiscard]] afterwrite::step on_response(cluster::response const& answer, afterwrite::time_point now);
    [[nodiscard]] afterwrite::step on_transport_error(afterwrite::time_point now);

    [[nodiscard]] afterwrite::route to() const { return afterwrite::route::any_node; }
    [[nodiscard]] std::string_view address(afterwrite::replication_view const&) const { return {}; }
    [[nodiscard]] afterwrite::required_states const& carried() const { return none_; }

private:
    [[nodiscard]] int retries() const;
    [[nodiscard]] afterwrite::step again(afterwrite::time_point now, afterwrite::duration wait);

    rival_memory* memory_;
    std::vector<std::string> states_; ///< as they were in the beginning, for all attempts
    afterwrite::time_point begun_;
    dice luck_;
    int attempts_ = 0;
    afterwrite::required_states none_;
};

/// Runs seeds with each library, and tells how often each breaks what: a table.
[[nodiscard]] std::string compare_rivals(std::uint64_t first, std::uint64_t last, std::size_t operations,
                                         std::size_t threads);

} // namespace simulation
