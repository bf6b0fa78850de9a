// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/backoff.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t least = 0;
constexpr std::uint64_t most = UINT64_MAX;
constexpr std::uint64_t middle = std::uint64_t{1} << 63;

constexpr backoff plain{.spread = backoff::jitter::none, .first = 5ms, .longest = 1s};

} // namespace

static_assert(to_string(backoff::shape::exponential) == "exponential");
static_assert(to_string(backoff::shape::learned) == "learned");
static_assert(to_string(backoff::shape::vault_go) == "vault_go");
static_assert(to_string(backoff::jitter::none) == "none");
static_assert(to_string(backoff::jitter::full) == "full");
static_assert(to_string(backoff::jitter::equal) == "equal");
static_assert(plain.delay(1, 0) == 5ms);

TEST_CASE("the first wait is the one configured, each further one twice as long, up to the longest")
{
    for (auto const random : {least, middle, most}) {
        CHECK(plain.delay(1, random) == 5ms);
        CHECK(plain.delay(2, random) == 10ms);
        CHECK(plain.delay(3, random) == 20ms);
        CHECK(plain.delay(8, random) == 640ms);
        CHECK(plain.delay(9, random) == 1s);
        CHECK(plain.delay(10, random) == 1s);
        CHECK(plain.delay(UINT32_MAX, random) == 1s);
    }
    constexpr backoff long_first{.spread = backoff::jitter::none, .first = 400ms, .longest = 1s};
    CHECK(long_first.delay(2, 0) == 800ms);
    CHECK(long_first.delay(3, 0) == 1s);
}

TEST_CASE("equal jitter waits at least half of it, and at most all of it")
{
    backoff const wait{.spread = backoff::jitter::equal, .first = 100ms, .longest = 1s};
    CHECK(wait.delay(1, least) == 50ms);
    CHECK(wait.delay(1, middle) == 75ms);
    CHECK(wait.delay(1, most) > 99ms);
    CHECK(wait.delay(1, most) <= 100ms);
    CHECK(wait.delay(9, most) <= 1s);
}

TEST_CASE("full jitter waits anything between nothing and all of it")
{
    backoff const wait{.spread = backoff::jitter::full, .first = 100ms, .longest = 1s};
    CHECK(wait.delay(1, least) == 0ms);
    CHECK(wait.delay(1, middle) == 50ms);
    CHECK(wait.delay(1, most) > 99ms);
    CHECK(wait.delay(1, most) <= 100ms);
}

TEST_CASE("the jitter is uniform")
{
    backoff const wait{.spread = backoff::jitter::full, .first = 1s, .longest = 1s};
    for (std::uint64_t tenth = 0; tenth < 10; ++tenth) {
        auto const low = wait.delay(1, UINT64_MAX / 10 * tenth);
        CHECK(low >= 100ms * static_cast<int>(tenth) - 1ms);
        CHECK(low <= 100ms * static_cast<int>(tenth) + 1ms);
    }
}

TEST_CASE("Vault's Go client waits k times 1 to 1.5 s before the k-th retry")
{
    constexpr auto wait = backoff::vault_go();
    CHECK(wait.delay(1, least) == 1s);
    CHECK(wait.delay(1, middle) == 1250ms);
    CHECK(wait.delay(1, most) < 1500ms);
    CHECK(wait.delay(2, least) == 2s);
    CHECK(wait.delay(2, most) < 3s);
    CHECK(wait.delay(2, most) > 2999ms);
    CHECK(wait.delay(12, least) == 12s);
}

TEST_CASE("a wait is doubled while the double is no longer than the longest")
{
    constexpr backoff odd{.spread = backoff::jitter::none, .first = duration(2), .longest = duration(5)};
    CHECK(odd.delay(2, 0) == duration(4));
    CHECK(odd.delay(3, 0) == duration(5));
}

TEST_CASE("in the learned form each wait is a half longer than the last, up to the longest")
{
    static_assert(backoff::grown_from(4ms, 1s) == 6ms);
    auto wait = duration(5ms);
    for (auto const expected : {7500us, 11250us, 16875us}) {
        wait = backoff::grown_from(wait, 1s);
        CHECK(wait == expected);
    }
    CHECK(backoff::grown_from(600ms, 1s) == 900ms);
    CHECK(backoff::grown_from(duration(4), duration(5)) == duration(5));
    CHECK(backoff::grown_from(667ms, 1s) == 1s);
    CHECK(backoff::grown_from(1s, 1s) == 1s);
    CHECK(backoff::grown_from(2s, 1s) == 1s);
}

TEST_CASE("the learned form grows without end where it has no longest wait, and never overflows")
{
    auto wait = duration(1ms);
    for (int i = 0; i < 200; ++i) {
        auto const next = backoff::grown_from(wait, duration::max());
        CHECK(next >= wait);
        wait = next;
    }
    CHECK(wait == duration::max());
    CHECK(backoff::grown_from(0ms, 1s) == 0ms);
}

TEST_CASE("a tenth more or less spreads a wait evenly around itself")
{
    CHECK(backoff::spread_a_tenth(100ms, least) == 90ms);
    CHECK(backoff::spread_a_tenth(100ms, middle) == 100ms);
    CHECK(backoff::spread_a_tenth(100ms, most) > 109ms);
    CHECK(backoff::spread_a_tenth(100ms, most) <= 110ms);
    CHECK(backoff::spread_a_tenth(0ms, most) == 0ms);
}

TEST_CASE("where there is nothing to learn from, the learned form is exponential")
{
    constexpr auto wait = backoff::learned();
    CHECK(wait.form == backoff::shape::learned);
    for (std::uint32_t const retry : {1U, 2U, 5U, 100U})
        for (auto const random : {least, middle, most})
            CHECK(wait.delay(retry, random) == backoff().delay(retry, random));
    CHECK(wait != backoff());
}

TEST_CASE("no configuration makes a wait negative or too long")
{
    backoff const waits[] = {
        {.first = 0ms, .longest = 0ms},
        {.first = -5ms, .longest = 1s},
        {.first = 5ms, .longest = -1s},
        {.first = 2s, .longest = 1s},
        {.first = duration(1), .longest = duration::max()},
        {.first = duration::max(), .longest = duration::max()},
        {.first = duration::min(), .longest = duration::max()},
    };
    for (auto wait : waits)
        for (auto const spread : {backoff::jitter::none, backoff::jitter::full, backoff::jitter::equal})
            for (std::uint32_t const retry : {0U, 1U, 2U, 63U, 64U, 65U, 1000U})
                for (auto const random : {least, middle, most}) {
                    wait.spread = spread;
                    auto const delay = wait.delay(retry, random);
                    CHECK(delay >= duration::zero());
                    CHECK(delay <= std::max(wait.longest, duration::zero()));
                }
    CHECK(backoff::vault_go().delay(UINT32_MAX, most) > duration::zero());
}

TEST_CASE("waits that are configured differently anywhere are not equal")
{
    for (auto const& other : {backoff{.form = backoff::shape::learned}, backoff{.first = 1h},
                              backoff{.longest = 1h}, backoff{.spread = backoff::jitter::none}})
        CHECK_FALSE(other == backoff());
    CHECK(backoff() == backoff());
}

TEST_CASE("a jitter that is none spreads nothing")
{
    backoff const odd{.spread = static_cast<backoff::jitter>(99), .first = 1s, .longest = 1s};
    CHECK(odd.delay(1, UINT64_MAX) == 1s);
}

TEST_CASE("by default the first wait is 5 ms and the longest a second")
{
    CHECK(backoff().first == 5ms);
    CHECK(backoff().longest == 1s);
}
