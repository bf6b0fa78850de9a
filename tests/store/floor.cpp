// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/floor.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/store_parts.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

/// The floor of the first cluster.
struct floor_of_one {
    store_parts parts{};
    std::uint8_t number = 0;

    explicit floor_of_one(std::string_view cluster = "c", dialect form = dialect::vault)
    {
        late_hold<no_lock> head(parts.lock);
        if (!cluster.empty())
            REQUIRE(store_clusters(parts.memory).intern(head, cluster, form, 0) == 0);
        else
            number = store_layout::unplaced;
    }

    store_cluster& cluster() { return parts.memory.cluster(number); }
    store_floor at(std::uint32_t now) { return {cluster(), number, *cluster().state(), now, 900}; }

    void join(std::string_view text, std::uint32_t now)
    {
        store_cell cell;
        cell.cluster = number;
        cell.add(text);
        at(now).join(cell);
    }

    required_states required(std::uint32_t now)
    {
        required_states sum;
        at(now).add_to(sum);
        return sum;
    }
};

cluster_demand demanding(std::string_view text)
{
    required_states required;
    required.record(text);
    return required[0];
}

} // namespace

TEST_CASE("an empty floor requires nothing, and who looks needs no lock")
{
    floor_of_one floor;
    CHECK(floor.at(0).is_met_by(nullptr));
    CHECK(floor.required(0).empty());
}

TEST_CASE("a floor is the join of what was moved to it")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 0);
    CHECK(floor.required(0).demand("c") == wal_position{5, 1});
    floor.join(vault("c", 4, 1), 0); // behind
    auto const half = floor.cluster().floor()->second_half();
    floor.join(vault("c", 7, 1), 0);                        // ahead
    CHECK(floor.cluster().floor()->second_half() == !half); // what counted was whole until then
    CHECK(floor.required(0).demand("c") == wal_position{7, 1});
    CHECK(floor.required(0).size() == 1);
    floor.join(vault("c", 1, 7), 0); // neither
    CHECK(floor.required(0).demand("c") == wal_position{7, 7});
    CHECK(floor.required(0).size() == 2);
    floor.join(vault("c", 7, 7), 0); // says alone what these two say
    CHECK(floor.required(0).demand("c") == wal_position{7, 7});
    CHECK(floor.required(0).size() == 1);
    floor.join(vault("c", 8, 8), 0);
    CHECK(floor.required(0).demand("c") == wal_position{8, 8});
    CHECK(floor.required(0).size() == 1);
    CHECK_FALSE(floor.required(0).fenced());
}

TEST_CASE("what demands no more than a floor leaves it as it is, whoever signed it")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 0);
    auto const before = texts_of(floor.required(0));
    auto const half = floor.cluster().floor()->second_half();
    floor.join(vault("c", 5, 1, hmac_key("a key that took its place")), 0);
    CHECK(texts_of(floor.required(0)) == before);
    CHECK(floor.cluster().floor()->second_half() == half);
}

TEST_CASE("who requires as much is not asked to look")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 0);
    CHECK_FALSE(floor.at(0).is_met_by(nullptr));
    auto const less = demanding(vault("c", 5, 0));
    auto const as_much = demanding(vault("c", 5, 1));
    CHECK_FALSE(floor.at(0).is_met_by(&less));
    CHECK(floor.at(0).is_met_by(&as_much));
    cluster_demand const nothing(cluster_id("c"), dialect::vault);
    CHECK_FALSE(floor.at(0).is_met_by(&nothing));
    floor_of_one least;
    least.join(vault("c", 0, 0), 0);
    CHECK_FALSE(least.at(0).is_met_by(&nothing));
    floor.cluster().floor_position.words[0] = 0; // damaged
    CHECK_FALSE(floor.at(0).is_met_by(&as_much));
}

TEST_CASE("a floor ends when nothing has joined it for the fence time")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 1000);
    floor.join(vault("c", 2, 1), 1500); // which counts, although it adds nothing
    CHECK(floor.required(2400).size() == 1);
    CHECK(floor.at(2401).is_met_by(nullptr));
    CHECK(floor.required(2401).empty());
    floor.join(vault("c", 1, 1), 2500);
    CHECK(floor.required(2500).demand("c") == wal_position{1, 1}); // it began anew
}

TEST_CASE("a floor of a clock that began anew ends after the fence time, too")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 100'000);
    CHECK_FALSE(floor.at(7).is_met_by(nullptr));
    auto const met = demanding(vault("c", 5, 1));
    CHECK_FALSE(floor.at(7).is_met_by(&met)); // or it would not begin to end
    CHECK(floor.required(7).size() == 1);
    CHECK(floor.required(907).size() == 1);
    CHECK(floor.required(908).empty());
}

