// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/session_options.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace afterwrite;

static_assert(to_string(on_regression::reset_and_forward) == "reset_and_forward");
static_assert(to_string(on_regression::fail) == "fail");
static_assert(to_string(on_regression::reset) == "reset");

TEST_CASE("the defaults give up latency rather than the guarantee")
{
    session_options const options;
    CHECK(options.regression == on_regression::reset_and_forward);
    CHECK(options.monotonic_reads);
    CHECK(options.fence_lost_writes);
    CHECK(options.fence_time == std::chrono::minutes(15));
    CHECK(options == session_options{});
    CHECK_FALSE(options == session_options{.monotonic_reads = false});
}
