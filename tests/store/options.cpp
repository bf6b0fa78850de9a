// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/options.hpp>

#include <doctest/doctest.h>

#include <chrono>

using namespace afterwrite;

TEST_CASE("by default a store keeps what a session keeps, and calls idle who was not heard of for 15 minutes")
{
    store_options const options;
    CHECK(options.sessions == session_options());
    CHECK(options.idle == std::chrono::minutes(15));
    CHECK(options == store_options{.idle = std::chrono::minutes(15)});
    CHECK(options != store_options{.idle = std::chrono::minutes(1)});
    CHECK(options != store_options{.sessions = {.monotonic_reads = false}});
}
