// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/seal.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// The floor of one cluster: the join of what was required by identities that had to make room. Everybody
/// requires it, for as long as a fence would last after something joined it. So a bound costs latency, never
/// the guarantee.
///
/// What changes it is under the lock of the head.
class store_floor {
public:
    store_floor(store_cluster& cluster, std::uint8_t number, cluster_state const& state, std::uint32_t now,
                std::uint32_t fence_time) noexcept
        : cluster_(cluster), state_(state), now_(now), fence_time_(fence_time), number_(number)
    {}

    /// Takes over what an identity requires of this cluster.
    void join(store_cell const& evicted) noexcept
    {
        auto const held = open();
        if (evicted.count == 1 && !evicted.is_fenced() && evicted.is_crowded == 0 &&
            joined_by_position(held, evicted.text(0)))
            return;
        required_states sum;
        bool is_fenced = held.cell != nullptr && add_texts(*held.cell, sum);
        is_fenced = add_texts(evicted, sum) || is_fenced;
        is_fenced = is_fenced || (evicted.is_fenced() && !has_ended(evicted.fenced_at, now_, fence_time_));
        is_fenced =
            is_fenced || (evicted.is_crowded != 0 && !has_ended(evicted.crowded_at, now_, fence_time_));
        store_cell next;
        if (held.cell != nullptr && held.cell->is_crowded != 0)
            next.crowd(is_future(held.cell->crowded_at, now_) ? now_ : held.cell->crowded_at);
        for (auto const& demand : sum.demands()) {
            is_fenced = is_fenced || demand.cluster() != cluster_.name();
            for (std::uint8_t i = 0; i < demand.size() && next.count < cluster_demand::max_texts; ++i)
                next.add(demand.text(i));
        }
        if (sum.clusters() == 0 && !sum.unplaced().text().empty())
            next.add(sum.unplaced().text());
        if (is_fenced || sum.unplaced().fenced())
            next.crowd(now_);
        publish(next, position_of(sum));
    }

    /// Everybody is fenced: nobody knows what was required.
    void lose() noexcept
    {
        store_cell next;
        next.crowd(now_);
        publish(next, std::nullopt);
    }

    /// Whether there is nothing in it that `held` does not demand already. Without a lock: it may say no
    /// where the answer is yes.
    [[nodiscard]] bool is_met_by(cluster_demand const* held) const noexcept
    {
        auto const word = cluster_.floor();
        if (!word || is_future(word->joined(), now_))
            return false;
        if (word->is_empty() || has_ended(word->joined(), now_, fence_time_))
            return true;
        auto const position = word->is_fenced() ? std::nullopt : read_position(*word);
        return position && held != nullptr && held->size() > 0 && *position <= held->position();
    }

    /// Requires of `required` what the floor does.
    void add_to(required_states& required) noexcept
    {
        auto const held = open();
        if (held.cell == nullptr)
            return;
        if (add_texts(*held.cell, required))
            required.unplaced().crowd();
        if (held.cell->is_crowded == 0)
            return;
        if (!has_ended(held.cell->crowded_at, now_, fence_time_) || is_future(held.cell->crowded_at, now_))
            required.unplaced().crowd();
        else
            release(*held.cell);
    }

private:
    struct opened {
        floor_state state;
        store_cell const* cell = nullptr; ///< null if the floor is empty
    };

    /// What counts now; what was damaged is lost.
    [[nodiscard]] opened open() noexcept
    {
        auto word = cluster_.floor();
        if (!word || (!word->is_empty() && !cluster_.floors[word->second_half()].is_whole())) {
            lose();
            word = cluster_.floor();
        }
        if (!word || word->is_empty())
            return {};
        auto const& cell = cluster_.floors[word->second_half()];
        if (is_future(word->joined(), now_)) {
            word->set_joined(now_);
            cluster_.set(*word);
        }
        if (has_ended(word->joined(), now_, fence_time_) || cell.epoch != state_.epoch()) {
            cluster_.set(floor_state{});
            return {};
        }
        return {*word, &cell};
    }

    /// The usual case: what joins is of one Vault text that is ahead of the floor, or behind it.
    [[nodiscard]] bool joined_by_position(opened const& held, std::string_view text) noexcept
    {
        if (held.cell == nullptr || held.state.is_fenced() || held.cell->count != 1 ||
            state_.form() != dialect::vault)
            return false;
        auto const floor = read_position(held.state);
        auto const joining = decode_vault_index(text);
        if (!floor || !joining)
            return false;
        auto word = held.state;
        word.set_joined(later_stamp(word.joined(), now_));
        if (joining->position <= *floor) {
            cluster_.set(word);
            return true;
        }
        if (!(joining->position >= *floor))
            return false;
        store_cell next;
        next.add(text);
        publish(next, joining->position);
        return true;
    }

    /// Says whether a text could not be added.
    [[nodiscard]] static bool add_texts(store_cell const& cell, required_states& to) noexcept
    {
        bool is_lost = false;
        for (std::uint8_t i = 0; i < cell.count; ++i) {
            auto const& held = to.unplaced().text();
            bool const is_other =
                cell.cluster == store_layout::unplaced && !held.empty() && held != cell.text(i);
            auto const total = to.record(cell.text(i));
            is_lost = is_lost || is_other || total.unkept > 0 || total.rejected > 0;
        }
        return is_lost;
    }

    [[nodiscard]] std::optional<wal_position> position_of(required_states const& sum) const noexcept
    {
        return state_.form() == dialect::vault ? sum.demand(cluster_.name()) : std::nullopt;
    }

    /// Writes the half that does not count, and lets it count.
    void publish(store_cell& next, std::optional<wal_position> const& position) noexcept
    {
        auto const before = cluster_.floor().value_or(floor_state{});
        floor_state state;
        state.set_second_half(!before.second_half());
        state.set_empty(next.empty());
        state.set_fenced(next.is_crowded != 0);
        state.set_joined(before.is_empty() ? now_ : later_stamp(before.joined(), now_));
        next.epoch = state_.epoch();
        next.cluster = number_;
        next.seal();
        cluster_.floors[state.second_half()] = next;
        std::uint64_t const words[] = {position ? position->local : 0, position ? position->replicated : 0,
                                       state_.epoch()};
        cluster_.floor_position.store(words, position ? position_of_half + state.second_half() : no_position);
        cluster_.set(state);
    }

    /// The fence of the floor has ended, and what it requires besides goes on.
    void release(store_cell next) noexcept
    {
        next.is_crowded = 0;
        required_states sum;
        bool const is_lost = add_texts(next, sum);
        auto const joined = cluster_.floor().value_or(floor_state{}).joined();
        publish(next, is_lost ? std::nullopt : position_of(sum));
        auto word = cluster_.floor().value_or(floor_state{});
        word.set_joined(joined);
        cluster_.set(word);
    }

    /// Where the half stands that counts: nothing if whoever wrote it was killed before it counted.
    [[nodiscard]] std::optional<wal_position> read_position(floor_state const& held) const noexcept
    {
        std::uint64_t words[3];
        if (!cluster_.floor_position.load(words, position_of_half + held.second_half()) ||
            words[2] != state_.epoch())
            return std::nullopt;
        return wal_position{words[0], words[1]};
    }

    static constexpr std::uint64_t position_of_half = 3; ///< of the first one; of the second, one more
    static constexpr std::uint64_t no_position = 5;

    store_cluster& cluster_;
    cluster_state state_;
    std::uint32_t now_;
    std::uint32_t fence_time_;
    std::uint8_t number_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
