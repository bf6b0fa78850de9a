// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/approach.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/own_log.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/retry_schedule.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// One logical request and all its attempts: prepare the request, send it, on_response (or
/// on_transport_error) -> step; again until it is final. It is handed facts, and does nothing itself. What is
/// required is fixed at the beginning: others' writes cannot move the goal. One thread at a time.
class exchange {
public:
    /// `required` is what the session requires of this cluster, `seed` any random bits to spread the waits.
    exchange(consistency_policy const& policy, required_states const& required, request_facts const& facts,
             time_point now, std::uint64_t seed) noexcept
        : facts_(facts), times_(policy, facts.deadline, now, seed), approach_(plan_of(policy.when)),
          is_enforced_(policy.enforce == enforce_consistency::always)
    {
        if (is_enforced_)
            required_ = required;
        required_.advance(now);
        must_ask_active_node_ = facts.to == route::active_node || (facts.safe && !required_.is_expressible());
        if (must_ask_active_node_)
            approach_.insist();
    }

    /// What to do first: send, or give up because only the active node would do and no way leads to it. Who
    /// leaves it out sends in vain then: `on_response` gives up as well, whatever came.
    [[nodiscard]] step first(replication_view const& view) noexcept
    {
        begin(view);
        if (required_.has_regressed())
            return final(action::give_up, reason::regressed);
        if (times_.now() > times_.deadline())
            return final(action::give_up, reason::deadline_passed);
        if (!is_offered(view))
            return final(action::give_up, reason::not_offered);
        return {action::send_again, times_.now(), to(), reason::first_attempt, refusal::none};
    }

    /// Writes the fields of the next attempt into the request. They are set, never appended, so the same
    /// message may be prepared again. A policy that never enforces leaves the message as it is.
    template <request_message M>
    void prepare(M& request, replication_view const& view)
    {
        if constexpr (!repeats_fields<M>)
            if (facts_.safe && required_.size() > 1)
                approach_.insist();
        begin(view);
        if (times_.attempts() == 0)
            marks_ = read_request(request);
        times_.count_attempt();
        was_offered_ = is_offered(view) && !required_.has_regressed();
        if (!is_inert() && was_offered_)
            set_attempt_fields(request, required_, approach_.fields(situation(view)));
        else
            required_ = {}; // its answer is no proof of anything, see `carried`
        auto& sent = required_.sent_as();
        sent.is_read = facts_.safe;
        sent.index_was_refused = index_was_refused_;
        approach_.describe(sent, situation(view), marks_);
    }

    /// What to do with this answer. Teaches the view what the answer tells of the cluster.
    template <response_message M>
    [[nodiscard]] step on_response(M const& response, replication_view& view, time_point now)
    {
        int const status = message_traits<M>::status(response);
        if (status < 100)
            return on_transport_error(view, now);
        times_.advance(now);
        auto const news = marks_.asks_health ? cluster_news{} : learn_cluster(view, response, required_);
        cluster_changed_ = news.has_changed;
        auto const retry_after = status >= 400 ? find_retry_after(response) : std::nullopt;
        last_ = classify({status, retry_after.has_value(), body_of(response), marks_.asks_health,
                          required_.size() > 0, required_.form(), marks_.token_may_carry_index});
        if (is_inert())
            return final(action::deliver, reason::not_enforced);
        if (!was_offered_ || (news.is_foreign && facts_.safe && situation(view).form() == dialect::openbao))
            return final(action::give_up, reason::unproven); // OpenBao takes a foreign index for none
        if (news.is_behind && facts_.safe && approach_.is_checked())
            last_ = refusal::stale_index; // it says itself that it lacks what it should have checked
        if (status >= 300 && status < 400 && status != 304)
            return redirect(response, view);
        return decide(retry_after, view);
    }

    /// What to do when no answer came: nobody knows whether the request was executed. Unless it was not sent,
    /// for want of a connection; `record_lost` is left out then.
    [[nodiscard]] step on_transport_error(replication_view& view, time_point now, bool sent = true) noexcept
    {
        times_.advance(now);
        last_ = refusal::none;
        return repeat(std::nullopt, view, sent);
    }

