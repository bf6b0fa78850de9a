// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/state/cluster_id.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<cluster_id>);
static_assert(std::is_convertible_v<cluster_id, std::string_view>);
static_assert(!std::is_convertible_v<std::string_view, cluster_id>,
              "a text becomes a cluster only if one says so");
static_assert(cluster_id::max_size == 64);

TEST_CASE("a cluster id is the text that it was made of")
{
    static constexpr cluster_id id("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731");
    static_assert(id.view() == "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731");
    static_assert(id.size() == 36 && !id.empty());
    static_assert(std::string_view(id) == id.view());
}

TEST_CASE("ids are compared byte by byte, with their case")
{
    static_assert(cluster_id("a") == cluster_id("a"));
    static_assert(cluster_id("a") != cluster_id("A"));
    static_assert(cluster_id("a") != cluster_id("ab"));
    static_assert(cluster_id("a") == std::string_view("a"));
    static_assert(std::string_view("b") != cluster_id("a"));
}

TEST_CASE("the empty id names no cluster")
{
    static_assert(cluster_id().empty());
    static_assert(cluster_id() == cluster_id(""));
    static_assert(cluster_id() == "");
}

TEST_CASE("an id of 64 bytes fits, one of 65 does not and names no cluster")
{
    std::string const most(64, 'c');
    CHECK(cluster_id::fits(most));
    CHECK(cluster_id(most) == most);
    CHECK_FALSE(cluster_id::fits(most + "c"));
    CHECK(cluster_id(most + "c").empty());
}
