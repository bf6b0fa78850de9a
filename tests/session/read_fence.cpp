// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/read_fence.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<read_fence>);
static_assert(default_fence_time == 15min);

TEST_CASE("a fence is up from when it is set until it is repaid")
{
    read_fence fence;
    CHECK_FALSE(fence.is_up());
    CHECK(fence.until() == read_fence::not_told);
    fence.set();
    CHECK(fence.is_up());
    CHECK(fence.until() == read_fence::not_told);
    auto const carried = fence;
    fence.repay(carried);
    CHECK_FALSE(fence.is_up());
}

TEST_CASE("an answer repays only what was set when its request was sent")
{
    read_fence fence;
    auto const before = fence;
    fence.set();
    fence.repay(before);
    CHECK(fence.is_up());

    auto const between = fence;
    fence.set();
    fence.repay(between);
    CHECK(fence.is_up());
    fence.repay(fence);
    CHECK_FALSE(fence.is_up());
    fence.repay(between); // a late answer
    CHECK_FALSE(fence.is_up());
}

TEST_CASE("what another fence has counted repays nothing")
{
    read_fence other;
    for (int i = 0; i < 5; ++i)
        other.set();
    read_fence fence;
    fence.set();
    fence.repay(other);
    CHECK(fence.is_up());
    for (int i = 0; i < 8; ++i) {
        fence.set();
        CHECK(fence.is_up());
    }
}

TEST_CASE("a fence that nobody repays ends, counted from the latest that was set")
{
    read_fence fence;
    fence.advance(at(0s), 10s); // nothing to end
    fence.set();
    fence.advance(at(1s), 10s);
    fence.advance(at(9s), 10s);
    CHECK(fence.is_up());
    fence.set();
    fence.advance(at(10s), 10s);
    fence.advance(at(19s), 10s);
    CHECK(fence.is_up());
    fence.advance(at(20s), 10s);
    CHECK_FALSE(fence.is_up());

    fence.set(); // the next one begins anew
    fence.advance(at(30s), 10s);
    CHECK(fence.is_up());
    fence.lift();
    CHECK_FALSE(fence.is_up());
}

TEST_CASE("a fence may last for ever")
{
    read_fence fence;
    fence.set();
    fence.advance(at(0s), duration::max());
    fence.advance(at(100000h), duration::max());
    CHECK(fence.is_up());
    fence.advance(at(100001h), 1s); // what the earlier ones were told stays
    fence.advance(at(100002h), 1s);
    CHECK(fence.is_up());
    CHECK(fence.until() == time_point::max());
}

TEST_CASE("of several ends the latest counts, and one that nobody was told is later than all")
{
    read_fence fence;
    fence.set(at(5s));
    CHECK(fence.until() == at(5s));
    fence.set(at(3s));
    CHECK(fence.until() == at(5s));
    fence.set(at(8s));
    CHECK(fence.until() == at(8s));
    fence.set();
    CHECK(fence.until() == read_fence::not_told);
    fence.set(at(9s));
    CHECK(fence.until() == read_fence::not_told);
    fence.advance(at(10s), 10s);
    CHECK(fence.until() == at(20s));
    fence.advance(at(20s) - 1ns, 10s);
    CHECK(fence.is_up());
    fence.advance(at(20s), 10s);
    CHECK_FALSE(fence.is_up());
    fence.set(at(2s)); // whatever the last one was told
    CHECK(fence.until() == at(2s));
    fence.lift();
    fence.set();
    CHECK(fence.until() == read_fence::not_told);
}
