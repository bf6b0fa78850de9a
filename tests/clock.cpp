// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/clock.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <type_traits>

using namespace afterwrite;

// A wall clock steps: a deadline by it may be reached twice, or never.
static_assert(clock::is_steady);
static_assert(std::is_same_v<time_point, clock::time_point>);
static_assert(std::is_same_v<duration, clock::duration>);

TEST_CASE("what is later than the end of time is the end of time, from wherever it is counted")
{
    static_assert(later(time_point(duration(1)), duration(2)) == time_point(duration(3)));
    static_assert(later(time_point::max(), duration(1)) == time_point::max());
    static_assert(later(time_point(duration(1)), duration::max()) == time_point::max());
    static_assert(later(time_point(duration(-5)), duration::max()) ==
                  time_point(duration::max() - duration(5)));
    static_assert(later(time_point::min(), duration(-0)) == time_point::min());
    CHECK(later(time_point(duration(5)), duration(-2)) == time_point(duration(3)));
}

TEST_CASE("time is fine enough for lags of microseconds, and reaches further than any deadline")
{
    CHECK(duration(std::chrono::microseconds(1)) > duration::zero());
    CHECK(duration::max() > std::chrono::hours(24 * 365 * 100));
}
