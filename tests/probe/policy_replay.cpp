// SPDX-License-Identifier: BSL-1.0
// What benchmarks/policy replays.
#include "policy/contestants.hpp"
#include "policy/nodes.hpp"
#include "policy/player.hpp"
#include "policy/scenario.hpp"

#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/index_field.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

using replay::origin;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace fields = afterwrite::field_names;

namespace {

replay::scenario drawn(std::string_view model, std::size_t reads = 1000, std::uint64_t seed = 1)
{
    auto const* const found = replay::find_model(model);
    REQUIRE(found != nullptr);
    return replay::draw_scenario(*found, reads, seed);
}

replay::contestant const& named(std::string_view name)
{
    auto const* const found = replay::find_contestant(name);
    REQUIRE(found != nullptr);
    return *found;
}

/// A read whose write each node has after so many ms, counted from the read's being issued.
replay::scenario one_read(milliseconds landing)
{
    auto one = drawn("constant", 1);
    one.reads[0].landing.fill(one.reads[0].issued + landing);
    return one;
}

void set(replay::read_request& request, std::string_view name, std::string_view value)
{
    afterwrite::message_traits<replay::read_request>::set(request, name, {&value, 1});
}

/// The indices of one read, each of which goes in a field of its own.
std::vector<std::string_view> indices_in(std::string_view required)
{
    std::vector<std::string_view> found;
    afterwrite::for_each_index(required, [&found](std::string_view index) { found.push_back(index); });
    return found;
}

/// How long the writes take to land at a node, in ms.
std::vector<double> lags_of(replay::scenario const& all, std::size_t node)
{
    std::vector<double> lags;
    for (auto const& each : all.reads)
        lags.push_back(replay::to_ms(each.landing[node] - each.issued + replay::round_trip / 2));
    std::sort(lags.begin(), lags.end());
    return lags;
}

} // namespace

TEST_CASE("a seed draws the same scenario, another seed another")
{
    for (auto const& model : replay::all_models()) {
        CAPTURE(model.name);
        auto const first = drawn(model.name);
        auto const second = drawn(model.name);
        REQUIRE(first.reads.size() == second.reads.size());
        for (std::size_t i = 0; i < first.reads.size(); ++i) {
            CHECK(first.reads[i].issued == second.reads[i].issued);
            CHECK(first.reads[i].landing == second.reads[i].landing);
        }
        CHECK(first.indices == second.indices);
        CHECK(drawn(model.name, 1000, 2).reads[0].issued != first.reads[0].issued);
    }
}

TEST_CASE("writes arrive as often as they should, and have indices that grow")
{
    auto const lagging = drawn("constant", 20000);
    auto const time = std::chrono::duration<double>(lagging.reads.back().issued - origin).count();
    CHECK(static_cast<double>(lagging.reads.size()) / time == doctest::Approx(200).epsilon(0.03));
    for (std::string const model : {"constant", "outage-one"}) {
        CAPTURE(model);
        auto const all = drawn(model, 50);
        REQUIRE(all.indices.size() == all.reads.size());
        for (std::size_t i = 0; i < all.indices.size(); ++i) {
            auto const indices = indices_in(all.indices[i]);
            REQUIRE(indices.size() ==
                    (model == "constant" ? 2 : 1)); // of two clusters none is before another
            auto const index = afterwrite::decode_vault_index(indices[0]);
            REQUIRE(index);
            CHECK(index->cluster == replay::cluster_name);
            CHECK(index->position == afterwrite::wal_position{replay::first_position + i, 0});
        }
    }
}

TEST_CASE("the lags are those that the names say")
{
    CHECK(lags_of(drawn("constant"), 2).front() == doctest::Approx(5));
    CHECK(lags_of(drawn("constant"), 2).back() == doctest::Approx(5));
    for (std::string const model : {"lognormal-independent", "lognormal-shared"}) {
        auto const lags = lags_of(drawn(model, 20000), 1);
        CHECK(lags[10000] == doctest::Approx(20).epsilon(0.05));
        CHECK(lags[16827] == doctest::Approx(20 * 2.71828).epsilon(0.05)); // one sigma above
    }
    for (std::string const model : {"bimodal-independent", "bimodal-shared"}) {
        auto const lags = lags_of(drawn(model, 20000), 1);
        CHECK(lags.front() > 8.99);
        CHECK(lags.back() < 2200.01);
        auto const slow = std::count_if(lags.begin(), lags.end(), [](double lag) { return lag > 100; });
        CHECK(static_cast<double>(slow) == doctest::Approx(2000).epsilon(0.1));
    }
    auto const apart = drawn("bimodal-independent");
    auto const together = drawn("bimodal-shared");
    auto const is_split = [](replay::read_after_write const& each) {
        return (each.landing[0] - each.issued > milliseconds(100)) !=
               (each.landing[1] - each.issued > milliseconds(100));
    };
    CHECK(std::any_of(apart.reads.begin(), apart.reads.end(), is_split));
    CHECK(std::none_of(together.reads.begin(), together.reads.end(), is_split));
}

