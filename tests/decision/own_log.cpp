// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/own_log.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace support;

TEST_CASE("the active node has its own log, and not what another cluster has to send")
{
    CHECK(is_of_own_log(states({vault("c", 5, 0)})));
    CHECK(is_of_own_log(states({openbao("c", "5")})));
    CHECK_FALSE(is_of_own_log({}));
    CHECK_FALSE(is_of_own_log(states({vault("c", 5, 1)})));
    CHECK_FALSE(is_of_own_log(states({vault("c", 5, 0), vault("d", 5, 0)})));
    auto unknown = states({"a-future-form"});
    CHECK_FALSE(is_of_own_log(unknown));
    unknown.fence(cluster_id("c"), dialect::vault);
    CHECK_FALSE(is_of_own_log(unknown)); // which cluster wrote it is not known all the same
}

TEST_CASE("an index is given up after it was refused for longer than an election lasts")
{
    auto carried = states({vault("c", 5, 0)});
    CHECK_FALSE(give_up_lost_index(carried, at(10s)));
    CHECK_FALSE(give_up_lost_index(carried, at(12s) - 1ms));
    CHECK(carried.size() == 1);
    CHECK(give_up_lost_index(carried, at(12s)));
    CHECK(carried.size() == 0);
    CHECK(carried.clusters() == 1); // of which history it was is still known
    CHECK(carried[0].history().epoch() == 0);
}
