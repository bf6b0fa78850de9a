// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/single_flight.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <queue>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

using flight = single_flight;

static_assert(std::is_trivially_copyable_v<flight>);
static_assert(std::is_trivially_copyable_v<flight::reader>);
static_assert(sizeof(flight) <= 128);
static_assert(!flight().is_out(time_point{}));

namespace {

constexpr std::uint64_t middle = std::uint64_t{1} << 63;

flight::reader reads(std::uint64_t required, time_point deadline = time_point::max())
{
    return {.required = {required, 0}, .deadline = deadline};
}

/// A node that lacks 100: a read of it has been refused at the beginning, and asks again after 200 ms.
struct behind {
    flight node;
    flight::reader prober = reads(100);

    behind() { REQUIRE(node.refused(prober, at(0s), at(200ms), middle) == at(200ms)); }

    /// The prober's turn: until it is sent.
    time_point probe(time_point now)
    {
        for (;;) {
            auto const advice = node.ask(prober, now, middle);
            if (advice.what == flight::turn::probe)
                return now;
            REQUIRE(advice.what == flight::turn::wait);
            REQUIRE(advice.look_again > now);
            now = advice.look_again;
        }
    }
};

flight::turn asked(flight& node, flight::reader& who, time_point now)
{
    return node.ask(who, now, middle).what;
}

} // namespace

TEST_CASE("who need not wait long shares nothing")
{
    flight node;
    auto who = reads(100);
    CHECK(asked(node, who, at(0s)) == flight::turn::send);
    CHECK(node.refused(who, at(0s), at(100ms), middle) == at(100ms));
    CHECK_FALSE(node.is_out(at(0s)));
    auto other = reads(200);
    CHECK(asked(node, other, at(1ms)) == flight::turn::send);
    CHECK(asked(node, who, at(100ms)) == flight::turn::send);
}

TEST_CASE("a wait above 100 ms is shared: later reads of the same or more join unsent")
{
    behind now;
    CHECK(now.node.is_out(at(0s)));
    CHECK(now.prober.has_joined);
    for (auto const required : {std::uint64_t{100}, std::uint64_t{101}, UINT64_MAX - 1}) {
        auto who = reads(required);
        auto const advice = now.node.ask(who, at(1ms), middle);
        CHECK(advice.what == flight::turn::wait);
        CHECK(advice.look_again >= at(200ms));
        CHECK(who.has_joined);
    }
}

TEST_CASE("an older read is sent, and does not take the place of the prober unless it waits as long")
{
    behind now;
    auto older = reads(99);
    CHECK(asked(now.node, older, at(1ms)) == flight::turn::send);
    CHECK(now.node.refused(older, at(2ms), at(20ms), middle) == at(20ms));
    CHECK_FALSE(older.has_joined);
    auto same = reads(99);
    CHECK(asked(now.node, same, at(3ms)) == flight::turn::send);

    CHECK(now.node.refused(older, at(20ms), at(150ms), middle) > at(20ms));
    CHECK(older.has_joined);
    auto third = reads(99);
    CHECK(asked(now.node, third, at(21ms)) == flight::turn::wait);
}

TEST_CASE("a prober that goes elsewhere makes nobody wait until its lease ends")
{
    behind now;
    auto const probed = now.probe(at(200ms));
    auto other = reads(101);
    CHECK(asked(now.node, other, probed + 1ms) == flight::turn::wait);
    now.node.left(other, probed + 1ms); // it is not the prober
    CHECK(asked(now.node, other, probed + 2ms) == flight::turn::wait);
    now.node.left(now.prober, probed + 2ms);
    CHECK(asked(now.node, other, probed + 2ms) == flight::turn::probe);
    now.node.answered(other, probed + 3ms);
    auto third = reads(100);
    CHECK(asked(now.node, third, probed + 3ms) == flight::turn::send);
    flight idle;
    idle.left(other, at(0s));
    CHECK_FALSE(idle.is_out(at(0s)));
}

TEST_CASE("what has no order is never held, and holds nobody")
{
    behind now;
    auto who = reads(0);
    CHECK(asked(now.node, who, at(1ms)) == flight::turn::send);
    CHECK(now.node.refused(who, at(2ms), at(500ms), middle) == at(500ms));
    now.node.answered(who, at(3ms));
    CHECK(now.node.is_out(at(0s)));
    CHECK_FALSE(who.has_joined);
    CHECK(now.node.has() == wal_position{0, 0});

    flight fresh;
    CHECK(fresh.refused(who, at(0s), at(500ms), middle) == at(500ms));
    CHECK_FALSE(fresh.is_out(at(0s)));
}

TEST_CASE("what is neither before nor after the prober's requirement waits by itself")
{
    behind now; // it lacks (100, 0)
    flight::reader aside{.required = {50, 50}};
    CHECK(asked(now.node, aside, at(1ms)) == flight::turn::send);
    CHECK(now.node.refused(aside, at(2ms), at(500ms), middle) == at(500ms));
    CHECK_FALSE(aside.has_joined);
    flight::reader after{.required = {100, 50}};
    CHECK(asked(now.node, after, at(3ms)) == flight::turn::wait); // whoever has this has that
    CHECK(after.has_joined);
}

