// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/capabilities.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <set>
#include <string_view>
#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<capabilities>);
static_assert(sizeof(capabilities) <= 40);
static_assert([] {
    capabilities known;
    return known.note_missing(capability::forwarding, at(0s)) && known.lacks(capability::forwarding, at(1s));
}());

namespace {

constexpr capability all[] = {capability::forwarding, capability::await_state, capability::several_indices,
                              capability::consistency_fields};
constexpr auto memory = capabilities::memory;

} // namespace

TEST_CASE("what nothing is known of counts as there")
{
    capabilities const fresh;
    for (auto const what : all)
        for (auto const now : {time_point::min(), at(0s), time_point::max()})
            CHECK_FALSE(fresh.lacks(what, now));
}

TEST_CASE("what is missing is known for ten minutes, and is news once")
{
    CHECK(memory == 10min);
    for (auto const what : all) {
        capabilities known;
        CHECK(known.note_missing(what, at(0s)));
        CHECK_FALSE(known.note_missing(what, at(0s)));
        CHECK(known.lacks(what, at(0s)));
        CHECK(known.lacks(what, at(memory - 1ns)));
        CHECK_FALSE(known.lacks(what, at(memory)));
        for (auto const other : all)
            CHECK(known.lacks(other, at(0s)) == (other == what));
    }
}

TEST_CASE("another answer that says so lets it be known for longer, without being news")
{
    capabilities known;
    CHECK(known.note_missing(capability::await_state, at(0s)));
    CHECK_FALSE(known.note_missing(capability::await_state, at(9min)));
    CHECK(known.lacks(capability::await_state, at(9min + memory - 1ns)));
    CHECK_FALSE(known.lacks(capability::await_state, at(9min + memory)));
    CHECK(known.note_missing(capability::await_state, at(9min + memory)));
}

TEST_CASE("what shows that it is there ends it at once, and only it")
{
    for (auto const what : all) {
        capabilities known;
        for (auto const each : all)
            known.note_missing(each, at(0s));
        known.note_present(what);
        for (auto const each : all)
            CHECK(known.lacks(each, at(0s)) == (each != what));
        CHECK(known.note_missing(what, at(0s)));
    }
}

TEST_CASE("three writes in a row without an index tell that there are none")
{
    capabilities known;
    CHECK_FALSE(known.note_write(false, at(0s)));
    CHECK_FALSE(known.note_write(false, at(1s)));
    CHECK_FALSE(known.lacks(capability::consistency_fields, at(1s)));
    CHECK(known.note_write(false, at(2s)));
    CHECK(known.lacks(capability::consistency_fields, at(2s)));
    for (auto const other : {capability::forwarding, capability::await_state, capability::several_indices})
        CHECK_FALSE(known.lacks(other, at(2s)));
}

TEST_CASE("an index between them begins the count anew")
{
    capabilities known;
    for (int i = 0; i < 100; ++i) {
        CHECK_FALSE(known.note_write(false, at(0s)));
        CHECK_FALSE(known.note_write(false, at(0s)));
        CHECK_FALSE(known.note_write(true, at(0s)));
    }
    CHECK_FALSE(known.note_write(false, at(0s)));
    CHECK_FALSE(known.note_write(false, at(0s)));
    known.note_present(capability::consistency_fields); // by the index of another answer
    CHECK_FALSE(known.note_write(false, at(0s)));
    CHECK_FALSE(known.lacks(capability::consistency_fields, at(0s)));
}

TEST_CASE("while writes without an index go on it stays known, and is reported once")
{
    capabilities known;
    int reports = 0;
    for (auto now = 0s; now < 24h; now += 60s)
        reports += known.note_write(false, at(now)) ? 1 : 0;
    CHECK(reports == 1);
    CHECK(known.lacks(capability::consistency_fields, at(24h)));
    CHECK_FALSE(known.note_write(true, at(24h)));
    CHECK_FALSE(known.lacks(capability::consistency_fields, at(24h)));
}

TEST_CASE("after a pause longer than the memory it takes three again")
{
    capabilities known;
    for (int i = 0; i < 5; ++i)
        known.note_write(false, at(0s));
    auto const after = at(memory);
    CHECK_FALSE(known.note_write(false, after));
    CHECK_FALSE(known.note_write(false, after));
    CHECK(known.note_write(false, after));
}

TEST_CASE("the count cannot run over")
{
    capabilities known;
    int news = 0;
    for (int i = 0; i < 1000; ++i)
        news += known.note_write(false, at(0s)) ? 1 : 0;
    CHECK(news == 1);
}

TEST_CASE("of another cluster nothing is known")
{
    capabilities known;
    for (auto const what : all)
        known.note_missing(what, at(0s));
    known.note_write(false, at(0s));
    CHECK_FALSE(known == capabilities());
    known = {};
    CHECK(known == capabilities());
    CHECK(known.note_missing(capability::forwarding, at(0s)));
}

TEST_CASE("near the end of time nothing overflows")
{
    capabilities known;
    CHECK(known.note_missing(capability::forwarding, time_point::max() - 1s));
    CHECK(known.lacks(capability::forwarding, time_point::max() - 1ns));
}

TEST_CASE("each has a sentence of its own")
{
    std::set<std::string_view> sentences;
    for (auto const what : all) {
        CHECK(to_string(what).ends_with('.'));
        CHECK(sentences.insert(to_string(what)).second);
    }
}

TEST_CASE("what is no capability has a sentence that promises nothing")
{
    CHECK(to_string(static_cast<capability>(99)) == "The cluster lacks something.");
}
