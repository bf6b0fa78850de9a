// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace simulation {

/// What can go wrong. Each is counted when it strikes, not when it is planned.
enum class fault : std::uint8_t {
    // of a node
    stalled,     ///< applies nothing for a while
    clogged,     ///< all standbys stall one after the other, and recover in another order
    slow,        ///< everything lags far more for a while
    unreachable, ///< no connection to it can be made
    sealed,      ///< answers 503
    parted,      ///< some standbys cannot reach the active node
    // of the active node
    elected,        ///< another node becomes the active one
    crashed_before, ///< dies when a write arrives, which is not executed
    crashed_after,  ///< dies when it has executed a write, which is not answered
    crashed_kept,   ///< dies before it has committed what it appended; the next one has the first of it
    crashed_lost,   ///< ... the next one has not the last of it
    parted_active,  ///< is on the smaller side of a parted network; the others elect another one
    // of the way
    lost_request,    ///< the connection breaks before the request arrives
    lost_answer,     ///< the connection breaks after the request was executed
    late_answer,     ///< others overtake the answer
    doubled_answer,  ///< the answer is recorded twice, the second time much later
    doubled_request, ///< a proxy sends the request twice
    bad_gateway,     ///< a proxy answers 502, before or after the request was executed
    throttled,       ///< the server's rate limit answers 429
    old_cache,       ///< a proxy answers a read with what was answered to another one before
    // of the index field
    stripped,     ///< a proxy drops it
    truncated,    ///< it is cut off
    garbled,      ///< it becomes something that cannot be read
    huge,         ///< it becomes longer than any bound
    joined,       ///< two of them come in one field, with a comma between
    foreign_line, ///< one of another cluster comes besides
    forged,       ///< it becomes another index that can be read
    // of a cluster
    taken_over,        ///< another cluster answers at the same addresses
    restored,          ///< a snapshot is restored into a new cluster of the same id: its index falls
    restored_in_place, ///< a snapshot is restored, and the index rises all the same
    restored_anew,     ///< a snapshot is restored into a new cluster with an id of its own
    promoted,          ///< a secondary becomes a primary; what has not arrived is lost
    disaster,          ///< a cluster is gone, and the one that stood by for that answers at its addresses
    reconfigured,      ///< forwarding by a field becomes allowed or forbidden
    // of the clients
    clock_jumped,      ///< the clock of a process leaps ahead
    restarted,         ///< a process ends, and another one goes on with what it left just then
    restarted_old,     ///< ... with what it had left a while before
    restarted_corrupt, ///< ... with that damaged
    restarted_foreign, ///< ... with what another identity left
    crowded,           ///< more identities come than the store has room for
    impatient,         ///< a caller goes on before it was told to
    overslept,         ///< a caller goes on later than it was told to
    hung_up,           ///< a caller waits no longer for an answer, which comes all the same; or gives up
    views_lost,        ///< a process forgets what it has learned of the nodes
    clock_leaped,      ///< the clock of a process leaps past the time of a fence
    clock_began_anew,  ///< a process goes on with what it left, on a machine whose clock begins at 0 again
    outspoken,         ///< a proxy's client says itself what its answer must show, or which node is to answer
    interleaved,       ///< others use a store in the middle of what somebody does with it
    killed,            ///< a program dies while it changes a store, and those who share that go on with it
};

inline constexpr std::size_t fault_kinds = static_cast<std::size_t>(fault::killed) + 1;

inline constexpr std::array<std::string_view, fault_kinds> fault_names = {"stalled",
                                                                          "clogged",
                                                                          "slow",
                                                                          "unreachable",
                                                                          "sealed",
                                                                          "parted",
                                                                          "elected",
                                                                          "crashed_before",
                                                                          "crashed_after",
                                                                          "crashed_kept",
                                                                          "crashed_lost",
                                                                          "parted_active",
                                                                          "lost_request",
                                                                          "lost_answer",
                                                                          "late_answer",
                                                                          "doubled_answer",
                                                                          "doubled_request",
                                                                          "bad_gateway",
                                                                          "throttled",
                                                                          "old_cache",
                                                                          "stripped",
                                                                          "truncated",
                                                                          "garbled",
                                                                          "huge",
                                                                          "joined",
                                                                          "foreign_line",
                                                                          "forged",
                                                                          "taken_over",
                                                                          "restored",
                                                                          "restored_in_place",
                                                                          "restored_anew",
                                                                          "promoted",
                                                                          "disaster",
                                                                          "reconfigured",
                                                                          "clock_jumped",
                                                                          "restarted",
                                                                          "restarted_old",
                                                                          "restarted_corrupt",
                                                                          "restarted_foreign",
                                                                          "crowded",
                                                                          "impatient",
                                                                          "overslept",
                                                                          "hung_up",
                                                                          "views_lost",
                                                                          "clock_leaped",
                                                                          "clock_began_anew",
                                                                          "outspoken",
                                                                          "interleaved",
                                                                          "killed"};

[[nodiscard]] constexpr std::string_view to_string(fault kind)
{
    return fault_names[static_cast<std::size_t>(kind)];
}

/// How often each has struck.
class fault_counts {
public:
    std::uint64_t& operator[](fault kind) { return of_[static_cast<std::size_t>(kind)]; }
    std::uint64_t operator[](fault kind) const { return of_[static_cast<std::size_t>(kind)]; }

    fault_counts& operator+=(fault_counts const& more)
    {
        for (std::size_t i = 0; i < fault_kinds; ++i)
            of_[i] += more.of_[i];
        return *this;
    }

private:
    std::array<std::uint64_t, fault_kinds> of_{};
};

} // namespace simulation
