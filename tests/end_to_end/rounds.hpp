// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "end_to_end/stack.hpp"

#include <cstddef>
#include <string>

// Write through one node, read at once through another that lags.

namespace end_to_end {

/// What became of the reads.
struct tally {
    std::size_t reads = 0;
    std::size_t fresh = 0;
    std::size_t stale = 0;   ///< delivered, and not what was written
    std::size_t refused = 0; ///< given up, because the node refused
    std::size_t other = 0;   ///< anything else
    std::size_t attempts = 0;
};

template <class Stack>
tally run_rounds(cluster::settings const& chosen, afterwrite::consistency_policy const& policy,
                 std::size_t rounds)
{
    cluster::http_server nodes{chosen};
    caller<Stack> one{nodes.address(0)};
    for (std::size_t i = 0; i < nodes.node_count(); ++i)
        REQUIRE(one.view.add_node(nodes.address(i)));
    tally total;
    for (std::size_t round = 0; round < rounds; ++round) {
        auto const value = std::to_string(round);
        one.transport.set_address(nodes.address(round % nodes.node_count()));
        auto const written = one.write("/v1/kv/foo", value, policy);
        // A write is refused as a read is, and then nothing was executed.
        if (!written.delivered() || written.response->status != 204) {
            ++(written.last.why == reason::refused ? total.refused : total.other);
            continue;
        }
        one.transport.set_address(nodes.address((round + 1) % nodes.node_count()));
        auto const seen = one.read("/v1/kv/foo", policy);
        ++total.reads;
        total.attempts += seen.attempts;
        if (!seen.delivered())
            ++(seen.last.why == reason::refused ? total.refused : total.other);
        else
            ++(shows(seen, value) ? total.fresh : total.stale);
    }
    return total;
}

template <class Stack>
void check_modes(cluster::dialect speaks)
{
    constexpr std::size_t rounds = 40;
    auto chosen = settings_of(speaks, "lognormal:8ms,1");
    chosen.consistency_max_index_wait = std::chrono::milliseconds(25);

    // The control: the same rounds with the same seed.
    auto const blind = run_rounds<Stack>(chosen, {.enforce = afterwrite::enforce_consistency::never}, rounds);
    CHECK(blind.reads == rounds);
    CHECK(blind.stale > 0);
    CHECK(blind.attempts == rounds);

    for (bool const allowed : {true, false})
        for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::await,
                                when_inconsistent::forward, when_inconsistent::retry_then_forward}) {
            if (!allowed && (speaks == cluster::dialect::openbao || when < when_inconsistent::forward))
                continue; // they forward never, or without leave
            CAPTURE(to_string(when));
            CAPTURE(allowed);
            chosen.allow_forwarding_via_header = allowed;
            auto const seen = run_rounds<Stack>(chosen, {.when = when}, rounds);
            CHECK(seen.stale == 0);
            CHECK(seen.other == 0);
            if (when == when_inconsistent::fail) {
                CHECK(seen.refused > 0);
                CHECK(seen.attempts == seen.reads);
            } else {
                CHECK(seen.fresh == rounds);
                CHECK(seen.refused == 0);
            }
            if (when == when_inconsistent::forward && allowed)
                CHECK(seen.attempts == seen.reads); // the node forwards: nothing is sent twice
        }
}

} // namespace end_to_end
