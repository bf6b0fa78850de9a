// SPDX-License-Identifier: BSL-1.0
// Nodes that do not hear of each other: who answers what on which side.
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

const request get = ask("GET", "kv/foo");

request put(int value) { return ask("PUT", "kv/foo", {}, nlohmann::json{{"v", value}}.dump()); }

/// A cluster without lag, whose nodes answer with a status; what they read is 0 if there is nothing.
struct parted {
    explicit parted(dialect speaks) : emulated(quick(speaks)) {}

    static settings quick(dialect speaks)
    {
        settings set = usual_settings(speaks);
        set.lag = {};
        return set;
    }
    int write(std::size_t node, int value) { return emulated.handle(node, put(value), now).answer.status; }
    int read(std::size_t node)
    {
        auto const answer = emulated.handle(node, get, now).answer;
        return answer.status == 200 ? nlohmann::json::parse(answer.body)["data"]["v"].get<int>() : 0;
    }

    model emulated;
    nanoseconds now{0};
};

} // namespace

TEST_CASE("a standby that is cut off applies nothing, and cannot hand on what it cannot do")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        parted place(speaks);
        CHECK(place.write(0, 1) == 204);
        place.emulated.cut_off(1, 0ms, 1s);
        place.emulated.cut_off(3, 0ms, 1s);
        CHECK(place.emulated.is_cut_off(1, 999ms));
        CHECK_FALSE(place.emulated.is_cut_off(1, 1s));
        CHECK_FALSE(place.emulated.is_cut_off(2, 0ms));
        CHECK(place.write(0, 2) == 204);
        CHECK(place.read(1) == 1);
        CHECK(place.read(2) == 2);
        CHECK(place.write(1, 3) == 503);
        CHECK(place.emulated.handle(3, get, place.now).answer.status == 500); // it serves no reads itself
        CHECK(place.write(2, 3) == 204);
        place.now = 1s;
        CHECK(place.read(1) == 3);
        CHECK(place.write(1, 4) == 204);
    }
}

TEST_CASE(
    "an active node that is cut off reads what it has and commits nothing, until another one is elected")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        parted place(speaks);
        CHECK(place.write(0, 1) == 204);
        place.emulated.cut_off(0, 0ms, 1s);
        place.emulated.cut_off(1, 0ms, 1s);
        auto const end = place.emulated.newest();
        CHECK(place.write(0, 2) == 500);
        CHECK(place.write(1, 2) == 500); // handed on to it: on the same side
        CHECK(place.write(2, 2) == 503); // cannot be
        CHECK(place.emulated.newest() == end);
        CHECK(place.read(0) == 1);
        place.emulated.elect(2, place.now);
        CHECK(place.write(2, 3) == 204);
        CHECK(place.read(0) == 1);
        CHECK(place.write(0, 4) == 503);
        place.now = 1s;
        CHECK(place.read(0) == 3);
        CHECK(place.write(0, 5) == 204);
    }
}

TEST_CASE("what a secondary hands to a primary whose active node is cut off fails")
{
    settings set = parted::quick(dialect::vault);
    add_secondary(set);
    model emulated(set);
    emulated.cut_off(0, 0ms, 1s);
    CHECK(emulated.handle(4, put(1), 0ms).answer.status == 500);
    emulated.elect(1, 0ms);
    CHECK(emulated.handle(4, put(1), 0ms).answer.status == 204);
}
