// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/retry_schedule.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstdint>
#include <optional>
#include <set>

using namespace afterwrite;
using namespace support;

namespace {

constexpr backoff doubling{.spread = backoff::jitter::none, .first = 10ms};
constexpr consistency_policy plain{.limit = {.timeout = 10s}, .wait = doubling, .repeat_wait = doubling};

retry_schedule schedule(consistency_policy const& policy = plain, std::uint64_t seed = 1)
{
    return {policy, time_point::max(), at(0s), seed};
}

/// When a policy with waits of its own asks again after a refusal.
time_point due_after_refusal(retry_schedule& times, std::optional<duration> retry_after = std::nullopt)
{
    return times.due_after(times.next_wait(), retry_after);
}

time_point due_after_quota(retry_schedule& times, std::optional<duration> retry_after = std::nullopt)
{
    traffic_budget plenty;
    return times.due_after_pushback(retry_after, plenty);
}

} // namespace

TEST_CASE("it begins now, and ends with the policy's timeout or the request's own deadline")
{
    CHECK(schedule().now() == at(0s));
    CHECK(schedule().deadline() == at(10s));
    CHECK(schedule().attempts() == 0);
    CHECK(retry_schedule(plain, at(3s), at(0s), 1).deadline() == at(3s));
}

TEST_CASE("time never goes back")
{
    auto times = schedule();
    times.advance(at(5s));
    times.advance(at(2s));
    CHECK(times.now() == at(5s));
    times.advance(time_point::min());
    CHECK(times.now() == at(5s));
}

TEST_CASE("an attempt begins when it is due, though a clock stands still")
{
    auto times = schedule();
    times.count_attempt();
    CHECK(times.now() == at(0s));
    CHECK(times.grant(at(1s)) == at(1s));
    times.count_attempt();
    CHECK(times.now() == at(1s));
    CHECK(times.attempts() == 2);
}

TEST_CASE("no attempt is granted after the deadline, a last one at the deadline is")
{
    auto times = schedule();
    CHECK(times.grant(at(1min)) == at(10s));
    CHECK(times.has_time_left());
    times.count_attempt();
    CHECK_FALSE(times.has_time_left());
}

TEST_CASE("attempts are counted against the policy's limit")
{
    auto policy = plain;
    policy.limit.max_attempts = 2;
    auto times = schedule(policy);
    times.count_attempt();
    CHECK(times.has_attempts_left());
    times.count_attempt();
    CHECK_FALSE(times.has_attempts_left());
}

TEST_CASE("after a refusal the waits grow, and Retry-After bounds them from above")
{
    auto times = schedule();
    CHECK(due_after_refusal(times) == at(10ms));
    CHECK(due_after_refusal(times, 1s) == at(20ms));
    CHECK(due_after_refusal(times, 15ms) == at(15ms));
    CHECK(due_after_refusal(times) == at(80ms));
}

TEST_CASE("Retry-After: 0 does not make a refusal a reason to ask without pause")
{
    auto times = schedule();
    CHECK(due_after_refusal(times, 0s) == at(10ms));
}

TEST_CASE("of a quota Retry-After is obeyed, and the wait grows beyond it")
{
    auto times = schedule();
    CHECK(due_after_quota(times, 5s) == at(5s));
    CHECK(due_after_quota(times, std::nullopt) == at(20ms));
    CHECK(due_after_quota(times, 0s) == at(40ms));
}

