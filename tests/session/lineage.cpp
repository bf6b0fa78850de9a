// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/lineage.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstdint>
#include <type_traits>

using namespace afterwrite;
using namespace support;
using verdict = lineage::verdict;
using witness = lineage::witness;

// It lies in a block of memory that several processes share.
static_assert(std::is_trivially_copyable_v<lineage>);

namespace {

/// A history in which (10,5) was recorded long ago, as it goes with a request that is sent at 10 s.
lineage settled_at_10_5()
{
    lineage history;
    history.note({10, 5}, at(0s));
    history.advance(at(10s));
    return history;
}

verdict judged(lineage& history, wal_position const& answered, lineage const& sent, duration now = 11s)
{
    return history.judge(sent, answered, witness::checked, at(now));
}

} // namespace

TEST_CASE("a state is settled once it was recorded a while ago")
{
    lineage history;
    history.note({10, 0}, at(0s));
    CHECK(history.settled() == wal_position{});
    history.advance(at(49ms));
    CHECK(history.settled() == wal_position{});
    history.advance(at(50ms));
    CHECK(history.settled() == wal_position{10, 0});
}

TEST_CASE("under steady writes what is settled follows, never closer than the slack")
{
    lineage history;
    for (std::uint64_t ms = 0; ms <= 1000; ++ms) {
        history.note({ms, 0}, at(std::chrono::milliseconds(ms)));
        auto const now = history.settled().local;
        CHECK(now + 50 <= ms + (ms < 50 ? 50 : 0));
        if (ms >= 100)
            CHECK(now + 100 >= ms);
    }
}

TEST_CASE("where the clock went back, what is settled goes on from there")
{
    lineage history;
    history.note({10, 0}, at(3h));
    history.note({20, 0}, at(3h + 1s));
    history.begin_epoch(at(3h + 2s));
    history.note({30, 0}, at(3h + 3s));
    history.note({40, 0}, at(5s)); // of a machine that was started anew
    CHECK(history.settled() == wal_position{});
    CHECK_FALSE(history.is_before_epoch(at(6s)));
    history.note({50, 0}, at(5s + 60ms));
    CHECK(history.settled() == wal_position{40, 0});
    history.note({60, 0}, at(6s));
    CHECK(history.settled() == wal_position{50, 0});
    history.note({70, 0}, at(6s + 10ms - 59s)); // of a thread whose clock is a little behind
    CHECK(history.settled() == wal_position{50, 0});
    history.advance(at(6s + 20ms));
    CHECK(history.settled() == wal_position{50, 0});
    history.advance(at(6s + 50ms));
    CHECK(history.settled() == wal_position{70, 0});
}

TEST_CASE("a clock that is a minute behind has not gone back, one that is more has")
{
    for (duration const behind : {duration(1min), 1min + 1ns}) {
        lineage history;
        history.begin_epoch(at(1h));
        history.note({10, 0}, at(1h));
        history.note({20, 0}, at(1h - behind));
        CHECK(history.is_before_epoch(at(1h) - 1ns) == (behind == 1min));
        history.advance(at(1h - behind + 50ms));
        CHECK(history.settled().local == (behind == 1min ? 0 : 20));
        history.advance(at(1h + 50ms));
        CHECK(history.settled().local == 20);
    }
}