TEST_CASE("only the prober is sent, and once")
{
    behind now;
    CHECK(asked(now.node, now.prober, at(199ms)) == flight::turn::wait);
    auto newer = reads(101);
    CHECK(asked(now.node, newer, at(200ms)) == flight::turn::wait);
    CHECK(asked(now.node, now.prober, at(200ms)) == flight::turn::probe);
    CHECK(asked(now.node, newer, at(201ms)) == flight::turn::wait);
    auto same = reads(100);
    CHECK(asked(now.node, same, at(201ms)) == flight::turn::wait);
}

TEST_CASE("the prober asks less and less often, then once a second, a tenth more or less")
{
    for (auto const& [random, tenths] : {std::pair{std::uint64_t{0}, 9}, {middle, 10}, {UINT64_MAX, 11}}) {
        flight node;
        auto who = reads(100);
        auto now = node.refused(who, at(0s), at(200ms), middle);
        duration wait = 200ms;
        for (int i = 0; i < 20; ++i) {
            REQUIRE(node.ask(who, now, random).what == flight::turn::probe);
            auto const next = node.refused(who, now, now + 5s, random);
            wait = std::min<duration>(wait + wait / 2, 1s);
            auto const yields = i + 1 < flight::most_refused ? 0ms : 10ms + wait / 2; // to who waits as well
            CHECK(next >= now + wait * tenths / 10 + yields - 1ms);
            CHECK(next <= now + wait * tenths / 10 + yields + 1ms);
            now = next;
        }
        CHECK(wait == 1s);
    }
}

TEST_CASE("when the prober is answered, groups go that double with each round trip")
{
    behind now;
    std::vector<flight::reader> waiting(2000, reads(101));
    for (auto& who : waiting)
        REQUIRE(asked(now.node, who, at(1ms)) == flight::turn::wait);
    auto const sent = now.probe(at(200ms));
    now.node.answered(now.prober, sent + 5ms);

    auto const released = [&](time_point when) {
        std::size_t count = 0;
        while (!waiting.empty() && asked(now.node, waiting.back(), when) == flight::turn::send) {
            now.node.answered(reads(100), when); // any answer will do
            waiting.pop_back();
            ++count;
        }
        return count;
    };
    auto when = sent + 5ms;
    for (std::size_t expected = 2; expected <= 256; expected *= 2) {
        CHECK(released(when) == expected);
        CHECK(released(when + 5ms - duration(1)) == 0);
        when += 5ms;
    }
}

TEST_CASE("the next group waits until one of the last is answered, or a lease has passed")
{
    behind now;
    auto const sent = now.probe(at(200ms));
    now.node.answered(now.prober, sent + 5ms);
    flight::reader waiting[] = {reads(101), reads(102), reads(103), reads(104), reads(105)};
    for (auto& who : waiting)
        who.has_joined = true;
    auto const open = sent + 5ms;
    CHECK(asked(now.node, waiting[0], open) == flight::turn::send);
    CHECK(asked(now.node, waiting[1], open) == flight::turn::send);
    now.node.answered(reads(0), open + 1ms); // what has no order tells nothing
    CHECK(asked(now.node, waiting[2], open + 5ms) == flight::turn::wait);
    CHECK(asked(now.node, waiting[2], open + 999ms) == flight::turn::wait);
    CHECK(asked(now.node, waiting[2], open + 5ms + flight::lease) == flight::turn::send);
    CHECK(asked(now.node, waiting[3], open + 5ms + flight::lease) == flight::turn::send);
    CHECK(asked(now.node, waiting[4], open + 5ms + flight::lease) == flight::turn::wait);
}

TEST_CASE("a refusal in a group halves it, and holds those who require as much")
{
    behind now;
    auto const open = now.probe(at(200ms)) + 5ms;
    now.node.answered(now.prober, open);
    flight::reader waiting[] = {reads(150), reads(160), reads(170), reads(140)};
    for (auto& who : waiting)
        who.has_joined = true;
    REQUIRE(asked(now.node, waiting[0], open) == flight::turn::send);
    CHECK(now.node.refused(waiting[0], open + 1ms, open + 20ms, middle) > open + 50ms);
    CHECK(asked(now.node, waiting[1], open + 2ms) == flight::turn::wait);
    CHECK(asked(now.node, waiting[2], open + 2ms) == flight::turn::wait);
    CHECK(asked(now.node, waiting[3], open + 2ms) == flight::turn::send);
    now.node.answered(waiting[3], open + 3ms);
    CHECK(now.node.has() == wal_position{140, 0});
    auto fresh = reads(145);
    CHECK(asked(now.node, fresh, open + 4ms) == flight::turn::send);
}