TEST_CASE("a quota the first time is free, later beyond the budget it waits as long as ever")
{
    auto times = schedule();
    traffic_budget nothing({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
    CHECK(times.due_after_pushback(std::nullopt, nothing) == at(10ms));
    CHECK(times.due_after_pushback(std::nullopt, nothing) == at(doubling.longest));
    CHECK(times.due_after_pushback(3s, nothing) == at(3s));
    traffic_budget one({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 1}});
    auto others = schedule();
    CHECK(others.due_after_pushback(std::nullopt, one) == at(10ms));
    CHECK(others.due_after_pushback(std::nullopt, one) == at(20ms));
    CHECK(others.due_after_pushback(std::nullopt, one) == at(doubling.longest)); // it was taken
}

TEST_CASE("no wait is shorter than a millisecond, whatever the policy says")
{
    for (auto const& none : {backoff{.spread = backoff::jitter::none, .first = 0ms},
                             backoff{.first = 1s, .longest = duration::min()},
                             backoff{.first = duration::min(), .longest = 0ms}}) {
        auto times = schedule({.wait = none, .repeat_wait = none});
        for (int i = 0; i < 5; ++i) {
            CHECK(due_after_refusal(times) == at(1ms));
            CHECK(due_after_quota(times) == at(1ms));
            CHECK(times.due_after_failure(0s) == at(1ms));
        }
    }
}

TEST_CASE("repetitions after a failure have a limit and waits of their own")
{
    auto times = schedule();
    traffic_budget budget;
    CHECK(due_after_refusal(times) == at(10ms));
    CHECK(times.may_repeat(budget));
    CHECK(times.due_after_failure(std::nullopt) == at(10ms));
    CHECK(times.may_repeat(budget));
    CHECK(times.due_after_failure(3s) == at(3s));
    CHECK_FALSE(times.may_repeat(budget));
}

TEST_CASE("the first repetition is free, a later one is counted against the cluster's budget")
{
    auto times = schedule();
    traffic_budget nothing({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 0}});
    CHECK(times.may_repeat(nothing));
    CHECK(times.due_after_failure(std::nullopt) == at(10ms));
    CHECK_FALSE(times.may_repeat(nothing));
    traffic_budget one({.retries = {.percent_of_reads = 0, .per_second = 0, .burst = 1}});
    CHECK(times.may_repeat(one));
    CHECK_FALSE(times.may_repeat(one)); // it was taken
}

TEST_CASE("it goes on while there are attempts and time")
{
    auto policy = plain;
    policy.limit.max_attempts = 1;
    auto times = schedule(policy);
    CHECK(times.may_go_on());
    times.count_attempt();
    CHECK_FALSE(times.may_go_on());
    auto late = schedule();
    late.advance(at(10s));
    CHECK_FALSE(late.may_go_on());
}

TEST_CASE("what was granted has come, though a clock stands still")
{
    auto times = schedule();
    CHECK(times.grant(at(2s)) == at(2s));
    times.arrive();
    CHECK(times.now() == at(2s));
}

TEST_CASE("no wait goes beyond the end of time")
{
    constexpr backoff endless{
        .spread = backoff::jitter::none, .first = duration::max(), .longest = duration::max()};
    consistency_policy const policy{
        .limit = {.timeout = duration::max()}, .wait = endless, .repeat_wait = endless};
    auto times = schedule(policy);
    CHECK(times.deadline() == time_point::max());
    CHECK(due_after_refusal(times) == time_point::max());
    CHECK(due_after_quota(times, 24h) == time_point::max());
    times.advance(time_point::max());
    CHECK(times.due_after_failure(std::nullopt) == time_point::max());
    CHECK_FALSE(times.has_time_left());
}

TEST_CASE("the same seed gives the same waits, others spread them")
{
    consistency_policy const policy{.wait = {.spread = backoff::jitter::full, .first = 1s, .longest = 1s}};
    std::set<time_point> first_waits;
    for (std::uint64_t seed = 0; seed < 100; ++seed) {
        auto one = schedule(policy, seed);
        auto other = schedule(policy, seed);
        auto const due = due_after_refusal(one);
        CHECK(due == due_after_refusal(other));
        CHECK(due_after_refusal(one) != due);
        first_waits.insert(due);
    }
    CHECK(first_waits.size() > 95);
    CHECK(*first_waits.begin() < at(100ms));
    CHECK(*first_waits.rbegin() > at(900ms));
}

TEST_CASE("the random bits are those of SplitMix64")
{
    auto times = schedule(plain, 1234567);
    for (std::uint64_t const bits : {6457827717110365317U, 3203168211198807973U, 9817491932198370423U,
                                     4593380528125082431U, 16408922859458223821U})
        CHECK(times.random() == bits);
}
