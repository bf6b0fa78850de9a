// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/siphash.hpp>
#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/answer_kind.hpp>
#include <afterwrite/session/arrival.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/store/access.hpp>
#include <afterwrite/store/options.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/newborn.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// One identity's session in a `session_store`: to be used as a `session` is, for as long as the store object
/// that gave it lives. Any number of handles of one identity, in any threads; each of them in one at a time.
template <basic_lockable Lock>
class store_handle {
public:
    store_handle(detail::store_memory const& memory, siphash_key const& key, store_options const& options,
                 std::uint64_t hash, time_point now) noexcept
        : access_(memory, options, hash), key_(key), now_(now)
    {}

    /// See `session::record`. What of an answer that brings an identity into being is required is required of
    /// that one, too; its index of everybody, if the answer does not show which one it is. When a write was
    /// answered without an index the store has no room for: this handle remembers it, and no other one of its
    /// identity.
    template <response_message R>
    recorded record(R const& response, required_states const& carried, time_point now)
    {
        now_ = now;
        recorded total;
        switch (kind_of(response, carried)) {
        case answer_kind::nothing: break;
        case answer_kind::lost: return record_lost(carried, now);
        case answer_kind::indices: total = record_fields(response, carried, &carried); break;
        case answer_kind::active_lacks: return record_refusal(carried);
        case answer_kind::active_lost:
            total = record_refusal(carried);
            total += record_fields(response, carried, nullptr);
            break;
        case answer_kind::unreadable:
            return access_.update(now_, [](auto& identity) {
                identity.required().forget_unknown_form();
                return recorded{};
            });
        }
        if (is_unindexed_write(response, carried, total))
            unindexed_write_at_ = std::max(unindexed_write_at_, now);
        else if (!carried.sent_as().is_read && total.kept + total.superseded > 0)
            unindexed_write_at_ = time_point::min();
        if (auto const where = find_unapplied(response, carried)) {
            total += fence(access_, *where);
            if (auto const newborn = newborn_of(response, carried); !newborn.empty())
                fence(access_.of(siphash(key_, newborn)), *where);
        }
        return total;
    }

    /// See `session::record_lost`.
    recorded record_lost(required_states const& carried, time_point now)
    {
        now_ = now;
        auto const& sent = carried.sent_as();
        return is_loss(carried, options()) ? fence(access_, {sent.cluster, sent.form}) : recorded{};
    }

    /// See `session::record`.
    recorded record(std::string_view index_field_value, time_point now)
    {
        now_ = now;
        return access_.record(index_field_value, {.now = now});
    }

    /// See `session::record_active_position`. Where it tells that the cluster was restored, it does so for
    /// everybody; it needs not be required of this identity.
    recorded record_active_position(std::string_view cluster, std::uint64_t local,
                                    required_states const& asked, time_point now)
    {
        now_ = now;
        return access_.update(now_, [&](auto& identity) {
            recorded total;
            for (std::uint8_t i = 0; i < asked.clusters(); ++i)
                if (asked[i].cluster() == cluster)
                    judge(identity, asked[i], asked, total, [&](lineage& history) {
                        return history.judge_active(asked[i].history(), local, now);
                    });
            return total;
        });
    }

    /// See `session::merge`.
    recorded merge(required_states const& other, time_point now)
    {
        now_ = now;
        unindexed_write_at_ = std::max(unindexed_write_at_, other.unindexed_write_at());
        return access_.update(now_, [&](auto& identity) {
            recorded total;
            for (std::uint8_t i = 0; i < other.clusters(); ++i)
                if (!identity.know(other[i].cluster(), other[i].form()))
                    total += unplaced_demand::unkept;
            return total += identity.required().merge(other, now);
        });
    }

    /// Where to put what is given up if an answer that this handle records tells that a cluster was restored
    /// (`recorded::regressed`); null: nowhere. See `session::last_regression`.
    void report_to(regression* where) noexcept { report_ = where; }

