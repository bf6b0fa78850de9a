// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/cluster_and_peers.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>

using namespace afterwrite;

TEST_CASE("a cluster is known once it is told, and nobody is its peer by itself")
{
    cluster_and_peers asked;
    CHECK(asked.cluster().empty());
    CHECK_FALSE(asked.is_peer(cluster_id()));
    asked.set_cluster(cluster_id("c"));
    CHECK(asked.cluster() == cluster_id("c"));
    CHECK_FALSE(asked.is_peer(cluster_id("c")));
    CHECK(cluster_and_peers(cluster_id("d")).cluster() == cluster_id("d"));
}

TEST_CASE("a few peers find room, and each only once")
{
    cluster_and_peers asked;
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(asked.add_peer(cluster_id("p" + std::to_string(i))));
        CHECK(asked.add_peer(cluster_id("p0")));
    }
    CHECK_FALSE(asked.add_peer(cluster_id("one too many")));
    CHECK_FALSE(asked.is_peer(cluster_id("one too many")));
    CHECK(asked.is_peer(cluster_id("p3")));
}

TEST_CASE("a copy has the same cluster and the same peers, and lives on its own")
{
    cluster_and_peers asked(cluster_id("c"));
    CHECK(asked.add_peer(cluster_id("p")));
    auto copy = asked;
    CHECK(copy.cluster() == cluster_id("c"));
    CHECK(copy.is_peer(cluster_id("p")));
    CHECK(copy.add_peer(cluster_id("q")));
    CHECK(cluster_and_peers(copy).is_peer(cluster_id("p")));
    CHECK(cluster_and_peers(copy).is_peer(cluster_id("q")));
    CHECK_FALSE(asked.is_peer(cluster_id("q")));
    auto const& same = copy;
    copy = same;
    CHECK(copy.is_peer(cluster_id("q")));
    copy = cluster_and_peers(cluster_id("d"));
    CHECK(copy.cluster() == cluster_id("d"));
    CHECK_FALSE(copy.is_peer(cluster_id("p")));
}

TEST_CASE("a copy of as many peers as there is room for leaves what lies behind it alone")
{
    struct {
        cluster_and_peers asked;
        cluster_id behind;
    } from{{}, cluster_id("a")}, to{{}, cluster_id("b")};
    for (auto const* peer : {"p", "q", "r", "s"})
        CHECK(from.asked.add_peer(cluster_id(peer)));
    to.asked = from.asked;
    CHECK(to.asked.is_peer(cluster_id("s")));
    CHECK(to.behind == cluster_id("b"));
}
