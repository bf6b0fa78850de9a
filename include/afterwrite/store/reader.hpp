// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/clusters.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/store/fences.hpp>
#include <afterwrite/store/floor.hpp>
#include <afterwrite/store/identity.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/options.hpp>
#include <afterwrite/store/table.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include <bit>
#include <cstdint>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// Who acts, and on what: an identity in a store.
template <basic_lockable Lock>
struct store_caller {
    store_memory const& memory;
    store_options const& options;
    store_place place;
    store_times times;

    store_caller(store_memory const& in, store_options const& with, std::uint64_t hash) noexcept
        : memory(in), options(with),
          place(in.layout, hash), times{seconds_in(with.idle), seconds_in(with.sessions.fence_time)}
    {
        // An index is decoded before they are needed.
        prefetch(&memory.bucket(place.buckets[0]));
        prefetch(&memory.bucket(place.buckets[1]));
    }

    [[nodiscard]] Lock& lock() const noexcept { return *static_cast<Lock*>(memory.lock(place.stripe)); }
    [[nodiscard]] Lock& head_lock() const noexcept
    {
        return *static_cast<Lock*>(memory.lock(memory.layout.stripes));
    }
};

/// Reads what is required of an identity: its own demand, and the floors.
template <basic_lockable Lock>
class store_reader {
public:
    explicit store_reader(store_caller<Lock> const& caller) noexcept : caller_(caller) {}

    /// What is required at this cluster and at those of which is_peer(cluster_id) says so. Where nothing is
    /// required it still says of which history that is, so that an answer can be judged by it.
    template <class IsPeer>
    [[nodiscard]] required_states required(cluster_id const& cluster, time_point now, IsPeer&& is_peer) const
    {
        return cluster.empty() ? required(now).of(cluster) : required_at(cluster, now, is_peer);
    }

    /// All that is required, of whichever cluster.
    [[nodiscard]] required_states required(time_point now) const
    {
        return collect(now, is_any, {.floors = true});
    }

private:
    struct what {
        bool always = false; ///< also of clusters of which nothing is required
        bool floors = false;
    };

    static constexpr auto is_any = [](store_cluster const& known) { return known.is_named(); };

    template <class IsPeer>
    [[nodiscard]] required_states required_at(cluster_id const& cluster, time_point now,
                                              IsPeer&& is_peer) const
    {
        auto const is_meant = [&](store_cluster const& known) {
            return known.name() == cluster.view() || (is_peer(cluster_id(known.name())) && known.is_named());
        };
        auto chosen = collect(now, is_meant, {.always = true, .floors = true});
        if (!chosen.unplaced().text().empty()) [[unlikely]]
            place_text(chosen, cluster, now, is_peer);
        return chosen;
    }

    [[nodiscard]] static bool requires_of_cluster(required_states const& required) noexcept
    {
        for (std::uint8_t i = 0; i < required.clusters(); ++i)
            if (required[i].size() > 0 || required[i].fenced())
                return true;
        return false;
    }

    /// A text of neither dialect is sent only where nothing is known of any cluster, and then it comes alone.
    /// Of a cluster that was restored something may be known of which nothing is required.
    template <class IsPeer>
    void place_text(required_states& chosen, cluster_id const& cluster, time_point now,
                    IsPeer&& is_peer) const
    {
        auto const all = collect(now, is_any, {});
        if (requires_of_cluster(all) || requires_of_cluster(chosen))
            return chosen.forget_unknown_form();
        auto own = all.of(cluster, is_peer);
        if (own.unplaced().text().empty()) // the floor's, which may have been its own
            own.unplaced().keep(chosen.unplaced().text());
        if (chosen.fenced()) // by the floor
            own.unplaced().crowd();
        chosen = own;
    }

    /// What is required of the clusters that is_meant(name) says so of.
    template <class IsMeant>
    [[nodiscard]] required_states collect(time_point now, IsMeant&& is_meant, what wanted) const
    {
        fence_clock const clock{now, caller_.options.sessions.fence_time};
        required_states chosen;
        gathering to{clock, chosen};
        bool const is_lost = find_clusters(to, is_meant, wanted.always);
        {
            late_hold<Lock> head(caller_.head_lock());
            scoped_hold const held(caller_.lock());
            store_table<Lock> table(caller_.memory, caller_.place, head, clock.seconds(), caller_.times);
            table.for_each([&](found_entry const& found) { add_entry(to, head, table, found); });
            to.is_fenced = to.is_fenced || is_lost || table.is_lost();
        }
        if (wanted.floors)
            add_floors(to);
        if (to.is_fenced)
            chosen.unplaced().crowd();
        chosen.advance(now, clock.lasting);
        for (auto& demand : chosen.demands())
            demand.history().limit(carried_position(demand));
        return chosen;
    }

    /// What was found until now.
    struct gathering {
        fence_clock const& clock;
        required_states& chosen;
        std::uint64_t meant = 0; ///< a bit for each cluster
        bool is_fenced = false;
        std::uint8_t numbers[required_states::max_clusters] = {}; ///< of the demands in `chosen`

