// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/identity.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_parts.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

struct identities : store_parts {
    std::uint64_t hash = 0x1234'5678'9abc'def0;

    template <class Change>
    void change(Change const& change, recorded const& raised = {}, on_regression on = {}, duration since = 0s)
    {
        fence_clock const clock{at(since), 900s};
        late_hold<no_lock> head(lock);
        head.acquire();
        store_place const place(memory.layout, hash);
        store_table<no_lock> table(memory, place, head, clock.seconds(), times);
        store_identity<no_lock> identity(memory, table, head, clock);
        change(identity);
        identity.save(raised, on);
    }

    required_states held(duration since = 0s)
    {
        required_states copy;
        change([&](auto& identity) { copy = identity.required(); }, {}, {}, since);
        copy.advance(at(since), 900s);
        return copy;
    }

    recorded record(std::string_view index)
    {
        recorded total;
        change([&](auto& identity) {
            auto const decoded = decode_index(index);
            if (decoded && !identity.know(decoded->cluster(), decoded->form))
                return;
            total = identity.required().record(index);
        });
        return total;
    }

    /// Another entry, for which nobody asks whether there is room.
    void put(std::string_view index)
    {
        late_hold<no_lock> head(lock);
        store_place const place(memory.layout, hash); // the table refers to it
        store_table<no_lock> table(memory, place, head, seconds_of(at(0s)), times);
        compact_index compact;
        REQUIRE(read_compact(index, compact));
        auto const number =
            store_clusters(memory).intern(head, compact.cluster, compact.form, seconds_of(at(0s)));
        REQUIRE(number);
        compact.entry.cluster = *number;
        table.put(compact.entry, std::nullopt);
    }

    /// How many entries there are of each kind.
    [[nodiscard]] unsigned count(entry_kind kind) const
    {
        unsigned found = 0;
        for (std::uint64_t i = 0; i < memory.layout.buckets(); ++i)
            for (unsigned slot = 0; slot < store_bucket::slots; ++slot)
                found += (*memory.bucket(i).live() >> slot & 1) != 0 &&
                         memory.bucket(i).entries[slot].kind == kind;
        return found;
    }
};

} // namespace

TEST_CASE("whatever is required is put back, and taken out as it was")
{
    std::vector<std::string> const recorded[] = {
        {},
        {vault("c", 1, 2)},
        {vault("c", 1, 2), vault("c", 2, 1)},
        {vault("c", 1, 2), vault("d", 2, 1), openbao("b", "7"), openbao("p", "A/7")},
        {openbao("b", "x"), openbao("b", "y")},
        {vault("c", 1, 2), openbao("b", "x"), openbao("b", "y")},
        {base64_encode("v1:c:01:2:AB")},
        {"future-format"},
        {"future-format", vault("c", 1, 2)},
    };
    for (auto const& texts : recorded) {
        identities one;
        auto const alone = states(texts);
        for (auto const& text : texts)
            one.record(text);
        auto const held = one.held();
        CHECK(texts_of(held) == texts_of(alone));
        CHECK(held.clusters() == alone.clusters());
        CHECK(held.unplaced().text() == alone.unplaced().text());
        CHECK_FALSE(held.fenced());
    }
}

TEST_CASE("one text of a server's form needs no cell, and a cell is given back when it does no longer")
{
    identities one;
    one.record(vault("c", 1, 2));
    CHECK(one.count(entry_kind::vault) == 1);
    one.record(vault("c", 2, 1));
    CHECK(one.count(entry_kind::vault) == 0);
    CHECK(one.count(entry_kind::cell) == 1);
    one.record(vault("c", 3, 3));
    CHECK(one.count(entry_kind::vault) == 1);
    CHECK(one.count(entry_kind::cell) == 0);
    one.record(openbao("b", "7"));
    one.record(openbao("p", "A/7"));
    one.record("future-format");
    CHECK(one.count(entry_kind::cell) == 1);
    CHECK(one.count(entry_kind::raft) == 1);
    CHECK(one.count(entry_kind::postgresql) == 1);
    one.change([](auto& identity) { identity.required() = {}; });
    for (auto const kind : {entry_kind::vault, entry_kind::raft, entry_kind::postgresql, entry_kind::cell})
        CHECK(one.count(kind) == 0);
}

