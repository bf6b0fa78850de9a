// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/store/bucket.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/clusters.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/store/floor.hpp>
#include <afterwrite/store/index.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>

#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// How long things last, in seconds.
struct store_times {
    std::uint32_t idle = 0;
    std::uint32_t fence = 0;
};

/// The buckets and cells that one lock guards, and how room is made among them. Under that lock; takes the
/// head's where the floor is touched.
template <class Lock>
class store_stripe {
public:
    store_stripe(store_memory const& memory, std::uint64_t number, late_hold<Lock>& head, std::uint32_t now,
                 store_times const& times) noexcept
        : memory_(memory), head_(head), number_(number), times_(times), now_(now)
    {}

    [[nodiscard]] store_bucket& bucket(std::uint32_t number) const noexcept { return memory_.bucket(number); }
    [[nodiscard]] store_cell& cell(std::uint32_t number) const noexcept { return memory_.cell(number); }
    [[nodiscard]] std::uint32_t now() const noexcept { return now_; }
    [[nodiscard]] store_times const& times() const noexcept { return times_; }

    /// Which entries of a bucket live. One that was damaged is empty from now on, but for what says so.
    [[nodiscard]] std::uint16_t open(std::uint32_t number) noexcept
    {
        auto const live = bucket(number).live();
        if (live && store_bucket::has_free_slot(*live)) [[likely]]
            return *live;
        bucket(number).lose(now_);
        return 1U | store_bucket::lost_mask;
    }

    /// Writes an entry where nothing lives, lets it live, and `old` no longer.
    void replace(std::uint32_t number, std::optional<unsigned> old, std::uint8_t tag,
                 store_entry const& entry)
    {
        auto const live = open(number);
        auto const free = store_bucket::free_slot(live);
        bucket(number).write(free, tag, entry, now_);
        auto const lost = entry.is_lost() ? store_bucket::lost_mask : 0U;
        bucket(number).publish(static_cast<std::uint16_t>(without(number, live, old) | 1U << free | lost));
    }

    void erase(std::uint32_t number, unsigned slot)
    {
        bucket(number).publish(static_cast<std::uint16_t>(without(number, open(number), slot)));
    }

    /// Says in the place of an entry that something was lost.
    void lose(std::uint32_t number, unsigned slot, entry_kind kind)
    {
        store_entry entry;
        entry.link = now_;
        entry.kind = kind;
        auto const live = open(number);
        auto const free = store_bucket::free_slot(live);
        bucket(number).write(free, bucket(number).tags[slot], entry, now_);
        bucket(number).publish(
            static_cast<std::uint16_t>((live & ~(1U << slot)) | 1U << free | store_bucket::lost_mask));
    }

    /// The cell of an entry; null if it was damaged, or belongs to another one.
    [[nodiscard]] store_cell const* cell_of(std::uint32_t number, store_entry const& entry) const noexcept
    {
        if (entry.link >= memory_.layout.cells())
            return nullptr;
        auto& held = cell(entry.link);
        bool const is_its = held.is_whole() && held.bucket == number && held.identity == entry.identity &&
                            held.cluster == entry.cluster && held.epoch == entry.epoch;
        if (is_its && held.has_future(now_)) // the machine was started anew
            held.restamp(now_);
        return is_its ? &held : nullptr;
    }

    /// Whether what an entry says counts still: its cluster is known, and has had no new epoch since.
    [[nodiscard]] bool is_of_epoch(store_entry const& entry)
    {
        if (entry.cluster > store_layout::unplaced)
            return false;
        auto const state = store_clusters(memory_).state_of(head_, entry.cluster, now_);
        return state.what() == cluster_state::used && state.epoch() == entry.epoch;
    }

    /// For how long nobody has used an entry, in seconds: 0 if another thread is a little ahead of this one.
    [[nodiscard]] unsigned age(std::uint32_t number, unsigned slot) const noexcept
    {
        constexpr unsigned ahead = 0xff00;
        auto const passed = (now_ - bucket(number).used[slot]) & 0xffffU;
        return passed < ahead ? passed : 0;
    }