TEST_CASE("what a floor cannot express fences everybody, for the fence time")
{
    floor_of_one floor("b", dialect::openbao);
    for (auto const* const value : {"x", "y", "z"}) // no order, and there is room for two
        floor.join(openbao("b", value), 1000);
    CHECK(floor.required(1000).fenced());
    floor.join(openbao("b", "x"), 1600);
    CHECK(floor.required(1900).fenced());
    CHECK_FALSE(floor.required(2400).fenced());
    CHECK(floor.required(2400).size() == 2);

    floor_of_one fenced;
    store_cell cell;
    cell.fences = 1;
    cell.fenced_at = 500;
    fenced.at(1000).join(cell);
    CHECK(fenced.required(1000).fenced());
    CHECK_FALSE(fenced.required(1901).fenced());
    cell.fenced_at = 0; // over
    floor_of_one free;
    free.at(1000).join(cell);
    CHECK_FALSE(free.required(1000).fenced());
    store_cell crowded;
    crowded.crowd(0); // over
    free.at(1000).join(crowded);
    CHECK_FALSE(free.required(1000).fenced());
}

TEST_CASE("a text of another cluster, whoever wrote it there, fences everybody")
{
    floor_of_one floor;
    floor.join(vault("d", 5, 1), 1000);
    CHECK(floor.required(1000).fenced());
    CHECK_FALSE(floor.required(1901).fenced());
}

TEST_CASE("a text that cannot be read, whoever wrote it there, fences everybody")
{
    for (bool const is_first : {true, false}) {
        floor_of_one floor;
        if (!is_first)
            floor.join(vault("c", 5, 1), 1000);
        floor.join("djE6garbage", 1000);
        CHECK(floor.required(1000).fenced());
        CHECK(floor.required(1000).size() == (is_first ? 0 : 1));
    }
}

TEST_CASE("more texts than a floor has room for leave as many as there is room for, and fence everybody")
{
    floor_of_one floor;
    floor.join(vault("c", 1, 2), 1000);
    floor.join(vault("c", 2, 1), 1000);
    store_cell others;
    others.add(vault("d", 1, 2));
    others.add(vault("d", 2, 1));
    floor.at(1000).join(others);
    CHECK(floor.required(1000).demand("c") == wal_position{2, 2});
    CHECK(floor.required(1000).size() == 2);
    CHECK(floor.required(1000).fenced());
}

TEST_CASE("a floor that only fences holds no text")
{
    floor_of_one floor;
    store_cell crowded;
    crowded.crowd(1000);
    floor.at(1000).join(crowded);
    REQUIRE(floor.required(1000).fenced());
    CHECK(floor.cluster().floors[floor.cluster().floor()->second_half()].count == 0);
}

TEST_CASE("who holds another text of neither dialect than the floor does is fenced")
{
    floor_of_one floor("");
    floor.join("future-format", 0);
    required_states same;
    same.record("future-format");
    floor.at(0).add_to(same);
    CHECK_FALSE(same.fenced());
    required_states other;
    other.unplaced().keep("another-format");
    floor.at(0).add_to(other);
    CHECK(other.unplaced().is_crowded());
}

TEST_CASE("the fence of a floor ends although more joins it")
{
    floor_of_one floor;
    floor.at(1000).lose();
    CHECK(floor.required(1000).fenced());
    for (std::uint32_t now = 1000; now < 1900; now += 100)
        floor.join(vault("c", now, 0), now);
    CHECK(floor.required(1900).fenced());
    auto const required = floor.required(1901);
    CHECK_FALSE(required.fenced());
    CHECK(required.demand("c") == wal_position{1800, 0});
    auto const met = demanding(vault("c", 1800, 0));
    CHECK(floor.at(1901).is_met_by(&met));
    CHECK(floor.required(2700).size() == 1); // since something joined it last
    CHECK(floor.required(2701).empty());
}

TEST_CASE("a floor that was damaged fences everybody")
{
    for (bool const is_word : {false, true}) {
        floor_of_one floor;
        floor.join(vault("c", 5, 1), 1000);
        if (is_word)
            floor.cluster().floor_word.fetch_xor(1U << 1);
        else
            floor.cluster().floors[floor.cluster().floor()->second_half()].texts[0][7] ^= 1;
        auto const met = demanding(vault("c", 9, 9));
        if (is_word)
            CHECK_FALSE(floor.at(1000).is_met_by(&met));
        CHECK(floor.required(1001).fenced());
        CHECK(floor.required(1900).fenced());
        CHECK_FALSE(floor.required(1903).fenced());
    }
}

