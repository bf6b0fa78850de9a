// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/lag_sample.hpp>
#include <afterwrite/decision/learned_wait.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/retry_schedule.hpp>
#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/policy/breaker.hpp>
#include <afterwrite/policy/choose_node.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/node_knowledge.hpp>
#include <afterwrite/policy/replication_lag.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/policy/single_flight.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How one exchange goes after the state that it requires: which node it asks, how long it waits, when it
/// asks another node or the active one. It waits as what was learned of the nodes tells, and what it sees
/// itself is learned by those who come after. A policy with waits of its own (`backoff::shape`) is followed
/// to the letter instead, and nothing is shared.
class pursuit {
public:
    /// What to do after a refusal.
    enum class move : std::uint8_t { wait, ask_another, forward };
    struct advice {
        move what = move::wait;
        time_point due{};
        bool is_over_budget = false; ///< it would be due earlier, or be forwarded, but for the budget
    };

    /// What is known of the attempt that was refused or is to be sent.
    struct circumstances {
        bool waits_for_node = false; ///< the node itself is to answer, and is waited for
        bool may_forward = false;    ///< the active node may be asked instead, later on
    };

    pursuit(consistency_policy const& policy, request_facts const& facts, required_states const& required,
            time_point now, time_point deadline) noexcept
        : begun_(now), forward_after_(policy.forward_after), waits_(policy.wait.longest),
          is_learned_(policy.wait.form == backoff::shape::learned), is_read_(facts.safe),
          chooses_(facts.addressable && facts.to == route::best_node)
    {
        if (required.size() == 0)
            return;
        position_ = required.clusters() == 1 ? required[0].place().value_or(wal_position{}) : wal_position{};
        seat_ = {*position_, deadline};
    }

    [[nodiscard]] node_number node() const noexcept { return node_; }

    /// Chooses the node of the first attempt; later calls change nothing.
    void choose(replication_view const& view, retry_schedule& times, bool may_forward) noexcept
    {
        if (chooses_ && node_ == anywhere)
            node_ = choose_node(view.nodes(), position_, times.now(), times.random(), !may_forward);
    }

    /// The exchange begins. Whether the breaker of its node lets it ask this node at all.
    [[nodiscard]] bool begin(replication_view& view, retry_schedule& times, required_states const& required,
                             circumstances const& how) noexcept
    {
        history_ = view.history();
        if (required.clusters() == 1 && !view.cluster().empty() && required[0].cluster() != view.cluster())
            forget_position();
        choose(view, times, how.may_forward);
        view.budget().count_read();
        auto& guard = at(view).guard;
        if (!is_learned_ || !position_ || !is_read_ || !guard.is_open())
            return true;
        auto const mode = guard.begin(times.now(), times.random()); // who waits anyway is a probe too
        bool const forwards = mode == breaker::mode::forward;
        if (!how.may_forward || (forwards && !view.budget().try_forward(times.now(), true)))
            return true;
        mode_ = mode;
        return !forwards;
    }

    /// Until when the attempt is to stay unsent, since another read asks the same node for it. The first one
    /// is always sent where nobody knows which node will answer.
    [[nodiscard]] std::optional<time_point> held_until(replication_view& view, retry_schedule& times) noexcept
    {
        if (!is_learned_ || (node_ == anywhere && times.attempts() == 0))
            return std::nullopt;
        follow_history(view);
        auto& flight = at(view).flight;
        if (!flight.is_out(times.now())) {
            seat_.has_joined = false;
            return std::nullopt;
        }
        auto const answer = flight.ask(seat_, times.now(), times.random());
        return answer.what == single_flight::turn::wait ? std::optional(answer.look_again) : std::nullopt;
    }

    /// When the node has been waited for long enough; the end of time while nothing is waited for.
    [[nodiscard]] time_point overdue_at(replication_view const& view) const noexcept
    {
        if (!seen_.has_begun() && !seat_.has_joined)
            return time_point::max();
        auto const since = seat_.has_joined ? begun_ : seen_.begun();
        return has_opened(view) ? since : later(since, patience(view));
    }

    /// Lets the active node answer from now on, if the budget allows it: those who come after will know.
    [[nodiscard]] bool try_forward(replication_view& view, retry_schedule& times) noexcept
    {
        if (!is_learned_)
            return true;
        if (!view.budget().try_forward(times.now(), at(view).guard.is_open()))
            return false;
        at(view).guard.escalated(times.now(), times.random());
        seen_.outlasted(node_, view);
        return true;
    }

    /// The attempt was refused as stale.
    [[nodiscard]] advice refused(replication_view& view, retry_schedule& times,
                                 std::optional<duration> retry_after, circumstances const& how) noexcept
    {
        note_refusal(view, times, how);
        auto const now = times.now();
        bool const may_forward = how.may_forward && how.waits_for_node;
        bool is_over_budget = false;
        if (may_forward && now >= overdue_at(view)) {
            if (try_forward(view, times))
                return {move::forward, now};
            is_over_budget = true;
        }
        if (how.waits_for_node && may_hop(view, times))
            return {move::ask_another, now};
        auto const due =
            times.due_after(next_wait(view, times, how.may_forward, is_over_budget), retry_after);
        auto const overdue = overdue_at(view);
        if (may_forward && due >= overdue && now < overdue) {
            if (mode_ == breaker::mode::probe) // once more when the patience ends: a node that has it shows
                return {move::wait, overdue, is_over_budget};
            if (try_forward(view, times))
                return {move::forward, overdue};
            is_over_budget = true;
        }
        if (!is_learned_ || !how.waits_for_node || !position_)
            return {move::wait, due, is_over_budget};
        auto const shared = at(view).flight.refused(seat_, now, due, times.random());
        return {move::wait, may_forward && due < overdue ? std::min(shared, overdue) : shared,
                is_over_budget};
    }

