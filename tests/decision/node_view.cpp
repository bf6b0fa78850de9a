// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/node_view.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<node_view>);

TEST_CASE("who says nothing of a node says that it has nothing")
{
    constexpr node_view node;
    CHECK(node.form == dialect::vault);
    CHECK(node.cluster.empty());
    CHECK(node.position == wal_position{});
    CHECK(node.role == node_role::performance_standby);
    CHECK(node.replication == cluster_role::primary);
    CHECK(node.token_epoch == 0);
    CHECK(node.settings == node_settings{});
}
