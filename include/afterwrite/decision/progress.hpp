// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/approach.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/course.hpp>
#include <afterwrite/decision/heard.hpp>
#include <afterwrite/decision/pursuit.hpp>
#include <afterwrite/decision/read_answer.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/retry_schedule.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/policy/capabilities.hpp>
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

/// How far an exchange has come, and what each answer makes of it: the part of `exchange` that sees no
/// message. `course` knows what is required, and whether the active node must answer; `approach`, which stage
/// and which way; `pursuit`, which node and when; `retry_schedule`, the clock. One thread at a time.
class progress {
public:
    template <class Ask>
    progress(consistency_policy const& policy, Ask const& ask, request_facts const& facts, time_point now,
             std::uint64_t seed)
        : course_(policy, ask, facts, now), times_(policy, facts.deadline, now, seed),
          pursuit_(policy, facts, course_.required(), now, times_.deadline())
    {
        course_.drop_unenforced();
    }

    /// See `exchange::first`.
    [[nodiscard]] step first(replication_view& view) noexcept
    {
        begin(view);
        if (required().has_regressed())
            return final(action::give_up, reason::regressed);
        if (times_.now() > times_.deadline())
            return final(action::give_up, reason::deadline_passed);
        if (!course_.is_offered(view))
            return final(action::give_up, reason::not_offered);
        if (course_.waits_for_node() && !pursuit_.begin(view, times_, required(), circumstances(view)))
            course_.how().begin_forwarding(situation(view));
        return take_turn(view);
    }

    /// See `exchange::resume`.
    [[nodiscard]] step resume(replication_view& view, time_point now) noexcept
    {
        times_.advance(now);
        times_.arrive();
        heard_.forget_news(); // they were told
        return take_turn(view);
    }

    /// An attempt begins, on a stack that can repeat a field or cannot. What its fields are to say; nothing
    /// if it goes as it is.
    [[nodiscard]] std::optional<attempt_fields>
    begin_attempt(replication_view const& view, request_marks const& marks, bool repeats_fields) noexcept
    {
        if (!repeats_fields)
            course_.insist_on_one_node();
        begin(view);
        times_.count_attempt();
        pursuit_.send(times_.now());
        return course_.begin_attempt(view, marks, times_.now());
    }

    [[nodiscard]] step on_answer(answer_reading const& answer, replication_view& view,
                                 time_point now) noexcept
    {
        times_.advance(now);
        heard_ = {.last = answer.kind, .news = answer.news, .is_unreachable = answer.is_unreachable()};
        if (!facts().safe && answer.is_success())
            heard_.missing = view.missing().note_write(answer.news.has_index, now);
        if (course_.is_inert())
            return final(action::deliver, reason::not_enforced);
        bool const is_foreign = answer.news.is_foreign && situation(view).form() == dialect::openbao;
        if (!course_.was_offered() || (is_foreign && facts().safe)) // OpenBao takes a foreign index for none
            return final(action::give_up, reason::unproven);
        if (answer.news.is_behind && facts().safe && how().is_checked())
            heard_.last = refusal::stale_index; // it says itself that it lacks what it should have checked
        if (answer.is_redirect()) {             // the index goes to declared nodes alone
            pursuit_.leave(view, times_.now());
            return answer.names_active_node && facts().addressable && course_.how().follow_redirect()
                       ? again(times_.now(), reason::redirected, view)
                       : final(action::deliver, reason::redirected_elsewhere);
        }
        bool const may_doubt = times_.now() < course_.doubts_until() && !how().asks_active_node();
        if (answer.may_be_stale_negative && may_doubt && times_.may_go_on())
            return again(
                std::min(times_.due_after(times_.next_wait(), answer.retry_after), course_.doubts_until()),
                reason::doubted, view);
        if (heard_.last == refusal::none && answer.shows_state() && course_.waits_for_node())
            pursuit_.answered(view, times_);
        return decide(answer.retry_after, view);
    }