    /// The node itself answered as required.
    void answered(replication_view& view, retry_schedule const& times) noexcept
    {
        if (!is_learned_ || !position_)
            return;
        follow_history(view);
        auto& node = at(view);
        if (*position_ == wal_position{} || !node.has(*position_)) // else it shows nothing new
            node.guard.answered();
        node.flight.answered(seat_, times.now());
        if (has_hopped_)
            view.hopping().hopped(true);
        seen_.landed(node_, view);
    }

    /// The node pointed elsewhere, so that nobody learns here what the others wait for.
    void leave(replication_view& view, time_point now) noexcept { at(view).flight.left(seat_, now); }

    /// The node could not be reached, or it cannot serve anybody. Whether there is another one to ask.
    [[nodiscard]] bool evade(replication_view& view, retry_schedule& times) noexcept
    {
        if (!chooses_ || node_ == anywhere)
            return false;
        at(view).failed(times.now());
        go_to(choose_node(view.nodes(), position_, times.now(), times.random()));
        return !at(view).has_failed(times.now());
    }

    /// What is required is of a history, or of a cluster, that these nodes do not follow: it tells nothing of
    /// them.
    void forget_position() noexcept
    {
        if (position_)
            position_ = wal_position{};
        seat_ = {};
    }

    /// An attempt is sent.
    void send(time_point now) noexcept { seen_.send(now); }

private:
    [[nodiscard]] node_knowledge& at(replication_view& view) const noexcept { return view.nodes()[node_]; }

    void go_to(node_number next) noexcept
    {
        node_ = next;
        seat_.has_joined = false;
    }

    [[nodiscard]] lag_estimate estimate(replication_view const& view, std::uint64_t random,
                                        bool may_forward) const noexcept
    {
        return estimate_lag(view.nodes()[node_].lag, view.lag(), random, may_forward);
    }

    [[nodiscard]] duration patience(replication_view const& view) const noexcept
    {
        if (forward_after_ != consistency_policy::as_learned)
            return forward_after_;
        if (mode_ == breaker::mode::probe || !is_read_)
            return lag_estimate::longest_patience;
        return is_learned_ ? estimate(view, 1, true).patience : lag_estimate::cold_patience;
    }

    /// Others have waited in vain since this exchange began.
    [[nodiscard]] bool has_opened(replication_view const& view) const noexcept
    {
        return is_learned_ && is_read_ && mode_ != breaker::mode::probe &&
               view.nodes()[node_].guard.is_open();
    }

    void note_refusal(replication_view& view, retry_schedule const& times, circumstances const& how) noexcept
    {
        ++refusals_;
        follow_history(view);
        seen_.refused(node_, times.now());
        if (!is_learned_ || !how.waits_for_node || !position_)
            return;
        bool const is_odd = !(*position_ == wal_position{}) && at(view).has(*position_);
        at(view).refused(*position_, times.now());
        may_hop_ = may_hop_ && !is_odd;
        if (is_odd) // it is refused for something else, as what its token demands, which tells others nothing
            forget_position();
        if (std::exchange(has_hopped_, false))
            view.hopping().hopped(false);
    }

    /// Goes on to another node if that pays, see `node_hopping`.
    [[nodiscard]] bool may_hop(replication_view& view, retry_schedule& times) noexcept
    {
        if (!is_learned_ || !may_hop_ || mode_ == breaker::mode::probe || waits_.is_trial() ||
            !view.hopping().should_hop(refusals_, hops_, times.random()))
            return false;
        auto const next =
            choose_other_node(view.nodes(), node_, hops_ > 0 ? hopped_from_ : node_, position_, times.now());
        if (next == anywhere || !(view.hopping().pays() || view.budget().try_retry(times.now())))
            return false;
        if (hops_++ == 0)
            hopped_from_ = node_;
        go_to(next);
        return has_hopped_ = true;
    }

    /// The learned wait, or that of the policy.
    [[nodiscard]] duration next_wait(replication_view& view, retry_schedule& times, bool may_forward,
                                     bool& is_over_budget) noexcept
    {
        hops_ = 0;
        if (!is_learned_)
            return times.next_wait();
        return waits_.next(estimate(view, times.random(), may_forward), view.budget(), times,
                           mode_ == breaker::mode::probe, is_over_budget);
    }

    void follow_history(replication_view const& view) noexcept
    {
        if (std::exchange(history_, view.history()) != view.history())
            forget_position();
    }

    required_position position_{};
    single_flight::reader seat_{};
    lag_sample seen_{};
    time_point begun_;
    duration forward_after_;
    learned_wait waits_;
    std::uint32_t history_ = 0;
    std::uint32_t refusals_ = 0;
    std::uint32_t hops_ = 0; ///< since it waited last
    node_number node_ = anywhere;
    node_number hopped_from_ = anywhere;
    breaker::mode mode_ = breaker::mode::ask;
    bool is_learned_;
    /// What is no read is executed on the active node anyhow; and its plain answers are what tells that a
    /// cluster was restored. So it heeds no breaker, and has the longest patience.
    bool is_read_;
    bool chooses_;
    bool may_hop_ = chooses_;
    bool has_hopped_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
