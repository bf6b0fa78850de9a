// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/stripe.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/store_parts.hpp"

#include <cstdint>
#include <cstring>
#include <optional>
#include <set>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

struct one_stripe : store_parts {
    late_hold<no_lock> head{lock};
    store_stripe<no_lock> stripe{memory, 0, head, 1000, times};

    one_stripe()
    {
        late_hold<no_lock> first(lock);
        REQUIRE(store_clusters(memory).intern(first, "c", dialect::vault, 0) == 0);
    }

    static store_entry entry(std::uint32_t identity, std::uint64_t local)
    {
        return {.identity = identity, .local = local, .cluster = 0, .kind = entry_kind::vault};
    }

    required_states floor()
    {
        required_states required;
        store_floor(memory.cluster(0), 0, *memory.cluster(0).state(), 1000, 900).add_to(required);
        return required;
    }
};

} // namespace

TEST_CASE("an entry takes the place of another one by one store")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    CHECK(one.stripe.open(0) == 1);
    one.stripe.replace(0, 0, 7, one_stripe::entry(1, 11));
    CHECK(one.stripe.open(0) == 2);
    CHECK(one.stripe.bucket(0).entries[0].local == 10); // as it was
    CHECK(one.stripe.bucket(0).entries[1].local == 11);
    one.stripe.erase(0, 1);
    CHECK(one.stripe.open(0) == 0);
}

TEST_CASE("a bucket that was damaged is opened empty, but for what says so")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(2, 10));
    one.stripe.bucket(0).tags[1] ^= 1;
    CHECK(one.stripe.open(0) == (1U | store_bucket::lost_mask));
    one.stripe.erase(0, 0); // whoever had an entry there before
    CHECK(one.stripe.open(0) == (1U | store_bucket::lost_mask));
}

TEST_CASE("what is evicted is required of everybody, and then no longer of its own")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    one.stripe.evict(0, 0);
    CHECK(one.stripe.open(0) == 0);
    CHECK(one.floor().demand("c") == wal_position{10, 0});

    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 20));
    one.stripe.bucket(0).entries[0].local = 21; // damaged
    one.stripe.evict(0, 0);
    CHECK(one.stripe.open(0) == (1U | store_bucket::lost_mask));
    CHECK(one.floor().demand("c") == wal_position{10, 0});
}

TEST_CASE("what is evicted of an epoch that has ended is required of nobody")
{
    one_stripe one;
    auto old = one_stripe::entry(1, 10);
    old.epoch = 1;
    CHECK_FALSE(one.stripe.is_of_epoch(old));
    one.stripe.replace(0, std::nullopt, 7, old);
    one.stripe.evict(0, 0);
    CHECK(one.stripe.open(0) == 0);
    CHECK(one.floor().empty());
    auto unheard_of = old;
    unheard_of.cluster = 200;
    CHECK_FALSE(one.stripe.is_of_epoch(unheard_of));
}

TEST_CASE(
    "a cell is taken that nothing needs, else the one that was not used for longest, but none of the taker's")
{
    one_stripe one;
    auto const cells = one.memory.layout.cells_of_stripe;
    REQUIRE(cells == store_layout::min_cells_of_stripe);
    std::set<std::uint32_t> taken;
    for (std::uint32_t identity = 0; identity < cells; ++identity) {
        auto const number = one.stripe.take_cell(100 + identity % 12);
        REQUIRE(number);
        CHECK(taken.insert(*number).second);
        store_cell cell;
        cell.add(vault("c", identity, 0));
        cell.bucket = identity / 12;
        cell.identity = 100 + identity % 12;
        cell.seal();
        one.stripe.cell(*number) = cell;
        auto entry = one_stripe::entry(cell.identity, 0);
        entry.kind = entry_kind::cell;
        entry.link = *number;
        CHECK(one.stripe.cell_of(cell.bucket, entry) != nullptr);
        CHECK(one.stripe.cell_of(cell.bucket + 1, entry) == nullptr);
        one.stripe.replace(cell.bucket, std::nullopt, 7, entry);
    }
    one.stripe.bucket(0).used[5] = 900; // identity 105, used the longest ago
    one.stripe.bucket(0).used[6] = 950;
    CHECK_FALSE((one.stripe.open(0) >> 5 & 1) == 0);
    auto const of_other = one.stripe.take_cell(105);
    REQUIRE(of_other);
    CHECK((one.stripe.open(0) >> 6 & 1) == 0);
    CHECK((one.stripe.open(0) >> 5 & 1) == 1);
    CHECK(one.floor().demand("c") == wal_position{6, 0});
    CHECK(one.stripe.take_cell(1) == of_other); // nobody needs it now
}

