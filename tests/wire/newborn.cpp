// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/newborn.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace afterwrite;

static_assert(find_newborn(R"({"auth":{"client_token":"hvs.abc"}})") == "hvs.abc");

TEST_CASE("a login's token is found, wherever it stands in the answer")
{
    CHECK(find_newborn(
              R"({"request_id":"1","lease_id":"","data":null,"wrap_info":null,"warnings":null,)"
              R"("auth":{"accessor":"x","policies":["a","b"],"client_token":"s.token","metadata":{}}})") ==
          "s.token");
    CHECK(find_newborn(" {\n \"auth\" : { \"client_token\" : \"b.c\" } }\n") == "b.c");
    CHECK(find_newborn(R"({"a" : [ 1 ] , "b" : 2 , "auth" : {"c": {} , "client_token": "s.x"}})") == "s.x");
}

TEST_CASE("of a wrapped answer it is the wrapping token")
{
    CHECK(find_newborn(R"({"auth":null,"wrap_info":{"token":"hvs.wrap","ttl":60,"accessor":"a"}})") ==
          "hvs.wrap");
}

TEST_CASE("a token may be long")
{
    std::string const token = "hvs." + std::string(250, 'x');
    CHECK(find_newborn(R"({"auth":{"client_token":")" + token + R"("}})") == token);
}

TEST_CASE("what has no token, or none that can be seen, has none")
{
    for (std::string const body :
         {R"()", R"(null)", R"([])", R"({})", R"({"auth":null})", R"({"auth":{}})",
          R"({"auth":{"client_token":7}})", R"({"auth":{"client_token":""}})",
          R"({"auth":{"client_token":"half)", R"({"data":{"auth":{"client_token":"of a secret"}}})",
          R"({"data":{"client_token":"of a secret"}})", R"({"auth":{"client_token":"\u0061"}})",
          R"({"auth":{"x":{"client_token":"deeper"}}})", R"(<html>"auth":{"client_token":"x"}</html>)",
          R"({"auth":{"client_token":"","accessor":"x"}})"}) {
        CAPTURE(body);
        CHECK(find_newborn(body).empty());
    }
    CHECK(find_newborn(R"({"data":")" + std::string(max_inspected_body, 'x') +
                       R"(","auth":{"client_token":"too late"}})")
              .empty());
}

TEST_CASE("a text that stands where there should be a member is no token")
{
    for (std::string_view const body :
         {R"("x")", R"({"auth":"x"})", R"({"auth" "x"})", R"({"auth":{"a" "x"}})", R"({"auth":{"a":[1"x"]}})",
          R"({"auth":{"a":1 "x"}})", R"({"wrap_info":{"a":1 "x"}})"}) {
        CAPTURE(body);
        CHECK(find_newborn(body).empty());
    }
}

TEST_CASE("every cut of an answer is safe to look at")
{
    std::string const body =
        R"({"lease_id":"","auth":{"policies":["p",{"a":[1,2]}],"client_token":"hvs.x"}})";
    std::size_t seen = 0;
    for (std::size_t size = 0; size <= body.size(); ++size) {
        auto const token = find_newborn(std::string_view(body).substr(0, size));
        CHECK((token.empty() || token == "hvs.x"));
        seen += token.empty() ? 0 : 1;
    }
    CHECK(seen == 3); // once its closing quote is there
}

TEST_CASE("what is not whole may hide a token")
{
    CHECK(may_hide_newborn(200, ""));
    CHECK(may_hide_newborn(200, R"({"data":{"cut)"));
    CHECK(may_hide_newborn(200, R"({"data":")" + std::string(max_inspected_body, 'x') + R"("})"));
    CHECK_FALSE(may_hide_newborn(204, ""));
    CHECK_FALSE(may_hide_newborn(200, R"({"data":{}})"));
}

TEST_CASE("paths whose answers make tokens")
{
    for (std::string_view const path :
         {"/v1/auth/userpass/login/me", "/v1/auth/approle/login", "/v1/team/a/auth/kubernetes/login?x=y",
          "/v1/auth/token/create", "/v1/auth/token/create-orphan", "/v1/auth/token/create/role",
          "/v1/auth/oidc/oidc/callback?code=1", "/v1/auth/oidc/oidc/poll", "/v1/auth/saml/token",
          "/v1/sys/mfa/validate", "/v1/sys/wrapping/unwrap", "/vault/v1/sys/wrapping/rewrap",
          "/v1//auth/userpass/login/me"}) {
        CAPTURE(path);
        CHECK(is_birth_path(path));
    }
    for (std::string_view const path :
         {"", "/v1/kv/foo", "/v1/kv/login", "/v1/auth/token/renew-self", "/v1/auth/token/lookup",
          "/v1/auth/approle/role/x", "/v1/sys/health", "/v1/kv/foo?x=/auth/y/login"}) {
        CAPTURE(path);
        CHECK_FALSE(is_birth_path(path));
    }
}
