// SPDX-License-Identifier: BSL-1.0
// Clients and nodes that are broken, or mean harm: clear errors, bounds, and nobody else harmed.
#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace proxy_tests;
using namespace std::string_literals;

namespace {

/// Short limits, so that a test which waits for one does not take long.
[[nodiscard]] proxy::settings impatient(std::string const& upstream)
{
    auto chosen = before(upstream);
    chosen.limits.header_timeout = std::chrono::milliseconds(300);
    chosen.limits.body_timeout = std::chrono::milliseconds(300);
    chosen.limits.idle_timeout = std::chrono::milliseconds(600);
    chosen.upstream.timeout = std::chrono::milliseconds(800);
    return chosen;
}

[[nodiscard]] bool is_error(wire_answer const& got)
{
    return got.body.starts_with(R"({"errors":[")") && got.body.ends_with("\"]}");
}

/// Both ends of 2 000 connections are in this process.
void allow_many_files()
{
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

/// Of this process, in bytes.
[[nodiscard]] std::size_t resident()
{
    std::ifstream status("/proc/self/statm");
    std::size_t total = 0;
    std::size_t pages = 0;
    status >> total >> pages;
    return pages * 4096;
}

} // namespace

TEST_CASE("a smuggled request is refused, and its connection closed: the node sees nothing")
{
    listening_node node;
    front proxy(before(node.address()));
    auto const post = "POST /v1/a HTTP/1.1\r\nHost: h\r\n"s;
    auto const inner = "GET /v1/secret HTTP/1.1\r\nHost: h\r\n\r\n"s;
    for (auto const& bytes :
         {post + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n\r\n0\r\n\r\n" + inner,
          post + "Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + inner,
          post + "Content-Length: 44\r\nContent-Length: 44\r\n\r\n" + inner,
          post + "Content-Length: 0, 44\r\n\r\n" + inner,
          post + "Content-Length: +0\r\n\r\n" + inner,
          post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding: gzip\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
          post + "X: \0y\r\n\r\n"s + inner,
          post + "X\0: y\r\n\r\n"s + inner,
          post + " X: y\r\n\r\n" + inner,
          post + "Host: other\r\n\r\n" + inner,
          "GET /v1/a HTTP/1.1\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked\r\n\r\n5\r\nhelloGET\r\n0\r\n\r\n" + inner,
          post + "Transfer-Encoding: chunked\r\n\r\n0\n\n" + inner,
          post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n" + inner,
          "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"s,
          "GET /v1/a\r\n\r\n"s,
          "\x16\x03\x01\x02\x00\x01\r\n\r\n"s}) {
        CAPTURE(bytes);
        auto client = proxy.client();
        auto const got = client.ask(bytes);
        CHECK(got.status() == 400);
        CHECK(is_error(got));
        CHECK(got.value("Connection") == "close");
        CHECK(client.is_closed());
    }
    CHECK(node.requests.all().empty());
    CHECK(proxy.counted().requests_malformed == 26);
}

TEST_CASE("a client cannot speak for the proxy, nor bring what others require")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    auto const lie = "X-Vault-Index: " + std::string(300, 'A') + "\r\n";
    CHECK(client
              .ask(request("GET", "/v1/a",
                           "X-Vault-Token: m\r\nX-Vault-Index: djE6\r\nX-Vault-Index: x\r\n" + lie))
              .status() == 200);
    CHECK(node.requests.last().find(lie) != std::string::npos); // it is the client's own affair
    for (auto const* const token : {"m", "other"}) {
        client.ask(request("GET", "/v1/a", "X-Vault-Token: "s + token + "\r\n"));
        CHECK(node.requests.last().find("X-Vault-Index") == std::string::npos);
    }
}

