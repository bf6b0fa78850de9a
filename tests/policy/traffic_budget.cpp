// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/traffic_budget.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<traffic_budget>);
static_assert(traffic_limits() == traffic_limits());
static_assert(traffic_budget(traffic_limits()).try_forward({}, true));

namespace {

constexpr retry_budget::terms nothing{.percent_of_reads = 0, .per_second = 0, .burst = 0};
constexpr retry_budget::terms exactly(std::uint32_t count)
{
    return {.percent_of_reads = 0, .per_second = 0, .burst = count};
}

} // namespace

TEST_CASE("retries and forwards have a budget each")
{
    traffic_budget budget({.retries = exactly(2), .forwards = exactly(1)});
    CHECK(budget.try_forward(at(0s), false));
    CHECK_FALSE(budget.try_forward(at(0s), false));
    CHECK(budget.try_retry(at(0s)));
    CHECK(budget.try_retry(at(0s)));
    CHECK_FALSE(budget.try_retry(at(0s)));
    CHECK(budget.retries().left(at(0s)) == 0);
    CHECK(budget.forwards().left(at(0s)) == 0);
}

TEST_CASE("what is allowed unless it is limited: a fifth of the reads, and ten a second")
{
    traffic_budget budget;
    CHECK(budget.retries().left(at(0s)) == 100);
    CHECK(budget.forwards().left(at(0s)) == 20);
    while (budget.try_retry(at(0s)) || budget.try_forward(at(0s), false))
        ;
    CHECK(budget.retries().left(at(1s)) == 10);
    CHECK(budget.forwards().left(at(1s)) == 10);
    for (int i = 0; i < 10; ++i)
        budget.count_read();
    CHECK(budget.retries().left(at(0s)) == 2);
    CHECK(budget.forwards().left(at(0s)) == 2);
}

TEST_CASE("while a breaker is open, forwards are as many as there are reads")
{
    traffic_budget budget({.retries = nothing, .forwards = nothing});
    for (int i = 0; i < 10'000; ++i)
        CHECK(budget.try_forward(at(0s), true));
    CHECK_FALSE(budget.try_forward(at(0s), false));
}

TEST_CASE("where the cap on these is set, it holds, and it is a budget of its own")
{
    traffic_budget budget({.forwards = exactly(1), .forwards_while_open = exactly(2)});
    CHECK(budget.try_forward(at(0s), true));
    CHECK(budget.try_forward(at(0s), true));
    CHECK_FALSE(budget.try_forward(at(0s), true));
    CHECK(budget.try_forward(at(0s), false));
    CHECK_FALSE(budget.try_forward(at(0s), false));
}

TEST_CASE("a cap that is a share of the reads grows with them")
{
    traffic_budget budget(
        {.forwards_while_open = retry_budget::terms{.percent_of_reads = 50, .per_second = 0, .burst = 1}});
    int allowed = 0;
    for (int i = 0; i < 1000; ++i) {
        budget.count_read();
        allowed += budget.try_forward(at(0s), true) ? 1 : 0;
    }
    CHECK(allowed == 500);
    auto const uncapped = traffic_limits{};
    CHECK_FALSE(uncapped.forwards_while_open.has_value());
    CHECK(uncapped != traffic_limits{.forwards_while_open = nothing});
}

TEST_CASE("limits that differ anywhere are not equal")
{
    for (auto const& other :
         {traffic_limits{.retries = {.percent_of_reads = 1}}, traffic_limits{.retries = {.per_second = 1}},
          traffic_limits{.retries = {.burst = 1}}, traffic_limits{.forwards = {}},
          traffic_limits{.forwards_while_open = retry_budget::terms()}})
        CHECK_FALSE(other == traffic_limits());
}
