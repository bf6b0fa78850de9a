// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/node_settings.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <type_traits>

using namespace afterwrite;
using namespace std::chrono_literals;

static_assert(std::is_trivially_copyable_v<node_settings>);

TEST_CASE("the defaults are the servers' own")
{
    constexpr node_settings settings;
    CHECK_FALSE(settings.allow_forwarding_via_header);
    CHECK_FALSE(settings.allow_forwarding_via_token);
    CHECK(settings.hold_before_412 == 0ms);
    CHECK(settings.consistency_fallback_behavior == after_await::fail);
    CHECK_FALSE(settings.consistency_missing_header_forward);
    CHECK(settings.consistency_max_index_wait == 0s);
    CHECK(settings.storage == node_storage::raft);
}

TEST_CASE("OpenBao holds a request for 25 ms at least and a minute at most")
{
    auto const wait = [](duration configured) {
        return node_settings{.consistency_max_index_wait = configured}.index_wait();
    };
    CHECK(wait(0s) == 25ms);
    CHECK(wait(-1s) == 25ms);
    CHECK(wait(24ms) == 25ms);
    CHECK(wait(26ms) == 26ms);
    CHECK(wait(60s) == 60s);
    CHECK(wait(61s) == 60s);
    CHECK(wait(duration::max()) == 60s);
}

TEST_CASE("settings that differ anywhere are not equal")
{
    for (auto const& other :
         {node_settings{.allow_forwarding_via_header = true},
          node_settings{.allow_forwarding_via_token = true}, node_settings{.hold_before_412 = 1s},
          node_settings{.consistency_fallback_behavior = after_await::forward_active_node},
          node_settings{.consistency_missing_header_forward = true},
          node_settings{.consistency_max_index_wait = 1s}, node_settings{.storage = node_storage::other}})
        CHECK_FALSE(other == node_settings());
    CHECK(node_settings() == node_settings());
}
