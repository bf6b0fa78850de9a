// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/request_facts.hpp>

#include <doctest/doctest.h>

#include <string_view>

using namespace afterwrite;

static_assert(to_string(route::any_node) == "any_node");
static_assert(to_string(route::active_node) == "active_node");

TEST_CASE("nothing is known of a request but that it may be sent twice if it was refused")
{
    constexpr request_facts facts;
    CHECK_FALSE(facts.safe);
    CHECK_FALSE(facts.idempotent);
    CHECK(facts.replayable_body);
    CHECK_FALSE(facts.addressable);
    CHECK(facts.to == route::any_node);
    CHECK(facts.deadline == time_point::max());
}

TEST_CASE("what reads is safe, and so does no harm when it is repeated")
{
    for (std::string_view const method : {"GET", "HEAD", "LIST", "SCAN", "OPTIONS"}) {
        CHECK(request_facts::of_method(method).safe);
        CHECK(request_facts::of_method(method).idempotent);
    }
}

TEST_CASE("all else may do something, and do it twice: a PUT to Vault too, and what nobody has heard of")
{
    for (std::string_view const method :
         {"POST", "PUT", "PATCH", "DELETE", "get", "GETX", "GE", "", " GET", "BREW"}) {
        CHECK_FALSE(request_facts::of_method(method).safe);
        CHECK_FALSE(request_facts::of_method(method).idempotent);
    }
}
