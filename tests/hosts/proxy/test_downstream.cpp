// SPDX-License-Identifier: BSL-1.0
// What reaches a node of a client's request, and a client of a node's answer.
#include "downstream.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace proxy_tests;

namespace {

[[nodiscard]] bool has_line(std::string const& head, std::string const& line)
{
    return head.find("\r\n" + line + "\r\n") != std::string::npos;
}

[[nodiscard]] bool has_field(std::string const& head, std::string const& name)
{
    return head.find("\r\n" + name + ":") != std::string::npos;
}

} // namespace

TEST_CASE("a request reaches the node without what belongs to the connection, and with what Vault wants")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.upstream.namespace_name = "team/";
    front proxy(chosen);
    auto client = proxy.client();
    CHECK(
        client
            .ask(request("LIST", "/v1/kv?list=true",
                         "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Kept: 2\r\n"))
            .status() == 200);
    auto const seen = node.requests.last();
    CHECK(seen.starts_with("LIST /v1/kv?list=true HTTP/1.1\r\n"));
    CHECK(has_line(seen, "Host: " + node.address().substr(7)));
    CHECK(has_line(seen, "X-Vault-Request: true"));
    CHECK(has_line(seen, "X-Vault-Namespace: team/"));
    CHECK(has_line(seen, "X-Kept: 2"));
    for (auto const* const gone : {"Connection", "X-Mine", "Keep-Alive", "TE", "X-Forwarded-For"})
        CHECK_FALSE(has_field(seen, gone));
    CHECK(client.ask(request("GET", "/v1/kv/a", "X-Vault-Namespace: own/\r\n")).status() == 200);
    CHECK(has_line(node.requests.last(), "X-Vault-Namespace: own/"));
}

TEST_CASE("an answer reaches the client without what belongs to the node's connection")
{
    listening_node node(answer("404 Nothing Here", R"({"errors":[]})",
                               "Connection: X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 2\r\n"
                               "X-Kept: 3\r\nContent-Type: application/json\r\n"));
    front proxy(before(node.address()));
    auto const got = proxy.client().ask(request("GET", "/v1/kv/a"));
    CHECK(got.head.starts_with("HTTP/1.1 404 Nothing Here\r\n"));
    CHECK(got.values("X-Kept") == std::vector<std::string>{"2", "3"});
    CHECK(got.value("Content-Type") == "application/json");
    CHECK(got.values("X-Mine").empty());
    CHECK(got.values("Keep-Alive").empty());
    CHECK(got.body == R"({"errors":[]})");
}

TEST_CASE("requests that come all at once are answered in their order, over one connection to the node")
{
    scripted_node node(answering([](std::string const& asked) {
        auto const from = asked.find(' ') + 1;
        return answer("200 OK", asked.substr(from, asked.find(' ', from) - from));
    }));
    front proxy(before(node.address()));
    auto client = proxy.client();
    std::string all;
    for (int i = 0; i < 50; ++i)
        all += request(i % 2 == 0 ? "GET" : "PUT", "/v1/" + std::to_string(i), {}, i % 2 == 0 ? "" : "body");
    CHECK(client.send("\r\n" + all)); // an empty line before the first is passed over
    for (int i = 0; i < 50; ++i)
        CHECK(client.receive().body == "/v1/" + std::to_string(i));
    CHECK(node.connections() == 1);
}

TEST_CASE("answers without a body: HEAD, 204, 304")
{
    scripted_node node(answering([](std::string const& asked) -> std::string {
        if (asked.starts_with("HEAD"))
            return "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
        if (asked.starts_with("GET /304"))
            return "HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\n\r\n";
        return "HTTP/1.1 204 No Content\r\n\r\n";
    }));
    front proxy(before(node.address()));
    auto client = proxy.client();
    CHECK(client.ask(request("HEAD", "/v1/a")).value("Content-Length") == "1000");
    auto const unchanged = client.ask(request("GET", "/304"));
    CHECK(unchanged.status() == 304);
    CHECK(unchanged.value("Content-Length") == "77");
    auto const empty = client.ask(request("GET", "/204"));
    CHECK(empty.status() == 204);
    CHECK(empty.values("Content-Length").empty());
    CHECK(empty.values("Transfer-Encoding").empty());
    CHECK(node.connections() == 1);
}

TEST_CASE("chunks come and go; trailers do not")
{
    scripted_node node(answering([](std::string const& asked) {
        auto const body = asked.substr(asked.find("\r\n\r\n") + 4);
        return "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Late\r\n\r\n" +
               std::string("3;a=b\r\nabc\r\n") + "3\r\ndef\r\n0\r\nX-Late: 1\r\n\r\n" +
               std::string(body, 0, 0);
    }));
    front proxy(before(node.address()));
    auto client = proxy.client();
    auto const got = client.ask("PUT /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "5;x=y\r\nhello\r\n0\r\nX-Vault-Token: evil\r\n\r\n");
    CHECK(got.body == "abcdef");
    CHECK(got.is_whole);
    CHECK(got.values("X-Late").empty());
    CHECK(client.ask(request("GET", "/v1/b")).status() == 200);
}

TEST_CASE("a short body is sent with its length, however it came")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    client.ask("PUT /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
               "5\r\nhello\r\n0\r\nX-Vault-Token: evil\r\n\r\n");
    CHECK(has_line(node.requests.last(), "Content-Length: 5"));
    CHECK_FALSE(has_field(node.requests.last(), "X-Vault-Token"));
    CHECK(node.requests.last().ends_with("\r\n\r\nhello"));
    client.ask(request("POST", "/v1/a", "Content-Length: 0\r\n"));
    CHECK(has_line(node.requests.last(), "Content-Length: 0"));
    client.ask(request("POST", "/v1/a"));
    CHECK_FALSE(has_field(node.requests.last(), "Content-Length"));
}

