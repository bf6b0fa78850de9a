// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/attempt_fields.hpp>
#include <afterwrite/decision/own_log.hpp>
#include <afterwrite/decision/read_message.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/transitions.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How the next attempt goes about it: what it asks, and of which node. The table of transitions moves it
/// from stage to stage; here stands where it begins and which way leads to the active node.
class approach {
public:
    /// Redirects that are followed: one to the active node, a second in an election; a third is a loop.
    static constexpr std::uint8_t max_redirects = 2;

    /// `elsewhere`: where requests go that need not go to the active node.
    explicit approach(plan in, route elsewhere = route::any_node) noexcept
        : wished_(in), plan_(in), elsewhere_(elsewhere), to_(elsewhere)
    {}

    /// What is known when an attempt is planned.
    struct situation {
        replication_view const& view;
        required_states const& required;
        time_point now;

        /// The dialect of what is carried tells best: it was written by the server that is going to read it.
        [[nodiscard]] dialect form() const noexcept
        {
            return required.form() != dialect::unknown ? required.form() : view.form();
        }

        /// Whether the active node can be asked for by a field.
        [[nodiscard]] bool has_forward_field() const noexcept
        {
            return form() == dialect::vault && view.may_forward(now);
        }

        /// Whether it is worth asking a standby to forward what it lacks.
        [[nodiscard]] bool may_forward() const noexcept
        {
            return form() == dialect::openbao || view.may_forward(now);
        }
    };

    [[nodiscard]] bool insists() const noexcept { return plan_ == plan::active_node; }
    [[nodiscard]] stage at() const noexcept { return stage_; }
    [[nodiscard]] route to() const noexcept { return to_; }

    /// The active node is asked for by a field; if not, the request goes to its address.
    [[nodiscard]] bool is_by_field() const noexcept { return is_by_field_; }

    /// A standby told where the active node is: goes there, unless it has been told too often.
    [[nodiscard]] bool follow_redirect() noexcept
    {
        if (redirects_ == max_redirects)
            return false;
        ++redirects_;
        return follows_redirect_ = true;
    }

    /// Whether a redirect was being followed. It is not any more.
    [[nodiscard]] bool leave_redirect() noexcept { return std::exchange(follows_redirect_, false); }

    /// Only the active node will do after all.
    void insist() noexcept
    {
        has_begun_ = has_begun_ && plan_ == plan::active_node;
        plan_ = plan::active_node;
    }

    /// Another node will have to do: as was planned in the beginning, and from there.
    void relent() noexcept
    {
        has_begun_ = false;
        plan_ = wished_;
    }

    /// Fixes where the first attempt begins; later calls change nothing.
    void begin(situation const& now) noexcept
    {
        if (has_begun_)
            return;
        has_begun_ = true;
        stage_ = first_stage(now);
        aim(now);
    }

    /// The node is not worth asking: lets the active node answer for it, from the first attempt on.
    void begin_forwarding(situation const& now) noexcept
    {
        stage_ = stage::forward;
        aim(now);
    }

    /// Whether the active node may be asked in the end, once a node has been waited for long enough.
    [[nodiscard]] bool may_turn_to_active_node(situation const& now) const noexcept
    {
        return plan_ == plan::retry_then_forward && now.may_forward();
    }

    /// Moves on as the table of transitions says. When the next attempt is due.
    pace move(occurrence on, dialect form) noexcept
    {
        auto const with = form == dialect::openbao ? dialect::openbao : dialect::vault;
        auto const* const row = find_transition(plan_, stage_, on, with);
        if (row == nullptr)
            return pace::never;
        stage_ = row->to;
        return row->when;
    }

    /// Fixes the next attempt's way to the active node, so that what others teach the view meanwhile cannot
    /// part its fields from where it goes.
    void aim(situation const& now) noexcept
    {
        is_by_field_ = stage_ == stage::active && now.view.may_forward(now.now) &&
                       (now.form() == dialect::vault || plan_ != plan::active_node);
        to_ = follows_redirect_ || (plan_ == plan::active_node && !is_by_field_) ? route::active_node
                                                                                 : elsewhere_;
    }

    /// What the next attempt says.
    [[nodiscard]] attempt_fields fields(situation const& now) const noexcept
    {
        return {stage_, now.form(), is_by_field_,
                !now.view.missing().lacks(capability::several_indices, now.now)};
    }

    /// Whether a field asks for the active node, in any case or if need be.
    [[nodiscard]] bool asks_to_forward() const noexcept { return stage_ == stage::forward || is_by_field_; }

    /// Whether it is for the active node, by a field or at its address.
    [[nodiscard]] bool asks_active_node() const noexcept
    {
        return to_ == route::active_node || (stage_ == stage::active && is_by_field_);
    }

    /// Whether a node that gets it can compare the index with its own state, and answers for itself.
    [[nodiscard]] bool is_checked() const noexcept
    {
        return to_ != route::active_node && stage_ != stage::forward && stage_ != stage::active;
    }

    /// Whether it waits for the node that it asks, which is not behind for want of another cluster.
    [[nodiscard]] bool waits_for_node() const noexcept { return is_checked() && stage_ != stage::lagging; }

    /// Writes down what is to be known of the attempt when its answer is recorded. In place: this is the path
    /// of every request.
    void describe(attempt_facts& sent, situation const& now, request_marks const& marks) const noexcept
    {
        sent.was_checked = is_checked();
        sent.asked_active_node = asks_active_node();
        sent.may_show_loss = is_by_field_ && is_of_own_log(now.required);
        sent.may_give_birth = marks.may_give_birth;
        sent.is_probe = marks.asks_health;
        sent.form = now.view.form();
        if (!(sent.cluster == now.view.cluster()))
            sent.cluster = now.view.cluster();
    }

private:
    [[nodiscard]] stage first_stage(situation const& now) const noexcept
    {
        if (plan_ == plan::active_node)
            return stage::active;
        if (now.required.size() == 0)
            return stage::ask;
        if (plan_ == plan::forward)
            return now.may_forward() ? stage::forward : stage::ask;
        bool const is_held = plan_ == plan::await || plan_ == plan::retry_then_forward;
        bool const knows_hold =
            now.form() == dialect::openbao && !now.view.missing().lacks(capability::await_state, now.now);
        return is_held && knows_hold ? stage::hold : stage::ask;
    }

    plan wished_;
    plan plan_;
    stage stage_ = stage::ask;
    route elsewhere_;
    route to_;
    std::uint8_t redirects_ = 0;
    bool is_by_field_ = false;
    bool follows_redirect_ = false;
    bool has_begun_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
