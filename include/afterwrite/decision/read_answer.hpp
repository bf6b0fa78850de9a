// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>
#include <afterwrite/wire/stale_negative.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What an exchange reads off one answer.
struct answer_reading {
    int status = 0;
    refusal kind = refusal::none;
    bool asked_health = false;
    bool names_active_node = false;     ///< it is a redirect to a declared node
    bool may_be_stale_negative = false; ///< see `is_stale_negative`
    std::optional<duration> retry_after{};
    cluster_news news{};

    [[nodiscard]] constexpr bool is_success() const noexcept
    {
        return !asked_health && status >= 200 && status < 300;
    }
    [[nodiscard]] constexpr bool is_redirect() const noexcept
    {
        return status >= 300 && status < 400 && status != 304;
    }

    /// The node, or a proxy before it, cannot serve anybody now: others may.
    [[nodiscard]] constexpr bool is_unreachable() const noexcept
    {
        return kind == refusal::no_active_node || (status >= 502 && status <= 504);
    }

    /// The node has looked at what was required, and has it: other errors may come before it looks.
    [[nodiscard]] constexpr bool shows_state() const noexcept { return is_success() || status == 404; }
};

/// Reads the answer to an attempt that said `said` and carried `carried`, and teaches the view what it tells
/// of the cluster.
template <response_message M>
[[nodiscard]] answer_reading read_answer(M const& response, replication_view& view,
                                         required_states const& carried, request_marks const& marks,
                                         attempt_fields const& said)
{
    answer_reading answer{.status = message_traits<M>::status(response), .asked_health = marks.asks_health};
    if (!marks.asks_health)
        answer.news = learn_cluster(view, response, carried);
    if (answer.is_redirect())
        answer.names_active_node = learn_active_node(view, response);
    if (answer.status < 400)
        return answer;
    answer.retry_after = find_retry_after(response);
    auto const body = body_of(response);
    answer.may_be_stale_negative = is_stale_negative(answer.status, body);
    answer.kind = classify({.status = answer.status,
                            .has_retry_after = answer.retry_after.has_value(),
                            .body = body,
                            .asked_health = marks.asks_health,
                            .carried_index = carried.size() > 0,
                            .carried_form = carried.form(),
                            .token_may_carry_index = marks.token_may_carry_index,
                            .carried_several = said.takes_several && carried.size() > 1,
                            .asked_to_await = said.at == stage::hold});
    return answer;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