TEST_CASE("answers that overtake each other say nothing")
{
    lineage history;
    history.note({10, 0}, at(0s));
    auto const sent = history; // 10 was recorded, but not for long
    CHECK(history.judge(sent, {3, 0}, witness::checked, at(1ms)) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("an answer behind what was settled is suspected, and a second one certain")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(judged(history, {9, 7}, sent) == verdict::suspected);
    CHECK(history.is_suspected());
    CHECK(history.epoch() == 0);
    CHECK(judged(history, {8, 0}, sent, 11s + 1ns) == verdict::confirmed);
    history.begin_epoch(at(12s));
    CHECK(history.epoch() == 1);
    CHECK_FALSE(history.is_suspected());
    CHECK(history.settled() == wal_position{});
}

TEST_CASE("a suspicion of nobody knows when is one, and not for ever")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(history.judge(sent, {9, 7}, witness::checked, time_point::min()) == verdict::suspected);
    CHECK(history.is_suspected());
    history.advance(at(11s), 1h);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("what is behind is behind in the log of its own cluster, or dominated")
{
    struct row {
        wal_position answered;
        verdict expected;
    };
    for (auto const& each : {
             row{{10, 5}, verdict::consistent}, // an answer may show an index that is some ms old
             row{{11, 0}, verdict::consistent}, // a local write after a shared one
             row{{10, 9}, verdict::consistent},
             row{{10, 4}, verdict::suspected},
             row{{9, 9}, verdict::suspected},
             row{{0, 0}, verdict::suspected},
         }) {
        auto history = settled_at_10_5();
        auto const sent = history;
        CAPTURE(each.answered.local);
        CAPTURE(each.answered.replicated);
        CHECK(judged(history, each.answered, sent) == each.expected);
    }
}

TEST_CASE("where no node could check what was carried, nothing follows")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(history.judge(sent, {1, 1}, witness::none, at(11s)) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("only what the request itself carried is compared")
{
    auto history = settled_at_10_5();
    auto sent = history;
    sent.limit({4, 9});
    CHECK(sent.settled() == wal_position{4, 5});
    CHECK(judged(history, {5, 5}, sent) == verdict::consistent);
}

TEST_CASE("an answer in order to a request that was sent under suspicion ends it")
{
    auto history = settled_at_10_5();
    auto const before = history;
    CHECK(judged(history, {1, 0}, before) == verdict::suspected);
    CHECK(judged(history, {11, 5}, before) ==
          verdict::consistent); // sent before: it may be older than the restore
    CHECK(history.is_suspected());
    auto const under_suspicion = history;
    CHECK(judged(history, {11, 5}, under_suspicion) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("several values of one answer are one suspicion, also by a clock that went back")
{
    auto history = settled_at_10_5();
    CHECK(judged(history, {9, 7}, history) == verdict::suspected);
    CHECK(judged(history, {8, 0}, history) == verdict::suspected);
    CHECK(judged(history, {8, 0}, history, 10s) == verdict::suspected);
    CHECK(judged(history, {8, 0}, history, 10500ms) == verdict::confirmed);
}

TEST_CASE("an answer that is in order only for who requires little ends no suspicion")
{
    auto history = settled_at_10_5();
    CHECK(judged(history, {1, 0}, history) == verdict::suspected);
    auto little = history;
    little.limit({1, 5});
    CHECK(judged(history, {2, 5}, little) == verdict::consistent);
    CHECK(history.judge(little, {9, 99}, witness::active, at(11s)) == verdict::consistent);
    CHECK(history.judge_active(little, 9, at(11s)) == verdict::consistent);
    CHECK(history.is_suspected());
    CHECK(judged(history, {3, 0}, history, 12s) == verdict::confirmed);
}

TEST_CASE("what was recorded after the suspicion has to be shown too")
{
    auto history = settled_at_10_5();
    CHECK(judged(history, {1, 0}, history) == verdict::suspected);
    auto const sent = history;
    history.note({20, 5}, at(12s));
    CHECK(history.judge(sent, {19, 5}, witness::checked, at(20s)) == verdict::consistent);
    CHECK(history.is_suspected());
    CHECK(history.judge(sent, {20, 5}, witness::checked, at(20s)) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("a suspicion that nobody decides ends")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(judged(history, {1, 0}, sent) == verdict::suspected); // at 11 s
    history.advance(at(20s), 10s);
    CHECK(history.is_suspected());
    history.advance(at(21s), 10s);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("one that is to end soon lasts as long as two elections, lest no refusal ever decide it")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(judged(history, {1, 0}, sent) == verdict::suspected); // at 11 s
    history.end_suspicion(at(11s + 2 * lineage::election - 1ms), 0s);
    CHECK(history.is_suspected());
    history.end_suspicion(at(11s + 2 * lineage::election), 0s);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("a suspicion that a clock raised which went back since is decided as soon as any other")
{
    lineage history;
    CHECK(history.judge_refusal(history, at(1000s)) == verdict::suspected);
    history.end_suspicion(at(1s), 900s);
    CHECK(history.is_suspected());
    CHECK(history.judge_refusal(history, at(2999ms)) == verdict::suspected);
    CHECK(history.judge_refusal(history, at(3s)) == verdict::confirmed);
    history.end_suspicion(at(901s), 900s);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("answers to requests of an older epoch are outdated")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK_FALSE(history.is_before_epoch(at(1s)));
    history.begin_epoch(at(12s));
    CHECK(judged(history, {99, 99}, sent) == verdict::outdated);
    CHECK(history.judge_refusal(sent, at(13s)) == verdict::outdated);
    CHECK(history.is_before_epoch(at(11s))); // what carried nothing of this cluster is told by its time
    CHECK_FALSE(history.is_before_epoch(at(12s)));
}

TEST_CASE("a second refusal by the active node is certain only after an election could have ended")
{
    auto history = settled_at_10_5();
    auto const sent = history;
    CHECK(history.judge_refusal(sent, at(11s)) == verdict::suspected);
    CHECK(history.judge_refusal(sent, at(12s)) == verdict::suspected);
    CHECK(history.judge_refusal(history, at(13s)) == verdict::confirmed);
}

TEST_CASE("what the active node says of itself counts as its refusal")
{
    auto history = settled_at_10_5();
    auto const asked = history;
    CHECK(history.judge_active(asked, 10, at(11s)) == verdict::consistent);
    CHECK(history.judge_active(asked, 9, at(11s)) == verdict::suspected);
    CHECK(history.judge_active(asked, 9, at(12s)) == verdict::suspected);
    CHECK(history.judge_active(asked, 9, at(13s)) == verdict::confirmed);
    history.begin_epoch(at(13s));
    CHECK(history.judge_active(asked, 9, at(14s)) == verdict::consistent); // asked in the old epoch
}

TEST_CASE("what was settled only after the active node was asked is not compared")
{
    lineage history;
    auto const asked = history;
    history.note({10, 0}, at(0s));
    history.advance(at(10s));
    CHECK(history.judge_active(asked, 5, at(10s)) == verdict::consistent);
}

TEST_CASE("what the active node answers in order ends a suspicion, and what is behind proves nothing")
{
    auto history = settled_at_10_5();
    auto const before = history;
    CHECK(judged(history, {1, 0}, before) == verdict::suspected);
    auto const under_suspicion = history;
    CHECK(history.judge(under_suspicion, {1, 0}, witness::active, at(12s)) == verdict::consistent);
    CHECK(history.judge(under_suspicion, {99, 99}, witness::none, at(12s)) == verdict::consistent);
    CHECK(history.is_suspected());
    CHECK(history.judge(under_suspicion, {10, 5}, witness::active, at(12s)) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());

    CHECK(judged(history, {1, 0}, before) == verdict::suspected);
    auto const again = history;
    CHECK(history.judge_active(again, 10, at(13s)) == verdict::consistent);
    CHECK_FALSE(history.is_suspected());
}

TEST_CASE("of an exchanged storage nothing is settled")
{
    auto history = settled_at_10_5();
    history.unsettle();
    CHECK(history.settled() == wal_position{});
    history.advance(at(20s));
    CHECK(history.settled() == wal_position{});
    CHECK_FALSE(history.is_behind({0, 0}));
}

TEST_CASE("of an exchanged storage nothing is settled that was about to be")
{
    lineage history;
    history.note({10, 0}, at(0ms));
    history.note({20, 0}, at(40ms));
    history.advance(at(50ms));
    history.note({30, 0}, at(90ms));
    auto exchanged = history;
    history.advance(at(100ms));
    CHECK(history.settled() == wal_position{20, 0});
    exchanged.unsettle();
    exchanged.advance(at(100ms));
    CHECK(exchanged.settled() == wal_position{});
    exchanged.advance(at(1s));
    CHECK(exchanged.settled() == wal_position{});
}
