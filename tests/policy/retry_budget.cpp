// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/retry_budget.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstdint>
#include <initializer_list>
#include <random>
#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<retry_budget>);
static_assert(retry_budget::terms{} == retry_budget::terms{20, 10, 100});
static_assert(retry_budget::forwards == retry_budget::terms{20, 10, 20});
static_assert(retry_budget().left(time_point{}) == 100);

namespace {

int spend_all(retry_budget& budget, time_point now)
{
    int spent = 0;
    while (budget.try_spend(now))
        ++spent;
    return spent;
}

} // namespace

TEST_CASE("a budget begins full, and says when it is used up")
{
    retry_budget budget;
    CHECK(budget.left(at(0s)) == 100);
    CHECK(spend_all(budget, at(0s)) == 100);
    CHECK_FALSE(budget.try_spend(at(0s)));
    CHECK(budget.left(at(0s)) == 0);
}

TEST_CASE("five reads add one retry")
{
    retry_budget budget;
    spend_all(budget, at(0s));
    for (int i = 0; i < 4; ++i)
        budget.count_read();
    CHECK_FALSE(budget.try_spend(at(0s)));
    budget.count_read();
    CHECK(budget.try_spend(at(0s)));
    CHECK_FALSE(budget.try_spend(at(0s)));
    for (int i = 0; i < 50; ++i)
        budget.count_read();
    CHECK(spend_all(budget, at(0s)) == 10);
}

TEST_CASE("a tenth of a second adds one retry")
{
    retry_budget budget;
    spend_all(budget, at(0s));
    CHECK_FALSE(budget.try_spend(at(100ms) - duration(1)));
    CHECK(budget.try_spend(at(100ms)));
    CHECK_FALSE(budget.try_spend(at(200ms) - duration(1)));
    CHECK(spend_all(budget, at(1s)) == 9);
}

TEST_CASE("time is counted to the nanosecond, however often it is asked")
{
    retry_budget budget({.percent_of_reads = 0, .per_second = 3, .burst = 1000});
    spend_all(budget, at(0s));
    int spent = 0;
    for (std::int64_t i = 1; i <= 1'000'000; ++i)
        spent += budget.try_spend(at(duration(i * 10'007))) ? 1 : 0;
    CHECK(spent == 30); // of 10.007 s
}

TEST_CASE("what is not used is kept up to the burst, from reads and from time")
{
    retry_budget budget(retry_budget::forwards);
    for (int i = 0; i < 1000; ++i)
        budget.count_read();
    CHECK(budget.left(at(0s)) == 20);
    CHECK(budget.left(at(10h)) == 20);
    CHECK(spend_all(budget, at(10h)) == 20);
    CHECK(spend_all(budget, at(10h + 1s)) == 10);
    CHECK(spend_all(budget, at(20h)) == 20);
}

TEST_CASE("it tells when there will be one")
{
    retry_budget budget;
    CHECK(budget.next(at(0s)) == at(0s));
    spend_all(budget, at(0s));
    CHECK(budget.next(at(0s)) == at(100ms));
    CHECK(budget.next(at(40ms)) == at(100ms));
    CHECK(budget.next(at(3s)) == at(3s));
    budget.count_read();
    CHECK(budget.next(at(0s)) == at(80ms));

    retry_budget thirds({.percent_of_reads = 0, .per_second = 3, .burst = 1});
    spend_all(thirds, at(0s));
    auto const next = thirds.next(at(0s));
    CHECK_FALSE(thirds.try_spend(next - duration(1)));
    CHECK(thirds.try_spend(next));
}

TEST_CASE("what nothing is added to stays empty")
{
    retry_budget none({.percent_of_reads = 0, .per_second = 0, .burst = 2});
    CHECK(none.try_spend(at(0s)));
    CHECK(none.next(at(0s)) == at(0s)); // one is left
    CHECK(spend_all(none, at(0s)) == 1);
    none.count_read();
    CHECK_FALSE(none.try_spend(time_point::max()));
    CHECK(none.next(at(0s)) == time_point::max());

    retry_budget no_room({.percent_of_reads = 100, .per_second = 100, .burst = 0});
    no_room.count_read();
    CHECK_FALSE(no_room.try_spend(at(1h)));
    CHECK(no_room.next(at(0s)) == time_point::max());
}

TEST_CASE("a clock that goes back adds nothing, and nothing twice")
{
    retry_budget budget;
    spend_all(budget, at(10s));
    CHECK_FALSE(budget.try_spend(at(0s)));
    CHECK_FALSE(budget.try_spend(at(10s)));
    CHECK(spend_all(budget, at(11s)) == 10);
}

TEST_CASE("no terms and no time overflow")
{
    for (auto const percent : {0U, 20U, UINT32_MAX})
        for (auto const rate : {0U, 1U, 10U, UINT32_MAX})
            for (auto const burst : {0U, 1U, UINT32_MAX}) {
                retry_budget budget({percent, rate, burst});
                for (auto const now : {time_point::min(), time_point(), time_point::max()}) {
                    CHECK(budget.left(now) <= burst);
                    CHECK(budget.next(now) >= now);
                    CHECK(budget.try_spend(now) ==
                          (burst > (rate > 0 || percent > 99 || now == time_point::min() ? 0 : 1)));
                    budget.count_read();
                }
            }
}

TEST_CASE("over any stretch no more is spent than the terms say")
{
    std::mt19937_64 random(11);
    for (int run = 0; run < 50; ++run) {
        retry_budget::terms const terms{static_cast<std::uint32_t>(random() % 60),
                                        static_cast<std::uint32_t>(random() % 30),
                                        static_cast<std::uint32_t>(random() % 50)};
        retry_budget budget(terms);
        duration now{};
        double allowed = terms.burst;
        int spent = 0;
        for (int i = 0; i < 2000; ++i) {
            auto const step = std::chrono::microseconds(random() % 20'000);
            now += step;
            allowed += terms.per_second * std::chrono::duration<double>(step).count();
            if (random() % 2 == 0) {
                budget.count_read();
                allowed += terms.percent_of_reads / 100.0;
            }
            for (auto wanted = random() % 3; wanted > 0; --wanted)
                spent += budget.try_spend(at(now)) ? 1 : 0;
        }
        CHECK(spent <= allowed + 1e-6);
        bool const is_tight = terms.burst > 20; // and asked for more than there is
        CHECK((!is_tight || spent >= allowed - terms.burst - 1 || spent >= 1700));
    }
}

TEST_CASE("the largest burst is not full before its time")
{
    retry_budget budget({.percent_of_reads = 0, .per_second = 16, .burst = UINT32_MAX});
    for (int i = 0; i < 100; ++i)
        CHECK(budget.try_spend(at(0s)));
    CHECK(budget.left(at(1s)) == UINT32_MAX - 84);
    CHECK(budget.left(at(10s)) == UINT32_MAX);
}
