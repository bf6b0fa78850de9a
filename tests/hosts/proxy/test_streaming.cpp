// SPDX-License-Identifier: BSL-1.0
// Bodies that are not kept: longer than what can be sent again, or without an end.
#include "relay.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>

using namespace proxy_tests;

namespace {

[[nodiscard]] std::string long_body(std::size_t size)
{
    std::string body(size, ' ');
    for (std::size_t i = 0; i < size; ++i)
        body[i] = static_cast<char>('a' + i % 23);
    return body;
}

[[nodiscard]] std::string in_chunks(std::string const& body)
{
    return std::string("100\r\n") + body.substr(0, 256) + "\r\n" + proxy::chunk_head(body.size() - 256) +
           body.substr(256) + "\r\n0\r\n\r\n";
}

} // namespace

TEST_CASE("a long body is sent on as it comes, by its length or in chunks")
{
    auto const body = long_body(3'000'000);
    scripted_node node(answering([&body](std::string const& asked) {
        auto const end = asked.find("\r\n\r\n") + 4;
        proxy::body_reader reader(asked.find("Content-Length: 3000000") < end
                                      ? proxy::framing{proxy::framing::kind::length, 3'000'000}
                                      : proxy::framing{proxy::framing::kind::chunked, 0});
        std::string got;
        for (auto rest = std::string_view(asked).substr(end); !reader.is_done() && !reader.is_broken();) {
            auto const part = reader.take(rest);
            got += part.content;
            rest.remove_prefix(part.used);
            if (part.used == 0)
                break;
        }
        return answer("200 OK", got == body ? "the same" : "another");
    }));
    front proxy(before(node.address()));
    auto client = proxy.client();
    CHECK(client.ask(request("PUT", "/v1/a", {}, body)).body == "the same");
    CHECK(client.ask("PUT /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + in_chunks(body))
              .body == "the same");
    CHECK(client.ask(request("GET", "/v1/b")).status() == 200); // over the same connections
    CHECK(proxy.counted().connections_accepted == 1);
    CHECK(node.connections() == 1);
}

TEST_CASE("a long body is sent once: a refusal of it reaches the client")
{
    listening_node node(
        answer("412 Precondition Failed", R"({"errors":["required index state not present"]})"));
    front proxy(before(node.address()));
    auto client = proxy.client();
    auto const got = client.ask(request("PUT", "/v1/a", "X-Vault-Token: t\r\n", long_body(100'000)));
    CHECK(got.status() == 412);
    CHECK(node.requests.all().size() == 1);
}

TEST_CASE("a body is refused that is longer than the proxy takes, told or not")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.limits.max_request_bytes = 100'000;
    front proxy(chosen);
    auto told = proxy.client();
    auto const refused = told.ask(request("PUT", "/v1/a", {}, long_body(100'001)));
    CHECK(refused.status() == 413);
    CHECK(refused.body.find("errors") != std::string::npos);
    CHECK(told.is_closed());
    auto untold = proxy.client();
    CHECK(untold
              .ask("PUT /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                   in_chunks(long_body(200'000)))
              .status() == 413);
    CHECK(node.requests.all().empty());
}

TEST_CASE("a node may answer before it has the whole body")
{
    scripted_node node([](node_connection& connection) {
        (void)connection.receive_head();
        connection.send(answer("413 Too Large", "too much", "Connection: close\r\n"));
        connection.wait_for_end();
    });
    front proxy(before(node.address()));
    auto client = proxy.client();
    client.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n");
    client.send(long_body(100'000));
    auto const got = client.ask(long_body(100'000));
    CHECK(got.status() == 413);
    CHECK(got.body == "too much");
}

TEST_CASE("a client that ends in the middle of a long body: the node does not take it for all")
{
    std::promise<std::string> rest;
    scripted_node node([&rest](node_connection& connection) {
        (void)connection.receive_head();
        rest.set_value(connection.receive_rest());
    });
    front proxy(before(node.address()));
    {
        auto client = proxy.client();
        client.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
                    proxy::chunk_head(100'000) + long_body(100'000));
    }
    auto const seen = rest.get_future().get();
    CHECK_FALSE(seen.ends_with("0\r\n\r\n"));
}

TEST_CASE("a long answer comes through, however its end is told")
{
    auto const body = long_body(2'000'000);
    for (std::string const head :
         {"Content-Length: 2000000\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n", "\r\n"}) {
        CAPTURE(head);
        scripted_node node([&](node_connection& connection) {
            (void)connection.receive();
            bool const is_chunked = head.starts_with("Transfer");
            connection.send("HTTP/1.1 200 OK\r\n" + head + (is_chunked ? in_chunks(body) : body));
        });
        front proxy(before(node.address()));
        auto client = proxy.client();
        auto const got = client.ask(request("GET", "/v1/a"));
        CHECK(got.is_whole);
        CHECK(got.body == body);
        auto old = proxy.client();
        CHECK(old.ask("GET /v1/a HTTP/1.0\r\n\r\n").body == body);
    }
}

TEST_CASE("an answer without an end flows to the client that reads it, and ends with it")
{
    std::promise<void> seen;
    std::promise<void> ended;
    scripted_node node([&](node_connection& connection) {
        (void)connection.receive();
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nline 1\r\n");
        seen.get_future().get(); // no more comes before the client has that
        connection.send("6\r\nline 2\r\n");
        connection.wait_for_end();
        ended.set_value();
    });
    front proxy(before(node.address()));
    {
        auto client = proxy.client();
        client.send(request("GET", "/v1/sys/monitor", "X-Vault-Token: t\r\n"));
        auto const until = [&client](std::string_view words) {
            std::string text;
            char byte = 0;
            while (text.find(words) == std::string::npos && ::recv(client.fd(), &byte, 1, 0) == 1)
                text += byte;
            return text.find(words) != std::string::npos;
        };
        CHECK(until("line 1"));
        seen.set_value();
        CHECK(until("line 2"));
    }
    ended.get_future().get();
    CHECK(proxy.counted().answers_2xx == 1);
}
