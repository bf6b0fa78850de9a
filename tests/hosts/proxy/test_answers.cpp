// SPDX-License-Identifier: BSL-1.0
#include "answers.hpp"

#include <doctest/doctest.h>

using proxy::without_secrets;

TEST_CASE("a token in a path is not logged, however it stands there")
{
    for (auto const* const path :
         {"/v1/auth/token/lookup/hvs.SECRET", "/v1/auth/token/lookup/hvs%2eSECRET", "/v1/a/;hvs.SECRET",
          "/v1/a;s.SECRET/b", "/v1/a%2fhvb%2ESECRET", "/v1/auth/token/lookup//SECRET",
          "/v1/auth//token/renew/SECRET", "/v1/auth/token/lookup/my-own-SECRET",
          "/v1/ns/auth/token/revoke-orphan/SECRET/SECRET", "/v1/auth%2Ftoken/revoke/SECRET",
          "/v1/sys/wrapping/lookup;SECRET", "/v1/sys/wrapping/unwrap/SECRET", "/v1/kv?token=SECRET"}) {
        CAPTURE(path);
        CHECK(without_secrets(path).find("SECRET") == std::string::npos);
        CHECK(without_secrets(path).starts_with("/v1/"));
    }
}

TEST_CASE("other paths are logged as a server reads them")
{
    CHECK(without_secrets("/v1/kv/data/settings.json") == "/v1/kv/data/settings.json");
    CHECK(without_secrets("/v1/kv/data/two%20words%2") == "/v1/kv/data/two words%2");
    CHECK(without_secrets("/v1/auth/token/create/role") == "/v1/auth/token/create/role");
    CHECK(without_secrets("/v1/auth/token/lookup-self") == "/v1/auth/token/lookup-self");
    CHECK(without_secrets("/v1/sys/mounts") == "/v1/sys/mounts");
}
