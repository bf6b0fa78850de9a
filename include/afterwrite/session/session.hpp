// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <concepts>
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

/// What one caller must be able to see: its own writes, whichever node answers. One session a caller
/// identity, not one a process, so that a write by one caller delays no other.
///
/// One thread at a time; `shared_session` is for several.
class session {
public:
    /// Takes from an answer what later requests of this caller must see. `carried` is what the answered
    /// attempt had required, see `exchange::carried`. An answer without an index changes nothing, and neither
    /// does an error.
    template <response_message R>
    recorded record(R const& response, required_states const& carried, time_point now)
    {
        int const status = message_traits<R>::status(response);
        recorded total;
        if (status >= 200 && status < 300) // servers send an index with nothing else; a stranger may
            message_traits<R>::for_each(response, field_names::index, [&](std::string_view value) {
                total += required_.record(value, carried);
            });
        if (status == 400 && carried.clusters() == 0 && !carried.empty())
            forget_if_unreadable(response);
        if (total.raised_demand())
            raised_ = now;
        return total;
    }

    /// Takes an index that came by another way: a CI variable, the `vault_index` of an event.
    recorded record(std::string_view index_field_value, time_point now)
    {
        auto const total = required_.record(index_field_value);
        if (total.raised_demand())
            raised_ = now;
        return total;
    }

    /// Requires what another session does, too.
    recorded merge(required_states const& other, time_point now) noexcept
    {
        auto const total = required_.merge(other);
        if (total.raised_demand())
            raised_ = now;
        return total;
    }

    /// What a request must require that goes to the cluster of this view: that cluster's states and no
    /// others.
    [[nodiscard]] required_states required(cluster_view auto const& view) const
    {
        return required_.of(view.cluster());
    }

    /// All that is required, of whichever cluster.
    [[nodiscard]] required_states const& required() const noexcept { return required_; }

    /// When an answer last raised what is required; the clock's epoch if none ever did.
    [[nodiscard]] time_point raised() const noexcept { return raised_; }

    /// Requires nothing of this cluster any more.
    void forget(std::string_view cluster) noexcept { required_.forget(cluster); }

    /// Requires nothing any more.
    void clear() noexcept { required_ = {}; }

private:
    template <class R>
    void forget_if_unreadable(R const& response)
    {
        if (classify({.status = 400, .body = body_of(response), .carried_index = true}) ==
            refusal::index_not_understood)
            required_.forget_unknown_form();
    }

    required_states required_;
    time_point raised_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
