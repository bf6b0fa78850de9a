// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/learned_wait.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <algorithm>
#include <chrono>

using namespace afterwrite;
using namespace support;

namespace {

constexpr retry_budget::terms nothing{.percent_of_reads = 0, .per_second = 0, .burst = 0};
constexpr lag_estimate known{.wait = 20ms, .first_wait = 20ms};
constexpr lag_estimate tries{.wait = 20ms, .first_wait = 5ms};

/// The waits of one exchange at 0 s.
struct waits {
    learned_wait of;
    traffic_budget budget{};
    retry_schedule times{consistency_policy{}, time_point::max(), at(0s), 1};
    bool is_over_budget = false;

    explicit waits(duration longest = 1s) : of(longest) {}

    duration next(lag_estimate const& estimate = known, bool is_probe = false)
    {
        is_over_budget = false;
        return of.next(estimate, budget, times, is_probe, is_over_budget);
    }
};

/// A tenth more or less.
bool is_about(duration wait, duration expected)
{
    return wait >= expected - expected / 10 && wait <= expected + expected / 10;
}

} // namespace

TEST_CASE("it waits as half of the reads need, and then a half more each time")
{
    waits one;
    duration expected = 20ms;
    for (int i = 0; i < 8; ++i) {
        CHECK(is_about(one.next(), expected));
        CHECK_FALSE(one.is_over_budget);
        CHECK_FALSE(one.of.is_trial());
        expected += expected / 2;
    }
}

TEST_CASE("what was learned later does not change the waits that have begun")
{
    waits one;
    CHECK(is_about(one.next(), 20ms));
    CHECK(is_about(one.next({.wait = 1h, .first_wait = 1h}), 30ms));
}

TEST_CASE("a trial waits a part, and then the rest; it takes a retry for itself")
{
    waits one;
    CHECK_FALSE(one.of.is_trial());
    one.budget = traffic_budget({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 1}});
    CHECK(is_about(one.next(tries), 5ms));
    CHECK(one.of.is_trial());
    CHECK(is_about(one.next(tries), 15ms)); // which is the first retry that is free
    CHECK_FALSE(one.of.is_trial());
    CHECK_FALSE(one.is_over_budget);
    CHECK(one.next(tries) >= 45ms);
    CHECK(one.is_over_budget);

    waits poor;
    poor.budget = traffic_budget({.retries = nothing});
    CHECK(is_about(poor.next(tries), 20ms));
    CHECK_FALSE(poor.of.is_trial());
    CHECK_FALSE(poor.is_over_budget);
}

TEST_CASE("the first retry is free; what the budget does not allow waits twice as long, 50 ms at least")
{
    waits one;
    one.budget = traffic_budget({.retries = nothing});
    CHECK(is_about(one.next(), 20ms));
    CHECK_FALSE(one.is_over_budget);
    CHECK(is_about(one.next(), 60ms));
    CHECK(one.is_over_budget);
    CHECK(is_about(one.next(), 90ms));

    waits brief;
    brief.budget = traffic_budget({.retries = nothing});
    CHECK(is_about(brief.next({.wait = 1ms, .first_wait = 1ms}), 1ms));
    CHECK(brief.next() == 50ms);
}

TEST_CASE("a probe takes no budget")
{
    waits one;
    one.budget = traffic_budget({.retries = nothing});
    for (auto const expected : {20ms, 30ms, 45ms}) {
        CHECK(is_about(one.next(known, true), expected));
        CHECK_FALSE(one.is_over_budget);
    }
}

TEST_CASE("no wait is longer than the policy says, a day at most, nor shorter than a millisecond")
{
    waits second(1s);
    waits none(duration::zero());
    waits negative(duration::min());
    waits endless(duration::max());
    lag_estimate const slow{.wait = 250ms, .first_wait = 250ms};
    duration longest{};
    for (int i = 0; i < 60; ++i) {
        CHECK(second.next(slow) <= 1100ms);
        CHECK(is_about(none.next(slow), 1ms));
        CHECK(is_about(negative.next(slow), 1ms));
        longest = std::max(longest, endless.next(slow));
    }
    CHECK(longest <= 24h + 144min); // a tenth more
    CHECK(longest > 24h + 120min);
    CHECK(is_about(second.next(slow), 1s));
    CHECK(is_about(endless.next(slow), 24h));
}
