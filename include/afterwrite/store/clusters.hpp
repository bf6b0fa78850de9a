// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// Takes a lock when it is first needed, and holds it from then on.
template <class Lock>
class [[nodiscard]] late_hold {
public:
    explicit late_hold(Lock& lock) noexcept : lock_(lock) {}
    ~late_hold()
    {
        if (is_held_)
            lock_.unlock();
    }
    late_hold(late_hold const&) = delete;
    late_hold& operator=(late_hold const&) = delete;

    void acquire()
    {
        if (!is_held_)
            lock_.lock();
        is_held_ = true;
    }

private:
    Lock& lock_;
    bool is_held_ = false;
};

/// The clusters that a store knows: the ids are kept once, and entries name a cluster by its number. Found
/// without a lock; places are given away one after the other and never taken back.
class store_clusters {
public:
    explicit store_clusters(store_memory const& memory) noexcept : memory_(memory) {}

    /// Calls visit(number, cluster_state) for each that is used. It says whether it has taken the name for
    /// what it is; of any other one the name is checked here. Says whether a cluster is dead, and has not
    /// been for long enough for all that was required of it to be everywhere: then everybody may require
    /// something that is not known any more.
    template <class Hold, class Visit>
    bool for_each(Hold& head, std::uint32_t now, std::uint32_t fence_time, Visit&& visit) const
    {
        bool is_lost = false;
        for (std::uint8_t i = 0; i < store_layout::max_known_clusters; ++i) {
            auto state = state_of(head, i, now);
            if (state.what() == cluster_state::free)
                break;
            if (state.what() == cluster_state::used && !visit(i, state))
                state = checked_state_of(head, i, now);
            if (state.what() == cluster_state::dead)
                is_lost = is_lost || is_mourned(head, i, state, now, fence_time);
        }
        return is_lost;
    }

    /// The state of one; what was damaged is dead from now on.
    template <class Hold>
    [[nodiscard]] cluster_state state_of(Hold& head, std::uint8_t i, std::uint32_t now) const
    {
        if (auto const state = memory_.cluster(i).state()) [[likely]]
            return *state;
        return bury(head, i, now);
    }

    /// The same, dead also if its name was damaged.
    template <class Hold>
    [[nodiscard]] cluster_state checked_state_of(Hold& head, std::uint8_t i, std::uint32_t now) const
    {
        auto const state = state_of(head, i, now);
        if (i == store_layout::unplaced)
            return state;
        bool const is_named = state.what() != cluster_state::used || memory_.cluster(i).is_named();
        return is_named ? state : bury(head, i, now);
    }

    /// The number of a cluster, which is given to it if it has none yet; nothing if all are given away.
    template <class Hold>
    [[nodiscard]] std::optional<std::uint8_t> intern(Hold& head, std::string_view id, dialect form,
                                                     std::uint32_t now) const
    {
        if (auto const known = find(head, id, form, now))
            return known;
        head.acquire();
        if (auto const known = find(head, id, form, now))
            return known;
        for (std::uint8_t i = 0; i < store_layout::max_known_clusters; ++i) {
            auto& cluster = memory_.cluster(i);
            auto state = state_of(head, i, now);
            if (state.what() != cluster_state::free)
                continue;
            cluster.set_name(cluster_id(id));
            cluster.set(floor_state{});
            state = cluster_state::used_by(form);
            cluster.set_history(lineage(), state);
            cluster.set(state);
            return i;
        }
        return std::nullopt;
    }

    template <class Hold>
    [[nodiscard]] std::optional<std::uint8_t> find(Hold& head, std::string_view id, dialect form,
                                                   std::uint32_t now) const
    {
        for (std::uint8_t i = 0; i < store_layout::max_known_clusters; ++i) {
            auto const state = state_of(head, i, now);
            if (state.what() == cluster_state::free)
                break;
            if (state.what() != cluster_state::used || state.form() != form)
                continue;
            if (memory_.cluster(i).name() == id)
                return i;
            static_cast<void>(checked_state_of(head, i, now)); // or it would be taken for another one
        }
        return std::nullopt;
    }

    /// The history as it is now. Of one that was damaged nothing is known but its epoch, which is sealed
    /// elsewhere: so what is required stays required.
    template <class Hold>
    void read_history(Hold& head, std::uint8_t i, cluster_state const& state, lineage& history) const
    {
        if (!memory_.cluster(i).read_history(state, history)) [[unlikely]]
            read_history_locked(head, i, state, history);
    }

private:
    /// A history of which nothing is known but its epoch.
    [[nodiscard]] static lineage forgotten(std::uint16_t epoch) noexcept
    {
        lineage anew;
        for (std::uint16_t i = 0; i != epoch; ++i)
            anew.begin_epoch(time_point::min());
        return anew;
    }

    template <class Hold>
    void read_history_locked(Hold& head, std::uint8_t i, cluster_state const& state, lineage& history) const
    {
        head.acquire();
        auto& cluster = memory_.cluster(i);
        auto now = cluster.state().value_or(state);
        if (cluster.read_history(now, history))
            return;
        history = forgotten(now.epoch());
        cluster.set_history(history, now);
        cluster.set(now);
    }

    /// Once more under the lock, and then for good.
    template <class Hold>
    [[nodiscard]] cluster_state bury(Hold& head, std::uint8_t i, std::uint32_t now) const
    {
        head.acquire();
        auto& cluster = memory_.cluster(i);
        bool const is_unplaced = i == store_layout::unplaced;
        auto const state = cluster.state();
        if (state && (state->what() != cluster_state::used || is_unplaced || cluster.is_named()))
            return *state;
        auto const now_it_is =
            is_unplaced ? cluster_state::used_by(dialect::unknown) : cluster_state::dead_since(now);
        cluster.set(now_it_is);
        return now_it_is;
    }

    template <class Hold>
    [[nodiscard]] bool is_mourned(Hold& head, std::uint8_t i, cluster_state state, std::uint32_t now,
                                  std::uint32_t fence_time) const
    {
        if (is_future(state.since(), now)) {
            head.acquire();
            state = cluster_state::dead_since(now);
            memory_.cluster(i).set(state);
        }
        return !has_ended(state.since(), now, fence_time);
    }

    store_memory const& memory_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
