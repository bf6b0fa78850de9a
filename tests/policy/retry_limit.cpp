// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/retry_limit.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

constexpr auto now = time_point(100s);

} // namespace

static_assert(retry_limit() == retry_limit());

TEST_CASE("by default time is the limit, not a count")
{
    constexpr retry_limit limit;
    CHECK(limit.allows(0));
    CHECK(limit.allows(1'000'000));
    CHECK(limit.deadline(now, time_point::max()) == now + 15s);
    CHECK(limit.max_repeats == 2);
}

TEST_CASE("of attempts as many are allowed as configured, the first one included")
{
    constexpr retry_limit limit{.max_attempts = 3};
    CHECK(limit.allows(0));
    CHECK(limit.allows(2));
    CHECK_FALSE(limit.allows(3));
    CHECK_FALSE(limit.allows(UINT32_MAX));
}

TEST_CASE("a request's own deadline may end it earlier, never later")
{
    constexpr retry_limit limit{.timeout = 10s};
    CHECK(limit.deadline(now, now + 3s) == now + 3s);
    CHECK(limit.deadline(now, now + 30s) == now + 10s);
    CHECK(limit.deadline(now, now - 1s) == now - 1s);
    CHECK(limit.deadline(now, time_point::min()) == time_point::min());
}

TEST_CASE("a timeout beyond the end of time is none")
{
    for (auto const timeout : {duration::max(), duration::max() - 50s}) {
        retry_limit const limit{.timeout = timeout};
        CHECK(limit.deadline(now, time_point::max()) == time_point::max());
        CHECK(limit.deadline(now, now + 3s) == now + 3s);
    }
}

TEST_CASE("a timeout that is no time, or less, has passed")
{
    CHECK(retry_limit{.timeout = 0s}.deadline(now, time_point::max()) == now);
    CHECK(retry_limit{.timeout = -1s}.deadline(now, time_point::max()) < now);
}