    /// What the answered attempt had required: to be recorded together with the answer.
    [[nodiscard]] required_states const& carried() const noexcept { return required_; }

    /// Where the prepared attempt is to go: as the step said, unless the stack cannot repeat a field.
    [[nodiscard]] route to() const noexcept { return approach_.to(); }
    [[nodiscard]] std::uint32_t attempts() const noexcept { return times_.attempts(); } ///< prepared so far
    [[nodiscard]] time_point deadline() const noexcept { return times_.deadline(); } ///< of the last attempt

private:
    [[nodiscard]] bool is_inert() const noexcept { return !is_enforced_ && !approach_.insists(); }

    [[nodiscard]] approach::situation situation(replication_view const& view) const noexcept
    {
        return {view, required_, times_.now()};
    }

    /// A request that need not be a read goes to the active node where there are fences, if a way leads
    /// there: it might store nothing, and then any node would serve it.
    void begin(replication_view const& view) noexcept
    {
        bool const has_way = knows_active_node(view) || situation(view).has_forward_field();
        if (is_enforced_ && times_.attempts() == 0 && has_way && !required_.is_expressible())
            approach_.insist();
        approach_.begin(situation(view));
    }

    /// The same without the index, where only a restored cluster can lack it.
    [[nodiscard]] bool gives_up_index() noexcept
    {
        bool const is_sure = last_ == refusal::stale_index || last_ == refusal::index_or_token;
        if (index_was_refused_ || !is_sure || !approach_.is_by_field() || !is_of_own_log(required_))
            return false;
        return index_was_refused_ = give_up_lost_index(required_, times_.now());
    }

    [[nodiscard]] bool is_offered(replication_view const& view) const noexcept
    {
        return to() == route::any_node || knows_active_node(view);
    }

    [[nodiscard]] bool knows_active_node(replication_view const& view) const noexcept
    {
        return facts_.addressable && !view.active_address().empty();
    }

    [[nodiscard]] step final(action what, reason why) const noexcept
    {
        return {what, times_.now(), route::any_node, why, last_, cluster_changed_};
    }

    /// Ifs up, then the table: what each kind of answer means for the exchange.
    [[nodiscard]] step decide(std::optional<duration> retry_after, replication_view& view) noexcept
    {
        switch (last_) {
        case refusal::none:
        case refusal::health_answer:
        case refusal::other: return final(action::deliver, reason::answered);
        case refusal::agent_refusal: return final(action::give_up, reason::refused);
        case refusal::throttled:
        case refusal::quota: return obey_quota(retry_after, view);
        case refusal::no_active_node: return repeat(retry_after, view, false);
        case refusal::server_error: return repeat(retry_after, view, true);
        case refusal::index_not_understood:
            if (required_.form() != dialect::unknown)
                return final(action::give_up, reason::refused);
            required_.forget_unknown_form();
            return again(times_.now(), reason::without_index, view);
        case refusal::forwarding_not_allowed:
            if (approach_.at() != stage::forward &&
                !approach_.is_by_field()) // nobody asked for it, so it is another 400
                return final(action::deliver, reason::answered);
            view.forwarding_was_refused(times_.now());
            if (approach_.insists() && !must_ask_active_node_ && !knows_active_node(view)) {
                approach_.relent();
                approach_.begin(situation(view));
                return again(times_.now(), reason::not_forwarded, view);
            }
            return move(occurrence::barred, times_.now(), view);
        case refusal::presumed_stale:
            if (!facts_.safe)
                return final(action::give_up, reason::outcome_unknown);
            break;
        case refusal::stale_index:
        case refusal::stale_token:
        case refusal::index_or_token: break;
        }
        return wait_for_state(retry_after, view);
    }