    /// See `session::required`. What the floor of the cluster demands is part of it.
    [[nodiscard]] required_states required(cluster_view auto const& view) const
    {
        auto required = access_.reader().required(view.cluster(), now_, detail::peers_of(view));
        required.sent_as().fences_losses = options().fence_lost_writes;
        required.unplaced().note_unindexed_write(unindexed_write_at_);
        return required;
    }

    /// All that is required, of whichever cluster: by this identity, and of everybody.
    [[nodiscard]] required_states required() const
    {
        auto required = access_.reader().required(now_);
        required.unplaced().note_unindexed_write(unindexed_write_at_);
        return required;
    }

    /// See `session::accept_regression`: for everybody.
    void accept_regression(std::string_view cluster) { access_.accept_regression(cluster, now_); }

    /// Requires nothing of this cluster any more, but what its floor does.
    void forget(std::string_view cluster)
    {
        access_.update(now_, [&](auto& identity) {
            identity.required().forget(cluster);
            return recorded{};
        });
    }

    /// Requires nothing any more, but what the floors do.
    void clear()
    {
        unindexed_write_at_ = time_point::min();
        access_.update(now_, [](auto& identity) {
            identity.required() = {};
            return recorded{};
        });
    }

private:
    [[nodiscard]] session_options const& options() const noexcept { return access_.options().sessions; }

    /// `proof`: what the indices may be compared with; null: they are of whichever history is followed now.
    template <class R>
    recorded record_fields(R const& response, required_states const& carried, required_states const* proof)
    {
        auto const newborn = newborn_of(response, carried);
        bool const is_unseen = carried.sent_as().may_give_birth &&
                               may_hide_newborn(message_traits<R>::status(response), body_of(response));
        recorded total;
        message_traits<R>::for_each(response, field_names::index, [&](std::string_view value) {
            if (!is_required(value, carried, options()))
                return;
            total += access_.record(value, {proof, now_, options().regression, report_});
            if (!newborn.empty())
                access_.of(siphash(key_, newborn)).record(value, {.now = now_});
            else if (is_unseen)
                access_.record_in_floor(value, now_);
        });
        return total;
    }

    /// The token that an answer brings into being; empty if there is none.
    template <class R>
    [[nodiscard]] static std::string_view newborn_of(R const& response, required_states const& carried)
    {
        auto const& sent = carried.sent_as();
        return sent.is_read && !sent.may_give_birth ? std::string_view() : find_newborn(body_of(response));
    }

    recorded fence(detail::store_access<Lock> const& access, cluster_place const& where) const
    {
        return access.update(now_, [&where](auto& identity) {
            if (!where.cluster.empty() && !identity.know(where.cluster, where.form))
                return unplaced_demand::unkept;
            return identity.required().fence(where.cluster, where.form);
        });
    }

    recorded record_refusal(required_states const& carried)
    {
        return access_.update(now_, [&](auto& identity) {
            recorded total;
            for (std::uint8_t i = 0; i < carried.clusters(); ++i)
                judge(identity, carried[i], carried, total,
                      [&](lineage& history) { return history.judge_refusal(carried[i].history(), now_); });
            return total;
        });
    }

    /// What a verdict on the history of a cluster makes of what is required of it.
    template <class Identity, class Verdict>
    void judge(Identity& identity, cluster_demand const& before, required_states const& carried,
               recorded& total, Verdict verdict_of) const
    {
        if (!identity.know(before.cluster(), before.form()))
            return;
        auto* const demand = identity.required().demands().find_or_add(before.cluster(), before.form());
        detail::follow(verdict_of(demand->history()), *demand,
                       {&carried, now_, options().regression, report_}, total);
    }

    detail::store_access<Lock> access_;
    siphash_key const& key_;
    time_point now_;
    time_point unindexed_write_at_ = time_point::min();
    regression* report_ = nullptr;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
