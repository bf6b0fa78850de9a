// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/access.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_parts.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

struct accessed : store_parts {
    store_options options{};

    accessed() : store_parts(1000) {}

    [[nodiscard]] store_access<no_lock> of(std::uint64_t hash) const { return {memory, options, hash}; }

    recorded record(std::string_view field_value, duration since = 0s) const
    {
        return of(1).record(field_value, {.now = at(since)});
    }
    [[nodiscard]] required_states required(duration since = 0s) const
    {
        return of(1).reader().required(at(since));
    }
};

std::uint64_t hash_of(int number) { return siphash(store_key, std::to_string(number)); }

} // namespace

TEST_CASE("what becomes of an index is counted as by a session")
{
    accessed const one;
    required_states alone;
    for (auto const& field : {vault("c", 5, 5),
                              vault("c", 5, 5),
                              vault("c", 4, 4),
                              vault("c", 6, 6),
                              vault("c", 7, 5),
                              vault("c", 6, 6),
                              vault("c", 8, 8),
                              openbao("b", "7"),
                              openbao("b", "7"),
                              openbao("b", "6"),
                              openbao("b", "8"),
                              openbao("b", "x"),
                              openbao("p", "0/A"),
                              openbao("p", "0/9"),
                              openbao("p", "B"),
                              std::string("future-format"),
                              std::string("djE6 garbage"),
                              openbao_past_bound("b"),
                              std::string(" , ,"),
                              vault("d", 1, 1) + ", " + vault("d", 2, 2)}) {
        CAPTURE(field);
        CHECK(one.record(field) == alone.record(field));
        CHECK(texts_of(one.required()) == texts_of(alone));
        CHECK(one.required().fenced() == alone.fenced());
    }
    for (auto const& field :
         {std::string("future-format, ") + vault("d", 3, 3), std::string("djE6garbage, future-format"),
          std::string("future-format, djE6garbage")}) {
        CAPTURE(field);
        CHECK(one.record(field) == alone.record(field));
    }
}

TEST_CASE("what is held already alters nothing in the block")
{
    accessed const one;
    for (auto const& index : {vault("c", 5, 5), openbao("b", "7")}) {
        one.record(index);
        auto const all = one.many.block.bytes();
        std::vector<std::byte> const before(all.begin(), all.end());
        CHECK(one.record(index).held == 1);
        CHECK(std::equal(all.begin(), all.end(), before.begin()));
    }
}

TEST_CASE("of two texts with equal positions the later received stays")
{
    accessed const one;
    auto const other_key = vault("c", 5, 5, hmac_key("another key"));
    CHECK(one.record(vault("c", 5, 5)).kept == 1);
    CHECK(one.record(other_key).held == 1);
    CHECK(texts_of(one.required()) == std::vector<std::string>{other_key});
}

TEST_CASE("an answer to a request of this epoch is judged by what had been settled when it was sent")
{
    accessed const one;
    one.record(vault("c", 10, 0), 0s);
    one.record(vault("c", 11, 0), 1s);
    auto carried = one.required(2s);
    carried.set_sent_as({.was_checked = true});
    REQUIRE(carried[0].history().settled().local >= 10);
    auto const total = one.of(1).record(vault("c", 3, 0), {.carried = &carried, .now = at(2s)});
    CHECK(total.suspected == 1);
    CHECK(one.required(2s).fenced());
    CHECK(one.of(2).reader().required(at(2s)).empty()); // who requires nothing is in no doubt

    auto again = one.required(3s);
    again.set_sent_as({.was_checked = true});
    auto const second = one.of(1).record(vault("c", 4, 0), {.carried = &again, .now = at(3s)});
    CHECK(second.regressed == 1);
    CHECK(one.required(3s).demand("c") == wal_position{4, 0});
    auto const late = one.of(1).record(vault("c", 20, 0), {.carried = &carried, .now = at(4s)});
    CHECK(late.outdated == 1); // of the old epoch
    CHECK(one.required(4s).demand("c") == wal_position{4, 0});
}

TEST_CASE("an index of which nobody knows when it came tells the history nothing")
{
    accessed const one;
    CHECK(one.of(1).record(vault("c", 5, 0), {}).kept == 1);
    CHECK(one.memory.cluster(0).noted == 0);
    CHECK(one.required(9s).demand("c") == wal_position{5, 0});
    CHECK(one.required(9s)[0].history().settled() == wal_position{});
}

TEST_CASE("a history that was damaged learns where the log is, from those who require more")
{
    accessed const one;
    one.record(vault("c", 268, 0), 0s);
    auto& cluster = one.memory.cluster(0);
    cluster.histories[cluster.state()->second_half()].words[9].fetch_xor(1);
    CHECK(one.record(vault("c", 20, 0), 10s).held == 1); // a snapshot was restored meanwhile
    CHECK(one.record(vault("c", 21, 0), 12s).held == 1);
    CHECK(one.required(14s)[0].history().settled() == wal_position{21, 0});
    CHECK(one.required(14s).demand("c") == wal_position{268, 0});
}