TEST_CASE("a group of one that is refused is none, and only the prober goes")
{
    behind now;
    auto const open = now.probe(at(200ms)) + 5ms;
    now.node.answered(now.prober, open);
    flight::reader waiting[] = {reads(150), reads(140), reads(130)};
    for (auto& who : waiting)
        who.has_joined = true;
    REQUIRE(asked(now.node, waiting[0], open) == flight::turn::send);
    CHECK(now.node.refused(waiting[0], open + 1ms, open + 20ms, middle) > open + 50ms);
    CHECK(now.node.refused(waiting[1], open + 2ms, open + 20ms, middle) > open + 50ms);
    CHECK(asked(now.node, waiting[2], open + 3ms) == flight::turn::wait);
}

TEST_CASE("after a refusal half of the group may go, and the next one is no larger than the last")
{
    for (bool const is_refused : {false, true}) {
        behind now;
        auto when = now.probe(at(200ms)) + 5ms;
        now.node.answered(now.prober, when);
        auto const go = [&](time_point then, std::uint64_t required) {
            auto who = reads(required);
            who.has_joined = true;
            return asked(now.node, who, then) == flight::turn::send;
        };
        CHECK(go(when, 110));
        for (int groups = 0; groups < 2; ++groups) { // of four, of eight
            now.node.answered(reads(101), when);
            when += 5ms;
            CHECK(go(when, 110));
        }
        auto late = reads(200);
        late.has_joined = true;
        if (is_refused)
            CHECK(now.node.refused(late, when, when, middle) > when);
        int rest = 0; // of eight, of which one has gone
        while (go(when, 110))
            ++rest;
        CHECK(rest == (is_refused ? 4 : 7));
        now.node.answered(reads(102), when);
        when += 5ms;
        int size = 0;
        while (go(when, 110))
            ++size;
        CHECK(size == (is_refused ? 8 : 16));
    }
}

TEST_CASE("the first refusal of a fresh read closes nothing")
{
    behind now;
    auto const open = now.probe(at(200ms)) + 5ms;
    now.node.answered(now.prober, open);
    auto fresh = reads(500);
    REQUIRE(asked(now.node, fresh, open) == flight::turn::send);
    CHECK(now.node.refused(fresh, open + 1ms, open + 20ms, middle) == open + 20ms);
    auto next = reads(501);
    CHECK(asked(now.node, next, open + 2ms) == flight::turn::send);
}

TEST_CASE("an answer to an older read releases nobody")
{
    behind now;
    auto who = reads(100);
    REQUIRE(asked(now.node, who, at(1ms)) == flight::turn::wait);
    now.node.answered(reads(50), at(150ms));
    CHECK(asked(now.node, who, at(151ms)) == flight::turn::wait);
    auto fresh = reads(100);
    CHECK(asked(now.node, fresh, at(152ms)) == flight::turn::wait);
    CHECK(now.node.has() == wal_position{50, 0});
}

TEST_CASE("who waits, and is shown to be in time, need not probe")
{
    behind now;
    auto newer = reads(150);
    REQUIRE(asked(now.node, newer, at(1ms)) == flight::turn::wait);
    REQUIRE(asked(now.node, newer, at(300ms)) == flight::turn::probe); // the prober has gone, and comes back
    REQUIRE(asked(now.node, now.prober, at(301ms)) == flight::turn::wait);
    now.node.answered(reads(120), at(302ms));
    CHECK(asked(now.node, now.prober, at(303ms)) == flight::turn::send);
}

TEST_CASE("what the node has shown to have is sent at once")
{
    behind now;
    now.node.answered(reads(50), at(10ms));
    auto held = reads(100);
    REQUIRE(asked(now.node, held, at(11ms)) == flight::turn::wait);
    now.node.answered(reads(100), at(12ms)); // the active node's address changed hands, say
    auto who = reads(100);
    CHECK(asked(now.node, who, at(13ms)) == flight::turn::send);
    CHECK(asked(now.node, held, at(13ms)) == flight::turn::send);
}

TEST_CASE("what two answers together show the node to have is sent at once")
{
    flight node;
    flight::reader prober{.required = {100, 100}};
    REQUIRE(node.refused(prober, at(0s), at(200ms), middle) == at(200ms));
    node.answered({.required = {100, 50}}, at(1ms));
    node.answered({.required = {50, 100}}, at(2ms));
    CHECK(node.has() == wal_position{100, 100});
    flight::reader who{.required = {100, 100}};
    CHECK(asked(node, who, at(3ms)) == flight::turn::send);
}

TEST_CASE("a prober that never comes back is replaced by the first who asks after it was due")
{
    behind now;
    auto newer = reads(101);
    auto const advice = now.node.ask(newer, at(1ms), middle);
    CHECK(asked(now.node, newer, at(200ms)) == flight::turn::wait);
    CHECK(asked(now.node, newer, at(300ms) - duration(1)) == flight::turn::wait);
    CHECK(advice.look_again <= at(400ms) + 10ms);
    CHECK(asked(now.node, newer, at(300ms)) == flight::turn::probe);
}