TEST_CASE("a cell is taken although each was used just now")
{
    one_stripe one;
    for (std::uint32_t i = 0; i < one.memory.layout.cells_of_stripe; ++i) {
        store_cell cell;
        cell.bucket = i / 12;
        cell.identity = 100 + i;
        cell.seal();
        one.stripe.cell(i) = cell;
        one.stripe.replace(cell.bucket, std::nullopt, 7,
                           {.identity = cell.identity, .link = i, .kind = entry_kind::cell});
    }
    CHECK(one.stripe.take_cell(1));
}

TEST_CASE("the age of an entry is how long nobody has used it, and 0 if a thread ahead of this one has")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    CHECK(one.stripe.age(0, 0) == 0);
    one.stripe.bucket(0).used[0] = 900;
    CHECK(one.stripe.age(0, 0) == 100);
    one.stripe.bucket(0).used[0] = 1002;
    CHECK(one.stripe.age(0, 0) == 0);
}

TEST_CASE("what says that something was lost takes the place of that")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    one.stripe.replace(0, std::nullopt, 8, one_stripe::entry(2, 10));
    one.stripe.lose(0, 0, entry_kind::lost_slot);
    CHECK(one.stripe.open(0) == (1U << 1 | 1U << 2 | store_bucket::lost_mask));
    CHECK(one.stripe.bucket(0).entries[2].is_lost());
    CHECK(one.stripe.bucket(0).tags[2] == 7);
}

TEST_CASE("a cell that was damaged is nobody's")
{
    one_stripe one;
    store_cell cell;
    cell.add("future-format");
    cell.identity = 1;
    cell.seal();
    one.stripe.cell(3) = cell;
    store_entry const entry{.identity = 1, .link = 3, .kind = entry_kind::cell};
    CHECK(one.stripe.cell_of(0, entry) != nullptr);
    one.stripe.cell(3).texts[0][0] ^= 1;
    CHECK(one.stripe.cell_of(0, entry) == nullptr);
    CHECK(one.stripe.cell_of(0, entry) == nullptr); // nor when it is asked for again
    store_entry const beyond{.identity = 1, .link = 0xffff'ffff, .kind = entry_kind::cell};
    CHECK(one.stripe.cell_of(0, beyond) == nullptr);
}

TEST_CASE("the fences of a cell that were set before the machine was started anew begin now")
{
    one_stripe one;
    store_cell cell;
    cell.identity = 1;
    cell.fences = 1;
    cell.fenced_at = 5000;
    cell.seal();
    one.stripe.cell(3) = cell;
    store_entry const entry{.identity = 1, .link = 3, .kind = entry_kind::cell};
    REQUIRE(one.stripe.cell_of(0, entry) != nullptr);
    CHECK(one.stripe.cell_of(0, entry)->fenced_at == 1000);
    CHECK(one.stripe.cell_of(0, entry)->is_whole());
}

TEST_CASE("what stands behind a bucket is none of its entries")
{
    one_stripe one;
    store_cell cell;
    cell.identity = 1;
    cell.seal();
    one.stripe.cell(0) = cell;
    one.stripe.bucket(0).lose(1000);
    store_entry const behind{.identity = 1, .link = 0, .kind = entry_kind::cell};
    auto* const next = static_cast<void*>(&one.stripe.bucket(1));
    std::memcpy(next, &behind, sizeof behind);
    CHECK(one.stripe.take_cell(0) == 0);
}