TEST_CASE("what mends a damaged history and what tells it of an index are written to different halves")
{
    accessed const one;
    one.record(vault("c", 1, 0), 0s);
    auto& cluster = one.memory.cluster(0);
    auto const is_whole = [&](bool half) {
        auto state = *cluster.state();
        state.set_second_half(half);
        lineage read;
        return cluster.read_history(state, read);
    };
    bool const damaged = cluster.state()->second_half();
    cluster.histories[damaged].words[9].fetch_xor(1);
    REQUIRE_FALSE(is_whole(damaged));
    one.record(vault("c", 2, 0), 10s);
    CHECK(cluster.state()->second_half() == damaged); // who reads meanwhile has the other one
    CHECK(is_whole(damaged));
    CHECK(is_whole(!damaged));
}

TEST_CASE("an index past a bound fences who requires nothing yet, and the history stays what it is")
{
    accessed const one;
    auto const write = [&](int value, duration since) {
        auto carried = one.required(since);
        carried.set_sent_as({.was_checked = true});
        return one.of(1).record(openbao("b", std::to_string(value)), {.carried = &carried, .now = at(since)});
    };
    one.record(openbao("b", "10"), 0s);
    one.record(openbao("b", "11"), 1s);
    write(3, 2s);
    REQUIRE(write(4, 3s).regressed == 1);
    write(5, 4s);
    write(6, 5s);
    auto const before = one.required(6s);
    REQUIRE(before.clusters() == 1);
    REQUIRE(before[0].history().settled().local >= 5);

    auto carried = one.of(2).reader().required(at(6s));
    carried.sent_as().cluster = cluster_id("b");
    carried.sent_as().form = dialect::openbao;
    auto const total = one.of(2).record(openbao_past_bound("b"), {.carried = &carried, .now = at(6s)});
    CHECK(total.unkept == 1);
    CHECK(one.of(2).reader().required(at(6s)).fenced());
    auto const after = one.required(6s);
    CHECK(texts_of(after) == std::vector<std::string>{openbao("b", "6")});
    REQUIRE(after.clusters() == 1);
    CHECK(after[0].history().epoch() == 1);
    CHECK(after[0].history().settled() == before[0].history().settled());
}

TEST_CASE(
    "the first index of a new history is required of everybody, who need not ask the active node any more")
{
    accessed const one;
    one.record(vault("c", 10, 0), 0s);
    one.record(vault("c", 11, 0), 1s);
    auto const write = [&](std::uint64_t local, duration since) {
        auto carried = one.required(since);
        carried.set_sent_as({.was_checked = true});
        return one.of(1).record(vault("c", local, 0), {.carried = &carried, .now = at(since)});
    };
    write(3, 2s);
    REQUIRE(write(4, 3s).regressed == 1);
    CHECK_FALSE(one.of(2).reader().required(at(4s)).demand("c"));
    CHECK(one.memory.cluster(0).state()->is_forwarded());
    CHECK(one.record(vault("c", 4, 0), 4s).held == 1);       // nothing new
    CHECK(one.record(vault("c", 5, 0), 4s).superseded == 1); // nobody knows when that was sent
    CHECK(one.memory.cluster(0).state()->is_forwarded());
    CHECK(write(6, 4s).superseded == 1);
    CHECK(one.of(2).reader().required(at(4s)).demand("c") == wal_position{6, 0});
    CHECK_FALSE(one.memory.cluster(0).state()->is_forwarded());
    CHECK(one.of(2).record(vault("c", 7, 0), {.now = at(5s)}).kept == 1);
    CHECK(one.of(2).reader().required(at(5s)).demand("c") == wal_position{7, 0});
}

TEST_CASE("who requires nothing yet, and has seen the new history, has seen it for everybody")
{
    accessed const one;
    auto const write = [&](std::uint64_t by, std::uint64_t local, duration since) {
        auto const access = one.of(by);
        auto carried =
            access.reader().required(cluster_id("c"), at(since), [](cluster_id const&) { return false; });
        carried.set_sent_as({.was_checked = true});
        return access.record(vault("c", local, 0), {.carried = &carried, .now = at(since)});
    };
    one.record(vault("c", 10, 0), 0s);
    one.record(vault("c", 11, 0), 1s);
    write(1, 3, 2s);
    REQUIRE(write(1, 4, 3s).regressed == 1);
    REQUIRE(one.memory.cluster(0).state()->is_forwarded());
    CHECK(write(2, 5, 4s).kept == 1);
    CHECK_FALSE(one.memory.cluster(0).state()->is_forwarded());
}