TEST_CASE("fences are put back, too")
{
    identities one;
    one.change([](auto& identity) {
        REQUIRE(identity.know(cluster_id("c"), dialect::vault));
        identity.required().fence(cluster_id("c"), dialect::vault);
    });
    CHECK(one.held().find("c", dialect::vault)->fenced());
    CHECK(one.held(890s).fenced());
    CHECK_FALSE(one.held(902s).fenced());
    CHECK(one.count(entry_kind::cell) == 0);
    one.change([](auto& identity) { identity.required().fence({}, dialect::unknown); });
    CHECK(one.held().unplaced().has_strays());
    one.change([](auto& identity) { identity.required().unplaced().crowd(); }, unplaced_demand::unkept);
    CHECK(one.held().unplaced().is_crowded());
}

TEST_CASE("a fence beside a text is put back with it, and is one of its own cluster")
{
    identities one;
    one.record(vault("c", 1, 2));
    one.record(vault("d", 3, 4));
    one.change([](auto& identity) { identity.required().fence(cluster_id("d"), dialect::vault); });
    auto const held = one.held();
    CHECK(texts_of(held) == texts_of(states({vault("c", 1, 2), vault("d", 3, 4)})));
    CHECK(held.find("d", dialect::vault)->fenced());
    CHECK_FALSE(held.find("c", dialect::vault)->fenced());
}

TEST_CASE("what says the same as before stays where it is")
{
    identities one;
    one.record(vault("c", 1, 2));
    one.record(vault("c", 2, 1));
    one.record("future-format");
    REQUIRE(one.count(entry_kind::cell) == 2);
    auto const living = [&] { return std::pair(one.memory.bucket(0).live(), one.memory.bucket(1).live()); };
    auto const before = living();
    CHECK(one.held().size() == 2);
    CHECK(living() == before);
}

