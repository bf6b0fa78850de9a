// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/answer_kind.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/field_names.hpp>

#include <concepts>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Something that knows to which cluster a request is about to go: `replication_view`.
template <class V>
concept cluster_view = requires(V const& view)
{
    {
        view.cluster()
        } -> std::convertible_to<cluster_id const&>;
};

namespace detail {

/// Which other clusters' states a view takes: none, if it declares none.
template <cluster_view View>
[[nodiscard]] auto peers_of(View const& view) noexcept
{
    return [&view]([[maybe_unused]] cluster_id const& other) {
        if constexpr (requires { view.is_peer(other); })
            return static_cast<bool>(view.is_peer(other));
        else
            return static_cast<void>(view), false;
    };
}

} // namespace detail

/// What one caller must be able to see: its own writes, whichever node answers. One session a caller
/// identity, not one a process, so that a write by one caller delays no other.
///
/// One thread at a time; `shared_session` is for several, `session_store` for many callers.
class session {
public:
    session() noexcept = default;
    explicit session(session_options const& options) noexcept : options_(options) {}

    [[nodiscard]] session_options const& options() const noexcept { return options_; }

    /// Takes from an answer what later requests of this caller must see. `carried` is what the answered
    /// attempt had required, see `exchange::carried`. An answer without an index changes nothing, and neither
    /// does an error, except: a 5xx to a write counts as lost, and so does what a node warns that it has not
    /// applied yet; a refusal by the active node may tell that the cluster was restored; a text of neither
    /// dialect is dropped when its server calls it unreadable. When a write was answered without an index is
    /// remembered, see `required_states::unindexed_write_at`.
    template <response_message R>
    recorded record(R const& response, required_states const& carried, time_point now)
    {
        recorded total;
        auto const record_indices = [&](required_states const* proof) {
            message_traits<R>::for_each(response, field_names::index, [&](std::string_view value) {
                if (is_required(value, carried, options_))
                    total += required_.record(value, {proof, now, options_.regression, &regression_});
            });
        };
        end_suspicions(now);
        switch (kind_of(response, carried)) {
        case answer_kind::nothing: break;
        case answer_kind::lost: return record_lost(carried, now);
        case answer_kind::unreadable: required_.forget_unknown_form(); break;
        case answer_kind::indices: record_indices(&carried); break;
        case answer_kind::active_lacks: record_refusal(carried, now, total); break;
        case answer_kind::active_lost:
            record_refusal(carried, now, total);
            record_indices(nullptr); // of whichever history is followed from now on
        }
        if (is_unindexed_write(response, carried, total))
            required_.unplaced().note_unindexed_write(now);
        else if (!carried.sent_as().is_read && total.kept + total.superseded > 0)
            required_.unplaced().forget_unindexed_write();
        if (auto const where = find_unapplied(response, carried)) // its own index does not repay that
            total += required_.fence(where->cluster, where->form);
        return finish(total, now);
    }

    /// No answer came to an attempt that had required `carried`. If it may have written, a fence stands: it
    /// may have been executed, and nobody knows its index. (session_options::fence_lost_writes)
    recorded record_lost(required_states const& carried, time_point now) noexcept
    {
        if (!is_loss(carried, options_))
            return {};
        return finish(required_.fence(carried.sent_as().cluster, carried.sent_as().form), now);
    }

    /// Takes an index that came by another way: a CI variable, the `vault_index` of an event.
    recorded record(std::string_view index_field_value, time_point now)
    {
        return finish(required_.record(index_field_value, {.now = now}), now);
    }

    /// Takes what the active node says of itself in `sys/leader` (where `is_self` is true): the end of its
    /// log, `last_wal` on Vault, `raft_applied_index` on OpenBao. `asked` is what `required()` was when it
    /// was asked. One that is behind what was settled then counts as a refusal by the active node: see
    /// `lineage`. A node's health never feeds a session otherwise.
    recorded record_active_position(std::string_view cluster, std::uint64_t local,
                                    required_states const& asked, time_point now) noexcept
    {
        recorded total;
        end_suspicions(now);
        for (auto& demand : required_.demands())
            if (auto const* const before = asked.find(demand.cluster(), demand.form());
                before != nullptr && demand.cluster() == cluster)
                follow(demand.history().judge_active(before->history(), local, now), demand, asked, now,
                       total);
        return finish(total, now);
    }

    /// Requires what another session does, too.
    recorded merge(required_states const& other, time_point now) noexcept
    {
        return finish(required_.merge(other, now), now);
    }

    /// What a request must require that goes to the cluster of this view: that cluster's states, those of its
    /// peers if it declares any, and no others.
    [[nodiscard]] required_states required(cluster_view auto const& view) const
    {
        auto required = required_.of(view.cluster(), detail::peers_of(view));
        required.sent_as().fences_losses = options_.fence_lost_writes;
        return required;
    }

    /// All that is required, of whichever cluster.
    [[nodiscard]] required_states const& required() const noexcept { return required_; }

    /// When an answer last raised what is required; the clock's epoch if none ever did.
    [[nodiscard]] time_point raised() const noexcept { return raised_; }

    /// What was given up last because a cluster had been restored; false if nothing was.
    [[nodiscard]] regression const& last_regression() const noexcept { return regression_; }

    /// The caller has taken note that writes may be lost: see `on_regression::fail`.
    void accept_regression(std::string_view cluster) noexcept
    {
        for (auto& demand : required_.demands())
            if (demand.cluster() == cluster)
                demand.set_regressed(false);
    }

    /// Requires nothing of this cluster any more.
    void forget(std::string_view cluster) noexcept { required_.forget(cluster); }

    /// Requires nothing any more.
    void clear() noexcept { required_ = {}; }

private:
    /// One that is over confirms nothing. Nothing else may change before an answer is judged: `carried` may
    /// be what is held here.
    void end_suspicions(time_point now) noexcept
    {
        for (auto& demand : required_.demands())
            demand.history().end_suspicion(now, options_.fence_time);
    }

    void record_refusal(required_states const& carried, time_point now, recorded& total) noexcept
    {
        for (auto& demand : required_.demands())
            if (auto const* const was_carried = carried.find(demand.cluster(), demand.form()))
                follow(demand.history().judge_refusal(was_carried->history(), now), demand, carried, now,
                       total);
    }

    void follow(lineage::verdict verdict, cluster_demand& demand, required_states const& carried,
                time_point now, recorded& total) noexcept
    {
        detail::follow(verdict, demand, {&carried, now, options_.regression, &regression_}, total);
    }

    recorded finish(recorded const& total, time_point now) noexcept
    {
        if (total.raised_demand())
            raised_ = now;
        required_.advance(now, options_.fence_time);
        return total;
    }

    session_options options_;
    required_states required_;
    regression regression_;
    time_point raised_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
