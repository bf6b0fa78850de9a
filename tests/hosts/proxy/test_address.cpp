// SPDX-License-Identifier: BSL-1.0
#include "address.hpp"

#include "answers.hpp"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace proxy;

TEST_CASE("addresses of nodes, and how requests name them")
{
    auto const plain = node_place::parse("http://vault.example:8200/v1?x");
    CHECK(plain.address == "http://vault.example:8200");
    CHECK(plain.host == "vault.example");
    CHECK(plain.port == "8200");
    CHECK(plain.host_field() == "vault.example:8200");
    CHECK_FALSE(plain.is_secure());
    auto const secure = node_place::parse("https://[2001:db8::1]");
    CHECK(secure.is_secure());
    CHECK(secure.host == "2001:db8::1");
    CHECK(secure.port == "443");
    CHECK(secure.host_field() == "[2001:db8::1]");
    CHECK(node_place::parse("http://h").host_field() == "h");
    CHECK(node_place::parse("http://h:443").host_field() == "h:443");
    auto const file = node_place::parse("unix:///run/vault.sock");
    CHECK(file.what == node_place::kind::unix_socket);
    CHECK(file.host == "/run/vault.sock");
    CHECK(file.host_field() == "localhost");
}

TEST_CASE("what is no address")
{
    for (auto const* const text : {"", "vault:8200", "ftp://h", "http://", "http://:80", "http://h:",
                                   "http://h:65536", "http://h:8o", "http://user@h", "http://h h",
                                   "http://::1", "http://[::1", "unix://relative", "http://h\r\nX: y"}) {
        CAPTURE(text);
        CHECK_THROWS_AS((void)node_place::parse(text), std::invalid_argument);
    }
}

TEST_CASE("a target is logged without what may be a token")
{
    CHECK(without_secrets("/v1/kv/data/foo") == "/v1/kv/data/foo");
    CHECK(without_secrets("/v1/kv?token=hvs.A") == "/v1/kv");
    CHECK(without_secrets("/v1/auth/token/revoke/hvs.CAESI") == "/v1/auth/token/revoke/...");
    CHECK(without_secrets("/v1/s.abc/b.def/x") == "/v1/.../.../x");
    CHECK(without_secrets("*") == "*");
    CHECK(without_secrets("").empty());
}