    /// See `exchange::on_transport_error`.
    [[nodiscard]] step on_transport_error(replication_view& view, time_point now, bool sent) noexcept
    {
        times_.advance(now);
        heard_ = {.was_unsent = !sent, .is_unreachable = true};
        return repeat(std::nullopt, view, sent);
    }

    [[nodiscard]] required_states const& required() const noexcept { return course_.required(); }
    [[nodiscard]] approach const& how() const noexcept { return course_.how(); }
    [[nodiscard]] retry_schedule const& times() const noexcept { return times_; }
    [[nodiscard]] node_number node() const noexcept { return pursuit_.node(); }

private:
    [[nodiscard]] request_facts const& facts() const noexcept { return course_.facts(); }
    [[nodiscard]] approach::situation situation(replication_view const& view) const noexcept
    {
        return course_.situation(view, times_.now());
    }

    void begin(replication_view const& view) noexcept
    {
        course_.begin(view, times_.now(), times_.attempts() == 0);
        pursuit_.choose(view, times_, circumstances(view).may_forward);
    }

    [[nodiscard]] pursuit::circumstances circumstances(replication_view const& view) const noexcept
    {
        return {course_.waits_for_node(), how().may_turn_to_active_node(situation(view))};
    }

    /// Sends, or waits unsent behind another read until that knows, or the patience ends.
    [[nodiscard]] step take_turn(replication_view& view) noexcept
    {
        auto const held = course_.waits_for_node() ? pursuit_.held_until(view, times_) : std::nullopt;
        if (!held)
            return heard_.send(times_.now(), how().to(), heard_.why);
        auto due = *held;
        auto why = reason::joined;
        if (circumstances(view).may_forward) {
            auto const overdue = pursuit_.overdue_at(view);
            if (times_.now() < overdue)
                due = std::min(due, overdue);
            else if (pursuit_.try_forward(view, times_))
                return move(occurrence::overdue, times_.now(), view);
            else
                why = reason::over_budget;
        }
        if (!times_.has_time_left())
            return final(action::give_up, reason::deadline_passed);
        return heard_.send(times_.grant(due), how().to(), why);
    }

    [[nodiscard]] step final(action what, reason why) const noexcept
    {
        return heard_.final(what, why, times_.now());
    }