    [[nodiscard]] step wait_for_state(std::optional<duration> retry_after, replication_view& view) noexcept
    {
        if (gives_up_index())
            return again(times_.now(), reason::without_index, view);
        auto const due = times_.due_after_refusal(retry_after);
        if (due < times_.overdue_at() || !situation(view).may_forward())
            return move(occurrence::behind, due, view);
        return move(required_.size() > 0 ? occurrence::overdue : occurrence::token_overdue, due, view);
    }

    /// The only place where the stage changes, and the table says how.
    [[nodiscard]] step move(occurrence on, time_point due, replication_view const& view) noexcept
    {
        auto const from = approach_.at();
        auto const form = situation(view).form();
        auto const* const row = find_transition(approach_.in(), from, on,
                                                form == dialect::openbao ? dialect::openbao : dialect::vault);
        if (row == nullptr || row->when == pace::never)
            return final(action::give_up, reason::refused);
        approach_.move(row->to);
        if (row->when == pace::at_once)
            due = times_.now();
        if (row->when == pace::when_overdue)
            due = std::max(times_.now(), times_.overdue_at());
        if (on == occurrence::barred)
            return again(due, reason::not_forwarded, view);
        bool const asks_active_node = row->to == stage::forward || row->to == stage::active;
        return again(due, asks_active_node && row->to != from ? reason::forwarding : reason::waiting, view);
    }

    [[nodiscard]] step obey_quota(std::optional<duration> retry_after, replication_view const& view) noexcept
    {
        if (last_ == refusal::throttled && !facts_.safe)
            return final(action::deliver, reason::answered);
        auto const due = times_.due_after_quota(retry_after);
        if (due > times_.deadline())
            return final(action::give_up, reason::deadline_passed);
        return again(due, reason::waiting, view);
    }

    /// Whether it was executed is unknown, so only what does no harm is repeated.
    [[nodiscard]] step repeat(std::optional<duration> retry_after, replication_view& view,
                              bool is_lost) noexcept
    {
        if (!was_offered_) // nothing was required of this attempt, so nothing would be of the next
            return final(action::give_up, reason::unproven);
        if (auto const& sent = required_.sent_as(); is_lost && sent.fences_losses && !sent.is_read)
            required_.fence(sent.cluster, sent.form); // as the session does
        if (approach_.leave_redirect())
            view.set_active_address({}); // where a redirect led is not where the active node is now
        bool const may_repeat = facts_.idempotent && !is_inert();
        if (may_repeat && (last_ == refusal::no_active_node || times_.has_repeats_left()))
            return again(times_.due_after_failure(retry_after), reason::repeating, view);
        if (last_ != refusal::none)
            return final(action::deliver, reason::answered);
        return final(action::give_up,
                     facts_.idempotent ? reason::attempts_exhausted : reason::outcome_unknown);
    }

    /// A standby that may not forward tells where the active node is. The index goes to declared nodes alone.
    template <class M>
    [[nodiscard]] step redirect(M const& response, replication_view& view)
    {
        if (!learn_active_node(view, response) || !facts_.addressable || !approach_.follow_redirect())
            return final(action::deliver, reason::redirected_elsewhere);
        return again(times_.now(), reason::redirected, view);
    }

    [[nodiscard]] step again(time_point due, reason why, replication_view const& view) noexcept
    {
        approach_.aim(situation(view));
        if (!facts_.replayable_body)
            return final(action::give_up, reason::body_not_replayable);
        if (!times_.has_attempts_left())
            return final(action::give_up, reason::attempts_exhausted);
        if (!times_.has_time_left())
            return final(action::give_up, reason::deadline_passed);
        if (!is_offered(view))
            return final(action::give_up, reason::not_offered);
        return {action::send_again, times_.grant(due), to(), why, last_, cluster_changed_};
    }

    request_facts facts_;
    required_states required_;
    retry_schedule times_;
    request_marks marks_;
    approach approach_;
    refusal last_ = refusal::none;
    bool is_enforced_;
    bool must_ask_active_node_ = false;
    bool was_offered_ = true;
    bool index_was_refused_ = false;
    bool cluster_changed_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
