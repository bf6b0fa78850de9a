// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/stripe.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_parts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <set>
#include <vector>

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
    CHECK(one.stripe.bucket(0).live() == (1U | store_bucket::lost_mask));
    CHECK(one.stripe.bucket(0).entries[0].link == 1000);
    one.stripe.bucket(1).publish(store_bucket::slot_mask); // there would be no place for the next one
    CHECK(one.stripe.open(1) == (1U | store_bucket::lost_mask));
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
    store_cell joining;
    joining.add(vault("c", 10, 0));
    joining.epoch = 1;
    one.stripe.join_floor(joining);
    CHECK(one.floor().empty());
    auto unheard_of = one_stripe::entry(1, 10);
    auto const all = one.many.block.bytes();
    std::vector<std::byte> const before(all.begin(), all.end());
    for (unsigned const cluster : {65U, 200U}) {
        unheard_of.cluster = static_cast<std::uint8_t>(cluster);
        CHECK_FALSE(one.stripe.is_of_epoch(unheard_of));
    }
    CHECK(std::equal(all.begin(), all.end(), before.begin()));
}

TEST_CASE("what is evicted joins the floor of its own cluster, in the epoch that counts")
{
    one_stripe one;
    late_hold<no_lock> head(one.lock);
    REQUIRE(store_clusters(one.memory).intern(head, "d", dialect::vault, 0) == 1);
    auto& cluster = one.memory.cluster(1);
    auto state = *cluster.state();
    lineage history;
    history.begin_epoch(time_point(1s));
    cluster.set_history(history, state);
    cluster.set(state);
    auto entry = one_stripe::entry(1, 10);
    entry.cluster = 1;
    entry.epoch = 1;
    one.stripe.replace(0, std::nullopt, 7, entry);
    one.stripe.evict(0, 0);
    CHECK(one.floor().empty());
    required_states required;
    store_floor(cluster, 1, state, 1000, 900).add_to(required);
    CHECK(required.demand("d") == wal_position{10, 0});
    CHECK_FALSE(required.fenced());
}

TEST_CASE("of a cluster whose name was damaged nothing is moved to the floor")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    one.memory.cluster(0).id[0] ^= 1;
    one.stripe.evict(0, 0);
    CHECK(one.stripe.open(0) == 0);
    CHECK(one.memory.cluster(0).state()->what() == cluster_state::dead);
    CHECK(one.memory.cluster(0).floor()->is_empty());
}

TEST_CASE("what is evicted without its cell fences everybody")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, {.identity = 1, .link = 3, .kind = entry_kind::cell});
    one.stripe.evict(0, 0);
    CHECK(one.floor().fenced());
}

TEST_CASE("the floor is joined under the lock of the head")
{
    store_parts const parts;
    counting_lock lock;
    late_hold<counting_lock> head(lock);
    store_stripe<counting_lock> stripe(parts.memory, 0, head, 1000, parts.times);
    store_cell joining;
    joining.cluster = store_layout::unplaced;
    joining.add("future-format");
    stripe.join_floor(joining);
    CHECK(lock.held == 1);
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

TEST_CASE("the cells and the buckets of a stripe are its own")
{
    store_parts const parts(5000);
    auto const& layout = parts.memory.layout;
    REQUIRE(layout.stripes > 2);
    no_lock lock;
    late_hold<no_lock> head(lock);
    store_stripe<no_lock> stripe(parts.memory, 1, head, 1000, parts.times);
    auto const begin = static_cast<std::uint32_t>(layout.buckets_of_stripe);
    std::set<std::uint32_t> taken;
    for (auto const bucket : {begin, 2 * begin - 1, begin - 1, 2 * begin}) { // the last two are others'
        auto const number = stripe.take_cell(1);
        REQUIRE(number);
        CHECK(*number / layout.cells_of_stripe == 1);
        taken.insert(*number);
        store_cell cell;
        cell.bucket = bucket;
        cell.identity = 1;
        cell.seal();
        stripe.cell(*number) = cell;
        stripe.replace(bucket, std::nullopt, 7, {.identity = 1, .link = *number, .kind = entry_kind::cell});
    }
    CHECK(taken.size() == 3);
}

TEST_CASE("a cell that was damaged is taken first, and none of one's own")
{
    one_stripe one;
    for (std::uint32_t i = 0; i < one.memory.layout.cells_of_stripe; ++i) {
        store_cell cell;
        cell.bucket = i / 12;
        cell.identity = 100;
        cell.seal();
        one.stripe.cell(i) = cell;
        one.stripe.replace(cell.bucket, std::nullopt, 7,
                           {.identity = cell.identity, .link = i, .kind = entry_kind::cell});
    }
    CHECK_FALSE(one.stripe.take_cell(100));
    one.stripe.cell(5).check ^= 1;
    CHECK(one.stripe.take_cell(100) == 5);
    CHECK(one.stripe.take_cell(1) == 5);
    CHECK(one.floor().empty());
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
    one.stripe.bucket(0).used[0] = 1256; // by four minutes
    CHECK(one.stripe.age(0, 0) == 0);
    one.stripe.bucket(0).used[0] = 1257; // or the other way round, of 18 hours
    CHECK(one.stripe.age(0, 0) == 0xfeff);
}

TEST_CASE("what says that something was lost takes the place of that")
{
    one_stripe one;
    one.stripe.replace(0, std::nullopt, 7, one_stripe::entry(1, 10));
    one.stripe.replace(0, std::nullopt, 8, one_stripe::entry(2, 10));
    one.stripe.lose(0, 0, entry_kind::lost_slot);
    CHECK(one.stripe.open(0) == (1U << 1 | 1U << 2 | store_bucket::lost_mask));
    CHECK(one.stripe.bucket(0).entries[2].is_lost());
    CHECK(one.stripe.bucket(0).entries[2].link == 1000);
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
    cell.seal();
    one.stripe.cell(3) = cell;
    REQUIRE(one.stripe.cell_of(0, entry) != nullptr);
    one.memory.layout.cells_of_stripe = 3;
    CHECK(one.stripe.cell_of(0, entry) == nullptr);
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
    cell.fenced_at = 900;
    cell.seal();
    one.stripe.cell(3) = cell;
    REQUIRE(one.stripe.cell_of(0, entry) != nullptr);
    CHECK(one.stripe.cell_of(0, entry)->fenced_at == 900); // as it was
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
