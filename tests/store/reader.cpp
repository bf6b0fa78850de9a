// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/reader.hpp>

#include <afterwrite/store/access.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"
#include "support/store_parts.hpp"
#include "support/test_message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

using many_type = store_of<no_lock>;

required_states required(many_type const& many, std::string_view who, std::string_view cluster,
                         time_point now = at(0s))
{
    return many.store.of(who, now).required(known_cluster{cluster_id(cluster)});
}

void record(many_type const& many, std::string_view who, std::string_view index, time_point now = at(0s))
{
    many.store.of(who, now).record(index, now);
}

/// At 5 s, by what the active node says of itself.
void begin_epoch(store_of<interrupted_lock> const& many, required_states const& asked)
{
    auto other = many.store.of("other", at(1s));
    other.record_active_position("c", 1, asked, at(1s));
    other.record_active_position("c", 1, asked, at(5s));
}

} // namespace

TEST_CASE("a cluster gets its own states and no others")
{
    many_type const many(100);
    record(many, "a", vault("c", 1, 2));
    record(many, "a", vault("d", 3, 4));
    CHECK(texts_of(required(many, "a", "c")) == texts{vault("c", 1, 2)});
    CHECK(texts_of(required(many, "a", "d")) == texts{vault("d", 3, 4)});
    CHECK(required(many, "a", "e").empty());
    CHECK(required(many, "b", "c").empty());
}

TEST_CASE("who reads while an epoch begins is sent to the active node")
{
    store_of<interrupted_lock> const many(100);
    many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
    auto const asked = many.store.of("one", at(1s)).required();
    interrupted_lock::first = [&] { begin_epoch(many, asked); };
    auto const required = many.store.of("one", at(5s)).required(known_cluster{cluster_id("c")});
    CHECK(required.size() == 0);
    CHECK(required.fenced());
    CHECK_FALSE(many.store.of("one", at(6s) + default_fence_time)
                    .required(known_cluster{cluster_id("c")})
                    .fenced()); // although nobody has written since
}

TEST_CASE("who requires nothing and reads while an epoch begins is sent to the active node, too")
{
    store_of<interrupted_lock> const many(100);
    many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
    auto const asked = many.store.of("one", at(1s)).required();
    interrupted_lock::first = [&] { begin_epoch(many, asked); };
    CHECK(many.store.of("nobody", at(5s)).required().fenced());
}

TEST_CASE("who reads while a cluster is found to be damaged is fenced")
{
    store_of<interrupted_lock> const many(100);
    store_memory const memory{many.block.bytes().data(),
                              store_layout::for_identities(100, sizeof(interrupted_lock))};
    many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
    interrupted_lock::first = [&] { memory.cluster(0).state_word.fetch_xor(1U << 9); };
    auto const required = many.store.of("one", at(1s)).required();
    CHECK(required.size() == 0);
    CHECK(required.fenced());
}

TEST_CASE("what was damaged fences who may have required it, for the fence time")
{
    enum class part { cluster, bucket, entry, cell };
    for (auto const what : {part::cluster, part::bucket, part::entry, part::cell}) {
        store_parts const parts(1);
        auto const& memory = parts.memory;
        auto& store = parts.many.store;
        store.of("one", at(0s)).record(vault("c", 1, 2), at(0s));
        if (what == part::cell)
            store.of("one", at(0s)).record(vault("c", 2, 1), at(0s));
        CHECK_FALSE(store.of("one", at(0s)).required().fenced());
        if (what == part::cluster)
            memory.cluster(0).id[0] ^= 1;
        for (std::uint64_t i = 0; i < memory.layout.buckets(); ++i) {
            if (what == part::bucket)
                memory.bucket(i).word.fetch_xor(1);
            if (what == part::entry)
                for (auto& entry : memory.bucket(i).entries)
                    entry.check ^= 1;
        }
        if (what == part::cell)
            for (std::uint64_t i = 0; i < memory.layout.cells(); ++i)
                memory.cell(i).check ^= 1;
        for (auto const since : {0s, 899s}) {
            auto const required = store.of("one", at(since)).required();
            CHECK(required.size() == 0);
            CHECK(required.fenced());
        }
        CHECK_FALSE(store.of("one", at(902s)).required().fenced());
    }
}

