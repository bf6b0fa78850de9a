// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/lag_sample.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"
#include "support/nodes.hpp"

#include <type_traits>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<lag_sample>);

namespace {

constexpr node_number a = 0;
constexpr node_number b = 1;
constexpr node_number c = 2;

/// Sent at one time, refused by this node at another one.
void refuse(lag_sample& seen, node_number by, duration sent, duration answered)
{
    seen.send(at(sent));
    seen.refused(by, at(answered));
}

/// What is known after one sample: the state arrived between these two.
replication_lag landed_between(duration refused, duration answered)
{
    replication_lag lag;
    lag.landed(refused, answered);
    return lag;
}

replication_lag outlasted(duration refused)
{
    replication_lag lag;
    lag.outlasted(refused);
    return lag;
}

} // namespace

TEST_CASE("what is answered at once tells nothing of lag")
{
    auto view = view_of_three();
    lag_sample seen;
    CHECK_FALSE(seen.has_begun());
    CHECK(seen.begun() == time_point::max());
    seen.send(at(0s));
    seen.landed(a, view);
    seen.outlasted(a, view);
    CHECK(view.lag().samples() == 0);
    CHECK(view.nodes()[a].lag.samples() == 0);
}

TEST_CASE("time is counted from when the first refusal came to when attempts were sent")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    CHECK(seen.has_begun());
    CHECK(seen.begun() == at(3ms));
    refuse(seen, a, 8ms, 11ms);
    CHECK(seen.begun() == at(3ms));
    seen.send(at(15ms));
    seen.landed(a, view);
    CHECK(view.nodes()[a].lag == landed_between(5ms, 12ms));
    CHECK(view.lag() == view.nodes()[a].lag);
    CHECK(view.nodes()[b].lag.samples() == 0);
}

TEST_CASE("one refusal tells when the state came, but not before when it did not")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, anywhere, 0ms, 3ms);
    seen.send(at(8ms));
    seen.landed(anywhere, view);
    CHECK(view.nodes()[anywhere].lag == landed_between(0ms, 5ms));
}

TEST_CASE("what was sent before the first refusal came, or just then, came within the shortest stretch")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    seen.send(at(1ms));
    seen.landed(a, view);
    CHECK(view.nodes()[a].lag == landed_between(0ms, 250us));
    CHECK(view.nodes()[a].lag.quantile(1.0F) == 250us);
}

TEST_CASE("however often the state came at once, it came within the shortest stretch each time")
{
    auto view = view_of_three();
    replication_lag expected;
    for (int i = 0; i < 10; ++i) {
        lag_sample seen;
        refuse(seen, a, 0ms, 3ms);
        seen.send(at(3ms));
        seen.landed(a, view);
        expected.landed(0ms, 250us);
        CHECK(view.nodes()[a].lag == expected);
    }
}

TEST_CASE("who was forwarded teaches that the node needed longer than its last refusal, and no more")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    refuse(seen, a, 43ms, 46ms);
    seen.send(at(200ms)); // with the field, and the active node answers
    seen.outlasted(a, view);
    CHECK(view.nodes()[a].lag == outlasted(40ms));
    CHECK(view.lag() == outlasted(40ms));
}

TEST_CASE("a first refusal alone teaches nothing when the exchange ends otherwise")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    seen.outlasted(a, view);
    CHECK(view.lag().samples() == 0);
}

TEST_CASE("another node's answer is a sample of that node, and tells that the first needed longer")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    refuse(seen, a, 13ms, 16ms);
    seen.send(at(16ms));
    seen.landed(b, view);
    CHECK(view.nodes()[a].lag == outlasted(10ms));
    CHECK(view.nodes()[b].lag == landed_between(0ms, 13ms));
    CHECK(view.lag().samples() == 2);
}

TEST_CASE("of the nodes between the first and the last nothing is claimed")
{
    auto view = view_of_three();
    lag_sample seen;
    refuse(seen, a, 0ms, 3ms);
    refuse(seen, b, 13ms, 16ms);
    refuse(seen, c, 23ms, 26ms);
    seen.send(at(33ms));
    auto const here = seen;
    here.landed(c, view);
    CHECK(view.nodes()[c].lag == landed_between(20ms, 30ms));
    CHECK(view.nodes()[a].lag.samples() == 0); // refused once, when it began
    CHECK(view.nodes()[b].lag.samples() == 0);

    auto other = view_of_three();
    here.landed(b, other); // which refused, but not last
    CHECK(other.nodes()[b].lag == landed_between(0ms, 30ms));
}

TEST_CASE("a refusal of what nobody said was sent counts from when it came")
{
    auto view = view_of_three();
    lag_sample seen;
    seen.refused(a, at(3ms));
    CHECK(seen.begun() == at(3ms));
    seen.refused(a, at(9ms));
    seen.outlasted(a, view);
    CHECK(view.lag().samples() == 0);
    seen.send(at(15ms));
    seen.landed(a, view);
    CHECK(view.nodes()[a].lag == landed_between(0ms, 12ms));
}