TEST_CASE("a prober whose answer never comes is replaced after its lease")
{
    behind now;
    auto const sent = now.probe(at(200ms));
    auto newer = reads(101);
    CHECK(asked(now.node, newer, sent + flight::lease - duration(1)) == flight::turn::wait);
    CHECK(asked(now.node, newer, sent + flight::lease) == flight::turn::probe);
    CHECK(asked(now.node, now.prober, sent + flight::lease) == flight::turn::wait);
}

TEST_CASE("an older read that joins while the probe is out does not put off the next one")
{
    behind now;
    auto const sent = now.probe(at(200ms));
    auto older = reads(99);
    CHECK(now.node.refused(older, sent + 1ms, sent + 151ms, middle) > sent + 1ms);
    CHECK(asked(now.node, older, sent + 2ms) == flight::turn::wait); // for the answer to the probe
    CHECK(now.node.refused(now.prober, sent + 5ms, sent + 6ms, middle) > sent + 5ms);
    auto fresh = reads(99);
    CHECK(asked(now.node, fresh, sent + 6ms) == flight::turn::wait);
    auto const advice = now.node.ask(older, sent + 6ms, middle);
    CHECK(advice.what == flight::turn::wait);
    CHECK(advice.look_again <= sent + 400ms);
    CHECK(asked(now.node, older, advice.look_again) == flight::turn::probe);
}

namespace {

/// So many probes of the prober are refused, one after the other. When it is to ask again.
time_point refuse_probes(behind& now, int count, time_point from)
{
    for (int i = 0; i < count; ++i) {
        auto const sent = now.probe(from);
        from = now.node.refused(now.prober, sent + 1ms, sent + 1ms, middle);
    }
    return from;
}

} // namespace

TEST_CASE("a prober that is refused three times gives its place to the next that asks")
{
    behind now;
    auto newer = reads(101);
    auto const before = refuse_probes(now, 2, at(200ms));
    REQUIRE(asked(now.node, newer, before) == flight::turn::wait);
    auto const again = refuse_probes(now, 1, before);
    auto advice = now.node.ask(newer, before + 2ms, middle);
    REQUIRE(advice.what == flight::turn::wait);
    CHECK(advice.look_again <= again);
    REQUIRE(asked(now.node, newer, advice.look_again) == flight::turn::probe);
    CHECK(asked(now.node, now.prober, again) == flight::turn::wait);
    now.node.answered(newer, again + 1ms); // it was the prober's own affair
    auto fresh = reads(102);
    CHECK(asked(now.node, fresh, again + 2ms) == flight::turn::send);
}

TEST_CASE("it gives its place when the next probe is due, and who takes it is refused as often")
{
    behind now;
    auto const sent = now.probe(refuse_probes(now, 2, at(200ms)));
    CHECK(now.node.refused(now.prober, sent, sent, middle) > sent + 675ms);
    auto newer = reads(101);
    auto when = sent + 675ms;
    for (int i = 0; i < 2; ++i) {
        REQUIRE(asked(now.node, newer, when) == flight::turn::probe);
        when = now.node.refused(newer, when, when, middle);
    }
    auto third = reads(102);
    CHECK(asked(now.node, third, when) == flight::turn::wait);
    CHECK(asked(now.node, newer, when) == flight::turn::probe);
}

TEST_CASE(
    "who takes a prober's place before the next probe is due is refused as often before it gives it away")
{
    behind now;
    auto const sent = now.probe(refuse_probes(now, flight::most_refused - 1, at(200ms)));
    static_cast<void>(now.node.refused(now.prober, sent, sent, middle));
    auto newer = reads(101);
    auto const due = now.node.ask(newer, sent + 1ms, middle).look_again;
    REQUIRE(asked(now.node, newer, due) == flight::turn::probe);
    static_cast<void>(now.node.refused(newer, due, due, middle));
    auto third = reads(102);
    CHECK(asked(now.node, third, due + 1s) == flight::turn::wait);
}

TEST_CASE("who takes the place of a prober that is gone is refused as often before it gives it away")
{
    behind now;
    auto const sent = now.probe(refuse_probes(now, flight::most_refused - 1, at(200ms)));
    auto newer = reads(101);
    auto const lost = sent + flight::lease;
    REQUIRE(asked(now.node, newer, sent + 1ms) == flight::turn::wait);
    REQUIRE(asked(now.node, newer, lost) == flight::turn::probe);
    auto const due = now.node.refused(newer, lost, lost, middle);
    auto third = reads(102);
    CHECK(asked(now.node, third, due) == flight::turn::wait);
    CHECK(asked(now.node, newer, due) == flight::turn::probe);
}

TEST_CASE("an older read that is refused takes the prober's place, and not what that was refused")
{
    behind now;
    auto const sent = now.probe(refuse_probes(now, flight::most_refused - 1, at(200ms)));
    auto const again = now.node.refused(now.prober, sent + 1ms, sent + 1ms, middle);
    auto older = reads(99);
    auto const due = now.node.refused(older, sent + 2ms, sent + 200ms, middle);
    CHECK(due < again);
    CHECK(asked(now.node, now.prober, due) == flight::turn::wait);
    CHECK(asked(now.node, older, due) == flight::turn::probe);
}