TEST_CASE("who requires as much as everybody takes no lock that all stripes share, who does not takes it")
{
    store_of<counting_lock> const many(100);
    store_memory const memory{many.block.bytes().data(),
                              store_layout::for_identities(100, sizeof(counting_lock))};
    store_options const options;
    store_access<counting_lock> const access(memory, options, 1);
    auto const& head = *static_cast<counting_lock*>(memory.lock(memory.layout.stripes));
    access.record(vault("c", 5, 0), {.now = at(0s)});
    access.record_in_floor(vault("c", 5, 0), at(0s));
    access.record(vault("d", 5, 0), {.now = at(0s)});
    access.record_in_floor(vault("d", 5, 0), at(0s));
    auto const before = head.taken;
    CHECK(access.reader().required(at(0s)).demand("c") == wal_position{5, 0});
    CHECK(head.taken == before);
    access.record_in_floor(vault("c", 6, 0), at(0s));
    CHECK(access.reader().required(at(0s)).demand("c") == wal_position{6, 0});
    CHECK(head.taken == before + 2);
}

TEST_CASE("more clusters than a session holds fence whoever requires them, or all of everybody")
{
    store_parts const parts(100);
    store_options const options;
    store_access<no_lock> const access(parts.memory, options, 1);
    constexpr int more = required_states::max_clusters + 1;
    for (int i = 0; i < more; ++i)
        access.record_in_floor(vault("c" + std::to_string(i), 1, 0), at(0s));
    auto const of_everybody = access.reader().required(at(0s));
    CHECK(of_everybody.clusters() == required_states::max_clusters);
    CHECK(of_everybody.fenced());

    store_parts const full(100);
    late_hold<no_lock> head(*static_cast<no_lock*>(full.memory.lock(full.memory.layout.stripes)));
    store_place const place(full.memory.layout, 1);
    store_table<no_lock> table(full.memory, place, head, seconds_of(at(0s)), full.times);
    for (int i = 0; i < more; ++i) {
        compact_index compact;
        REQUIRE(read_compact(vault("c" + std::to_string(i), 1, 0), compact));
        compact.entry.cluster =
            store_clusters(full.memory).intern(head, compact.cluster, compact.form, 0).value_or(0);
        table.put(compact.entry, std::nullopt);
    }
    auto const own = store_access<no_lock>(full.memory, options, 1).reader().required(at(0s));
    CHECK(own.clusters() == required_states::max_clusters);
    CHECK(own.fenced());
}

TEST_CASE("what everybody requires comes with the history that it is of")
{
    store_parts const parts(100);
    store_options const options;
    store_access<no_lock> const access(parts.memory, options, 1);
    access.record(vault("c", 5, 0), {.now = at(0s)});
    access.update(at(1s), [](auto& identity) {
        identity.required().demands()[0].begin_epoch(at(1s));
        return recorded();
    });
    auto state = *parts.memory.cluster(0).state();
    state.set_forwarded(false);
    parts.memory.cluster(0).set(state);
    auto const nobody = access.of(2ULL << 32 | 2);
    CHECK(nobody.reader().required(at(2s)).clusters() == 0); // nothing is required
    access.record_in_floor(vault("c", 3, 0), at(2s));
    auto const required = nobody.reader().required(at(2s));
    REQUIRE(required.clusters() == 1);
    CHECK(required.demand("c") == wal_position{3, 0});
    CHECK(required[0].history().epoch() == 1);
}

TEST_CASE("an unknown cluster gets the states of the only one that there are states of, else a fence")
{
    many_type const many(100);
    record(many, "a", vault("c", 1, 2));
    record(many, "b", vault("d", 3, 4)); // of another identity: it does not matter
    CHECK(texts_of(required(many, "a", "")) == texts{vault("c", 1, 2)});
    CHECK_FALSE(required(many, "a", "").fenced());
    CHECK(required(many, "nobody", "").empty());
    record(many, "a", vault("d", 3, 4));
    CHECK(required(many, "a", "").size() == 0);
    CHECK(required(many, "a", "").fenced());
}

TEST_CASE("peers that a view declares get each other's states")
{
    struct peers {
        [[nodiscard]] cluster_id cluster() const { return cluster_id("c"); }
        [[nodiscard]] bool is_peer(cluster_id const& other) const { return other == "d"; }
    };
    many_type const many(100);
    record(many, "a", vault("c", 1, 2));
    record(many, "a", vault("d", 3, 4));
    record(many, "a", vault("e", 5, 6));
    CHECK(texts_of(many.store.of("a", at(0s)).required(peers())) ==
          sorted({vault("c", 1, 2), vault("d", 3, 4)}));
}

