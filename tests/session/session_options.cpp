// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/session_options.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace afterwrite;

TEST_CASE("the defaults give up latency rather than the guarantee")
{
    session_options const options;
    CHECK(options.regression == on_regression::reset_and_forward);
    CHECK(options.monotonic_reads);
    CHECK(options.fence_lost_writes);
    CHECK(options.fence_time == std::chrono::minutes(15));
    CHECK(options == session_options{});
}

TEST_CASE("options that differ anywhere are not equal")
{
    for (auto const& other :
         {session_options{.regression = on_regression::fail}, session_options{.monotonic_reads = false},
          session_options{.fence_lost_writes = false},
          session_options{.fence_time = std::chrono::seconds(1)}})
        CHECK_FALSE(other == session_options());
}

TEST_CASE("what to do on a regression has a word, and what is not known the default's")
{
    CHECK(to_string(on_regression::reset_and_forward) == "reset_and_forward");
    CHECK(to_string(on_regression::fail) == "fail");
    CHECK(to_string(on_regression::reset) == "reset");
    CHECK(to_string(static_cast<on_regression>(99)) == "reset_and_forward");
}