TEST_CASE("when a probe is answered those that are refused are counted anew")
{
    for (bool const is_answered : {true, false}) {
        behind now;
        auto when = refuse_probes(now, flight::most_refused - 1, at(200ms));
        if (is_answered) {
            now.node.answered(reads(100), when);
            when = now.node.refused(now.prober, when + 1ms, when + 201ms, middle);
        }
        when = refuse_probes(now, 1, when);
        auto newer = reads(101);
        CHECK(asked(now.node, newer, when) == (is_answered ? flight::turn::wait : flight::turn::probe));
    }
}

TEST_CASE("the first probe comes when its read would, but within a second and not at once")
{
    flight node;
    auto who = reads(100);
    CHECK(node.refused(who, at(0s), at(1h), middle) == at(1s));

    flight other;
    who = reads(100);
    who.has_joined = true; // of a flight that has ended
    CHECK(other.refused(who, at(1s), at(0s), middle) == at(1s) + 1ms);
    CHECK(other.refused(who, at(1s), time_point::max(), middle) <= at(3s));
}

TEST_CASE("of those who wait the oldest probes")
{
    behind now;
    auto newer = reads(101);
    auto oldest = reads(100);
    REQUIRE(asked(now.node, newer, at(1ms)) == flight::turn::wait);
    REQUIRE(asked(now.node, oldest, at(1ms)) == flight::turn::wait);
    REQUIRE(asked(now.node, newer, at(300ms)) == flight::turn::probe); // the prober has gone
    auto const next = now.node.refused(newer, at(301ms), at(400ms), middle);
    auto const advice = now.node.ask(oldest, at(302ms), middle);
    CHECK(advice == flight::advice{flight::turn::wait, next});
    CHECK(asked(now.node, newer, next) == flight::turn::wait);
    CHECK(asked(now.node, oldest, next) == flight::turn::probe);
}

TEST_CASE("who ends before the next probe does not keep others waiting for it")
{
    flight node;
    auto ends = reads(100, at(150ms));
    CHECK(node.refused(ends, at(0s), at(200ms), middle) == at(200ms));
    auto newer = reads(101);
    CHECK(asked(node, newer, at(199ms)) == flight::turn::wait);
    CHECK(asked(node, newer, at(200ms)) == flight::turn::probe);
}

TEST_CASE("who ends with the next probe may be it for as long as any other")
{
    flight node;
    auto ends = reads(100, at(200ms));
    CHECK(node.refused(ends, at(0s), at(200ms), middle) == at(200ms));
    auto newer = reads(101);
    CHECK(asked(node, newer, at(200ms)) == flight::turn::wait);
    CHECK(asked(node, newer, at(300ms)) == flight::turn::probe);
}

TEST_CASE("an absurd requirement holds up nobody but its like")
{
    flight node;
    auto absurd = reads(UINT64_MAX - 1);
    auto now = node.refused(absurd, at(0s), at(200ms), middle);
    for (std::uint64_t i = 1; i < 1000; ++i) {
        auto who = reads(1000 + i);
        CHECK(asked(node, who, now) == flight::turn::send);
        CHECK(node.refused(who, now + 1ms, now + 21ms, middle) == now + 21ms);
        CHECK(asked(node, who, now + 21ms) == flight::turn::send);
        node.answered(who, now + 22ms);
        now += 30ms;
        if (asked(node, absurd, now) == flight::turn::probe)
            CHECK(node.refused(absurd, now, now + 1s, middle) > now);
    }
}

TEST_CASE("a flight ends when the node has caught up and no group went for some seconds")
{
    behind now;
    auto const open = now.probe(at(200ms)) + 5ms;
    CHECK(now.node.is_out(open + 1h));
    now.node.answered(now.prober, open);
    CHECK(now.node.is_out(open + 5ms + 4 * flight::lease - duration(1)));
    CHECK_FALSE(now.node.is_out(open + 5ms + 4 * flight::lease));

    auto late = reads(300); // which begins another one
    CHECK(now.node.refused(late, open + 1h, open + 1h + 500ms, middle) == open + 1h + 500ms);
    auto other = reads(301);
    CHECK(asked(now.node, other, open + 1h + 1ms) == flight::turn::wait);
    auto const probed = open + 1h + 500ms;
    REQUIRE(asked(now.node, late, probed) == flight::turn::probe);
    CHECK(now.node.refused(late, probed, probed, middle) == probed + 750ms); // no group is left to shrink
}

TEST_CASE("who has time until the next probe, and no longer, may be it")
{
    behind now;
    auto brief = reads(100, at(200ms) - duration(1));
    CHECK(now.node.ask(brief, at(1ms), middle) == flight::advice{flight::turn::wait, at(260ms)});
    auto who = reads(100, at(200ms));
    CHECK(now.node.ask(who, at(1ms), middle) == flight::advice{flight::turn::wait, at(200ms)});
}

