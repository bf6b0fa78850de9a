// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/clusters.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"
#include "support/store_parts.hpp"

#include <cstdint>
#include <string>
#include <vector>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

TEST_CASE("a lock is held from when it is first needed until the end")
{
    counting_lock lock;
    {
        late_hold<counting_lock> hold(lock);
        CHECK(lock.held == 0);
        hold.acquire();
        hold.acquire();
        CHECK(lock.held == 1);
    }
    CHECK(lock.held == 0);
    CHECK(lock.taken == 1);
    {
        late_hold<counting_lock> const unused(lock);
    }
    CHECK(lock.taken == 1);
}

TEST_CASE("a cluster gets a number once, for each dialect, without a lock when it has one")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    {
        late_hold<counting_lock> head(lock);
        CHECK_FALSE(clusters.find(head, "a", dialect::vault, 0));
        CHECK(clusters.intern(head, "a", dialect::vault, 0) == 0);
        CHECK(clusters.intern(head, "b", dialect::vault, 0) == 1);
        CHECK(clusters.intern(head, "a", dialect::openbao, 0) == 2);
        CHECK(lock.held == 1);
    }
    lock.taken = 0;
    late_hold<counting_lock> head(lock);
    CHECK(clusters.intern(head, "b", dialect::vault, 0) == 1);
    CHECK(clusters.find(head, "a", dialect::openbao, 0) == 2);
    std::vector<int> seen;
    CHECK_FALSE(clusters.for_each(head, 0, 900, [&](std::uint8_t i, cluster_state const& state) {
        seen.push_back(i);
        CHECK(state.what() == cluster_state::used);
        return i < 1; // of the others the name is checked
    }));
    CHECK(seen == std::vector<int>{0, 1, 2});
    CHECK(clusters.checked_state_of(head, 0, 0).what() == cluster_state::used);
    CHECK(clusters.checked_state_of(head, store_layout::unplaced, 0).what() == cluster_state::used);
    lineage history;
    clusters.read_history(head, 0, *parts.memory.cluster(0).state(), history);
    CHECK(lock.taken == 0);
}

TEST_CASE("a cluster that gets a number begins with an empty floor, whatever was there")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    late_hold<counting_lock> head(lock);
    auto& cluster = parts.memory.cluster(0);
    cluster.floor_word.fetch_xor(1);
    REQUIRE_FALSE(cluster.floor());
    REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
    REQUIRE(cluster.floor());
    CHECK(cluster.floor()->is_empty());
}

TEST_CASE("who finds a cluster damaged looks again under the lock")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    interrupted_lock lock;
    {
        late_hold<interrupted_lock> head(lock);
        REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
        REQUIRE(clusters.intern(head, "b", dialect::vault, 0) == 1);
    }
    auto& cluster = parts.memory.cluster(0);
    cluster.id[0] ^= 1;
    interrupted_lock::first = [&] { cluster.id[0] ^= 1; };
    late_hold<interrupted_lock> head(lock);
    CHECK(clusters.checked_state_of(head, 0, 1005).what() == cluster_state::used);

    auto& other = parts.memory.cluster(1);
    other.id[0] ^= 1;
    interrupted_lock::first = [&] { other.set(cluster_state::dead_since(1000)); };
    late_hold<interrupted_lock> late(lock);
    CHECK(clusters.checked_state_of(late, 1, 1005).since() == 1000); // not mourned anew
}

TEST_CASE("64 clusters have a number, and one more has none")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    late_hold<counting_lock> head(lock);
    for (unsigned i = 0; i < 64; ++i)
        CHECK(clusters.intern(head, "c" + std::to_string(i), dialect::vault, 0) == i);
    CHECK_FALSE(clusters.intern(head, "one more", dialect::vault, 0));
    CHECK(clusters.intern(head, "c63", dialect::vault, 0) == 63);
    CHECK_FALSE(clusters.find(head, "", dialect::unknown, 0)); // nor has nobody knows which
    unsigned seen = 0;
    CHECK_FALSE(clusters.for_each(head, 0, 900, [&](std::uint8_t i, cluster_state const&) {
        CHECK(i == seen++);
        return true;
    }));
    CHECK(seen == 64);
}