TEST_CASE("a text of neither dialect is sent only where nothing is known, and comes alone")
{
    many_type const many(100);
    record(many, "other", vault("c", 1, 2)); // so that the store knows the cluster
    record(many, "a", "future-format");
    for (auto const* const cluster : {"c", "unheard of", ""}) {
        auto const alone = required(many, "a", cluster);
        CHECK(texts_of(alone) == texts{"future-format"});
        CHECK(alone.form() == dialect::unknown);
        CHECK_FALSE(alone.fenced());
    }
    record(many, "a", vault("d", 1, 2));
    CHECK(required(many, "a", "c").empty());
    CHECK(texts_of(required(many, "a", "d")) == texts{vault("d", 1, 2)});
}

TEST_CASE("a text of neither dialect comes without the floors of other clusters, and gives way to its own's")
{
    store_parts const parts(100);
    store_options const options;
    store_access<no_lock> const access(parts.memory, options, 1);
    access.record_in_floor(vault("d", 9, 9), at(0s));
    access.record("future-format", {.now = at(0s)});
    auto const required_at = [&](std::string_view cluster) {
        return access.reader().required(cluster_id(cluster), at(0s), [](cluster_id const&) { return false; });
    };
    CHECK(texts_of(required_at("e")) == texts{"future-format"});
    CHECK(texts_of(required_at("d")) == texts{vault("d", 9, 9)});
    access.record(vault("d", 1, 2), {.now = at(0s)});
    CHECK(required_at("d").demand("d") == wal_position{9, 9});
}

TEST_CASE("what was evicted of nobody knows which cluster is required of everybody")
{
    many_type const many(1);
    for (int i = 0; i < 200; ++i)
        record(many, std::to_string(i), "future-format");
    CHECK(texts_of(many.store.of("nobody", at(0s)).required()) == texts{"future-format"});
    CHECK(many.store.of("nobody", at(0s)).required().clusters() == 0);
    for (auto const* const cluster : {"c", "unheard of", ""})
        CHECK(texts_of(required(many, "nobody", cluster)) == texts{"future-format"});
    record(many, "mine", vault("c", 1, 2));
    CHECK(texts_of(required(many, "mine", "c")) == texts{vault("c", 1, 2)});
    CHECK(required(many, "mine", "d").empty());
    for (int i = 0; i < 200; ++i)
        record(many, std::to_string(i), "another-format");
    for (auto const* const cluster : {"c", "unheard of", ""})
        CHECK(required(many, "nobody", cluster).fenced());
}

TEST_CASE("a text of neither dialect that was evicted is still sent where nothing is known")
{
    store_parts const parts(1);
    store_options const options;
    auto const access = [&](std::uint64_t who) {
        return store_access<no_lock>(parts.memory, options, std::uint64_t{who} << 32 | who);
    };
    auto const required_at = [&](std::uint64_t who, std::string_view cluster) {
        return access(who).reader().required(cluster_id(cluster), at(1s),
                                             [](cluster_id const&) { return false; });
    };
    access(1000).record(vault("c", 5, 5), {.now = at(0s)}); // so that the store knows the cluster
    for (std::uint64_t i = 0; i < 200; ++i)
        access(i).record("future-format", {.now = at(0s)});
    for (auto const* const cluster : {"c", "unheard of", ""})
        for (std::uint64_t i = 0; i < 200; ++i) {
            auto const required = required_at(i, cluster);
            CHECK((required.fenced() || texts_of(required) == texts{"future-format"} ||
                   required.form() != dialect::unknown));
        }
}

TEST_CASE("a text of neither dialect is sent although another cluster was restored")
{
    many_type const many(100);
    record(many, "a", "future-format");
    record(many, "b", vault("d", 10, 0));
    auto other = many.store.of("b", at(1s));
    auto const asked = other.required();
    other.record_active_position("d", 1, asked, at(1s));
    other.record_active_position("d", 1, asked, at(5s));
    auto const alone = required(many, "a", "c", at(6s));
    CHECK(texts_of(alone) == texts{"future-format"});
    CHECK(alone.clusters() == 0);
    CHECK(required(many, "a", "d", at(6s)).fenced());
    record(many, "a", vault("e", 1, 1), at(6s));
    CHECK(required(many, "a", "c", at(6s)).size() == 0); // now something better is known
}

TEST_CASE("the fence of a cluster is one of that cluster, and an answer of it repays it")
{
    many_type const many(100);
    auto const as_sent = [](required_states carried) {
        carried.sent_as().cluster = cluster_id("c");
        carried.sent_as().form = dialect::vault;
        return carried;
    };
    many.store.of("a", at(0s)).record_lost(as_sent(required(many, "a", "c")), at(0s));
    auto const fenced = required(many, "a", "c");
    REQUIRE(fenced.clusters() == 1);
    CHECK(fenced[0].fenced());
    CHECK_FALSE(fenced.unplaced().fenced());
    CHECK_FALSE(required(many, "a", "d").fenced());
    many.store.of("a", at(1s)).record(written(vault("c", 1, 0)), as_sent(fenced), at(1s));
    CHECK_FALSE(required(many, "a", "c", at(1s)).fenced());
}

