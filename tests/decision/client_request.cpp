// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/client_request.hpp>

#include <doctest/doctest.h>

#include "support/test_message.hpp"

#include <string_view>

using namespace afterwrite;
using namespace support;

TEST_CASE("callers are told apart by their token")
{
    CHECK(token_of(get()).empty());
    CHECK(token_of(get().with("x-vault-token", "a")) == "a");
    CHECK(token_of(get().with("X-Vault-Token", "a").with("X-Vault-Token", "b")) == "a");
    CHECK(token_of(get().with("Authorization", "Bearer a")) == "a");
    CHECK(token_of(get().with("Authorization", "Bearer  a")) == "a");
    CHECK(token_of(get().with("Authorization", "Bearer   a")) == "a");
    CHECK(token_of(get().with("Authorization", "Basic x").with("authorization", "Bearer a")) == "a");
    CHECK(token_of(get().with("Authorization", "Bearer a").with("X-Vault-Token", "b")) == "b");
    CHECK(token_of(get().with("Authorization", "Bearer a").with("X-Vault-Token", "")) == "a");
}

TEST_CASE("what is no token is none")
{
    for (std::string_view const value : {"", "Basic a", "bearer a", "Bearer", "Bearer "})
        CHECK(token_of(get().with("Authorization", value)).empty());
    CHECK(token_of(get().with("X-Vault-Token", "").with("X-Vault-Token", "b")).empty());
}

TEST_CASE("each of the three fields is the client's own")
{
    CHECK_FALSE(has_own_fields(get().with("X-Vault-Token", "a").with("X-Vault-Request", "true")));
    CHECK(has_own_fields(get().with("x-vault-index", "anything")));
    CHECK(has_own_fields(get().with("X-Vault-Inconsistent", "unheard-of")));
    CHECK(has_own_fields(get().with("X-Vault-Forward", "no-node")));
}

TEST_CASE("an empty field counts as absent, and hides none that is not")
{
    for (std::string_view const name : {"X-Vault-Index", "X-Vault-Inconsistent", "X-Vault-Forward"}) {
        CHECK_FALSE(has_own_fields(get().with(name, "")));
        CHECK_FALSE(has_own_fields(get().with(name, "").with(name, "")));
        CHECK(has_own_fields(get().with(name, "").with(name, "a")));
    }
}

TEST_CASE("of several tokens the first counts")
{
    CHECK(token_of(get().with("Authorization", "Bearer a").with("Authorization", "Bearer b")) == "a");
    CHECK(token_of(get().with("Authorization", "Bearer ").with("Authorization", "Bearer b")) == "b");
}
