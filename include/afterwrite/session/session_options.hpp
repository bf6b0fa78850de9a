// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What to do once it is certain that a cluster follows another history than the one that is required of it:
/// a snapshot was restored. What had been written since then is lost, and nothing can bring it back.
enum class on_regression : std::uint8_t {
    /// The new history is followed; reads go to the active node until an answer to a request of the new epoch
    /// brings an index.
    reset_and_forward,

    /// Every exchange that begins later ends with `reason::regressed`, until `accept_regression` is called.
    fail,

    /// The new history is followed from the answer on that gave it away. What other requests had written
    /// there before, while it was not certain yet, may be missed.
    reset,
};

[[nodiscard]] constexpr std::string_view to_string(on_regression what) noexcept
{
    switch (what) {
    case on_regression::reset_and_forward: return "reset_and_forward";
    case on_regression::fail: return "fail";
    case on_regression::reset: return "reset";
    }
    return "reset_and_forward";
}

/// How a session keeps what it is told: configuration alone, a plain value.
struct session_options {
    on_regression regression = on_regression::reset_and_forward;

    /// OpenBao answers reads with an index too: that of the node. Required of later requests, it keeps reads
    /// from going back in time between nodes, and lets what a GET has made be seen (a lease), at the price of
    /// more refusals. If false, only what is not `request_facts::safe` is recorded. Vault answers an index to
    /// what writes alone, so there reads may go back in time whatever is set here; and so they may on OpenBao
    /// behind a 404, which has none.
    bool monotonic_reads = true;

    /// A write whose answer was lost sets a fence: it may have been executed. If false, the next reads need
    /// not show it.
    bool fence_lost_writes = true;

    /// How long a fence stands that nothing repays.
    duration fence_time = default_fence_time;

    friend constexpr bool operator==(session_options const&, session_options const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
