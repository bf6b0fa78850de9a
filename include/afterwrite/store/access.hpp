// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/session/answer_kind.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/regression.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/store/clusters.hpp>
#include <afterwrite/store/fences.hpp>
#include <afterwrite/store/floor.hpp>
#include <afterwrite/store/identity.hpp>
#include <afterwrite/store/index.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/options.hpp>
#include <afterwrite/store/reader.hpp>
#include <afterwrite/store/table.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// How one identity is read and changed: the usual case on a short way, and all others by the rules of
/// `required_states`, with what the store holds put into one.
///
/// The lock of a stripe is taken before that of the head, no two stripes' at a time, and none while a text is
/// decoded on the short way.
template <basic_lockable Lock>
class store_access {
public:
    store_access(store_memory const& memory, store_options const& options, std::uint64_t hash) noexcept
        : caller_(memory, options, hash)
    {}

    [[nodiscard]] store_options const& options() const noexcept { return caller_.options; }
    [[nodiscard]] store_access of(std::uint64_t hash) const noexcept
    {
        return {caller_.memory, caller_.options, hash};
    }

    /// What is required, see `store_reader`.
    [[nodiscard]] store_reader<Lock> reader() const noexcept { return store_reader<Lock>(caller_); }

    /// Takes the value of one index field.
    recorded record(std::string_view field_value, arrival const& how) const
    {
        recorded total;
        for_each_index(field_value, [&](std::string_view index) {
            auto const one = record_one(index, how);
            total += one;
            if (one.unknown_form > 0)
                total.why = one.why;
        });
        return total;
    }

    /// Calls change(store_identity&), which changes what is required and says what became of it.
    template <class Change>
    recorded update(time_point now, Change&& change) const
    {
        fence_clock const clock{now, caller_.options.sessions.fence_time};
        late_hold<Lock> head(caller_.head_lock());
        scoped_hold const held(caller_.lock());
        head.acquire();
        store_table<Lock> table(caller_.memory, caller_.place, head, clock.seconds(), caller_.times);
        store_identity<Lock> identity(caller_.memory, table, head, clock);
        auto const total = std::forward<Change>(change)(identity);
        identity.save(total, caller_.options.sessions.regression);
        return total;
    }

    /// Requires an index of everybody.
    void record_in_floor(std::string_view field_value, time_point now) const
    {
        late_hold<Lock> head(caller_.head_lock());
        head.acquire();
        store_clusters const clusters(caller_.memory);
        auto const seconds = seconds_of(now);
        for_each_index(field_value, [&](std::string_view index) {
            auto const decoded = decode_index(index);
            if (!decoded &&
                (decoded.error() == decode_error::unknown_form || !is_past_bound(index, decoded.error())))
                return; // of neither dialect, or garbage
            auto const number =
                decoded ? clusters.intern(head, decoded->cluster(), decoded->form, seconds) : std::nullopt;
            store_cell cell;
            if (number)
                cell.add(index);
            else
                cell.crowd(seconds);
            cell.cluster = number.value_or(store_layout::unplaced);
            auto const state = clusters.state_of(head, cell.cluster, seconds);
            store_floor(caller_.memory.cluster(cell.cluster), cell.cluster, state, seconds,
                        caller_.times.fence)
                .join(cell);
        });
    }

    void accept_regression(std::string_view cluster, time_point now) const
    {
        late_hold<Lock> head(caller_.head_lock());
        head.acquire();
        store_clusters const clusters(caller_.memory);
        clusters.for_each(
            head, seconds_of(now), caller_.times.fence, [&](std::uint8_t i, cluster_state state) {
                state.set_regressed(state.has_regressed() && caller_.memory.cluster(i).name() != cluster);
                caller_.memory.cluster(i).set(state);
                return caller_.memory.cluster(i).is_named();
            });
    }

private:
    recorded record_one(std::string_view index, arrival const& how) const
    {
        compact_index compact;
        if (read_compact(index, compact))
            if (auto const total = record_compact(compact, how))
                return *total;
        return update(how.now, [&](auto& identity) {
            auto const decoded = decode_index(index);
            auto const where = decoded ? cluster_place{decoded->cluster(), decoded->form}
                                       : place_of_fence(index, decoded.error(), how);
            if (!where.cluster.empty() && !identity.know(where.cluster, where.form))
                return unplaced_demand::unkept;
            auto const total = identity.required().record(index, how);
            if (decoded && total.kept + total.superseded > 0 && is_of_epoch(identity, *decoded, how))
                identity.confirm(decoded->cluster(), decoded->form, index);
            return total;
        });
    }

    /// Of which cluster an index that cannot be read sets a fence; of none, if it sets none, or a stray one.
    [[nodiscard]] static cluster_place place_of_fence(std::string_view index, decode_error why,
                                                      arrival const& how) noexcept
    {
        if (how.carried == nullptr || !is_past_bound(index, why))
            return {};
        return {how.carried->sent_as().cluster, how.carried->sent_as().form};
    }