    [[nodiscard]] step decide(std::optional<duration> retry_after, replication_view& view) noexcept
    {
        switch (heard_.last) {
        case refusal::none:
        case refusal::health_answer:
        case refusal::other: return final(action::deliver, reason::answered);
        case refusal::agent_refusal: return final(action::give_up, reason::refused);
        case refusal::throttled:
        case refusal::quota: return obey_quota(retry_after, view);
        case refusal::no_active_node: return repeat(retry_after, view, false);
        case refusal::server_error: return repeat(retry_after, view, true);
        case refusal::index_not_understood:
            return course_.leaves_out_unknown_form() ? again(times_.now(), reason::without_index, view)
                                                     : final(action::give_up, reason::refused);
        case refusal::await_not_understood:
            heard_.missing = view.missing().note_missing(capability::await_state, times_.now());
            return move(occurrence::barred, times_.now(), view);
        case refusal::several_indices_refused:
            heard_.missing = view.missing().note_missing(capability::several_indices, times_.now());
            if (how().insists())
                return final(action::give_up, reason::refused);
            begin(view);
            return again(times_.now(), reason::forwarding, view);
        case refusal::forwarding_not_allowed:
            if (!how().asks_to_forward()) // nobody asked for it, so it is another 400
                return final(action::deliver, reason::answered);
            heard_.missing = view.missing().note_missing(capability::forwarding, times_.now());
            return course_.relents(view, times_.now()) ? again(times_.now(), reason::not_forwarded, view)
                                                       : move(occurrence::barred, times_.now(), view);
        case refusal::presumed_stale:
            if (!facts().safe)
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
        if (course_.gives_up_index(heard_.last, times_.now())) {
            view.forget_positions();
            return again(times_.now(), reason::without_index, view);
        }
        if (heard_.last == refusal::stale_token) // which is this caller's own affair
            pursuit_.forget_position();
        auto const advice = pursuit_.refused(view, times_, retry_after, circumstances(view));
        if (advice.what == pursuit::move::ask_another)
            return again(advice.due, reason::another_node, view);
        if (advice.what == pursuit::move::forward)
            return move(required().size() > 0 ? occurrence::overdue : occurrence::token_overdue, advice.due,
                        view);
        return move(occurrence::behind, advice.due, view,
                    advice.is_over_budget ? reason::over_budget : reason::waiting);
    }

    /// Where an answer changes the stage, and the table says how.
    [[nodiscard]] step move(occurrence on, time_point due, replication_view const& view,
                            reason waiting = reason::waiting) noexcept
    {
        auto const from = how().at();
        auto const when = course_.how().move(on, situation(view).form());
        if (when == pace::never)
            return final(action::give_up, reason::refused);
        due = when == pace::at_once ? times_.now() : due;
        if (on == occurrence::barred)
            return again(due, from == stage::hold ? reason::not_held : reason::not_forwarded, view);
        bool const asks_active_node = how().at() == stage::forward || how().at() == stage::active;
        return again(due, asks_active_node && how().at() != from ? reason::forwarding : waiting, view);
    }

    [[nodiscard]] step obey_quota(std::optional<duration> retry_after, replication_view& view) noexcept
    {
        if (heard_.last == refusal::throttled && !facts().safe)
            return final(action::deliver, reason::answered);
        auto const due = times_.due_after_pushback(retry_after, view.budget());
        return due > times_.deadline() ? final(action::give_up, reason::deadline_passed)
                                       : again(due, reason::waiting, view);
    }

    /// Whether it was executed is unknown, so only what does no harm is repeated.
    [[nodiscard]] step repeat(std::optional<duration> retry_after, replication_view& view,
                              bool is_lost) noexcept
    {
        if (!course_.was_offered()) // nothing was required of this attempt, so nothing would be of the next
            return final(action::give_up, reason::unproven);
        if (is_lost)
            course_.fence_loss();
        if (course_.how().leave_redirect())
            view.forget_told_active();
        bool const finds_another =
            heard_.is_unreachable && how().to() == route::best_node && pursuit_.evade(view, times_);
        bool const is_harmless = facts().idempotent || heard_.was_unsent;
        bool const may_repeat = is_harmless && !course_.is_inert();
        if (may_repeat && finds_another && !is_lost)
            return again(times_.now(), reason::another_node, view);
        bool const has_no_active_node = heard_.last == refusal::no_active_node;
        if (may_repeat && (has_no_active_node || times_.may_repeat(view.budget()))) {
            auto const due = has_no_active_node ? times_.due_after_pushback(retry_after, view.budget())
                                                : times_.due_after_failure(retry_after);
            if (!retry_after || due <= times_.deadline())
                return again(due, reason::repeating, view);
        }
        if (heard_.last != refusal::none)
            return final(action::deliver, reason::answered);
        return final(action::give_up, is_harmless ? reason::attempts_exhausted : reason::outcome_unknown);
    }

    [[nodiscard]] step again(time_point due, reason why, replication_view const& view) noexcept
    {
        course_.how().aim(situation(view));
        if (!facts().replayable_body && times_.attempts() > 0)
            return final(action::give_up, reason::body_not_replayable);
        if (!times_.has_attempts_left())
            return final(action::give_up, reason::attempts_exhausted);
        if (!times_.has_time_left())
            return final(action::give_up, reason::deadline_passed);
        if (!course_.is_offered(view))
            return final(action::give_up, reason::not_offered);
        heard_.why = why;
        return heard_.send(times_.grant(due), how().to(), why);
    }

    course course_;
    retry_schedule times_;
    pursuit pursuit_;
    heard heard_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
