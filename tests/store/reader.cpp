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

#include <string>

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
    interrupted_lock::first = [&] {
        auto other = many.store.of("other", at(1s));
        other.record_active_position("c", 1, asked, at(1s));
        other.record_active_position("c", 1, asked, at(5s));
    };
    auto const required = many.store.of("one", at(5s)).required(known_cluster{cluster_id("c")});
    CHECK(required.size() == 0);
    CHECK(required.fenced());
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