TEST_CASE("who comes later takes nothing from those who were there before")
{
    identities one;
    one.record(vault("c", 1, 2));
    auto const first = std::exchange(one.hash, 0x1234'5600'0000'0001);
    one.record(vault("c", 3, 4));
    CHECK(texts_of(one.held()) == texts_of(states({vault("c", 3, 4)})));
    one.hash = first;
    CHECK(texts_of(one.held()) == texts_of(states({vault("c", 1, 2)})));
}

TEST_CASE("a cell that was damaged is left out, and what else is required stays")
{
    identities one;
    one.record(vault("c", 1, 2));
    one.record(vault("c", 2, 1));
    one.record(vault("d", 7, 7));
    for (std::uint64_t i = 0; i < one.memory.layout.cells(); ++i)
        one.memory.cell(i).check ^= 1;
    CHECK(texts_of(one.held()) == texts_of(states({vault("d", 7, 7)})));
    CHECK(one.count(entry_kind::lost_slot) == 1);
}

TEST_CASE("the fence of what cannot be kept stands anew each time that happens, and not when it is put back")
{
    identities one;
    auto const crowd = [](auto& identity) { identity.required().unplaced().crowd(); };
    one.change(crowd, unplaced_demand::unkept, {}, 0s);
    one.change(crowd, unplaced_demand::unkept, {}, 500s);
    CHECK(one.held(1300s).unplaced().is_crowded());
    CHECK_FALSE(one.held(1402s).unplaced().is_crowded());
}

TEST_CASE("eight clusters and a text of neither dialect are kept, and there is no room for a ninth cluster")
{
    identities one;
    for (int i = 0; i < 8; ++i)
        one.record(vault("c" + std::to_string(i), 1, 1));
    one.record("future-format");
    CHECK(one.held().clusters() == 8);
    CHECK(one.held().unplaced().text() == "future-format");
    CHECK_FALSE(one.held().fenced());
    one.change([](auto& identity) {
        CHECK(identity.know(cluster_id("c7"), dialect::vault));
        CHECK_FALSE(identity.know(cluster_id("c8"), dialect::vault));
        CHECK(identity.required().fenced());
    });
}

TEST_CASE("whoever is found to have entries of more clusters than a session holds is fenced")
{
    identities one;
    unsigned const clusters = required_states::max_clusters + 4;
    for (unsigned i = 0; i < clusters; ++i)
        one.put(vault("c" + std::to_string(i), 1, 1));
    REQUIRE(one.count(entry_kind::vault) == clusters);
    auto const held = one.held();
    CHECK(held.clusters() == required_states::max_clusters);
    CHECK(held.unplaced().is_crowded());
    CHECK(one.count(entry_kind::vault) == clusters - 1); // the others wait until they are looked at
}

TEST_CASE("to ask again whether a cluster is known takes back nothing that was found out meanwhile")
{
    identities one;
    one.record(vault("c", 9, 9));
    one.change([](auto& identity) {
        identity.required().demands()[0].begin_epoch(at(5s));
        REQUIRE(identity.know(cluster_id("c"), dialect::vault));
    });
    CHECK(one.memory.cluster(0).state()->epoch() == 1);
}

TEST_CASE("the history of a cluster is everybody's, and a new epoch ends what all require of the old one")
{
    identities one;
    one.record(vault("c", 9, 9));
    one.change(
        [](auto& identity) {
            auto& demand = identity.required().demands()[0];
            demand.begin_epoch(at(5s));
            demand.fence();
        },
        {.regressed = 1});
    auto const state = *one.memory.cluster(0).state();
    CHECK(state.epoch() == 1);
    CHECK(state.is_forwarded());
    CHECK_FALSE(state.has_regressed());
    auto const held = one.held();
    CHECK(held.size() == 0);
    REQUIRE(held.clusters() == 1);
    CHECK(held[0].history().epoch() == 1);
    CHECK(held.fenced());

    one.change([](auto& identity) {
        REQUIRE(identity.know(cluster_id("d"), dialect::vault));
        identity.confirm(cluster_id("d"), dialect::vault, vault("d", 5, 5)); // another one
        identity.confirm(cluster_id("e"), dialect::vault, vault("e", 5, 5)); // unheard of
    });
    CHECK(one.memory.cluster(0).state()->is_forwarded());
    one.change([](auto& identity) { identity.confirm(cluster_id("c"), dialect::vault, vault("c", 2, 1)); });
    CHECK_FALSE(one.memory.cluster(0).state()->is_forwarded());
    required_states of_everybody;
    store_floor(one.memory.cluster(0), 0, *one.memory.cluster(0).state(), 0, 900).add_to(of_everybody);
    CHECK(of_everybody.demand("c") == wal_position{2, 1});
    one.change([](auto& identity) { identity.confirm(cluster_id("c"), dialect::vault, vault("c", 3, 1)); });
    store_floor(one.memory.cluster(0), 0, *one.memory.cluster(0).state(), 0, 900).add_to(of_everybody);
    CHECK(of_everybody.demand("c") == wal_position{2, 1}); // it was confirmed before
    one.change(
        [](auto& identity) {
            auto& demand = identity.required().demands()[0];
            demand.begin_epoch(at(6s));
            demand.set_regressed(true);
        },
        {}, on_regression::fail);
    CHECK(one.memory.cluster(0).state()->has_regressed());
    CHECK(one.held()[0].has_regressed());
    one.change([](auto& identity) { identity.required().demands()[0].begin_epoch(at(7s)); }, {},
               on_regression::reset);
    CHECK_FALSE(one.memory.cluster(0).state()->is_forwarded());
}

TEST_CASE("what is required of a new epoch is put back as that of the first one was")
{
    identities one;
    one.record(vault("c", 9, 9));
    one.change([](auto& identity) { identity.required().demands()[0].begin_epoch(at(5s)); });
    one.record(vault("c", 1, 2));
    CHECK(one.count(entry_kind::vault) == 1);
    CHECK(texts_of(one.held()) == texts_of(states({vault("c", 1, 2)})));
    one.record(vault("c", 2, 1));
    CHECK(one.count(entry_kind::cell) == 1);
    CHECK(texts_of(one.held()) == texts_of(states({vault("c", 1, 2), vault("c", 2, 1)})));
}

TEST_CASE("a suspicion of the history is everybody's, and over after the fence time")
{
    identities one;
    one.record(vault("c", 9, 9));
    lineage sent;
    sent.note({9, 9}, at(0s));
    sent.advance(at(1s));
    auto const suspect = [&](auto& identity) {
        auto& history = identity.required().demands()[0].history();
        CHECK(history.judge(sent, {1, 1}, lineage::witness::checked, at(2s)) == lineage::verdict::suspected);
    };
    one.change(suspect, {}, {}, 2s);
    auto const is_suspected = [&](duration since) {
        bool is = false;
        one.change([&](auto& identity) { is = identity.required()[0].history().is_suspected(); }, {}, {},
                   since);
        return is;
    };
    CHECK(is_suspected(900s));
    CHECK_FALSE(is_suspected(903s));
}

TEST_CASE("a cluster for which there is no number fences the identity")
{
    identities one;
    for (int i = 0; i < 64; ++i)
        one.change([&](auto& identity) {
            identity.required() = {};
            REQUIRE(identity.know(cluster_id("c" + std::to_string(i)), dialect::vault));
        });
    one.change([](auto& identity) {
        CHECK_FALSE(identity.is_known("c64", dialect::vault));
        CHECK(identity.is_known("c63", dialect::vault));
        CHECK_FALSE(identity.know(cluster_id("c64"), dialect::vault));
    });
    CHECK(one.held().unplaced().is_crowded());
    one.change([](auto& identity) {
        identity.required() = {};
        identity.required().record(vault("c64", 1, 1)); // without asking
    });
    CHECK(one.held().unplaced().is_crowded());
}

TEST_CASE("the fence of a cluster for which there is no number stands anew each time that one is met")
{
    identities one;
    for (int i = 0; i < 64; ++i)
        one.change([&](auto& identity) {
            identity.required() = {};
            REQUIRE(identity.know(cluster_id("c" + std::to_string(i)), dialect::vault));
        });
    auto const meet = [](auto& identity) {
        identity.required() = {};
        identity.required().record(vault("c64", 1, 1));
    };
    one.change(meet, {}, {}, 0s);
    one.change(meet, {}, {}, 500s);
    CHECK(one.held(1300s).unplaced().is_crowded());
    CHECK_FALSE(one.held(1402s).unplaced().is_crowded());
}

TEST_CASE("of a cluster whose name was damaged nothing is required any more, of others it still is")
{
    for (bool const has_cell : {false, true}) {
        identities one;
        one.record(vault("c", 1, 2));
        if (has_cell)
            one.record(vault("c", 2, 1));
        one.record(vault("d", 7, 7));
        one.memory.cluster(0).id[0] ^= 1;
        auto const held = one.held();
        CHECK(texts_of(held) == texts_of(states({vault("d", 7, 7)})));
        CHECK(held.clusters() == 1);
        CHECK(one.memory.cluster(0).state()->what() == cluster_state::dead);
    }
}

TEST_CASE("a text that could not be sent is not taken out of a cell, whoever wrote it there")
{
    store_cell cell;
    cell.cluster = store_layout::unplaced;
    cell.add("future-format\r\nX-Vault-Token: another");
    required_states required;
    add_texts(required, cell);
    CHECK(required.unplaced().text().empty());
    CHECK(required.fenced());
    store_cell placed;
    placed.add("djE6garbage");
    required_states other;
    add_texts(other, placed);
    CHECK(other.size() == 0);
    CHECK(other.fenced());
}
