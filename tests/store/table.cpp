// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/table.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/store_parts.hpp"

#include <cstdint>
#include <optional>
#include <vector>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

using table_type = store_table<no_lock>;

struct tables : store_parts {
    late_hold<no_lock> head{lock};

    explicit tables(std::uint64_t identities = 1) : store_parts(identities)
    {
        late_hold<no_lock> first(lock);
        REQUIRE(store_clusters(memory).intern(first, "c", dialect::vault, 0) == 0);
    }

    /// Identities whose hashes are chosen: all have the same buckets.
    [[nodiscard]] store_place place(std::uint32_t identity, std::uint8_t tag = 7) const
    {
        return {memory.layout, std::uint64_t{tag} << 32 | identity};
    }

    static store_entry entry(std::uint64_t local) { return {.local = local, .kind = entry_kind::vault}; }

    std::optional<found_entry> find(store_place const& place, std::uint32_t now, bool* is_lost = nullptr)
    {
        table_type table(memory, place, head, now, times);
        std::optional<found_entry> found;
        table.for_each([&](found_entry const& each) { found = each; });
        if (is_lost != nullptr)
            *is_lost = table.is_lost();
        return found;
    }

    void put(store_place const& place, std::uint64_t local, std::uint32_t now)
    {
        auto const old = find(place, now);
        table_type(memory, place, head, now, times).put(entry(local), old);
    }

    bool is_lost(store_place const& place, std::uint32_t now)
    {
        bool is = false;
        static_cast<void>(find(place, now, &is));
        return is;
    }

    required_states floor(std::uint32_t now)
    {
        required_states required;
        store_floor(memory.cluster(0), 0, *memory.cluster(0).state(), now, 900).add_to(required);
        return required;
    }
};

} // namespace

TEST_CASE("what is put is found, by its identity and no other")
{
    tables one;
    auto const mine = one.place(1);
    auto const of_same_tag = one.place(2);
    one.put(mine, 10, 0);
    one.put(of_same_tag, 20, 0);
    CHECK(one.find(mine, 0)->entry.local == 10);
    CHECK(one.find(of_same_tag, 0)->entry.local == 20);
    CHECK_FALSE(one.find(one.place(3), 0));
    CHECK_FALSE(one.find(one.place(1, 8), 0));
    one.put(mine, 11, 0);
    CHECK(one.find(mine, 0)->entry.local == 11);
    table_type(one.memory, mine, one.head, 0, one.times).erase(*one.find(mine, 0));
    CHECK_FALSE(one.find(mine, 0));
}

TEST_CASE("as many fit as two buckets have room for; then the one that was used the longest ago makes room")
{
    tables one;
    constexpr std::uint32_t room = 2 * store_bucket::usable;
    for (std::uint32_t i = 0; i < room; ++i)
        one.put(one.place(i), 100 + i, 10 + (i + 5) % room); // used in another order
    CHECK(one.floor(40).empty());
    CHECK(one.find(one.place(room - 5), 40)); // the first one, if it had not been used just now
    one.put(one.place(1000), 1, 40);
    CHECK(one.floor(40).demand("c") == wal_position{100 + room - 4, 0});
    CHECK_FALSE(one.find(one.place(room - 4), 40));
    CHECK(one.find(one.place(1000), 40));
}

TEST_CASE("whoever was used the longest ago makes room, wherever it lives, and nobody else does")
{
    constexpr std::uint32_t room = 2 * store_bucket::usable;
    for (std::uint32_t oldest = 0; oldest < room; ++oldest) {
        tables one;
        for (std::uint32_t i = 0; i < room; ++i)
            one.put(one.place(i), 100 + i, i == oldest ? 9 : 10);
        one.put(one.place(1000), 1, 10);
        for (std::uint32_t i = 0; i < room; ++i)
            CHECK(one.find(one.place(i), 10).has_value() == (i != oldest));
        CHECK(one.floor(10).demand("c") == wal_position{100 + oldest, 0});
    }
}

TEST_CASE("who came just now makes room, too, where nobody else can; none of one's own")
{
    tables one;
    constexpr std::uint32_t room = 2 * store_bucket::usable;
    auto const mine = one.place(1000);
    one.put(mine, 1, 9);
    for (std::uint32_t i = 1; i < room; ++i)
        one.put(one.place(i), 100 + i, 10);
    REQUIRE(one.floor(10).empty());
    table_type(one.memory, mine, one.head, 10, one.times).put(tables::entry(2), std::nullopt);
    CHECK_FALSE(one.floor(10).empty());
    CHECK_FALSE(one.is_lost(mine, 10));
    unsigned found = 0;
    table_type(one.memory, mine, one.head, 10, one.times).for_each([&](found_entry const&) { ++found; });
    CHECK(found == 2);
    unsigned left = 0;
    for (std::uint32_t i = 1; i < room; ++i)
        left += one.find(one.place(i), 10) ? 1 : 0;
    CHECK(left == room - 2);
}