    /// Whether the request was sent in the epoch that counts now.
    [[nodiscard]] static bool is_of_epoch(store_identity<Lock>& identity, decoded_index const& index,
                                          arrival const& how) noexcept
    {
        auto const* const carried =
            how.carried != nullptr ? how.carried->find(index.cluster(), index.form) : nullptr;
        auto const* const held = identity.required().find(index.cluster(), index.form);
        return carried != nullptr && held != nullptr && is_newer_than_losses(index, how.carried->sent_as()) &&
               carried->history().epoch() == held->history().epoch();
    }

    /// The short way: one index is held in binary, or none, and nothing else has to change. Nothing if it is
    /// not so.
    std::optional<recorded> record_compact(compact_index& compact, arrival const& how) const
    {
        auto const now = seconds_of(how.now);
        auto& entry = compact.entry;
        wal_position const position{entry.local, entry.kind == entry_kind::vault ? entry.replicated : 0};
        late_hold<Lock> head(caller_.head_lock());
        {
            late_hold<Lock> early(caller_.head_lock()); // for what must not wait until a stripe is held
            store_clusters const clusters(caller_.memory);
            auto const number = clusters.intern(early, compact.cluster, compact.form, now);
            if (!number)
                return std::nullopt;
            entry.cluster = *number;
            auto const state = clusters.state_of(early, *number, now);
            if (state.what() != cluster_state::used || !is_plain(state, compact, position, how))
                return std::nullopt;
            entry.epoch = state.epoch();
        }
        recorded total;
        {
            scoped_hold const held(caller_.lock());
            store_table<Lock> table(caller_.memory, caller_.place, head, now, caller_.times);
            std::optional<found_entry> before;
            bool is_plain = true;
            std::uint8_t count = 0;
            table.for_each([&](found_entry const& found) {
                if (found.entry.cluster == entry.cluster)
                    before = found;
                is_plain = is_plain && found.entry.cluster != store_layout::unplaced;
                ++count;
            });
            bool const is_same = !before || (before->entry.kind == entry.kind &&
                                             before->entry.epoch == entry.epoch); // which may be new by now
            if (!is_plain || !is_same || (!before && count >= required_states::max_clusters))
                return std::nullopt;
            if (!before) {
                total.kept = 1;
            } else if (position <= position_of(before->entry)) {
                total.held = 1; // which tells a history that was damaged where the log is
            } else if (position >= position_of(before->entry)) {
                total.superseded = 1;
            } else {
                return std::nullopt; // both are required
            }
            bool const is_resigned = total.held > 0 && position == position_of(before->entry) &&
                                     std::memcmp(entry.hmac, before->entry.hmac, sizeof entry.hmac) != 0;
            if (total.held == 0 || is_resigned)
                table.put(entry, before);
        }
        note(head, entry, position, how.now);
        return total;
    }

    [[nodiscard]] static wal_position position_of(store_entry const& entry) noexcept
    {
        return {entry.local, entry.kind == entry_kind::vault ? entry.replicated : 0};
    }

    /// Whether the answer says nothing of the cluster's history, and repays nothing that was lost.
    [[nodiscard]] static bool is_plain(cluster_state const& state, compact_index const& compact,
                                       wal_position const& position, arrival const& how) noexcept
    {
        if (state.is_forwarded() || state.has_regressed())
            return false;
        auto const* const carried =
            how.carried != nullptr ? how.carried->find(compact.cluster, compact.form) : nullptr;
        if (carried == nullptr)
            return how.carried == nullptr || state.epoch() == 0;
        auto const& sent = carried->history();
        return static_cast<std::uint16_t>(sent.epoch() & 0xffff) == state.epoch() && !sent.is_suspected() &&
               position >= sent.settled();
    }

    /// Tells the history of a new index. That of each millisecond is enough: what is settled is older.
    void note(late_hold<Lock>& head, store_entry const& entry, wal_position const& position,
              time_point now) const
    {
        auto& cluster = caller_.memory.cluster(entry.cluster);
        auto const millisecond = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count());
        constexpr std::uint64_t slack = 1000; // by how much one thread may be ahead of another one
        auto const noted = cluster.noted.load(std::memory_order_relaxed);
        if (noted - millisecond < slack || now == time_point::min())
            return;
        head.acquire();
        cluster.noted.store(millisecond, std::memory_order_relaxed);
        store_clusters const clusters(caller_.memory);
        auto state = clusters.state_of(head, entry.cluster, seconds_of(now));
        if (state.what() != cluster_state::used || state.epoch() != entry.epoch)
            return;
        lineage history;
        clusters.read_history(head, entry.cluster, state, history);
        history.note(position, now);
        state = clusters.state_of(head, entry.cluster, seconds_of(now)); // a damaged one has just been mended
        cluster.set_history(history, state);
        cluster.set(state);
    }

    store_caller<Lock> caller_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