TEST_CASE("after a probe that was answered, the next read that is refused leads, and soon")
{
    flight node;
    auto oldest = reads(100);
    CHECK(node.refused(oldest, at(0s), at(200ms), middle) == at(200ms));
    CHECK(asked(node, oldest, at(200ms)) == flight::turn::probe);
    CHECK(node.is_watched(at(200ms)));
    node.answered(oldest, at(201ms));
    CHECK_FALSE(node.is_watched(at(201ms))); // it has caught up, as far as anybody knows
    auto newer = reads(200);
    CHECK(asked(node, newer, at(202ms)) == flight::turn::send);
    auto const due = node.refused(newer, at(203ms), at(403ms), middle);
    CHECK(due > at(203ms) + 80ms);
    CHECK(due < at(203ms) + 120ms); // not when the last probe would have been taken for lost
    CHECK(asked(node, newer, due) == flight::turn::probe);
    CHECK(node.is_watched(due));
    CHECK_FALSE(node.is_watched(due + 3s)); // nobody has come back
}

TEST_CASE("a node is watched for a lease after the prober was due")
{
    behind const now; // it was due after 200 ms, and had 100 ms more
    CHECK(now.node.is_watched(at(1300ms) - duration(1)));
    CHECK_FALSE(now.node.is_watched(at(1300ms)));
}

TEST_CASE("whose clock is far ahead does not hold up the others")
{
    flight node;
    auto ahead = reads(100);
    CHECK(node.refused(ahead, at(1h), at(1h) + 500ms, middle) == at(1h) + 500ms);
    auto who = reads(101);
    CHECK(asked(node, who, at(0s)) == flight::turn::probe);
    CHECK(asked(node, who, at(1s)) == flight::turn::probe); // as ever after a second
}

TEST_CASE("a clock is far ahead if the next probe is more than two leases away")
{
    for (auto const& [early, turn] :
         {std::pair{duration(0), flight::turn::wait}, {duration(1), flight::turn::probe}}) {
        flight node;
        auto ahead = reads(100);
        REQUIRE(node.refused(ahead, at(2s), at(2s) + 500ms, middle) == at(2s) + 500ms);
        auto who = reads(101);
        CHECK(asked(node, who, at(500ms) - early) == turn);
    }
}

TEST_CASE("who waited for what is forgotten is sent, and waits no more")
{
    flight fresh;
    auto who = reads(100);
    who.has_joined = true;
    CHECK(asked(fresh, who, at(0s)) == flight::turn::send);
    CHECK_FALSE(who.has_joined);
}

TEST_CASE("a node that refuses what it had is another one by now, or of another history")
{
    flight node;
    node.answered(reads(100), at(0s));
    CHECK(node.has() == wal_position{100, 0});
    auto newer = reads(101);
    CHECK(node.refused(newer, at(1s), at(1s) + 20ms, middle) == at(1s) + 20ms);
    CHECK(node.has() == wal_position{100, 0});
    auto who = reads(60);
    CHECK(node.refused(who, at(1s), at(1s) + 20ms, middle) == at(1s) + 20ms);
    CHECK(node.has() == wal_position{});
}

// -----------------------------------------------------------------------------------------------------------
// Many reads of one node, in virtual time

namespace {

struct outcome_of_run {
    std::size_t failed = 0; ///< this and the next two: of reads that began while the node stood still
    std::size_t requests = 0;
    std::size_t looks = 0;
    duration longest_look{};     ///< from an advice to its time
    duration shortest_look = 1h; ///< the same
    duration last_answer{};      ///< of a read that began then
};

/// Reads come at once after their writes, which the node has after 20 ms, but stands still from `from` to
/// `to`, and catches up within a second. An attempt takes 1 ms; `lost` of 1000 attempts vanish with their
/// reads.
class world {
public:
    bool shares = true;
    unsigned lost = 0;
    duration between = 30ms; ///< two reads
    duration timeout = 60s;
    duration from = 20s;
    duration to = 80s;
    duration end = 100s;

    outcome_of_run run()
    {
        for (auto now = duration::zero(); now < end; now += between) {
            auto const id = all_.size();
            all_.push_back({.who = reads(1000 + id, at(now + timeout)), .begin = now});
            queue_.push({now, id, false});
        }
        while (!queue_.empty()) {
            auto const next = queue_.top();
            queue_.pop();
            if (next.is_answer)
                answer(all_[next.id], next);
            else
                attempt(all_[next.id], next);
        }
        return result_;
    }

private:
    struct one {
        flight::reader who;
        duration begin{};
        duration wait = 20ms;
        bool is_there = false;
    };
    struct event {
        duration when;
        std::size_t id;
        bool is_answer;
        bool operator>(event const& other) const { return when > other.when; }
    };

    [[nodiscard]] bool counts(one const& read) const { return read.begin >= from && read.begin < to; }