TEST_CASE("a client of HTTP/1.0")
{
    listening_node node("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    front proxy(before(node.address()));
    auto once = proxy.client();
    auto const closed = once.ask("GET /v1/a HTTP/1.0\r\n\r\n");
    CHECK(closed.body == "ok");
    CHECK(closed.value("Connection") == "close");
    CHECK(once.is_closed());
    auto kept = proxy.client();
    for (int i = 0; i < 2; ++i) {
        auto const got = kept.ask("GET /v1/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        CHECK(got.value("Connection") == "keep-alive");
        CHECK(got.value("Content-Length") == "2");
    }
}

TEST_CASE("a client that wants its connection closed, and one that waits for a word before its body")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    client.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    std::string said(25, ' ');
    REQUIRE(::recv(client.fd(), said.data(), said.size(), MSG_WAITALL) == 25);
    CHECK(said == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK(client.ask("hello").status() == 200);
    CHECK_FALSE(has_field(node.requests.last(), "Expect"));
    auto const last = client.ask(request("GET", "/v1/a", "Connection: close\r\n"));
    CHECK(last.value("Connection") == "close");
    CHECK(client.is_closed());
}

TEST_CASE("targets that name a host as well, and those that lead nowhere")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    client.ask(request("GET", "http://vault.example:8200/v1/a?b=c"));
    CHECK(node.requests.last().starts_with("GET /v1/a?b=c HTTP/1.1\r\n"));
    client.ask(request("GET", "https://vault.example"));
    CHECK(node.requests.last().starts_with("GET / HTTP/1.1\r\n"));
    client.ask(request("OPTIONS", "*"));
    CHECK(node.requests.last().starts_with("OPTIONS * HTTP/1.1\r\n"));
    auto const count = node.requests.all().size();
    CHECK(client.ask(request("CONNECT", "vault.example:443")).status() == 501);
    CHECK(client.ask(request("GET", "/v1/sys/events", "Connection: Upgrade\r\nUpgrade: websocket\r\n"))
              .status() == 501);
    CHECK(client.ask(request("GET", "v1/a")).status() == 400);
    CHECK(node.requests.all().size() == count);
}

TEST_CASE("a node that is reached by the name of a host, and one that lets no connection stay")
{
    listening_node node(answer("200 OK", "ok", "Connection: close\r\n"));
    front proxy(before("http://localhost:" + node.address().substr(node.address().rfind(':') + 1)));
    auto client = proxy.client();
    for (int i = 0; i < 3; ++i)
        CHECK(client.ask(request("GET", "/v1/a")).body == "ok");
    CHECK(proxy.counted().upstream_connections == 3);
}

TEST_CASE("a kept connection that the node has closed is noticed, and a read that meets the end goes again")
{
    scripted_node node([](node_connection& connection) {
        if (!connection.receive().empty())
            connection.send(answer("200 OK", "ok"));
        (void)connection.receive(); // and is closed without an answer
    });
    front proxy(before(node.address()));
    auto client = proxy.client();
    for (int i = 0; i < 3; ++i)
        CHECK(client.ask(request("GET", "/v1/a")).body == "ok");
    auto const write = client.ask(request("PUT", "/v1/a", {}, "x"));
    CHECK(write.status() == 502); // which may have been executed
    CHECK(write.body.find("may have been executed") != std::string::npos);
}

TEST_CASE("a client cannot say whom it speaks for, unless the listener is told to believe it")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.listeners.push_back(chosen.listeners.front());
    chosen.listeners.back().pass_forwarded = true;
    front proxy(chosen);
    auto const asked =
        request("GET", "/v1/a",
                "X-Forwarded-For: 10.0.0.7\r\nForwarded: for=10.0.0.7\r\nX-Real-IP: 10.0.0.7\r\n"
                "X-Forwarded-Client-Cert: abc\r\nx-ssl-client-cert: abc\r\nX-Forward: kept\r\n");
    CHECK(proxy.client().ask(asked).status() == 200);
    CHECK(node.requests.last().find("10.0.0.7") == std::string::npos);
    CHECK(node.requests.last().find("abc") == std::string::npos);
    CHECK(has_line(node.requests.last(), "X-Forward: kept"));
    CHECK(wire_client(proxy.server.addresses().at(1)).ask(asked).status() == 200);
    CHECK(has_line(node.requests.last(), "X-Forwarded-For: 10.0.0.7"));
    CHECK(has_line(node.requests.last(), "x-ssl-client-cert: abc"));
}
