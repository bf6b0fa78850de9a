// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/node_knowledge.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<node_knowledge>);

namespace {

constexpr wal_position five{5, 0};
constexpr wal_position six{6, 0};
constexpr wal_position seven{7, 0};
constexpr wal_position shared_six{0, 6}; ///< in the log of the primary above: neither before nor after `six`

} // namespace

TEST_CASE("of a node nothing is known at first")
{
    node_knowledge const node;
    CHECK_FALSE(node.has(five));
    CHECK_FALSE(node.lacked(five, at(0s)));
    CHECK_FALSE(node.has_failed(at(0s)));
    CHECK_FALSE(node.has_failed(time_point::min()));
    CHECK_FALSE(node.guard.is_open());
    CHECK(node.lag.samples() == 0);
}

TEST_CASE("who has served a position has what is before it too, for ever")
{
    node_knowledge node;
    node.flight.answered({.required = six}, at(0s));
    CHECK(node.has(five));
    CHECK(node.has(six));
    CHECK_FALSE(node.has(seven));
    CHECK_FALSE(node.has(shared_six));
    node.flight.answered({.required = five}, at(0s));
    CHECK(node.has(six));
    node.flight.answered({.required = shared_six}, at(0s));
    CHECK(node.has({6, 6}));
}

TEST_CASE("what a node lacked, and what is after it, it lacks for a moment")
{
    node_knowledge node;
    node.refused(six, at(0s));
    CHECK_FALSE(node.lacked(five, at(0s)));
    CHECK(node.lacked(six, at(0s)));
    CHECK(node.lacked(seven, at(0s)));
    CHECK(node.lacked(six, at(100ms) - duration(1)));
    CHECK_FALSE(node.lacked(six, at(100ms)));
    CHECK_FALSE(node.lacked(shared_six, at(0s)));
}

TEST_CASE("of what a node lacks, the oldest tells most, until it is forgotten")
{
    node_knowledge node;
    node.refused(seven, at(0s));
    node.refused(five, at(10ms));
    CHECK(node.lacked(five, at(10ms)));
    node.refused(seven, at(20ms)); // which five has told already
    CHECK(node.lacked(five, at(30ms)));
    CHECK_FALSE(node.lacked(seven, at(110ms)));
    node.refused(seven, at(110ms));
    CHECK_FALSE(node.lacked(five, at(110ms)));
    CHECK(node.lacked(seven, at(110ms)));
    node.refused(shared_six, at(120ms)); // nobody knows which of the two is the older: the later one
    CHECK(node.lacked(shared_six, at(120ms)));
    CHECK_FALSE(node.lacked(seven, at(120ms)));
}

TEST_CASE("what a node is refused for again it lacks for a moment from then on")
{
    node_knowledge node;
    node.refused(six, at(0s));
    node.refused(six, at(50ms));
    CHECK(node.lacked(six, at(150ms) - duration(1)));
    CHECK_FALSE(node.lacked(six, at(150ms)));
}

TEST_CASE("who has it lacks it no more")
{
    node_knowledge node;
    node.refused(six, at(0s));
    node.flight.answered({.required = five}, at(0s));
    CHECK(node.lacked(six, at(1ms)));
    CHECK(node.lacked(seven, at(1ms)));
    node.flight.answered({.required = six}, at(0s));
    CHECK_FALSE(node.lacked(six, at(1ms)));
    node.flight.answered({.required = seven}, at(0s));
    CHECK_FALSE(node.lacked(seven, at(1ms)));
}

TEST_CASE("who lacks what it has shown is another node by now")
{
    node_knowledge node;
    node.flight.answered({.required = seven}, at(0s));
    node.refused(six, at(0s));
    CHECK_FALSE(node.has(five));
    CHECK(node.lacked(six, at(0s)));

    node.flight.answered({.required = six}, at(0s));
    node.refused(seven, at(0s)); // which it has never shown
    CHECK(node.has(six));
}

TEST_CASE("what has no order tells nothing of what a node has")
{
    node_knowledge node;
    node.flight.answered({.required = six}, at(0s));
    node.flight.answered({.required = {}}, at(0s));
    node.refused({}, at(0s));
    CHECK(node.has(six));
    CHECK_FALSE(node.lacked(seven, at(0s)));
}

TEST_CASE("who could not be reached is not asked again for a second")
{
    node_knowledge node;
    node.failed(at(0s));
    CHECK(node.has_failed(at(1s) - duration(1)));
    CHECK_FALSE(node.has_failed(at(1s)));
    node.failed(time_point::max());
    CHECK(node.has_failed(at(0s)));
}

TEST_CASE("in another history positions mean something else, and lag means the same")
{
    node_knowledge node;
    node.lag.landed(1ms, 2ms);
    node.guard.escalated(at(0s), 0);
    auto const guard = node.guard;
    node.refused(seven, at(0s));
    node.flight.answered({.required = six}, at(0s));
    node.failed(at(0s));
    REQUIRE(node.has(five));
    REQUIRE(node.lacked(seven, at(0s)));
    node.forget_positions();
    CHECK_FALSE(node.has(five));
    CHECK_FALSE(node.lacked(seven, at(0s)));
    CHECK(node.flight.has() == wal_position{0, 0});
    CHECK(node.lag.samples() == 1);
    CHECK(node.guard == guard);
    CHECK(node.has_failed(at(0s)));
}

TEST_CASE("once its lag is known, it lacks a position for as long as half of the reads need")
{
    node_knowledge node;
    node.refused(seven, at(0s));
    CHECK(node.lacks(seven, at(99ms))); // nothing is known of it
    CHECK_FALSE(node.lacks(seven, at(100ms)));
    CHECK_FALSE(node.lacks(wal_position{6, 0}, at(0s)));

    for (int i = 0; i < 20; ++i)
        node.lag.landed(3ms, 5ms);
    auto const usual = node.lag.quantile(0.5F);
    CHECK(node.lacks(seven, at(usual - duration(1))));
    CHECK_FALSE(node.lacks(seven, at(usual)));
    CHECK(node.lacks(seven, at(2ms)));
    CHECK_FALSE(node.lacks(seven, at(10ms)));
    CHECK(node.lacked(seven, at(10ms))); // it did, of late
}