    [[nodiscard]] duration lands(one const& read) const
    {
        auto const usual = read.begin + 20ms;
        return usual < from || read.begin >= to ? std::max(usual, read.begin >= from ? to : 0ms)
                                                : to + (read.begin - from) / ((to - from) / 1s);
    }

    void later_or_never(one& read, event const& now, duration due)
    {
        if (due - read.begin > timeout)
            result_.failed += counts(read) ? 1 : 0;
        else
            queue_.push({due, now.id, false});
    }

    void attempt(one& read, event const& now)
    {
        if (shares) {
            auto const advice = node_.ask(read.who, at(now.when), random_());
            if (advice.what == flight::turn::wait) {
                auto const look = advice.look_again - at(now.when);
                result_.longest_look = std::max(result_.longest_look, look);
                result_.shortest_look = std::min(result_.shortest_look, look);
                result_.looks += counts(read) ? 1 : 0;
                return later_or_never(read, now, now.when + look);
            }
        }
        result_.requests += counts(read) ? 1 : 0;
        if (read.who.has_joined && random_() % 1000 < lost)
            return; // it, its read and its answer
        read.is_there = lands(read) <= now.when;
        queue_.push({now.when + 1ms, now.id, true});
    }

    void answer(one& read, event const& now)
    {
        if (read.is_there) {
            node_.answered(read.who, at(now.when));
            if (counts(read))
                result_.last_answer = std::max(result_.last_answer, now.when);
            return;
        }
        auto due = now.when + read.wait;
        read.wait = std::min<duration>(read.wait + read.wait / 2, 1s);
        if (shares)
            due = node_.refused(read.who, at(now.when), at(due), random_()) - at(0s);
        later_or_never(read, now, due);
    }

    flight node_;
    std::vector<one> all_;
    std::priority_queue<event, std::vector<event>, std::greater<>> queue_;
    std::mt19937_64 random_{9};
    outcome_of_run result_;
};

} // namespace

TEST_CASE("an outage costs half a request a read; without sharing it is a storm")
{
    world shared;
    shared.from = 20s;
    shared.to = 140s; // twice the timeout, so half of the reads cannot succeed
    shared.end = 160s;
    auto const reads_begun = 120s / shared.between;
    auto const with = shared.run();
    CHECK(with.requests <= static_cast<std::size_t>(reads_begun * 6 / 10));
    CHECK(with.failed >= static_cast<std::size_t>(reads_begun / 2 - 20));
    CHECK(with.failed <= static_cast<std::size_t>(reads_begun * 53 / 100));

    world alone;
    alone.from = 20s;
    alone.to = 140s;
    alone.end = 160s;
    alone.shares = false;
    auto const without = alone.run();
    CHECK(without.requests > static_cast<std::size_t>(reads_begun * 30));
    CHECK(without.failed >= static_cast<std::size_t>(reads_begun / 2 - 20));
}

TEST_CASE("no read is forgotten, and none asks without a pause, whatever is lost")
{
    for (unsigned const lost : {0U, 20U, 300U, 900U}) {
        world some;
        some.lost = lost;
        some.timeout = 1h;
        auto const seen = some.run();
        CHECK(seen.failed == 0);
        CHECK(seen.requests <= 2200); // of 2000 reads, and some that relieve a prober
        CHECK(seen.last_answer >= 80s);
        CHECK(seen.last_answer <= (lost < 300 ? 90s : 160s));
        CHECK(seen.longest_look <= 2200ms);
        CHECK(seen.shortest_look > 0ms);
        CHECK(seen.looks < 2000 * 300);
    }
}

