// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/store/bucket.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/stripe.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>

#include <bit>
#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// An entry, and where it lived when it was found.
struct found_entry {
    std::uint32_t bucket = 0;
    unsigned slot = 0;
    store_entry entry{};
};

/// What the buckets hold of one identity. Under the lock of its stripe.
template <class Lock>
class store_table {
public:
    store_table(store_memory const& memory, store_place const& place, late_hold<Lock>& head,
                std::uint32_t now, store_times const& times) noexcept
        : stripe_(memory, place.stripe, head, now, times), place_(place)
    {}

    /// Something of this identity may have been lost: known after `for_each`.
    [[nodiscard]] bool is_lost() const noexcept { return is_lost_; }

    /// Calls visit(found_entry const&) for each entry of the identity that counts, and marks it as used.
    template <class Visit>
    void for_each(Visit&& visit)
    {
        for (auto const number : place_.buckets) {
            auto live = stripe_.open(number);
            if ((live & store_bucket::lost_mask) != 0)
                live = look_for_lost(number, live);
            auto const& bucket = stripe_.bucket(number);
            for (unsigned left = bucket.matches(live, place_.tag); left != 0; left &= left - 1) {
                auto const slot = static_cast<unsigned>(std::countr_zero(left));
                auto const& entry = bucket.entries[slot];
                prefetch(&bucket.entries[store_bucket::free_slot(live)]); // where its successor goes
                if (!entry.is_whole()) {
                    stripe_.lose(number, slot, entry_kind::lost_slot);
                    is_lost_ = true;
                } else if (!entry.is_lost() && entry.identity == place_.identity) {
                    if (stripe_.is_of_epoch(entry)) {
                        mark_as_used(number, slot);
                        visit(found_entry{number, slot, entry});
                    } else {
                        stripe_.erase(number, slot);
                    }
                }
            }
        }
    }

    /// Puts an entry in the place of another one, or beside all others.
    void put(store_entry entry, std::optional<found_entry> const& old)
    {
        entry.identity = place_.identity;
        put_in(old ? old->bucket : make_room(), entry, old);
    }

    /// The same for what needs a cell. Where no cell can be had it joins the floor, like what is evicted.
    void put_cell(store_cell cell, std::optional<found_entry> const& old)
    {
        cell.bucket = old ? old->bucket : make_room();
        cell.identity = place_.identity;
        cell.seal();
        auto const number = stripe_.take_cell(place_.identity);
        if (!number) {
            stripe_.join_floor(cell);
            if (old)
                erase(*old);
            return;
        }
        stripe_.cell(*number) = cell;
        store_entry entry;
        entry.identity = place_.identity;
        entry.link = *number;
        entry.epoch = cell.epoch;
        entry.cluster = cell.cluster;
        entry.kind = entry_kind::cell;
        put_in(cell.bucket, entry, old);
    }

    void erase(found_entry const& old) { stripe_.erase(old.bucket, old.slot); }

    /// The cell of an entry. Null if it was damaged: then the identity is fenced from now on.
    [[nodiscard]] store_cell const* cell_of(found_entry const& found)
    {
        auto const* const held = stripe_.cell_of(found.bucket, found.entry);
        if (held == nullptr) {
            stripe_.lose(found.bucket, found.slot, entry_kind::lost_slot);
            is_lost_ = true;
        }
        return held;
    }

private:
    void put_in(std::uint32_t bucket, store_entry const& entry, std::optional<found_entry> const& old)
    {
        stripe_.replace(bucket, old ? std::optional(old->slot) : std::nullopt, place_.tag, entry);
    }

    void mark_as_used(std::uint32_t number, unsigned slot) noexcept
    {
        auto& used = stripe_.bucket(number).used[slot];
        auto const now = static_cast<std::uint16_t>(stripe_.now() & 0xffff);
        if (used != now) // who only reads need not take the line from other processors
            used = now;
    }

    /// Looks through a bucket in which something was lost: does it concern this identity, and has it ended?
    [[nodiscard]] std::uint16_t look_for_lost(std::uint32_t number, std::uint16_t live)
    {
        bool has_lost = false;
        for (unsigned slot = 0; slot < store_bucket::slots; ++slot) {
            if ((live >> slot & 1) == 0)
                continue;
            auto const entry = stripe_.bucket(number).entries[slot];
            if (!entry.is_whole()) { // perhaps one that said that something was lost
                stripe_.lose(number, slot, entry_kind::lost_bucket);
                has_lost = is_lost_ = true;
            } else if (entry.is_lost() && has_ended(entry.link, stripe_.now(), stripe_.times().fence)) {
                stripe_.bucket(number).publish(
                    static_cast<std::uint16_t>(stripe_.open(number) & ~(1U << slot)));
            } else if (entry.is_lost()) {
                has_lost = true;
                is_lost_ = is_lost_ || entry.kind == entry_kind::lost_bucket ||
                           stripe_.bucket(number).tags[slot] == place_.tag;
                if (is_future(entry.link, stripe_.now()))
                    stripe_.lose(number, slot, entry.kind);
            }
        }
        live = stripe_.open(number);
        if (!has_lost) {
            live &= store_bucket::slot_mask;
            stripe_.bucket(number).publish(live);
        }
        return live;
    }

    /// The number of a bucket that has room for one more.
    [[nodiscard]] std::uint32_t make_room()
    {
        unsigned counts[2];
        for (unsigned i = 0; i < 2; ++i)
            counts[i] = store_bucket::count(stripe_.open(place_.buckets[i]));
        unsigned const better = counts[1] < counts[0] ? 1 : 0;
        auto const number = place_.buckets[better];
        if (counts[better] >= store_bucket::usable / 2)
            evict_idle(number);
        if (store_bucket::count(stripe_.open(number)) < store_bucket::usable)
            return number;
        return evict_least_recent();
    }

    void evict_idle(std::uint32_t number)
    {
        auto const live = stripe_.open(number);
        for (unsigned slot = 0; slot < store_bucket::slots; ++slot)
            if ((live >> slot & 1) != 0 && stripe_.age(number, slot) > stripe_.times().idle &&
                !stripe_.bucket(number).entries[slot].is_lost())
                stripe_.evict(number, slot);
    }

    /// Of both buckets, the entry that was used the longest ago makes room. What tells that something was
    /// lost stays, so long as there is anything else.
    [[nodiscard]] std::uint32_t evict_least_recent()
    {
        std::optional<unsigned> victim;
        auto of = place_.buckets[0];
        unsigned oldest = 0;
        for (auto const number : place_.buckets) {
            auto const live = stripe_.open(number);
            for (unsigned slot = 0; slot < store_bucket::slots; ++slot) {
                auto const& entry = stripe_.bucket(number).entries[slot];
                auto const older = stripe_.age(number, slot) + 1U;
                if ((live >> slot & 1) == 0 || entry.is_lost() || entry.identity == place_.identity ||
                    older <= oldest)
                    continue;
                oldest = older;
                of = number;
                victim = slot;
            }
        }
        if (victim)
            stripe_.evict(of, *victim);
        else
            stripe_.bucket(of).lose(stripe_.now());
        return of;
    }

    store_stripe<Lock> stripe_;
    store_place const& place_;
    bool is_lost_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