TEST_CASE("who is idle makes room before it is needed, where a bucket fills")
{
    tables one;
    for (std::uint32_t i = 0; i < 16; ++i)
        one.put(one.place(i), 100 + i, 0);
    one.put(one.place(100), 1, 60);
    CHECK(one.floor(60).empty());
    one.put(one.place(101), 1, 61);
    CHECK_FALSE(one.floor(61).empty());
    CHECK(one.find(one.place(100), 61));
    unsigned left = 0;
    for (std::uint32_t i = 0; i < 16; ++i)
        left += one.find(one.place(i), 61) ? 1 : 0;
    CHECK(left == 8); // all those in one of the two buckets have made room
}

TEST_CASE("who is idle makes room where a bucket is half full")
{
    tables one;
    for (std::uint32_t i = 0; i < store_bucket::usable; ++i)
        one.put(one.place(i), 100 + i, 0);
    one.put(one.place(100), 1, 61);
    CHECK_FALSE(one.floor(61).empty());
}

TEST_CASE("who is idle stays where a bucket is not half full")
{
    tables one;
    for (std::uint32_t i = 0; i < store_bucket::usable - 2; ++i)
        one.put(one.place(i), 100 + i, 0);
    one.put(one.place(100), 1, 61);
    CHECK(one.floor(61).empty());
    for (std::uint32_t i = 0; i < store_bucket::usable - 2; ++i)
        CHECK(one.find(one.place(i), 61));
}

TEST_CASE("where nothing can make room but what says that something was lost, everybody there is fenced")
{
    tables one;
    constexpr std::uint8_t room = 2 * store_bucket::usable;
    for (std::uint8_t i = 0; i < room; ++i) {
        one.put(one.place(i, i), i, 1000);
        auto const where = *one.find(one.place(i, i), 1000);
        one.memory.bucket(where.bucket).entries[where.slot].local ^= 1;
        CHECK(one.is_lost(one.place(i, i), 1000));
    }
    one.put(one.place(100, 100), 5, 1001);
    REQUIRE(one.find(one.place(100, 100), 1001));
    CHECK(one.find(one.place(100, 100), 1001)->entry.local == 5);
    for (std::uint8_t i = 0; i < room; ++i)
        CHECK(one.is_lost(one.place(i, i), 1901)); // since then: the fences of before have ended
    CHECK(one.floor(1001).empty());
}

TEST_CASE("an entry of an epoch that has ended is not found, and its place is free")
{
    tables one;
    one.put(one.place(1), 10, 0);
    auto state = *one.memory.cluster(0).state();
    state.set_epoch(static_cast<std::uint16_t>(state.epoch() + 1));
    one.memory.cluster(0).set(state);
    CHECK_FALSE(one.find(one.place(1), 0));
    for (auto const bucket : one.place(1).buckets)
        CHECK(one.memory.bucket(bucket).live() == 0);
}

TEST_CASE("an entry that was damaged fences its tag, and no other, until the fence time has ended")
{
    tables one;
    auto const mine = one.place(1);
    one.put(mine, 10, 1000);
    auto const where = *one.find(mine, 1000);
    one.memory.bucket(where.bucket).entries[where.slot].identity ^= 4; // so it is not even known whose it was
    CHECK_FALSE(one.is_lost(one.place(1, 8), 1000));
    CHECK(one.is_lost(mine, 1000));
    CHECK_FALSE(one.find(mine, 1000));
    CHECK(one.is_lost(one.place(5), 1900)); // of the same tag
    CHECK_FALSE(one.is_lost(one.place(1, 8), 1900));
    CHECK_FALSE(one.is_lost(mine, 1901));
    CHECK(one.memory.bucket(where.bucket).live() == 0);
}

TEST_CASE("who lives beside an entry that was damaged is found as ever, and not fenced")
{
    tables one;
    auto const damaged = one.place(1);
    auto const beside = one.place(1, 8);
    one.put(damaged, 10, 1000);
    one.put(one.place(3, 9), 30, 1000); // in the other bucket
    one.put(beside, 20, 1000);
    auto const where = *one.find(damaged, 1000);
    REQUIRE(one.find(beside, 1000)->bucket == where.bucket);
    one.memory.bucket(where.bucket).entries[where.slot].local ^= 1;
    REQUIRE(one.is_lost(damaged, 1000));
    CHECK_FALSE(one.is_lost(beside, 1000));
    CHECK(one.find(beside, 1900)->entry.local == 20);
    CHECK((*one.memory.bucket(where.bucket).live() & store_bucket::lost_mask) != 0);
    CHECK_FALSE(one.is_lost(beside, 1901));
    CHECK((*one.memory.bucket(where.bucket).live() & store_bucket::lost_mask) == 0);
    CHECK(one.find(beside, 1901)->entry.local == 20);
}

