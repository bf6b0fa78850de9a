// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/time.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstdint>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

TEST_CASE("the time of a store is whole seconds, rounded down, also before the clock's epoch")
{
    CHECK(seconds_of(time_point(0s)) == 0);
    CHECK(seconds_of(time_point(1999ms)) == 1);
    CHECK(seconds_of(time_point(-1ms)) == 0xffff'ffff);
    CHECK(age_of(seconds_of(time_point(-1ms)), seconds_of(time_point(2s))) == 3);
}

TEST_CASE("durations are rounded up, and bounded")
{
    CHECK(seconds_in(0s) == 0);
    CHECK(seconds_in(1ms) == 1);
    CHECK(seconds_in(15min) == 900);
    CHECK(seconds_in(-5s) == 0);
    CHECK(seconds_in(duration::max()) == 0x3fff'ffff);
}

TEST_CASE("nothing ends before its time, whatever is rounded")
{
    auto const stamp = seconds_of(time_point(10'900ms));
    CHECK_FALSE(has_ended(stamp, seconds_of(time_point(910'800ms)), 900));
    CHECK(has_ended(stamp, seconds_of(time_point(911'000ms)), 900));
    CHECK_FALSE(has_ended(10, 10, 0));
    CHECK(has_ended(10, 11, 0));
}

TEST_CASE("what was stamped before a restart of the clock has no age, and is to be stamped anew")
{
    CHECK(age_of(5000, 10) == 0);
    CHECK_FALSE(has_ended(5000, 10, 0));
    CHECK(is_future(5000, 10));
    CHECK_FALSE(is_future(12, 10)); // another thread is a little ahead
    CHECK_FALSE(is_future(10, 10));
    CHECK_FALSE(is_future(70, 10)); // by a minute
    CHECK(is_future(71, 10));
    CHECK(is_future(0x8000'0000, 1));
    CHECK_FALSE(is_future(0x8000'0001, 1)); // half of all times lie behind
    CHECK(age_of(1, 0x8000'0000) == 0x7fff'ffff);
    CHECK(age_of(1, 0x8000'0001) == 0);
    CHECK_FALSE(is_future(10, 5000));
    CHECK(age_of(0xffff'fff0, 0x10) == 0x20); // 136 years
}

TEST_CASE("of a stamp and of now the later one counts, but not one of an earlier clock")
{
    CHECK(later_stamp(10, 5) == 10);
    CHECK(later_stamp(10, 10) == 10);
    CHECK(later_stamp(10, 15) == 15);
    CHECK(later_stamp(5000, 15) == 15);
    CHECK(later_stamp(75, 15) == 75);
    CHECK(later_stamp(76, 15) == 15);
    CHECK(later_stamp(0xffff'fff0, 0x10) == 0x10);
    CHECK(later_stamp(0x10, 0xffff'fff0) == 0x10);
}