TEST_CASE("an answer that repays what nobody knew the cluster of does so where nothing else is to be changed")
{
    accessed const one;
    one.record(openbao_past_bound("b"));
    auto const carried = one.required();
    REQUIRE(carried.unplaced().has_strays());
    CHECK(one.of(1).record(vault("c", 1, 0), {.carried = &carried, .now = at(1s)}).kept == 1);
    CHECK_FALSE(one.required(1s).fenced());
}

TEST_CASE("a second answer of a millisecond takes no lock that all stripes share")
{
    store_of<counting_lock> const many(100);
    store_memory const memory{many.block.bytes().data(),
                              store_layout::for_identities(100, sizeof(counting_lock))};
    store_options const options;
    store_access<counting_lock> const access(memory, options, 1);
    auto const& head = *static_cast<counting_lock*>(memory.lock(memory.layout.stripes));
    auto const record = [&](std::string_view index, required_states const* carried, duration since) {
        auto const before = head.taken;
        auto const total = access.record(index, {.carried = carried, .now = at(since)});
        CHECK(total.kept + total.superseded + total.held == 1);
        CHECK(head.held == 0);
        return head.taken - before;
    };
    auto const other = access.of(2ULL << 32 | 2);
    for (auto const& index : {vault("c", 5, 0), vault("d", 5, 0), openbao("b", "5")})
        other.record(index, {.now = at(0s)});
    CHECK(record(vault("c", 5, 0), nullptr, 0s) == 0);
    CHECK(record(vault("d", 5, 0), nullptr, 0s) == 0); // another cluster
    CHECK(record(openbao("b", "5"), nullptr, 0s) == 0);
    auto const carried = access.reader().required(at(0s));
    required_states const nothing;
    CHECK(record(vault("c", 6, 0), &carried, 0s) == 0);
    CHECK(record(vault("c", 7, 0), nullptr, 0s) == 0);
    CHECK(record(vault("c", 8, 0), &nothing, 0s) == 0);
    CHECK(record(openbao("b", "6"), &carried, 0s) == 0);
    CHECK(record(vault("c", 9, 0), nullptr, 1s) == 1); // the history is told of it
    CHECK(record(vault("c", 9, 0), nullptr, 1s) == 0);
    CHECK(record(vault("c", 9, 0), nullptr, 2s) == 1);
    auto const settled = access.reader().required(at(2s));
    REQUIRE(settled.find("c", dialect::vault)->history().settled() == wal_position{9, 0});
    CHECK(record(vault("c", 9, 0), &settled, 2s) == 0);
}

TEST_CASE("what all share is changed under the lock that all share")
{
    store_of<counting_lock> const many(100);
    store_memory const memory{many.block.bytes().data(),
                              store_layout::for_identities(100, sizeof(counting_lock))};
    store_options const options;
    store_access<counting_lock> const access(memory, options, 1);
    auto const& head = *static_cast<counting_lock*>(memory.lock(memory.layout.stripes));
    access.record(vault("c", 5, 0), {.now = at(0s)});
    auto const before = head.taken;
    access.update(at(0s), [&](auto&) {
        CHECK(head.held == 1);
        return recorded();
    });
    CHECK(head.taken == before + 1);
    access.record_in_floor(vault("c", 5, 0), at(0s));
    CHECK(head.taken == before + 2);
    access.accept_regression("c", at(0s));
    CHECK(head.taken == before + 3);
    CHECK(head.held == 0);
}

TEST_CASE("a history that begins while an index is noted is not told of it")
{
    store_of<interrupted_lock> const many(100);
    many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
    auto const begin_epoch = [&] {
        auto other = many.store.of("other", at(5s));
        for (int i = 0; i < 2; ++i)
            other.record_active_position("c", 1, many.store.of("one", at(1s)).required(), at(4s * i + 1s));
    };
    interrupted_lock::first = [&] { interrupted_lock::first = begin_epoch; }; // of the stripe, of the head
    many.store.of("one", at(6s)).record(vault("c", 20, 0), at(6s));
    REQUIRE_FALSE(interrupted_lock::first);
    many.store.of("one", at(7s)).record(vault("c", 2, 0), at(7s));
    many.store.of("one", at(8s)).record(vault("c", 3, 0), at(8s));
    auto const required = many.store.of("one", at(9s)).required();
    REQUIRE(required.clusters() == 1);
    CHECK(required[0].history().epoch() == 1);
    CHECK(required[0].history().settled().local <= 3);
}

