// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/session/session_options.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/clusters.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/store/fences.hpp>
#include <afterwrite/store/floor.hpp>
#include <afterwrite/store/index.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/table.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// Requires what an entry without a cell says.
inline void add_index(cluster_demand& demand, store_entry const& entry) noexcept
{
    char text[max_index_size];
    std::string_view const index(text, write_index(entry, demand.cluster(), text));
    if (entry.kind == entry_kind::vault)
        demand.record(wal_position{entry.local, entry.replicated}, index);
    else
        demand.record(opaque_index{}, index, nullptr); // the only one, so it is compared with nothing
}

/// Requires what a cell says of its cluster, but for its fences.
inline void add_texts(required_states& required, store_cell const& cell) noexcept
{
    for (std::uint8_t i = 0; i < cell.count; ++i)
        if (cell.cluster == store_layout::unplaced && is_sendable(cell.text(i)))
            required.unplaced().keep(cell.text(i));
        else if (cell.cluster == store_layout::unplaced || required.record(cell.text(i)).rejected > 0)
            required.unplaced().crowd();
}

/// What one identity requires, taken out of the store, changed by the rules of `required_states`, and put
/// back. Under the locks of its stripe and of the head.
template <class Lock>
class store_identity {
public:
    store_identity(store_memory const& memory, store_table<Lock>& table, late_hold<Lock>& head,
                   fence_clock const& clock)
        : memory_(memory), clusters_(memory), table_(table), head_(head), clock_(clock)
    {
        table_.for_each([this](found_entry const& found) { load(found); });
    }

    [[nodiscard]] required_states& required() noexcept { return required_; }

    /// Whether the store knows a cluster.
    [[nodiscard]] bool is_known(std::string_view cluster, dialect form) const
    {
        return clusters_.find(head_, cluster, form, clock_.seconds()).has_value();
    }

    /// Lets `required` know the history of a cluster that is going to matter. Whether there is room for it.
    [[nodiscard]] bool know(cluster_id const& cluster, dialect form)
    {
        if (required_.find(cluster, form) != nullptr)
            return true;
        auto const number = clusters_.intern(head_, cluster, form, clock_.seconds());
        if (!number) {
            required_.unplaced().crowd();
            return false;
        }
        auto const state = clusters_.state_of(head_, *number, clock_.seconds());
        auto* const demand = add_demand(required_, memory_.cluster(*number), state);
        if (demand != nullptr)
            load_history(*number, state, *demand);
        return demand != nullptr;
    }

    /// An answer to a request of this epoch has brought an index: the new history is seen. It is newer than
    /// all that others had written there before the epoch began, and whose demand ended then: so it is
    /// required of everybody, who need not be sent to the active node any more.
    void confirm(cluster_id const& cluster, dialect form, std::string_view index)
    {
        auto const number = clusters_.find(head_, cluster, form, clock_.seconds());
        if (!number)
            return;
        auto const state = clusters_.state_of(head_, *number, clock_.seconds());
        if (!state.is_forwarded())
            return;
        store_cell joining;
        joining.add(index);
        joining.cluster = *number;
        joining.epoch = state.epoch();
        store_floor(memory_.cluster(*number), *number, state, clock_.seconds(), seconds_in(clock_.lasting))
            .join(joining);
        confirmed_ = number;
    }

    /// Puts back what is required now. `raised`: what became of it. `on`: what a regression is followed by.
    void save(recorded const& raised, on_regression on)
    {
        required_.advance(clock_.now, clock_.lasting);
        for (auto const& demand : required_.demands()) {
            auto const number = clusters_.intern(head_, demand.cluster(), demand.form(), clock_.seconds());
            if (number)
                save(*number, demand, on);
            else
                crowd();
        }
        save_unplaced(is_crowded_ || raised.unkept > 0);
        for (std::uint8_t i = 0; i < count_; ++i) // forgotten, or what the fence stands for now
            if (!notes_[i].is_saved && notes_[i].found.entry.cluster != store_layout::unplaced)
                table_.erase(notes_[i].found);
    }

    /// A demand that has everything but its history. Null: there is no room for it, and a fence instead.
    [[nodiscard]] static cluster_demand* add_demand(required_states& to, store_cluster const& cluster,
                                                    cluster_state const& state) noexcept
    {
        auto* const demand = to.demands().find_or_add(cluster_id(cluster.name()), state.form());
        if (demand == nullptr) {
            to.unplaced().crowd();
            return nullptr;
        }
        demand->set_regressed(state.has_regressed());
        return demand;
    }

private:
    struct loaded {
        found_entry found{};
        store_cell cell{};
        bool is_saved = false;
    };
    static constexpr std::uint8_t max_notes = required_states::max_clusters + 1;

