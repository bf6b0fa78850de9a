// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/approach.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/own_log.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/answer_kind.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What one exchange requires, and by which way its attempts go: to any node, or to the active one where only
/// that one will do, and where a way leads there. One thread at a time.
class course {
public:
    /// `ask()` is what is required: it comes to be where it stays.
    template <class Ask>
    course(consistency_policy const& policy, Ask const& ask, request_facts const& facts, time_point now)
        : facts_(facts), required_(ask()), approach_(plan_of(policy.when), elsewhere(facts)),
          is_enforced_(policy.enforce == enforce_consistency::always)
    {
        if (facts.safe && facts.replayable_body && policy.stale_negatives > duration::zero())
            doubts_until_ = later(required_.unindexed_write_at(), policy.stale_negatives);
        required_.advance(now);
        must_ask_active_node_ =
            facts.to == route::active_node || (is_enforced_ && facts.safe && !required_.is_expressible());
        if (must_ask_active_node_)
            approach_.insist();
    }

    /// Where nothing is enforced, nothing is required of the answer. Until now it told which nodes to prefer.
    void drop_unenforced() noexcept
    {
        if (!is_enforced_)
            required_ = {};
    }

    [[nodiscard]] request_facts const& facts() const noexcept { return facts_; }
    [[nodiscard]] required_states const& required() const noexcept { return required_; }
    [[nodiscard]] approach const& how() const noexcept { return approach_; }
    [[nodiscard]] approach& how() noexcept { return approach_; }

    [[nodiscard]] approach::situation situation(replication_view const& view, time_point now) const noexcept
    {
        return {view, required_, now};
    }

    /// Nothing is enforced, and nobody asked for the active node.
    [[nodiscard]] bool is_inert() const noexcept { return !is_enforced_ && !approach_.insists(); }

    /// A node is asked that has to have what is required, and is waited for.
    [[nodiscard]] bool waits_for_node() const noexcept { return is_enforced_ && approach_.waits_for_node(); }

    /// Until then a "no" may be older than what was written: see `consistency_policy::stale_negatives`.
    [[nodiscard]] time_point doubts_until() const noexcept { return doubts_until_; }

    /// Fixes where the first attempt goes. A request that need not be a read goes to the active node where
    /// there are fences, if a way leads there: it might store nothing, and then any node would serve it.
    void begin(replication_view const& view, time_point now, bool is_first) noexcept
    {
        if (is_enforced_ && is_first && !required_.is_expressible()) {
            bool const has_way = knows_active_node(view) || situation(view, now).has_forward_field();
            if (has_way)
                approach_.insist();
        }
        if (view.missing().lacks(capability::several_indices, now))
            insist_on_one_node();
        approach_.begin(situation(view, now));
    }

    /// Where one index is all that can be sent, only the active node has what the others say.
    void insist_on_one_node() noexcept
    {
        if (facts_.safe && required_.size() > 1)
            approach_.insist();
    }

    /// What the attempt that begins is to say; nothing if it goes as it is.
    [[nodiscard]] std::optional<attempt_fields>
    begin_attempt(replication_view const& view, request_marks const& marks, time_point now) noexcept
    {
        was_offered_ = is_offered(view) && !required_.has_regressed();
        bool const says_something = !is_inert() && was_offered_;
        if (!says_something)
            required_ = {}; // its answer is no proof of anything, see `exchange::carried`
        auto& sent = required_.sent_as();
        sent.is_read = facts_.safe;
        sent.index_was_refused = index_was_refused_;
        approach_.describe(sent, situation(view, now), marks);
        return says_something ? std::optional(approach_.fields(situation(view, now))) : std::nullopt;
    }

    /// Whether the attempt was sent as it had to be: if not, its answer shows nothing.
    [[nodiscard]] bool was_offered() const noexcept { return was_offered_; }

    [[nodiscard]] bool is_offered(replication_view const& view) const noexcept
    {
        return approach_.to() != route::active_node || knows_active_node(view);
    }

    [[nodiscard]] bool knows_active_node(replication_view const& view) const noexcept
    {
        return facts_.addressable && !view.active_address().empty();
    }

    /// The same without the index, where only a restored cluster can lack it.
    [[nodiscard]] bool gives_up_index(refusal why, time_point now) noexcept
    {
        bool const is_sure = why == refusal::stale_index || why == refusal::index_or_token;
        if (index_was_refused_ || !is_sure || !approach_.is_by_field() || !is_of_own_log(required_))
            return false;
        return index_was_refused_ = give_up_lost_index(required_, now);
    }

    /// The server cannot read the index of neither dialect. Whether there is one to leave out.
    [[nodiscard]] bool leaves_out_unknown_form() noexcept
    {
        if (!carries_unknown_form(required_))
            return false;
        required_.forget_unknown_form();
        return true;
    }

    /// The active node cannot be asked for by a field. Whether another node will do instead.
    [[nodiscard]] bool relents(replication_view const& view, time_point now) noexcept
    {
        if (!approach_.insists() || must_ask_active_node_ || knows_active_node(view))
            return false;
        approach_.relent();
        approach_.begin(situation(view, now));
        return true;
    }

    /// The answer was lost, and what it had written with it: as the session does.
    void fence_loss() noexcept
    {
        auto const& sent = required_.sent_as();
        if (sent.fences_losses && !sent.is_read)
            required_.fence(sent.cluster, sent.form);
    }

private:
    [[nodiscard]] static route elsewhere(request_facts const& facts) noexcept
    {
        return facts.addressable && facts.to == route::best_node ? route::best_node : route::any_node;
    }

    request_facts facts_;
    required_states required_;
    approach approach_;
    time_point doubts_until_ = time_point::min();
    bool is_enforced_;
    bool must_ask_active_node_ = false;
    bool was_offered_ = true;
    bool index_was_refused_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