        [[nodiscard]] cluster_demand* find(std::uint8_t number) noexcept
        {
            for (std::uint8_t i = 0; i < chosen.clusters(); ++i)
                if (numbers[i] == number)
                    return &chosen.demands()[i];
            return nullptr;
        }
    };

    /// Whether what was required of a cluster may be lost.
    template <class IsMeant>
    bool find_clusters(gathering& to, IsMeant&& is_meant, bool always) const
    {
        late_hold<Lock> head(caller_.head_lock());
        auto const visit = [&](std::uint8_t i, cluster_state const&) {
            bool const is = is_meant(caller_.memory.cluster(i));
            to.meant |= std::uint64_t{is} << i;
            return is;
        };
        auto const now = to.clock.seconds();
        store_clusters const clusters(caller_.memory);
        bool const is_lost = clusters.for_each(head, now, caller_.times.fence, visit);
        for (auto left = to.meant; left != 0; left &= left - 1) {
            auto const i = static_cast<std::uint8_t>(std::countr_zero(left));
            auto const state = clusters.state_of(head, i, now);
            if (state.what() == cluster_state::used && (always || state.is_forwarded()))
                add_demand(to, head, i, state); // may take the lock, so not where the caller is asked
        }
        return is_lost;
    }

    cluster_demand* add_demand(gathering& to, late_hold<Lock>& head, std::uint8_t i,
                               cluster_state const& state) const
    {
        auto* const demand = store_identity<Lock>::add_demand(to.chosen, caller_.memory.cluster(i), state);
        if (demand == nullptr)
            return nullptr;
        to.numbers[demand - to.chosen.demands().begin()] = i;
        store_clusters(caller_.memory).read_history(head, i, state, demand->history());
        if (state.is_forwarded() && demand->history().is_before_epoch(to.clock.now - to.clock.lasting))
            to.is_fenced = true; // nobody has seen the new history
        return demand;
    }

    cluster_demand* add_demand(gathering& to, late_hold<Lock>& head, std::uint8_t i) const
    {
        if (auto* const known = to.find(i))
            return known;
        return add_demand(to, head, i, store_clusters(caller_.memory).state_of(head, i, to.clock.seconds()));
    }

    void add_entry(gathering& to, late_hold<Lock>& head, store_table<Lock>& table,
                   found_entry const& found) const
    {
        auto const i = found.entry.cluster;
        bool const is_placed = i != store_layout::unplaced;
        if (is_placed && (to.meant >> i & 1) == 0)
            return;
        auto* const demand = is_placed ? add_demand(to, head, i) : nullptr;
        if (is_placed && demand == nullptr)
            return;
        if (found.entry.kind != entry_kind::cell)
            return add_index(*demand, found.entry);
        auto const* const cell = table.cell_of(found);
        if (cell == nullptr)
            return;
        add_texts(to.chosen, *cell);
        if (is_placed)
            load_fences(*cell, *demand, to.clock);
        else
            load_fences(*cell, to.chosen.unplaced(), to.clock);
    }

    /// After the identity's own: who is just being moved to the floor is seen in one place or the other.
    void add_floors(gathering& to) const
    {
        late_hold<Lock> head(caller_.head_lock());
        for (auto left = to.meant; left != 0; left &= left - 1)
            add_floor(to, head, static_cast<std::uint8_t>(std::countr_zero(left)));
        add_floor(to, head, store_layout::unplaced);
    }

    void add_floor(gathering& to, late_hold<Lock>& head, std::uint8_t i) const
    {
        auto& cluster = caller_.memory.cluster(i);
        auto const now = to.clock.seconds();
        store_clusters const clusters(caller_.memory);
        auto state = clusters.state_of(head, i, now);
        if (!admit_floor(to, i, state) ||
            store_floor(cluster, i, state, now, caller_.times.fence).is_met_by(to.find(i)))
            return;
        head.acquire();
        state = clusters.state_of(head, i, now);
        if (!admit_floor(to, i, state))
            return;
        if (i != store_layout::unplaced)
            static_cast<void>(add_demand(to, head, i)); // which knows the history
        store_floor(cluster, i, state, now, caller_.times.fence).add_to(to.chosen);
    }

    /// Whether the floor of a cluster counts. If that died, or began a new epoch, since it was looked at
    /// first, what was required of it may not have been seen: then there is a fence.
    static bool admit_floor(gathering& to, std::uint8_t i, cluster_state const& state) noexcept
    {
        auto const* const held = to.find(i);
        bool const is_anew =
            state.is_forwarded() && (held == nullptr || (held->history().epoch() & 0xffff) != state.epoch());
        to.is_fenced = to.is_fenced || is_anew || state.what() == cluster_state::dead;
        return state.what() == cluster_state::used;
    }

    /// What a node can compare with its own state: others may have settled more than this identity requires.
    [[nodiscard]] static wal_position carried_position(cluster_demand const& demand) noexcept
    {
        if (demand.form() == dialect::vault || demand.size() != 1)
            return demand.position();
        auto const index = decode_openbao_index(demand.text(0));
        return {index ? index->number().value_or(0) : 0, 0};
    }

    store_caller<Lock> const& caller_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