    /// Something was found that cannot be kept.
    void crowd() noexcept
    {
        required_.unplaced().crowd();
        is_crowded_ = true;
    }

    void load(found_entry const& found)
    {
        if (count_ == max_notes)
            return crowd();
        auto& loading = notes_[count_];
        loading.found = found;
        if (found.entry.kind == entry_kind::cell) {
            auto const* const cell = table_.cell_of(found);
            if (cell == nullptr)
                return;
            loading.cell = *cell;
        }
        ++count_;
        if (found.entry.cluster == store_layout::unplaced) {
            load_fences(loading.cell, required_.unplaced(), clock_);
            add_texts(required_, loading.cell);
            return;
        }
        auto const state = clusters_.checked_state_of(head_, found.entry.cluster, clock_.seconds());
        if (state.what() != cluster_state::used)
            return; // mourned by everybody
        auto* const demand = add_demand(required_, memory_.cluster(found.entry.cluster), state);
        if (demand == nullptr)
            return crowd();
        load_history(found.entry.cluster, state, *demand);
        if (found.entry.kind == entry_kind::cell) {
            add_texts(required_, loading.cell);
            load_fences(loading.cell, *demand, clock_);
        } else {
            add_index(*demand, found.entry);
        }
    }

    /// A suspicion that is over confirms nothing.
    void load_history(std::uint8_t number, cluster_state const& state, cluster_demand& to)
    {
        clusters_.read_history(head_, number, state, to.history());
        to.history().end_suspicion(clock_.now, clock_.lasting);
    }

    [[nodiscard]] loaded* find(std::uint8_t cluster) noexcept
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            if (notes_[i].found.entry.cluster == cluster)
                return &notes_[i];
        return nullptr;
    }

    void save(std::uint8_t number, cluster_demand const& demand, on_regression on)
    {
        auto const state = save_history(number, demand, on);
        auto* const before = find(number);
        store_cell cell;
        if (before != nullptr) {
            before->is_saved = true;
            cell = before->cell;
        }
        cell.clear_texts();
        for (std::uint8_t i = 0; i < demand.size(); ++i)
            cell.add(demand.text(i));
        save_fences(demand, cell, clock_);
        cell.cluster = number;
        cell.epoch = state.epoch();
        auto const old = before != nullptr ? std::optional(before->found) : std::nullopt;
        compact_index compact;
        if (cell.empty()) {
            if (old)
                table_.erase(*old);
        } else if (cell.count == 1 && cell.fences == 0 && read_compact(cell.text(0), compact)) {
            compact.entry.cluster = number;
            compact.entry.epoch = state.epoch();
            table_.put(compact.entry, old);
        } else if (before == nullptr || !before->cell.says(cell)) {
            table_.put_cell(cell, old);
        }
    }

    /// The history is everybody's: whoever finds out that it is another one ends the epoch for all.
    cluster_state save_history(std::uint8_t number, cluster_demand const& demand, on_regression on)
    {
        auto& cluster = memory_.cluster(number);
        auto state = clusters_.state_of(head_, number, clock_.seconds());
        auto const epoch = state.epoch();
        cluster.set_history(demand.history(), state);
        if (state.epoch() != epoch) {
            state.set_forwarded(on != on_regression::reset);
            state.set_regressed(demand.has_regressed());
        } else if (confirmed_ == number) {
            state.set_forwarded(false);
        }
        cluster.set(state);
        return state;
    }

    void save_unplaced(bool is_raised)
    {
        auto* const before = find(store_layout::unplaced);
        store_cell cell = before != nullptr ? before->cell : store_cell{};
        cell.clear_texts();
        auto const& unplaced = required_.unplaced();
        if (!unplaced.text().empty())
            cell.add(unplaced.text());
        save_fences(unplaced, cell, clock_, is_raised);
        cell.cluster = store_layout::unplaced;
        if (before != nullptr && before->cell.says(cell))
            return;
        if (!cell.empty())
            table_.put_cell(cell, before != nullptr ? std::optional(before->found) : std::nullopt);
        else if (before != nullptr)
            table_.erase(before->found);
    }

    store_memory const& memory_;
    store_clusters clusters_;
    store_table<Lock>& table_;
    late_hold<Lock>& head_;
    fence_clock const& clock_;
    required_states required_;
    loaded notes_[max_notes];
    std::uint8_t count_ = 0;
    bool is_crowded_ = false;
    std::optional<std::uint8_t> confirmed_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
