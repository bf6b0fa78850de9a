// SPDX-License-Identifier: BSL-1.0
#include "lag.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

lag_spec read(std::string_view text)
{
    auto const found = parse_lag(text);
    REQUIRE_MESSAGE(found.spec.has_value(), found.error);
    return *found.spec;
}

std::vector<nanoseconds> draws(lag_spec const& spec, std::size_t count)
{
    random_source random(42);
    std::vector<nanoseconds> found(count);
    std::generate(found.begin(), found.end(), [&] { return spec.draw(random); });
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace

TEST_CASE("lags are read from text")
{
    random_source random;
    CHECK(read("none").draw(random) == 0ns);
    CHECK(read("constant:5ms").typical == 5ms);
    CHECK(read("constant:0").typical == 0ns);
    CHECK(read("constant:1.5s+shared").shared);
    CHECK(read("lognormal:20ms").sigma == 1.0);
    CHECK(read("lognormal:20ms,0.5").sigma == 0.5);
    CHECK(read("bimodal:10ms,2s,0.1").rare == 2s);
    auto const stalled = read("constant:5ms+stalled:1s,3s@2+stalled:4s,5s");
    REQUIRE(stalled.stalls.size() == 2);
    CHECK(stalled.stalls[0].node == 2);
    CHECK_FALSE(stalled.stalls[1].node.has_value());
    CHECK(read("stalled:1s,3s").shape == lag_shape::none);
}

TEST_CASE("what is no lag is answered with a sentence that names it")
{
    for (auto const text : {"",
                            "constant",
                            "constant:",
                            "constant:5",
                            "constant:-5ms",
                            "constant:5ms,6ms",
                            "gauss:1s",
                            "lognormal:1ms,x",
                            "lognormal:1ms,-1",
                            "lognormal:1ms,1,1",
                            "bimodal:1ms,2ms",
                            "bimodal:1ms,2ms,1.5",
                            "stalled:3s,1s",
                            "stalled:1s",
                            "stalled:1s,2s@",
                            "stalled:1s,2s@x",
                            "constant:1ms+constant:1ms",
                            "constant:1ms+",
                            "constant:1e99s",
                            "none:1",
                            "constant:nanms"}) {
        CAPTURE(text);
        auto const found = parse_lag(text);
        CHECK_FALSE(found.spec.has_value());
        CHECK(found.error.find("lag \"") == 0);
    }
}

TEST_CASE("the distributions are what they say")
{
    auto const lognormal = draws(read("lognormal:20ms,1"), 20001);
    CHECK(lognormal[10000] > 19ms);
    CHECK(lognormal[10000] < 21ms);
    // One sigma is about the 84th percentile: the median times e.
    CHECK(lognormal[16827] > 51ms);
    CHECK(lognormal[16827] < 58ms);
    auto const bimodal = draws(read("bimodal:10ms,2s,0.1"), 20000);
    auto const rare = std::count(bimodal.begin(), bimodal.end(), nanoseconds(2s));
    CHECK(rare > 1850);
    CHECK(rare < 2150);
    CHECK(std::count(bimodal.begin(), bimodal.end(), nanoseconds(10ms)) == 20000 - rare);
}

TEST_CASE("the same seed draws the same, another seed or stream does not")
{
    random_source one(7, 3);
    random_source same(7, 3);
    random_source other_seed(8, 3);
    random_source other_stream(7, 4);
    auto const first = one.next();
    CHECK(first == same.next());
    CHECK(first != other_seed.next());
    CHECK(first != other_stream.next());
    // The known first words of splitmix64 from 0: the whole of a history hangs on these steps.
    std::uint64_t state = 0;
    CHECK(splitmix64(state) == 0xE220A8397B1DCDAFU);
    CHECK(splitmix64(state) == 0x6E789E6AA1B965F4U);
}

TEST_CASE("a stall moves a landing to its end, through windows that touch")
{
    auto const spec = read("stalled:3s,4s+stalled:1s,3s@2");
    CHECK(spec.after_stalls(500ms, 2) == 500ms);
    CHECK(spec.after_stalls(1s, 2) == 4s);
    CHECK(spec.after_stalls(1s, 1) == 1s);
    CHECK(spec.after_stalls(3500ms, 1) == 4s);
    CHECK(spec.after_stalls(4s, 2) == 4s);
}