    /// Moves an entry to the floor. First it is required of everybody, and only then no longer of its own.
    void evict(std::uint32_t number, unsigned slot)
    {
        auto const entry = bucket(number).entries[slot];
        if (!entry.is_whole()) {
            bucket(number).lose(now_);
            return;
        }
        if (is_of_epoch(entry) && is_named(entry.cluster)) {
            store_cell evicted;
            if (entry.kind != entry_kind::cell) {
                char text[max_index_size];
                evicted.add({text, write_index(entry, memory_.cluster(entry.cluster).name(), text)});
            } else if (auto const* const held = cell_of(number, entry)) {
                evicted = *held;
            } else {
                evicted.crowd(now_);
            }
            evicted.epoch = entry.epoch;
            evicted.cluster = entry.cluster;
            join_floor(evicted);
        }
        erase(number, slot);
    }

    void join_floor(store_cell const& joining)
    {
        head_.acquire();
        auto const state = store_clusters(memory_).state_of(head_, joining.cluster, now_);
        if (state.what() == cluster_state::used && state.epoch() == joining.epoch)
            store_floor(memory_.cluster(joining.cluster), joining.cluster, state, now_, times_.fence)
                .join(joining);
    }

    /// A cell that nothing needs; if there is none among some, the one whose entry was used the longest ago
    /// makes room, but none of `identity`.
    [[nodiscard]] std::optional<std::uint32_t> take_cell(std::uint32_t identity)
    {
        auto const count = memory_.layout.cells_of_stripe;
        std::optional<std::uint32_t> victim;
        unsigned victim_slot = 0;
        unsigned oldest = 0;
        for (std::uint64_t i = 0; i < store_layout::min_cells_of_stripe; ++i) {
            auto const tried = static_cast<std::uint32_t>(number_ * count + (identity % count + i) % count);
            auto const slot = slot_of_cell(tried);
            if (!slot)
                return tried;
            auto const older = age(cell(tried).bucket, *slot) + 1U;
            if (cell(tried).identity != identity && older > oldest) {
                oldest = older;
                victim = tried;
                victim_slot = *slot;
            }
        }
        if (victim)
            evict(cell(*victim).bucket, victim_slot);
        return victim;
    }

private:
    /// Whether the name of a cluster is whole; if not, the cluster is dead, and mourned by everybody.
    [[nodiscard]] bool is_named(std::uint8_t cluster)
    {
        auto const state = store_clusters(memory_).checked_state_of(head_, cluster, now_);
        return cluster == store_layout::unplaced || state.what() == cluster_state::used;
    }

    /// What lives without `old`, unless a bucket that was damaged in between has other entries there now.
    [[nodiscard]] unsigned without(std::uint32_t number, unsigned live,
                                   std::optional<unsigned> old) const noexcept
    {
        return old && !bucket(number).entries[*old].is_lost() ? live & ~(1U << *old) : live;
    }

    /// Where the entry lives that needs this cell; nothing if none does, or the cell was damaged.
    [[nodiscard]] std::optional<unsigned> slot_of_cell(std::uint32_t number)
    {
        auto const& held = cell(number);
        auto const begin = number_ * memory_.layout.buckets_of_stripe;
        if (!held.is_whole() || held.bucket < begin ||
            held.bucket - begin >= memory_.layout.buckets_of_stripe)
            return std::nullopt;
        auto const live = open(held.bucket);
        for (unsigned slot = 0; slot < store_bucket::slots; ++slot) {
            auto const& entry = bucket(held.bucket).entries[slot];
            if ((live >> slot & 1) != 0 && entry.kind == entry_kind::cell && entry.link == number)
                return slot;
        }
        return std::nullopt;
    }

    store_memory const& memory_;
    late_hold<Lock>& head_;
    std::uint64_t number_;
    store_times times_;
    std::uint32_t now_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
