// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/regression.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"

using namespace afterwrite;
using namespace support;

TEST_CASE("there was a regression if something was lost")
{
    regression none;
    CHECK_FALSE(static_cast<bool>(none));
    regression some{.lost = cluster_demand(cluster_id("c"), dialect::vault)};
    CHECK(static_cast<bool>(some));
    some.found.record({1, 0}, vault("c", 1, 0));
    auto const copied = some;
    CHECK(copied.found.holds(vault("c", 1, 0)));
}