TEST_CASE("in an outage nothing lands, and afterwards all does, in order, within a second")
{
    for (std::string const model : {"outage-all", "outage-one"}) {
        CAPTURE(model);
        auto const all = drawn(model);
        std::size_t const stalled = model == "outage-all" ? 3 : 1;
        auto const ends = origin + seconds(180);
        auto last = ends;
        std::size_t measured = 0;
        for (std::size_t i = 0; i < all.reads.size(); ++i) {
            if (!all.is_measured(i))
                continue;
            ++measured;
            for (std::size_t node = 0; node < stalled; ++node)
                CHECK(all.reads[i].landing[node] >= last);
            last = all.reads[i].landing[0];
            if (stalled == 1 && all.reads[i].issued < ends - seconds(5)) // far more than any lag
                CHECK(all.reads[i].landing[2] < ends);
        }
        CHECK(last <= ends + seconds(1));
        CHECK(static_cast<double>(measured) == doctest::Approx(24000).epsilon(0.03));
        CHECK(all.reads.size() > measured * 19 / 10);
    }
}

TEST_CASE("a node answers what has landed, and goes by the fields of the request alone")
{
    auto const all = one_read(milliseconds(4));
    replay::nodes const cluster(all);
    auto const landing = all.reads[0].landing[0];
    replay::read_request request;
    CHECK(cluster.handle(0, request, origin).message.status == 200); // nothing is required of it

    auto const indices = indices_in(all.indices[0]);
    REQUIRE(indices.size() == 2);
    afterwrite::message_traits<replay::read_request>::set(request, "x-vault-index", indices);
    auto const late = cluster.handle(0, request, landing - microseconds(500));
    CHECK(late.message.status == 200);
    CHECK(late.took == milliseconds(1));
    CHECK(!late.by_active_node);
    auto const early = cluster.handle(0, request, landing - microseconds(501));
    CHECK(early.message.status == 412);
    CHECK(early.message.body.find("required index state not present") != std::string_view::npos);

    set(request, fields::inconsistent, fields::forward_active_node);
    auto const forwarded = cluster.handle(0, request, landing - microseconds(501));
    CHECK(forwarded.message.status == 200);
    CHECK(forwarded.took == milliseconds(2));
    CHECK(forwarded.by_active_node);
    CHECK(!cluster.handle(0, request, landing).by_active_node); // it has it, so it forwards nothing
    set(request, fields::forward, fields::active_node);
    CHECK(cluster.handle(0, request, landing).by_active_node);

    replay::read_request foreign;
    set(foreign, fields::index, "garbage");
    CHECK(cluster.handle(0, foreign, landing).message.status == 412);
    CHECK(replay::node_at(replay::address_of(2)) == 2);
    CHECK(replay::node_at("http://elsewhere:8200") == replay::node_count);
}

TEST_CASE("a read costs what its policy makes it cost")
{
    auto const all = one_read(milliseconds(10));
    auto const oracle = replay::play(all, named("oracle"), 1);
    CHECK(oracle.latencies == std::vector{10.5}); // it is back half a round trip after the landing
    CHECK(oracle.requests == 1);
    auto const fixed = replay::play(all, named("fixed-1s"), 1);
    CHECK(fixed.latencies == std::vector{1002.0}); // a round trip, a second, a round trip
    CHECK(fixed.requests == 2);
    auto const forwarded = replay::play(all, named("immediate-forward"), 1);
    CHECK(forwarded.latencies == std::vector{2.0});
    CHECK(forwarded.by_active_node == 1);
    auto const vault_go = replay::play(one_read(seconds(5)), named("vault-go"), 1);
    CHECK(vault_go.failed == 1);
    CHECK(vault_go.requests == 3);
    CHECK(vault_go.latencies.empty());
    for (auto const& who : replay::all_contestants()) {
        CAPTURE(who.name);
        auto const seen = replay::play(drawn("lognormal-independent"), who, 1);
        CHECK(seen.reads == 1000);
        CHECK(seen.latencies.size() + seen.failed == 1000);
        CHECK(seen.stale == 0);
        CHECK(seen.requests >= 1000);
    }
}

TEST_CASE("a read that lands too late fails, whoever waits")
{
    auto const all = one_read(seconds(61));
    for (std::string const name : {"oracle", "default-no-forward", "exponential"}) {
        CAPTURE(name);
        auto const seen = replay::play(all, named(name), 1);
        CHECK(seen.reads == 1);
        CHECK(seen.failed == 1);
    }
    CHECK(replay::play(all, named("default"), 1).by_active_node == 1);
}