TEST_CASE("an index of the epoch before does not take the place of one that came meanwhile")
{
    store_of<interrupted_lock> const many(100);
    many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
    auto carried = many.store.of("one", at(0s)).required();
    interrupted_lock::first = [&] {
        auto other = many.store.of("other", at(1s));
        for (int i = 0; i < 2; ++i) // the active node refuses it, and some time later again
            other.record_active_position("c", 1, many.store.of("one", at(1s)).required(), at(4s * i + 1s));
        many.store.of("one", at(6s)).record(vault("c", 2, 0), at(6s));
    };
    many.store.of("one", at(0s)).record(written(vault("c", 20, 0)), carried, at(6s));
    auto const required = many.store.of("one", at(6s)).required();
    REQUIRE(required.find("c", dialect::vault) != nullptr);
    CHECK(required[0].history().epoch() == 1);
    CHECK(required.demand("c") == wal_position{2, 0});
    CHECK(required.fenced());
}

TEST_CASE("a ninth cluster of one identity fences it, as in a session")
{
    accessed const one;
    required_states alone;
    for (int i = 0; i < 9; ++i) {
        auto const index = vault("c" + std::to_string(i), 1, 0);
        CHECK(one.record(index) == alone.record(index));
    }
    CHECK(one.required().fenced());
    CHECK(texts_of(one.required()) == texts_of(alone));
    CHECK(one.of(2).record(vault("c8", 1, 0), {.now = at(0s)}).kept == 1);
}

TEST_CASE("after the machine was started anew, states settle as before")
{
    accessed const one;
    one.record(vault("c", 10, 0), 100'000s);
    one.record(vault("c", 11, 0), 100'001s);
    for (int i = 0; i < 4; ++i)
        one.record(vault("c", 12 + static_cast<std::uint64_t>(i), 0), 1s * i);
    CHECK(one.required(5s)[0].history().settled().local >= 14);
}

TEST_CASE("what cannot be told whose it is can be required of everybody")
{
    accessed const one;
    one.of(1).record_in_floor(vault("c", 3, 4), at(0s));
    one.of(1).record_in_floor("djE6garbage, future-format", at(0s));
    one.of(1).record_in_floor(vault("d", 5, 6), at(0s));
    auto const anybody = one.of(77).reader().required(at(0s));
    CHECK(anybody.demand("c") == wal_position{3, 4});
    CHECK(anybody.demand("d") == wal_position{5, 6});
    CHECK_FALSE(anybody.fenced());
    one.of(1).record_in_floor(openbao_past_bound("b"), at(0s));
    CHECK(one.of(77).reader().required(at(0s)).fenced());
    CHECK_FALSE(one.memory.cluster(0).floor()->is_fenced());
    CHECK(one.memory.cluster(store_layout::unplaced).floor()->is_fenced());
}

TEST_CASE("the 65th cluster fences the identity, and nobody else")
{
    accessed const one;
    for (int i = 0; i < 64; ++i)
        CHECK(one.of(hash_of(i)).record(vault("c" + std::to_string(i), 1, 0), {.now = at(0s)}).kept == 1);
    auto const total = one.record(vault("c64", 1, 0));
    CHECK(total.unkept == 1);
    CHECK(total.why == decode_error::no_room);
    required_states carried;
    carried.sent_as().cluster = cluster_id("c64");
    carried.sent_as().form = dialect::vault;
    CHECK(one.of(3).record("djE6garbage", {.carried = &carried, .now = at(0s)}).rejected == 1);
    CHECK(one.required().fenced());
    CHECK_FALSE(one.of(hash_of(5)).reader().required(at(0s)).fenced());
    CHECK_FALSE(one.required(default_fence_time + 2s).fenced());
    one.of(1).record_in_floor(vault("c65", 1, 0), at(0s));
    CHECK(one.of(hash_of(5)).reader().required(at(0s)).fenced());
}

TEST_CASE("of several clusters that were restored only the one that is named is accepted")
{
    accessed one;
    one.options.sessions.regression = on_regression::fail;
    for (auto const* const name : {"c", "d", "e"}) {
        one.record(vault(name, 1000, 0));
        if (name == std::string_view("e"))
            break; // which was not restored
        one.of(1).update(at(1s), [&](auto& identity) {
            for (auto& demand : identity.required().demands())
                if (demand.cluster() == name) {
                    demand.begin_epoch(at(1s));
                    demand.set_regressed(true);
                }
            return recorded{.regressed = 1};
        });
    }
    auto const has_regressed = [&](std::string_view name) {
        auto const required = one.required(2s);
        auto const* const held = required.find(name, dialect::vault);
        return held != nullptr && held->has_regressed();
    };
    REQUIRE(has_regressed("c"));
    REQUIRE(has_regressed("d"));
    one.of(77).accept_regression("c", at(2s));
    CHECK_FALSE(has_regressed("c"));
    CHECK(has_regressed("d"));
    CHECK_FALSE(has_regressed("e"));
}
