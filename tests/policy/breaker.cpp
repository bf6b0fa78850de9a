// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/breaker.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <random>
#include <string>
#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<breaker>);
static_assert(to_string(breaker::mode::ask) == "ask");
static_assert(to_string(breaker::mode::probe) == "probe");
static_assert(to_string(breaker::mode::glance) == "glance");
static_assert(to_string(breaker::mode::forward) == "forward");

namespace {

constexpr std::uint64_t least = 0;
constexpr std::uint64_t most = UINT64_MAX;
constexpr std::uint64_t middle = std::uint64_t{1} << 63;

breaker opened(std::uint64_t random = middle)
{
    breaker node;
    for (int i = 0; i < breaker::opens_after; ++i)
        node.escalated(at(0s), random);
    return node;
}

} // namespace

TEST_CASE("closed, each read asks the node")
{
    breaker node;
    CHECK_FALSE(node.is_open());
    for (int i = 0; i < 100; ++i)
        CHECK(node.begin(at(0s), middle) == breaker::mode::ask);
}

TEST_CASE("five escalations in a row open it, fewer do not")
{
    breaker node;
    for (int i = 0; i < 4; ++i) {
        node.escalated(at(0s), middle);
        CHECK_FALSE(node.is_open());
        CHECK(node.begin(at(0s), middle) == breaker::mode::ask);
    }
    node.escalated(at(0s), middle);
    CHECK(node.is_open());
    CHECK(node.begin(at(0s), middle) == breaker::mode::forward);
}

TEST_CASE("an answer between them begins the count anew")
{
    breaker node;
    for (int i = 0; i < 100; ++i) {
        for (int k = 0; k < 4; ++k)
            node.escalated(at(0s), middle);
        node.answered();
        CHECK_FALSE(node.is_open());
    }
    CHECK(node == breaker());
}

TEST_CASE("open, one read a second is a probe, a tenth more or less")
{
    for (auto const& [random, due] : {std::pair{least, 900ms}, {middle, 1000ms}, {most, 1100ms}}) {
        auto node = opened(random);
        CHECK(node.begin(at(0s), middle) == breaker::mode::forward);
        CHECK(node.begin(at(due - 1ms), middle) == breaker::mode::forward);
        CHECK(node.begin(at(due), random) == breaker::mode::probe);
        CHECK(node.begin(at(due), middle) == breaker::mode::forward);
        CHECK(node.begin(at(2 * due - 1ms), middle) == breaker::mode::forward);
        CHECK(node.begin(at(2 * due), middle) == breaker::mode::probe);
    }
}

TEST_CASE("that a probe is due shows before it is sent, and no more afterwards")
{
    CHECK_FALSE(breaker().is_probe_due(time_point::max())); // closed, it waits for none
    auto node = opened();
    CHECK_FALSE(node.is_probe_due(at(1s) - 1ms));
    CHECK(node.is_probe_due(at(1s)));
    CHECK(node.is_probe_due(at(1h)));
    CHECK(node.begin(at(1s), middle) == breaker::mode::probe);
    CHECK_FALSE(node.is_probe_due(at(1s)));
    CHECK(node.is_probe_due(at(2s)));
    node.answered();
    CHECK_FALSE(node.is_probe_due(at(2s)));
}

TEST_CASE("the first two probes have patience, and then one in three")
{
    auto node = opened();
    for (int round = 0; round < 2; ++round) {
        std::string seen;
        for (int second = 1; second <= 300; ++second)
            seen += to_string(node.begin(at(round * 1h + second * 1s), middle)).front();
        CHECK(seen.starts_with("ppggpggpggp"));
        CHECK(std::count(seen.begin(), seen.end(), 'p') == 101);
        CHECK(std::count(seen.begin(), seen.end(), 'g') == 199);
        node.answered(); // after it was closed it begins anew
        for (int i = 0; i < breaker::opens_after; ++i)
            node.escalated(at(1h), middle);
    }
}

TEST_CASE("a probe whose answer never comes does not hold up the next")
{
    auto node = opened();
    int probes = 0;
    for (auto now = 0ms; now < 60s; now += 5ms)
        probes += node.begin(at(now), middle) == breaker::mode::forward ? 0 : 1;
    CHECK(probes == 59);
}

TEST_CASE("escalations while it is open do not put off the next probe")
{
    auto node = opened();
    int probes = 0;
    for (auto now = 0ms; now < 60s; now += 5ms) {
        node.escalated(at(now), most);
        probes += node.begin(at(now), middle) == breaker::mode::forward ? 0 : 1;
    }
    CHECK(probes == 59);
    CHECK(node.is_open());
}

TEST_CASE("any answer of the node itself closes it, and it takes five again to open it")
{
    auto node = opened();
    node.answered();
    CHECK(node == [] {
        auto fresh = opened();
        fresh.answered();
        return fresh;
    }());
    CHECK_FALSE(node.is_open());
    CHECK(node.begin(at(0s), middle) == breaker::mode::ask);
    for (int i = 0; i < 4; ++i)
        node.escalated(at(10s), middle);
    CHECK_FALSE(node.is_open());
    node.escalated(at(10s), middle);
    CHECK(node.is_open());
    CHECK(node.begin(at(11s) - 1ms, middle) == breaker::mode::forward);
    CHECK(node.begin(at(11s), middle) == breaker::mode::probe);
}

TEST_CASE("it may open at the end of time, and be asked before its beginning")
{
    breaker node;
    for (int i = 0; i < 5; ++i)
        node.escalated(time_point::max(), most);
    CHECK(node.begin(time_point::max() - 1s, middle) == breaker::mode::forward);
    CHECK(node.begin(time_point::min(), middle) == breaker::mode::forward);
    CHECK(node.begin(time_point::max(), middle) == breaker::mode::probe);
}

TEST_CASE("chance alone opens it about once in 100 000 reads, where one in ten is slow")
{
    std::mt19937_64 random(3);
    breaker node;
    int openings = 0;
    for (int i = 0; i < 1'000'000; ++i) {
        if (random() % 10 == 0)
            node.escalated(at(0s), random());
        else
            node.answered();
        if (node.is_open()) {
            ++openings;
            node.answered();
        }
    }
    CHECK(openings > 2);
    CHECK(openings < 25);
}

TEST_CASE("each way to begin a read has its word")
{
    CHECK(to_string(breaker::mode::ask) == "ask");
    CHECK(to_string(breaker::mode::probe) == "probe");
    CHECK(to_string(breaker::mode::glance) == "glance");
    CHECK(to_string(breaker::mode::forward) == "forward");
    CHECK(to_string(static_cast<breaker::mode>(99)) == "ask");
}