TEST_CASE("a floor of an older epoch requires nothing")
{
    floor_of_one floor;
    floor.join(vault("c", 5, 1), 0);
    auto state = *floor.cluster().state();
    state.set_epoch(static_cast<std::uint16_t>(state.epoch() + 1));
    floor.cluster().set(state);
    auto const met = demanding(vault("c", 5, 1));
    CHECK_FALSE(floor.at(0).is_met_by(&met)); // says no, and then there is nothing
    CHECK(floor.required(0).empty());
    CHECK(floor.at(0).is_met_by(nullptr));
    floor.join(vault("c", 3, 1), 0);
    CHECK(floor.required(0).demand("c") == wal_position{3, 1});
    auto const ahead = demanding(vault("c", 4, 1));
    CHECK(floor.at(0).is_met_by(&ahead));
}

TEST_CASE("texts of neither dialect have a floor: the last one, and a fence for another one")
{
    floor_of_one floor("");
    floor.join("future-format-1", 0);
    CHECK(floor.required(0).unplaced().text() == "future-format-1");
    CHECK_FALSE(floor.required(0).fenced());
    floor.join("future-format-1", 0);
    CHECK_FALSE(floor.required(0).fenced());
    floor.join("future-format-2", 0);
    CHECK(floor.required(0).unplaced().text() == "future-format-2");
    CHECK(floor.required(0).fenced());
}

TEST_CASE("a position that was written by somebody who was killed then counts for nothing")
{
    floor_of_one floor;
    floor.join(vault("c", 10, 0), 100);
    auto const half = floor.cluster().floor()->second_half();
    std::uint64_t const words[] = {1000, 0, 0};
    floor.cluster().floor_position.store(words, 3 + (half ? 0U : 1U)); // of the half that never counted
    auto const ahead = demanding(vault("c", 2000, 0));
    CHECK_FALSE(floor.at(100).is_met_by(&ahead));
    floor.join(vault("c", 500, 0), 100);
    CHECK(floor.required(100).demand("c") == wal_position{500, 0});
    CHECK(floor.at(100).is_met_by(&ahead));
}

TEST_CASE("who joins a floor a little late does not shorten it")
{
    for (std::uint64_t const local : {std::uint64_t{5}, std::uint64_t{10}, std::uint64_t{20}}) {
        floor_of_one floor;
        floor.join(vault("c", 10, 0), 100);
        floor.join(vault("c", local, 0), 90);
        CHECK(floor.cluster().floor()->joined() == 100);
    }
}

TEST_CASE("a fence of the floor that was set before the machine was started anew begins now")
{
    floor_of_one floor;
    floor.at(10'000).lose();
    floor.join(vault("c", 1, 0), 10);
    CHECK(floor.required(10).fenced());
    floor.join(vault("c", 2, 0), 500);
    CHECK(floor.required(500).fenced());
    CHECK_FALSE(floor.required(912).fenced());
    CHECK(floor.required(912).demand("c") == wal_position{2, 0});
}

TEST_CASE("the fence of what joins is kept, although its text is behind the floor, or ahead of it")
{
    for (std::uint64_t const local : {5U, 10U, 15U}) {
        floor_of_one floor;
        floor.join(vault("c", 10, 0), 1000);
        store_cell cell;
        cell.add(vault("c", local, 0));
        cell.fences = 1;
        cell.fenced_at = 1000;
        floor.at(1000).join(cell);
        CHECK(floor.required(1000).fenced());
        CHECK(floor.required(1000).demand("c") == wal_position{std::max<std::uint64_t>(local, 10), 0});
    }
    floor_of_one floor;
    floor.join(vault("c", 10, 0), 1000);
    store_cell crowded;
    crowded.add(vault("c", 5, 0));
    crowded.crowd(1000);
    floor.at(1000).join(crowded);
    CHECK(floor.required(1000).fenced());
}

TEST_CASE("a floor whose position is not known is looked at, whichever half it lies in")
{
    floor_of_one floor("b", dialect::openbao);
    auto const held = demanding(openbao("b", "9"));
    for (int i = 0; i < 4; ++i) {
        floor.join(openbao("b", std::to_string(i + 1)), 0);
        CHECK_FALSE(floor.at(0).is_met_by(&held));
    }
}