TEST_CASE(
    "a cluster that was damaged is dead, mourned for the fence time, and its number is not given away again")
{
    for (bool const is_name : {false, true}) {
        store_parts const parts;
        store_clusters const clusters(parts.memory);
        counting_lock lock;
        late_hold<counting_lock> head(lock);
        REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
        REQUIRE(clusters.intern(head, "b", dialect::vault, 0) == 1);
        REQUIRE(lock.taken == 1);
        if (is_name)
            parts.memory.cluster(0).id[3] ^= 4;
        else
            parts.memory.cluster(0).state_word.fetch_xor(1U << 9);
        std::vector<int> seen;
        auto const visit = [&](std::uint8_t i, cluster_state const&) {
            if (parts.memory.cluster(i).is_named())
                seen.push_back(i);
            return false;
        };
        CHECK(clusters.for_each(head, 1000, 900, visit));
        CHECK(clusters.for_each(head, 1900, 900, visit));
        CHECK_FALSE(clusters.for_each(head, 1901, 900, visit));
        CHECK(seen == std::vector<int>{1, 1, 1});
        CHECK(clusters.intern(head, "a", dialect::vault, 2000) == 2);
        auto const taken = lock.taken;
        late_hold<counting_lock> anew(lock);
        CHECK(clusters.for_each(anew, 7, 900, visit)); // the clock began anew: mourned from now on
        CHECK(lock.taken == taken + 1);
        CHECK_FALSE(clusters.for_each(head, 908, 900, visit));
    }
}

TEST_CASE("what is damaged where no cluster is yet fences nobody, and costs no lock")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    {
        late_hold<counting_lock> head(lock);
        REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
    }
    lock.taken = 0;
    parts.memory.cluster(2).state_word.fetch_xor(1U << 9); // 1 is free, and so is all behind it
    late_hold<counting_lock> head(lock);
    CHECK_FALSE(clusters.find(head, "b", dialect::vault, 1000));
    CHECK_FALSE(clusters.for_each(head, 1000, 900, [](std::uint8_t, cluster_state const&) { return true; }));
    CHECK(lock.taken == 0);
}

TEST_CASE("a history that was damaged begins anew in the epoch that counts")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    late_hold<counting_lock> head(lock);
    REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
    auto& cluster = parts.memory.cluster(0);
    auto state = *cluster.state();
    lineage history;
    history.begin_epoch(at(0s));
    history.begin_epoch(at(1s));
    history.note({5, 6}, at(2s));
    history.advance(at(9s));
    cluster.set_history(history, state);
    cluster.set(state);
    lineage read;
    clusters.read_history(head, 0, state, read);
    CHECK(read.settled() == wal_position{5, 6});
    cluster.histories[state.second_half()].words[9].fetch_xor(1);
    clusters.read_history(head, 0, state, read);
    CHECK(read.epoch() == 2);
    CHECK(read.settled() == wal_position{});
    CHECK(cluster.read_history(*cluster.state(), read));
    CHECK(read.epoch() == 2);
}

TEST_CASE("who reads a history while it is replaced gets the one that counts then, and it stays")
{
    store_parts const parts;
    store_clusters const clusters(parts.memory);
    counting_lock lock;
    late_hold<counting_lock> head(lock);
    REQUIRE(clusters.intern(head, "a", dialect::vault, 0) == 0);
    auto& cluster = parts.memory.cluster(0);
    auto const before = *cluster.state(); // what the reader has seen
    lineage history;
    history.begin_epoch(at(0s));
    history.note({5, 6}, at(1s));
    history.advance(at(9s));
    for (int half = 0; half < 2; ++half) {
        auto state = *cluster.state();
        cluster.set_history(history, state);
        cluster.set(state);
    }
    lineage read;
    REQUIRE_FALSE(cluster.read_history(before, read));
    auto const taken = lock.taken;
    late_hold<counting_lock> reading(lock);
    clusters.read_history(reading, 0, before, read);
    CHECK(lock.taken == taken + 1);
    CHECK(read.epoch() == 1);
    CHECK(read.settled() == wal_position{5, 6});
    REQUIRE(cluster.read_history(*cluster.state(), read));
    CHECK(read.settled() == wal_position{5, 6});
}
