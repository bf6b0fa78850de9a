// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/policy/single_flight.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/required_states.hpp>

#include "network.hpp"
#include "oracle.hpp"
#include "scope.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What must always hold, one function each. Each looks at what a client did and at what really happened, and
// says what is wrong, if something is. The numbers are those of the test plan.

namespace simulation::invariant {

using breach = std::optional<std::string>;

/// S1. A delivered read contains all writes that its session had been promised when it began, unless its node
/// says that it has them, and does not show them yet.
inline constexpr std::string_view read_your_writes = "S1 read your writes";
[[nodiscard]] breach of_read(sight const& seen, version const& promised);

/// And a token is good that a login has made: to whom its index was told, and to everybody if it carries
/// that itself. A node that does not know it yet says so, and not that it is none.
inline constexpr std::string_view tokens_are_good = "S1 tokens are good";
[[nodiscard]] breach of_token(sight const& seen, version const& promised, bool says_index);

/// S2. What a session requires is the join of every text that it recorded in the present epoch; a store never
/// requires less. A fence may stand for more.
inline constexpr std::string_view demand_is_join = "S2 the demand is the join";
[[nodiscard]] breach of_demand(afterwrite::required_states const& required, std::string_view cluster,
                               naive_demand const& naive, bool is_of_store, index_book& book);

/// The join of what is required of this cluster, read off the texts by the cluster's codec.
[[nodiscard]] cluster::position join_of(afterwrite::required_states const& required, std::string_view cluster,
                                        bool is_vault, index_book& book);

/// S3. At most two texts of a Vault cluster go with a request and one of OpenBao, each exactly as a server
/// wrote it to this client. Where the active node is not asked, they say all that is required.
/// S4. A text goes to no other cluster than the one that wrote it, and to no session but through the floor.
inline constexpr std::string_view texts_as_received = "S3 texts as received";
inline constexpr std::string_view all_is_said = "S3 all that is required is said";
inline constexpr std::string_view texts_at_home = "S4 no text elsewhere";
struct sent_texts {
    cluster::request const& request;
    text_set const& received;   ///< by its session
    text_set const* floor;      ///< by all of its store; null: that is none of its business
    std::string_view believed;  ///< the cluster that the view knew; empty: none
    std::string_view reached{}; ///< the one that it goes to; empty: the addresses have changed hands
};
[[nodiscard]] breach of_texts(sent_texts const& sent, index_book& book);
[[nodiscard]] breach of_omission(afterwrite::required_states const& required, cluster::request const& sent,
                                 index_book& book);
/// But what a proxy's client says itself goes on as it is, and so does the answer.
[[nodiscard]] breach of_own_fields(cluster::field_list const& said, cluster::request const& sent);
[[nodiscard]] breach of_handing_on(afterwrite::step const& last);
[[nodiscard]] breach of_home(sent_texts const& sent, index_book& book);

/// S5. What must not be executed twice is not sent again once it may have been.
inline constexpr std::string_view executed_once = "S5 executed once";
[[nodiscard]] breach of_repetition(int repetitions, bool is_idempotent);
[[nodiscard]] breach of_resending(bool may_be_executed, bool is_idempotent);

/// S6. No attempt is planned after the deadline, nor beyond the number of attempts that is allowed.
inline constexpr std::string_view within_bounds = "S6 within bounds";
struct effort {
    std::uint32_t attempts;
    std::uint32_t allowed; ///< 0: no number
    afterwrite::time_point planned;
    afterwrite::time_point deadline;
};
[[nodiscard]] breach of_effort(effort const& spent);
/// Nor does it go on to other nodes again and again, without waiting between.
[[nodiscard]] breach of_hops(std::uint32_t in_a_row);
/// Nor do all operations of a process together cause more than their budgets allow.
[[nodiscard]] breach of_spending(bool is_allowed);

/// S7. A new epoch begins if what was held is of an older history than the cluster's, and then only. Two
/// answers to writes that could not be of the history held are enough. What answers a request of the epoch
/// before leaves no trace.
inline constexpr std::string_view epochs_are_real = "S7 epochs are real";
[[nodiscard]] breach of_epoch(std::optional<std::uint64_t> held, std::uint64_t real);
inline constexpr std::string_view epochs_begin = "S7 epochs begin";
[[nodiscard]] breach of_proofs(std::uint64_t proofs);
inline constexpr std::string_view old_answers_end = "S7 old answers are dropped";
[[nodiscard]] breach of_old_answer(afterwrite::recorded const& what, bool is_old);

/// S8. Within an epoch a session never requires less than before. A fence may stand for more.
inline constexpr std::string_view demand_grows = "S8 the demand grows";
[[nodiscard]] breach of_growth(cluster::position const& before, cluster::position const& now, bool is_fenced);

/// S9. Nor does it after it was evicted, saved and loaded, or damaged, unless that is reported: what was left
/// behind is taken up exactly if it is whole and one's own, and nothing of it is missing then (`of_demand`).
inline constexpr std::string_view nothing_is_forgotten = "S9 nothing is forgotten";
[[nodiscard]] breach of_loading(bool is_taken_up, bool is_whole);

/// S10. What a step tells of the cluster is so.
inline constexpr std::string_view tells_the_truth = "S10 tells the truth";
struct circumstances {
    bool node_lacked = false;     ///< the node really had not what the request carried
    bool node_refused = false;    ///< it said that it had not
    bool another_cluster = false; ///< who answered, or an index on the answer, was not of the known cluster
    bool forwarding_was_off = false;
    bool is_openbao = false;
    bool index_was_dropped = false; ///< somebody has taken indices off answers
};
[[nodiscard]] breach of_step(afterwrite::step const& told, circumstances const& truth);

/// L1. Once nothing goes wrong any more, everything is answered soon.
inline constexpr std::string_view ends_well = "L1 ends well";
struct hold_ups {
    bool was_paced = false; ///< it waited as long as its node had lagged before, or for another one
    bool in_vain = false;   ///< somebody asks its nodes for what he is refused for good
};
[[nodiscard]] breach of_end(afterwrite::step const& last, nanoseconds took, hold_ups const& by = {});
/// And then no breaker is open any more, unless what is carried is refused for good, or nobody came to its
/// node for so long; and nobody is let wait for a read that is no more.
inline constexpr std::chrono::seconds unasked{3};
[[nodiscard]] bool has_open_breaker(afterwrite::replication_view const& view);
[[nodiscard]] breach of_calm(afterwrite::replication_view const& view, afterwrite::time_point now,
                             bool was_in_vain = false);

/// How far nodes lag then, each behind its cluster's active one, and that of a secondary behind its primary.
inline constexpr nanoseconds lag_in_the_end = std::chrono::milliseconds(20);

/// How long an operation may take then: three times the lag over both of them, for waits that grow by a half
/// each time; what `retry_then_forward` waits at most; and what a node may wait before it refuses (50 ms).
inline constexpr nanoseconds soon = 3 * 2 * lag_in_the_end + std::chrono::milliseconds(250 + 50);

/// Who was refused waits as what was learned of its node tells, and others wait behind it: up to the longest
/// pause of a read that asks for all, which they may outlast by half.
inline constexpr nanoseconds paced = afterwrite::single_flight::longest_interval * 3 / 2;

/// And behind one who asks for all what it is refused for good: until that one is relieved.
inline constexpr nanoseconds relieved =
    afterwrite::single_flight::most_refused * afterwrite::single_flight::longest_interval * 3 / 2;

} // namespace simulation::invariant