TEST_CASE("a head that is too large is refused")
{
    listening_node node;
    front proxy(before(node.address()));
    auto large = proxy.client();
    auto const got = large.ask("GET /v1/a HTTP/1.1\r\nHost: h\r\nX: " + std::string(70'000, 'x'));
    CHECK(got.status() == 431);
    CHECK(is_error(got));
    CHECK(large.is_closed());
    auto many = proxy.client();
    std::string fields;
    for (int i = 0; i < 20'000; ++i)
        fields += "A: b\r\n";
    CHECK(many.ask(request("GET", "/v1/a", fields)).status() == 431);
    CHECK(node.requests.all().empty());
}

TEST_CASE("2 000 connections that send one byte cost little, harm nobody, and are closed in time")
{
    allow_many_files();
    listening_node node;
    auto chosen = before(node.address());
    chosen.limits.header_timeout = std::chrono::seconds(5);
    front proxy(chosen);
    auto const before_them = resident();
    std::vector<std::unique_ptr<wire_client>> slow;
    for (int i = 0; i < 2000; ++i) {
        slow.push_back(std::make_unique<wire_client>(proxy.address()));
        REQUIRE(slow.back()->send("G"));
    }
    auto client = proxy.client();
    for (int i = 0; i < 100; ++i)
        CHECK(client.ask(request("GET", "/v1/a")).status() == 200);
    MESSAGE("2 000 connections take " << (resident() - before_them) / 1024 << " KiB");
    CHECK(resident() - before_them < std::size_t{64} << 20);
    for (auto const& each : slow)
        CHECK(each->is_closed());
    while (proxy.counted().connections_open > 1)
        std::this_thread::yield();
    CHECK(proxy.counted().requests_timed_out == 2000);
}

TEST_CASE("connections past the limit are closed at once, the others are served")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.limits.max_connections = 5;
    front proxy(chosen);
    std::vector<std::unique_ptr<wire_client>> clients;
    for (int i = 0; i < 5; ++i) {
        clients.push_back(std::make_unique<wire_client>(proxy.address()));
        CHECK(clients.back()->ask(request("GET", "/v1/a")).status() == 200);
    }
    CHECK(proxy.client().is_closed());
    CHECK(proxy.counted().connections_refused == 1);
    for (auto const& each : clients)
        CHECK(each->ask(request("GET", "/v1/a")).status() == 200);
}

TEST_CASE("who sends half of something, or nothing, is cut off in time")
{
    listening_node node;
    front proxy(impatient(node.address()));
    auto head = proxy.client();
    head.send("GET /v1/a HTTP/1.1\r\nHost");
    auto body = proxy.client();
    body.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhal");
    auto long_body = proxy.client();
    long_body.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\nhal");
    auto idle = proxy.client();
    CHECK(idle.ask(request("GET", "/v1/a")).status() == 200);
    CHECK(head.is_closed());
    CHECK(body.is_closed());
    (void)long_body.is_closed();
    CHECK(idle.is_closed());
    CHECK(node.requests.all().size() == 1);
}

TEST_CASE("who has said nothing yet has no more time than for a head; who has, may be idle")
{
    listening_node node;
    auto chosen = impatient(node.address());
    chosen.limits.idle_timeout = std::chrono::hours(1);
    front proxy(chosen);
    auto asked = proxy.client();
    CHECK(asked.ask(request("GET", "/v1/a")).status() == 200);
    CHECK(proxy.client().is_closed());
    CHECK(asked.ask(request("GET", "/v1/a")).status() == 200);
}

TEST_CASE(
    "a body that comes a byte at a time is cut off, whether it is kept or sent on; a slow one need not be")
{
    listening_node node;
    auto chosen = impatient(node.address());
    chosen.upstream.timeout = std::chrono::seconds(30);
    auto const trickle = [&chosen](std::string const& length, int most) {
        front proxy(chosen);
        auto client = proxy.client();
        client.send("PUT /v1/a HTTP/1.1\r\nHost: h\r\nContent-Length: " + length + "\r\n\r\n");
        pollfd answered{client.fd(), POLLIN, 0};
        for (int i = 0; i < most && client.send("x") && ::poll(&answered, 1, 50) == 0;)
            ++i;
        return client.receive().status();
    };
    CHECK(trickle("200", 200) == 408);
    CHECK(trickle("1000000", 200) == 400);
    chosen.limits.min_body_rate = 5;
    CHECK(trickle("50", 50) == 200);
}

TEST_CASE("a client that reads nothing of a long answer is cut off; the node's connection is let go")
{
    scripted_node node([](node_connection& connection) {
        (void)connection.receive();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
        std::string const part(1 << 20, 'x');
        while (connection.send(part)) {
        }
    });
    front proxy(impatient(node.address()));
    auto const before_it = resident();
    auto client = proxy.client();
    client.send(request("GET", "/v1/a"));
    while (proxy.counted().requests_under_way == 0)
        std::this_thread::yield();
    while (proxy.counted().requests_under_way != 0)
        std::this_thread::yield();
    CHECK(resident() - before_it < std::size_t{32} << 20);
}

TEST_CASE("a node that says 412 for ever: the client gets its refusal, and others are served")
{
    scripted_node node(answering([](std::string const& asked) {
        return asked.find("X-Vault-Token: stale") == std::string::npos
                   ? answer("200 OK", "{}")
                   : answer("412 Precondition Failed", R"({"errors":["required index state not present"]})");
    }));
    auto chosen = before(node.address());
    chosen.policy.consistency.limit.timeout = std::chrono::milliseconds(500);
    front proxy(chosen);
    auto waiting = proxy.client();
    waiting.send(request("GET", "/v1/a", "X-Vault-Token: stale\r\n"));
    auto other = proxy.client();
    for (int i = 0; i < 100; ++i)
        CHECK(other.ask(request("GET", "/v1/a", "X-Vault-Token: t\r\n")).status() == 200);
    auto const got = waiting.receive();
    CHECK(got.status() == 412);
    CHECK(got.body == R"({"errors":["required index state not present"]})");
    CHECK(proxy.counted().attempts > 101);
    CHECK(proxy.counted().attempts < 301);
}

TEST_CASE("a node that does not answer as it should: an error that says so, and the next one is asked again")
{
    auto const flood = [](std::string const& bytes) {
        return [bytes](node_connection& connection) {
            (void)connection.receive();
            while (connection.send(bytes)) {
            }
        };
    };
    auto const once = [](std::string const& bytes) {
        return [bytes](node_connection& connection) {
            (void)connection.receive();
            connection.send(bytes);
        };
    };
    std::vector<scripted_node::script> const faults = {
        once(""),
        once("HTTP/1.1 200"),
        once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
        once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        once("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        once("HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        once("garbage\r\n\r\n"),
        once("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n"),
        flood("HTTP/1.1 100 Continue\r\n\r\n"),
        flood("X-Endless: " + std::string(1000, 'x')),
        flood("HTTP/1.1 200 OK\r\n" + std::string("A: b\r\n")),
        [](node_connection& connection) { connection.wait_for_end(); },
    };
    for (std::size_t i = 0; i < faults.size(); ++i) {
        CAPTURE(i);
        scripted_node node(faults[i]);
        front proxy(impatient(node.address()));
        auto client = proxy.client();
        for (auto const* const method : {"PUT", "GET"}) {
            auto const token = "X-Vault-Token: "s + method + "\r\n"; // since a lost write holds up its caller
            auto const got = client.ask(request(method, "/v1/a", token));
            CHECK(got.status() == 502);
            CHECK(is_error(got));
        }
        CHECK(client.ask(request("GET", "/proxy/v1/health")).status() == 200); // the same connection goes on
        CHECK(proxy.lines.has("a node gave no answer"));
    }
}

TEST_CASE("a node that nobody is at")
{
    auto chosen = impatient("http://127.0.0.1:1");
    chosen.upstream.timeout = std::chrono::milliseconds(20);
    front proxy(chosen);
    auto client = proxy.client();
    for (int i = 0; i < 20; ++i) {
        auto const got = client.ask(request("PUT", "/v1/a", {}, "x"));
        CHECK(got.status() == 503);
        CHECK(is_error(got));
    }
    auto const text = proxy.lines.text();
    auto const first = text.find("a node gave no answer");
    CHECK(first != std::string::npos);
    CHECK(text.find("a node gave no answer", first + 1) == std::string::npos); // it is not told each time
}

TEST_CASE("an answer that was cut off reaches the client as one that was cut off")
{
    auto const part = std::string(200'000, 'x');
    for (auto const& head :
         {"Content-Length: 300000\r\n\r\n"s + part, "Transfer-Encoding: chunked\r\n\r\n40000\r\n" + part}) {
        scripted_node node([&](node_connection& connection) {
            (void)connection.receive();
            connection.send("HTTP/1.1 200 OK\r\n" + head);
        });
        front proxy(before(node.address()));
        auto client = proxy.client();
        auto const got = client.ask(request("GET", "/v1/a"));
        CHECK(got.status() == 200);
        CHECK_FALSE(got.is_whole);
        auto old = proxy.client(); // which can tell by an error of the connection alone
        auto const torn = old.ask("GET /v1/a HTTP/1.0\r\n\r\n");
        CHECK_FALSE(torn.is_whole);
    }
}

TEST_CASE("what a node says without being asked is nobody's answer")
{
    scripted_node node([](node_connection& connection) {
        while (!connection.receive().empty())
            connection.send(answer("200 OK", "mine") + answer("200 OK", "injected"));
    });
    front proxy(before(node.address()));
    auto client = proxy.client();
    for (int i = 0; i < 20; ++i)
        CHECK(client.ask(request("GET", "/v1/a")).body == "mine");
    CHECK(proxy.counted().upstream_connections == 20);
}

TEST_CASE("a client that goes away ends the work for it")
{
    std::promise<void> ended;
    scripted_node node([&ended](node_connection& connection) {
        (void)connection.receive();
        connection.wait_for_end();
        ended.set_value();
    });
    front proxy(before(node.address()));
    {
        auto client = proxy.client();
        client.send(request("PUT", "/v1/a", "X-Vault-Token: t\r\n", "x"));
        while (proxy.counted().attempts == 0)
            std::this_thread::yield();
    }
    ended.get_future().get();
    CHECK(proxy.counted().attempts == 1);
}