TEST_CASE("what says that something was lost is not evicted, and its own damage fences all of the bucket")
{
    tables one;
    auto const mine = one.place(1);
    one.put(mine, 10, 1000);
    auto where = *one.find(mine, 1000);
    one.memory.bucket(where.bucket).entries[where.slot].local = 0;
    REQUIRE(one.is_lost(mine, 1000));
    for (std::uint32_t i = 100; i < 150; ++i)
        one.put(one.place(i, 9), i, 1010);
    CHECK(one.is_lost(mine, 1010));
    CHECK_FALSE(one.is_lost(one.place(1, 8), 1010));
    for (auto& entry : one.memory.bucket(where.bucket).entries)
        if (entry.is_lost())
            entry.link = 0; // would have ended
    CHECK(one.is_lost(one.place(1, 8), 1010));
    CHECK(one.is_lost(mine, 1010));
    for (std::uint32_t const now : {1910U, 1911U})
        for (std::uint8_t const tag : {std::uint8_t{7}, std::uint8_t{8}})
            CHECK(one.is_lost(one.place(1, tag), now) == (now == 1910));
}

TEST_CASE("a bucket that was damaged fences all who may have been in it")
{
    tables one;
    auto const mine = one.place(1);
    one.put(mine, 10, 1000);
    one.memory.bucket(one.find(mine, 1000)->bucket).word.fetch_xor(1);
    CHECK(one.is_lost(one.place(2, 99), 1000));
    CHECK(one.is_lost(mine, 1900));
    CHECK_FALSE(one.is_lost(mine, 1901));
    one.put(mine, 11, 1901);
    CHECK(one.find(mine, 1901)->entry.local == 11);
}

TEST_CASE("a fence of a clock that began anew ends after the fence time")
{
    tables one;
    auto const mine = one.place(1);
    one.put(mine, 10, 100'000);
    one.memory.bucket(one.find(mine, 100'000)->bucket).word.fetch_xor(1);
    CHECK(one.is_lost(mine, 100'000));
    CHECK(one.is_lost(mine, 7));
    CHECK(one.is_lost(mine, 907));
    CHECK_FALSE(one.is_lost(mine, 908));
}

TEST_CASE("what needs a cell is found with it; a cell that was damaged fences the identity")
{
    tables one;
    auto const mine = one.place(1);
    store_cell cell;
    cell.add("future-format");
    cell.cluster = store_layout::unplaced;
    table_type(one.memory, mine, one.head, 0, one.times).put_cell(cell, std::nullopt);
    auto const found = one.find(mine, 0);
    REQUIRE(found);
    CHECK(found->entry.kind == entry_kind::cell);
    table_type table(one.memory, mine, one.head, 0, one.times);
    REQUIRE(table.cell_of(*found) != nullptr);
    CHECK(table.cell_of(*found)->text(0) == "future-format");

    cell.add("another one");
    table.put_cell(cell, found);
    CHECK(*one.memory.bucket(found->bucket).live() == 2); // in the place of the old one
    auto const next = one.find(mine, 0);
    CHECK(next->entry.link != found->entry.link); // the old one was whole until the end
    one.memory.cell(next->entry.link).check ^= 1;
    CHECK(table.cell_of(*next) == nullptr);
    CHECK(table.is_lost());
    CHECK(one.is_lost(mine, 0));
}

TEST_CASE("what needs a cell joins the floor where none can be had, and is not held besides")
{
    tables one;
    auto const mine = one.place(1);
    table_type table(one.memory, mine, one.head, 0, one.times);
    auto const put = [&](std::uint64_t local, std::optional<found_entry> const& old) {
        store_cell cell;
        cell.add(vault("c", local, 0));
        table.put_cell(cell, old);
        unsigned held = 0;
        table.for_each([&](found_entry const&) { ++held; });
        return held;
    };
    constexpr auto room = static_cast<unsigned>(store_layout::min_cells_of_stripe);
    for (unsigned i = 1; i <= room; ++i)
        CHECK(put(1, std::nullopt) == i);
    CHECK(one.floor(0).empty());
    auto const old = one.find(mine, 0);
    CHECK(put(2, std::nullopt) == room); // beside what is held
    CHECK(one.floor(0).demand("c") == wal_position{2, 0});
    CHECK(put(3, old) == room - 1);
    CHECK(one.floor(0).demand("c") == wal_position{3, 0});
}

TEST_CASE("what needs a cell is found in the epoch that it is of")
{
    tables one;
    auto state = *one.memory.cluster(0).state();
    state.set_epoch(3);
    one.memory.cluster(0).set(state);
    store_cell cell;
    cell.epoch = 3;
    cell.add(vault("c", 1, 0));
    table_type(one.memory, one.place(1), one.head, 0, one.times).put_cell(cell, std::nullopt);
    CHECK(one.find(one.place(1), 0));
}