TEST_CASE("where nothing is required it still says of which history")
{
    many_type const many(100);
    record(many, "other", vault("c", 5, 5));
    auto const nothing = required(many, "a", "c", at(10s));
    REQUIRE(nothing.clusters() == 1);
    CHECK(nothing.size() == 0);
    CHECK(nothing[0].history().epoch() == 0);
    CHECK(nothing[0].history().settled() == wal_position{}); // no node could compare anything
    record(many, "a", vault("c", 3, 0), at(11s));
    record(many, "other", vault("c", 9, 9), at(12s));
    auto const some = required(many, "a", "c", at(20s));
    CHECK(some[0].history().settled() == wal_position{3, 0});
    record(many, "other", openbao("b", "9"), at(12s));
    record(many, "a", openbao("b", "4"), at(12s));
    CHECK(required(many, "a", "b", at(20s))[0].history().settled() == wal_position{4, 0});
    record(many, "x", openbao("b", "no number"), at(12s)); // so nothing could be compared with it
    record(many, "y", openbao("b", "4"), at(12s));
    record(many, "y", openbao("b", "no number"), at(12s));
    for (int i = 0; i < 3; ++i)
        record(many, "other", openbao("b", std::to_string(10 + i)), at(13s + 1s * i));
    for (auto const* const who : {"x", "y"})
        CHECK(required(many, who, "b", at(20s))[0].history().settled() == wal_position{});
    CHECK(required(many, "a", "b", at(20s))[0].history().settled() == wal_position{4, 0});
}

TEST_CASE("one's own text of neither dialect stays, beside another one that everybody requires, and a fence")
{
    store_parts const parts(100);
    store_options const options;
    store_access<no_lock> const access(parts.memory, options, 1);
    access.record("future-format", {.now = at(0s)});
    store_cell evicted;
    evicted.cluster = store_layout::unplaced;
    evicted.add("another-format");
    auto& cluster = parts.memory.cluster(store_layout::unplaced);
    store_floor(cluster, store_layout::unplaced, *cluster.state(), seconds_of(at(0s)), 900).join(evicted);
    auto const required =
        access.reader().required(cluster_id("c"), at(0s), [](cluster_id const&) { return false; });
    CHECK(texts_of(required) == texts{"future-format"});
    CHECK(required.fenced());
}

TEST_CASE("the floor is required of everybody, of its own cluster")
{
    many_type const many(1);
    for (int i = 0; i < 200; ++i)
        record(many, std::to_string(i), vault(i % 2 == 0 ? "c" : "d", static_cast<std::uint64_t>(i) + 1, 0));
    auto const at_c = required(many, "nobody", "c").demand("c");
    REQUIRE(at_c);
    CHECK(at_c->local > 1);
    CHECK_FALSE(required(many, "nobody", "c").demand("d"));
    CHECK(required(many, "nobody", "e").empty());
    CHECK(many.store.of("nobody", at(0s)).required().clusters() == 2);
    CHECK(required(many, "nobody", "c", at(0s) + default_fence_time + 2s).empty());
}

TEST_CASE(
    "who reads while an epoch begins or a cluster dies, just before the floor's lock is held, is fenced")
{
    for (bool const dies : {false, true}) {
        store_of<interrupted_lock> const many(100);
        store_memory const memory{many.block.bytes().data(),
                                  store_layout::for_identities(100, sizeof(interrupted_lock))};
        store_options const options;
        many.store.of("one", at(0s)).record(vault("c", 10, 0), at(0s));
        store_access<interrupted_lock>(memory, options, 1).record_in_floor(vault("c", 10, 0), at(0s));
        auto const asked = many.store.of("one", at(1s)).required();
        auto const change = [&] {
            if (dies)
                memory.cluster(0).state_word.fetch_xor(1U << 9);
            else
                begin_epoch(many, asked);
        };
        interrupted_lock::first = [&] { interrupted_lock::first = change; }; // of the stripe, of the head
        auto const required = many.store.of("nobody", at(5s)).required(known_cluster{cluster_id("c")});
        REQUIRE_FALSE(interrupted_lock::first);
        CHECK(memory.cluster(0).state()->what() == (dies ? cluster_state::dead : cluster_state::used));
        CHECK(memory.cluster(0).state()->is_forwarded() == !dies);
        CHECK(required.fenced());
    }
}
