// SPDX-License-Identifier: BSL-1.0
#include "fields.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace proxy;

namespace {

[[nodiscard]] std::string with(std::string const& fields)
{
    return "GET /v1/kv/a HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
}

[[nodiscard]] bool is_request(std::string const& bytes)
{
    auto const head = read_request_head(bytes);
    return head && framing_of(*head);
}

[[nodiscard]] framing::kind kind_of(std::string const& fields)
{
    auto const head = read_request_head(with(fields));
    REQUIRE(head);
    auto const how = framing_of(*head);
    REQUIRE(how);
    return how->what;
}

} // namespace

TEST_CASE("a plain head is read")
{
    auto const head = read_request_head("LIST /v1/kv?x=1 HTTP/1.1\r\nHost: h\r\nX-Vault-Token:  t \r\n\r\n");
    REQUIRE(head);
    CHECK(head->method_string() == "LIST");
    CHECK(head->target() == "/v1/kv?x=1");
    CHECK((*head)["x-vault-token"] == "t");
    CHECK(is_kept(*head));
}

TEST_CASE("what can be read in two ways is read in none")
{
    using namespace std::string_literals;
    for (auto const& fields : {"A: b\n"s, "A: b\rC: d\r\n"s, "A : b\r\n"s, " A: b\r\n"s, "A: b\r\n c\r\n"s,
                               "A: b\r\n\tc\r\n"s, "A\r\n"s, ": b\r\n"s, "A: \0b\r\n"s, "A(: b\r\n"s,
                               "A\x80: b\r\n"s, "A: b\x7f\r\n"s, "A: \x01\r\n"s, "\r\n"s}) {
        CAPTURE(fields);
        CHECK_FALSE(read_request_head(with(fields)));
    }
    for (auto const* const line :
         {"GET /  HTTP/1.1", "GET  / HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ", "GET /",
          "GET / HTTP/2.0", "GET / HTTP/1.2", "GET / HTTP/0.9", "GET / http/1.1", "GET\t/ HTTP/1.1",
          "/ HTTP/1.1", "", "GE(T / HTTP/1.1", "PRI * HTTP/2.0"}) {
        CAPTURE(line);
        CHECK_FALSE(read_request_head(line + "\r\nHost: h\r\n\r\n"s));
    }
}

TEST_CASE("the end of a request's body is told in one way")
{
    CHECK(kind_of("") == framing::kind::none);
    CHECK(kind_of("Content-Length: 5\r\n") == framing::kind::length);
    CHECK(kind_of("Transfer-Encoding: chunked\r\n") == framing::kind::chunked);
    CHECK(kind_of("Transfer-Encoding: Chunked\r\n") == framing::kind::chunked);
    for (auto const* const fields :
         {"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
          "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 5\r\n",
          "Content-Length: 5\r\nContent-Length: 6\r\n", "Content-Length: 5, 5\r\n", "Content-Length: +5\r\n",
          "Content-Length: -5\r\n", "Content-Length: 0x5\r\n", "Content-Length: 5 5\r\n",
          "Content-Length: \r\n", "Content-Length: 99999999999999999999\r\n",
          "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, gzip\r\n",
          "Transfer-Encoding: identity\r\n", "Transfer-Encoding: xchunked\r\n", "Transfer-Encoding: \r\n",
          "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Host: other\r\n"}) {
        CAPTURE(fields);
        CHECK_FALSE(is_request(with(fields)));
    }
    CHECK_FALSE(is_request("GET / HTTP/1.1\r\n\r\n"));
    CHECK(is_request("GET / HTTP/1.0\r\n\r\n"));
    CHECK_FALSE(is_request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("the end of an answer's body")
{
    auto const kind = [](std::string const& head, bool answers_head = false) {
        auto const parsed = read_response_head("HTTP/1.1 " + head + "\r\n");
        REQUIRE(parsed);
        auto const how = framing_of(*parsed, answers_head);
        REQUIRE(how);
        return how->what;
    };
    CHECK(kind("200 OK\r\n") == framing::kind::until_close);
    CHECK(kind("200 OK\r\nContent-Length: 3\r\n") == framing::kind::length);
    CHECK(kind("200 OK\r\nContent-Length: 3\r\n", true) == framing::kind::none);
    CHECK(kind("204 No Content\r\n") == framing::kind::none);
    CHECK(kind("304 Not Modified\r\nContent-Length: 3\r\n") == framing::kind::none);
    CHECK(kind("412 \r\nTransfer-Encoding: chunked\r\n") == framing::kind::chunked);
    CHECK_FALSE(read_response_head("nonsense\r\n\r\n"));
    CHECK_FALSE(read_response_head("HTTP/1.1 20 OK\r\n\r\n"));
}

TEST_CASE("what belongs to a connection is taken out, whatever the connection calls so")
{
    auto head =
        read_request_head(with("Connection: keep-alive, X-Mine\r\nConnection: x-other\r\nX-Mine: 1\r\n"
                               "X-Other: 2\r\nKeep-Alive: 5\r\nTE: trailers\r\nUpgrade: h2c\r\n"
                               "Proxy-Connection: keep-alive\r\nTrailer: T\r\nX-Kept: 3\r\n"));
    REQUIRE(head);
    remove_connection_fields(*head);
    std::string left;
    append_fields(left, *head);
    CHECK(left == "Host: h\r\nX-Kept: 3\r\n");
}

TEST_CASE("a connection is kept as both versions of HTTP say")
{
    auto const kept = [](std::string const& version, std::string const& fields) {
        auto const head = read_request_head("GET / HTTP/" + version + "\r\nHost: h\r\n" + fields + "\r\n");
        REQUIRE(head);
        return is_kept(*head);
    };
    CHECK(kept("1.1", ""));
    CHECK_FALSE(kept("1.1", "Connection: Close\r\n"));
    CHECK_FALSE(kept("1.1", "Connection: keep-alive, close\r\n"));
    CHECK_FALSE(kept("1.0", ""));
    CHECK(kept("1.0", "Connection: Keep-Alive\r\n"));
}

TEST_CASE("what proxies say of the client behind them is taken out, under whatever name it goes")
{
    std::string forwarded;
    for (auto const* const name :
         {"X-Forwarded-For", "X-Forwarded-Host", "x-forwarded-proto", "X-FORWARDED-PORT",
          "X-Forwarded-Client-Cert", "X-Forwarded-Tls-Client-Cert", "Forwarded", "X-Real-IP", "X-Client-IP",
          "True-Client-IP", "Client-Cert", "Client-Cert-Chain", "X-SSL-Client-Cert", "X-SSL-Cert",
          "SSL-Client-Cert", "X-Client-Cert", "X-Client-Cert-Leaf", "X-ARR-ClientCert",
          "X-Amzn-Mtls-Clientcert"})
        forwarded.append(name).append(": 1\r\n");
    auto head = read_request_head(with(forwarded + "X-Vault-Forward: active-node\r\nForwarded-By: 2\r\n" +
                                       forwarded + "X-Vault-Token: t\r\n"));
    REQUIRE(head);
    remove_forwarded_fields(*head);
    std::string left;
    append_fields(left, *head);
    CHECK(left == "Host: h\r\nX-Vault-Forward: active-node\r\nForwarded-By: 2\r\nX-Vault-Token: t\r\n");
}
