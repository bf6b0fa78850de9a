// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/progress.hpp>
#include <afterwrite/decision/read_answer.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// One logical request and all its attempts: prepare the request, send it, on_response (or
/// on_transport_error) -> step; wait, resume -> step; again until it is final. It is handed facts, and does
/// nothing itself. What is required is fixed at the beginning: others' writes cannot move the goal. One
/// thread at a time.
class exchange {
public:
    /// `required` is what the session requires of this cluster, `seed` any random bits to spread the waits.
    exchange(consistency_policy const& policy, required_states const& required, request_facts const& facts,
             time_point now, std::uint64_t seed) noexcept
        : exchange(
              policy, [&]() noexcept -> auto const& { return required; }, facts, now, seed)
    {}

    /// `ask()` returns what the session requires, and is called once, here; what it throws is passed on. So
    /// the exchange holds it without a copy, which is worth while where each request counts.
    // clang-format off
    template <class Ask>
        requires std::is_invocable_r_v<required_states, Ask const&>
    exchange(consistency_policy const& policy, Ask const& ask, request_facts const& facts, time_point now,
             std::uint64_t seed) noexcept(std::is_nothrow_invocable_r_v<required_states, Ask const&>)
        : progress_(policy, ask, facts, now, seed)
    {}
    // clang-format on

    /// What to do first: send, wait (see `resume`), or give up because only the active node would do and no
    /// way leads to it. Who leaves it out is not counted as a read, and heeds no breaker.
    [[nodiscard]] step first(replication_view& view) noexcept { return progress_.first(view); }

    /// To be asked once a step's `not_before` has come: send now; or wait on unsent, if `not_before` is later
    /// still, since another read asks the same node for it, and ask again then. `now` may be `not_before`
    /// itself. Who leaves it out sends what a node in trouble may be spared, and is answered as well.
    [[nodiscard]] step resume(replication_view& view, time_point now) noexcept
    {
        return progress_.resume(view, now);
    }

    /// Writes the fields of the next attempt into the request. They are set, never appended, so the same
    /// message may be prepared again. A policy that never enforces leaves the message as it is.
    template <request_message M>
    void prepare(M& request, replication_view const& view)
    {
        if (attempts() == 0)
            marks_ = read_request(request);
        auto const fields = progress_.begin_attempt(view, marks_, repeats_fields<M>);
        said_ = fields.value_or(attempt_fields{});
        if (fields)
            set_attempt_fields(request, progress_.required(), *fields);
    }

    /// What to do with this answer. Teaches the view what the answer tells of the cluster.
    template <response_message M>
    [[nodiscard]] step on_response(M const& response, replication_view& view, time_point now)
    {
        if (message_traits<M>::status(response) < 100)
            return on_transport_error(view, now);
        auto const answer = read_answer(response, view, carried(), marks_, said_);
        return progress_.on_answer(answer, view, now);
    }

    /// What to do when no answer came: nobody knows whether the request was executed. Unless it was not sent,
    /// for want of a connection; `record_lost` is left out then.
    [[nodiscard]] step on_transport_error(replication_view& view, time_point now, bool sent = true) noexcept
    {
        return progress_.on_transport_error(view, now, sent);
    }

    /// What the answered attempt had required: to be recorded together with the answer.
    [[nodiscard]] required_states const& carried() const noexcept { return progress_.required(); }

    /// Where the prepared attempt is to go: as the step said, unless the stack cannot repeat a field.
    [[nodiscard]] route to() const noexcept { return progress_.how().to(); }

    /// The address of the node that the next attempt is to go to; empty: wherever the transport is bound to.
    [[nodiscard]] std::string_view address(replication_view const& view) const noexcept
    {
        return to() == route::active_node ? view.active_address() : view.nodes().address(progress_.node());
    }

    /// Attempts prepared so far.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return progress_.times().attempts(); }

    /// When the last attempt begins at the latest.
    [[nodiscard]] time_point deadline() const noexcept { return progress_.times().deadline(); }

private:
    progress progress_;
    request_marks marks_;
    attempt_fields said_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
