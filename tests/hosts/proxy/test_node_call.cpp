// SPDX-License-Identifier: BSL-1.0
// What is held against a node, and what is taken for lost, when a request does not end well.
#include "node_call.hpp"

#include "answers.hpp"
#include "front.hpp"
#include "scripted_node.hpp"

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <string>
#include <thread>

using namespace proxy_tests;

namespace {

using namespace std::chrono_literals;

[[nodiscard]] std::string token(std::string const& name) { return "X-Vault-Token: " + name + "\r\n"; }

[[nodiscard]] std::string index_field()
{
    return "X-Vault-Index: " + afterwrite::base64_encode("v1:cluster:10:0:" + std::string(64, 'a')) + "\r\n";
}

/// A body that is sent on as it comes, up to its middle.
[[nodiscard]] std::string half_a_write(std::string const& who)
{
    return "PUT /v1/a HTTP/1.1\r\nHost: h\r\n" + token(who) + "Content-Length: 200000\r\n\r\n" +
           std::string(100'000, 'x');
}

/// The same in chunks, with something behind them that is none.
[[nodiscard]] std::string broken_write(std::string const& who)
{
    return "PUT /v1/a HTTP/1.1\r\nHost: h\r\n" + token(who) + "Transfer-Encoding: chunked\r\n\r\n" +
           proxy::chunk_head(100'000) + std::string(100'000, 'x') + "\r\nno chunk\r\n";
}

/// A node that does to writes what a test says, and answers the rest; and a proxy that knows its cluster.
struct world {
    explicit world(scripted_node::script lose, proxy::settings chosen = before("http://127.0.0.1:1"))
        : node([this, lose = std::move(lose)](node_connection& connection) {
              for (;;) {
                  auto const head = connection.receive_head();
                  if (head.empty() || head.starts_with("PUT /v1/a"))
                      return head.empty() ? void() : lose(connection);
                  requests.add(head);
                  connection.send(answer("200 OK", "", index_field()));
              }
          }),
          proxy(with_address(std::move(chosen), node.address()))
    {
        (void)proxy.client().ask(request("DELETE", "/v1/first", token("somebody")));
    }

    /// Whether its next read has to go to the active node, since a write of its may be lost.
    [[nodiscard]] bool has_lost(std::string const& who)
    {
        CHECK(proxy.client().ask(request("GET", "/v1/b", token(who))).status() == 200);
        return requests.last().find("X-Vault-Forward") != std::string::npos;
    }

    void wait_until_idle() const
    {
        while (proxy.counted().requests_under_way != 0)
            std::this_thread::yield();
    }

    static proxy::settings with_address(proxy::settings chosen, std::string const& address)
    {
        chosen.upstream.address = address;
        return chosen;
    }

    kept_requests requests;
    scripted_node node;
    front proxy;
};

void read_to_the_end(node_connection& connection) { connection.wait_for_end(); }

} // namespace

TEST_CASE("a write whose body the client broke off is not lost, and no node is at fault")
{
    world all(read_to_the_end);
    auto broken = all.proxy.client();
    auto const got = broken.ask(broken_write("broken"));
    CHECK(got.status() == 400);
    CHECK(got.body.find("nothing was executed") != std::string::npos);
    auto gone = all.proxy.client();
    gone.send(half_a_write("gone"));
    gone.end_of_sending();
    CHECK(gone.is_closed());
    all.wait_until_idle();
    CHECK_FALSE(all.has_lost("broken"));
    CHECK_FALSE(all.has_lost("gone"));
    CHECK(all.proxy.counted().upstream_errors == 0);
    CHECK(all.proxy.counted().answers_5xx == 0);
    CHECK(all.proxy.counted().answers_4xx >= 1);
    CHECK_FALSE(all.proxy.lines.has("a node gave no answer"));
}

TEST_CASE("a client that stops in the middle of a body for too long is told so, and costs its node nothing")
{
    std::promise<void> given_up;
    auto chosen = before({});
    chosen.upstream.timeout = 200ms;
    world all(
        [&given_up](node_connection& connection) {
            connection.wait_for_end();
            given_up.set_value();
        },
        chosen);
    auto slow = all.proxy.client();
    slow.send(half_a_write("slow"));
    given_up.get_future().get();
    CHECK(slow.ask(std::string(1000, 'x')).status() == 408);
    CHECK_FALSE(all.has_lost("slow"));
    CHECK(all.proxy.counted().upstream_errors == 0);
}

TEST_CASE("a write that a node may have executed is lost, also if its client is gone")
{
    std::atomic<int> came = 0;
    world all([&came](node_connection& connection) {
        ++came;
        connection.wait_for_end();
    });
    {
        auto client = all.proxy.client();
        client.send(request("PUT", "/v1/a", token("t"), "x"));
        while (came == 0)
            std::this_thread::yield();
    }
    all.wait_until_idle();
    CHECK(all.has_lost("t"));
    CHECK_FALSE(all.has_lost("other"));
    CHECK(all.proxy.counted().upstream_errors == 0);
}

TEST_CASE("after a broken body its node is asked as before")
{
    std::atomic<int> reads[2] = {};
    auto const counting = [](std::atomic<int>& count) {
        return [&count](node_connection& connection) {
            for (auto head = connection.receive_head(); head.starts_with("GET");
                 head = connection.receive_head()) {
                ++count;
                connection.send(answer("200 OK"));
            }
            connection.wait_for_end();
        };
    };
    scripted_node one(counting(reads[0]));
    scripted_node two(counting(reads[1]));
    auto chosen = before(one.address());
    chosen.upstream.nodes = {one.address(), two.address()};
    front proxy(chosen);
    CHECK(proxy.client().ask(broken_write("t")).status() == 400);
    auto client = proxy.client();
    for (int i = 0; i < 40; ++i)
        CHECK(client.ask(request("GET", "/v1/a", token("other"))).status() == 200);
    CHECK(reads[0] > 0);
    CHECK(reads[1] > 0);
}

TEST_CASE("an answer with a field that is too long for anybody is no HTTP, and its write is lost")
{
    auto chosen = before({});
    chosen.limits.max_header_bytes = 1 << 20;
    world all(
        [](node_connection& connection) {
            connection.send(answer("200 OK", "", "A: " + std::string(70'000, 'a') + "\r\n" + index_field()));
            connection.wait_for_end();
        },
        chosen);
    auto client = all.proxy.client();
    auto const got = client.ask(request("PUT", "/v1/a", token("t"), "x"));
    CHECK(got.status() == 502);
    CHECK(got.body.find("may have been executed") != std::string::npos);
    CHECK(all.proxy.lines.has("the answer is no HTTP"));
    CHECK(all.has_lost("t"));
}

TEST_CASE("who waits keeps no connection from others")
{
    scripted_node node(answering([](std::string const& asked) {
        return asked.find(token("stale")) == std::string::npos
                   ? answer("200 OK")
                   : answer("412 Precondition Failed", R"({"errors":["required index state not present"]})");
    }));
    auto chosen = before(node.address());
    chosen.workers = 1;
    chosen.policy.consistency.when = afterwrite::when_inconsistent::retry;
    chosen.policy.consistency.wait = {.first = 10s, .longest = 10s};
    front proxy(chosen);
    auto waiting = proxy.client();
    waiting.send(request("GET", "/v1/a", token("stale")));
    while (proxy.counted().waits == 0)
        std::this_thread::yield();
    auto other = proxy.client();
    CHECK(other.ask(request("GET", "/v1/a", token("t"))).status() == 200);
    CHECK(node.connections() == 1);
    while (proxy.counted().requests_under_way > 1) // the other one has its answer, and is being put away
        std::this_thread::yield();
    CHECK(proxy.counted().requests_under_way == 1);
}

TEST_CASE("a write that no node could be reached for was not executed, and its client is told so")
{
    auto chosen = before("http://127.0.0.1:1");
    chosen.upstream.timeout = 20ms;
    front proxy(chosen);
    auto const got = proxy.client().ask(request("PUT", "/v1/a", token("t"), "x"));
    CHECK(got.status() == 503);
    CHECK(got.body.find("nothing was sent") != std::string::npos);
}