TEST_CASE("one read that is alone in waiting is sent within seconds, whatever came before")
{
    std::mt19937_64 random(13);
    for (int run = 0; run < 2000; ++run) {
        flight node;
        duration now{};
        std::vector<flight::reader> readers;
        for (std::uint64_t i = 0; i < 5; ++i)
            readers.push_back(reads(random() % 2 == 0 ? random() % 8 : random()));
        for (int i = 0; i < 60; ++i) {
            auto& who = readers[random() % readers.size()];
            now += std::chrono::microseconds(random() % 400'000);
            switch (random() % 4) {
            case 0: node.answered(who, at(now)); break;
            case 1: {
                auto const next = node.refused(who, at(now), at(now + 150ms), random());
                CHECK(next > at(now));
                CHECK(next < at(now + 3s));
                break;
            }
            default: (void)node.ask(who, at(now), random()); break;
            }
        }
        auto last = reads(random() % 9);
        auto const begin = now;
        for (;;) {
            auto const advice = node.ask(last, at(now), random());
            if (advice.what != flight::turn::wait)
                break;
            REQUIRE(advice.look_again > at(now));
            now = advice.look_again - at(0s);
            REQUIRE(now < begin + 4s);
        }
        CHECK(now < begin + 4s);
    }
}

TEST_CASE("whose time is up is the next probe, if that is near")
{
    using turn = flight::turn;
    flight node;
    flight::reader leader{.required = {4, 0}};
    REQUIRE(node.refused(leader, at(0s), at(400ms), 0) == at(400ms));
    flight::reader early{.required = {9, 0}, .deadline = at(150ms)};
    CHECK(node.ask(early, at(100ms), 0).what == turn::wait);
    CHECK(node.ask(early, at(150ms), 0).what == turn::wait);
    flight::reader brief{.required = {9, 0}, .deadline = at(250ms)};
    CHECK(node.ask(brief, at(200ms), 0).what == turn::wait);
    CHECK(node.ask(brief, at(250ms), 0).what == turn::probe);
    flight::reader other{.required = {9, 0}, .deadline = at(251ms)};
    CHECK(node.ask(other, at(251ms), 0).what == turn::wait); // one probe at a time
    node.answered(brief, at(252ms));
    CHECK(node.ask(other, at(260ms), 0).what == turn::send);
    CHECK(node.ask(leader, at(260ms), 0).what == turn::send);
}

TEST_CASE("the next probe is near if it comes within half of the prober's wait")
{
    for (auto const& [early, turn] :
         {std::pair{duration(0), flight::turn::probe}, {duration(1), flight::turn::wait}}) {
        behind now;
        auto who = reads(101, at(100ms) - early);
        CHECK(asked(now.node, who, at(100ms) - early) == turn);
    }
}

TEST_CASE("who names no deadline has time to wait for the prober")
{
    behind now;
    flight::reader who{.required = {101, 0}};
    CHECK(asked(now.node, who, at(101ms)) == flight::turn::wait);
    CHECK(asked(now.node, who, at(199ms)) == flight::turn::wait);
}

TEST_CASE("who follows looks again a round trip after the next probe, which is 10 ms while none is known")
{
    behind now;
    auto who = reads(101);
    CHECK(now.node.ask(who, at(1ms), 0).look_again == at(210ms));
    CHECK(now.node.ask(who, at(1ms), middle).look_again == at(260ms));
    CHECK(now.node.refused(who, at(1ms), at(201ms), middle) == at(260ms));
    REQUIRE(now.probe(at(200ms)) == at(200ms));
    CHECK(now.node.ask(who, at(201ms), 0).look_again == at(311ms)); // half of the prober's wait besides
}

TEST_CASE("groups do not grow beyond what is no more pacing")
{
    behind now;
    auto when = now.probe(at(200ms)) + 5ms;
    now.node.answered(now.prober, when);
    int size = 0;
    for (int groups = 0; groups < 12; ++groups) {
        size = 0;
        for (auto who = reads(101);; ++size) {
            who.has_joined = true;
            if (asked(now.node, who, when) != flight::turn::send)
                break;
            now.node.answered(reads(100), when);
        }
        when += 5ms;
    }
    CHECK(size == 1024);
}

TEST_CASE("an answer after the prober has gone elsewhere tells nothing of how long a round trip is")
{
    behind now;
    auto const sent = now.probe(at(200ms));
    now.node.left(now.prober, sent + 1ms);
    now.node.answered(reads(100), sent + 40ms);
    flight::reader waiting[] = {reads(101), reads(102), reads(103)};
    for (auto& who : waiting)
        who.has_joined = true;
    CHECK(asked(now.node, waiting[0], sent + 40ms) == flight::turn::send);
    CHECK(asked(now.node, waiting[1], sent + 40ms) == flight::turn::send);
    now.node.answered(reads(100), sent + 41ms);
    CHECK(asked(now.node, waiting[2], sent + 50ms - duration(1)) == flight::turn::wait);
    CHECK(asked(now.node, waiting[2], sent + 50ms) == flight::turn::send);
}

TEST_CASE("a prober that was answered once is refused as often as any other before it gives its place")
{
    behind now;
    auto const refused = refuse_probes(now, flight::most_refused - 1, at(200ms));
    now.node.answered(now.prober, now.probe(refused) + 5ms);
    auto const later = at(60s);
    REQUIRE_FALSE(now.node.is_out(later));
    REQUIRE(now.node.refused(now.prober, later, later + 200ms, middle) == later + 200ms);
    auto const before = refuse_probes(now, flight::most_refused - 1, later + 200ms);
    auto newer = reads(101);
    CHECK(asked(now.node, newer, before) == flight::turn::wait);
}

TEST_CASE("who finds a group full looks again after a round trip or two, and after 10 ms at least")
{
    for (auto const& [round, pause] : {std::pair<duration, duration>{40ms, 80ms}, {5ms, 20ms}}) {
        behind now;
        auto const open = now.probe(at(200ms)) + round;
        now.node.answered(now.prober, open);
        for (int i = 0; i < 2; ++i) {
            auto who = reads(101);
            who.has_joined = true;
            REQUIRE(asked(now.node, who, open) == flight::turn::send);
        }
        auto who = reads(101);
        who.has_joined = true;
        CHECK(now.node.ask(who, open, 0).look_again == open + pause / 2);
        CHECK(now.node.ask(who, open, middle).look_again == open + pause);
    }
}
