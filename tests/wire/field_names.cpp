// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/field_names.hpp>

#include <doctest/doctest.h>

using namespace afterwrite;

TEST_CASE("fields and values are spelt as the servers spell them")
{
    CHECK(field_names::index == "X-Vault-Index");
    CHECK(field_names::inconsistent == "X-Vault-Inconsistent");
    CHECK(field_names::forward == "X-Vault-Forward");
    CHECK(field_names::forward_active_node == "forward-active-node");
    CHECK(field_names::await_state == "await-state");
    CHECK(field_names::fail == "fail");
    CHECK(field_names::active_node == "active-node");
    CHECK(field_names::retry_after == "Retry-After");
    CHECK(field_names::location == "Location");
    CHECK(field_names::token == "X-Vault-Token");
    CHECK(field_names::authorization == "Authorization");
}
