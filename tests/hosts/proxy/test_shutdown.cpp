// SPDX-License-Identifier: BSL-1.0
#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>

using namespace proxy_tests;

namespace {

/// A node that answers when it is told to.
struct held_node {
    std::promise<void> came;
    std::promise<void> may_answer;
    scripted_node node{[this](node_connection& connection) {
        (void)connection.receive();
        came.set_value();
        may_answer.get_future().get();
        connection.send(answer("200 OK", "late"));
    }};
};

} // namespace

TEST_CASE("draining: who waits is closed, who has asked is answered, nobody new is let in")
{
    held_node world;
    front proxy(before(world.node.address()));
    auto idle = proxy.client();
    CHECK(idle.ask(request("GET", "/proxy/v1/health")).status() == 200);
    auto busy = proxy.client();
    busy.send(request("GET", "/v1/a"));
    world.came.get_future().get();
    auto drained = std::async(std::launch::async, [&proxy] { return proxy.server.drain(); });
    CHECK(idle.is_closed());
    CHECK_THROWS_AS(wire_client(proxy.address()), std::runtime_error);
    world.may_answer.set_value();
    auto const got = busy.receive();
    CHECK(got.body == "late");
    CHECK(got.value("Connection") == "close");
    busy.close();
    CHECK(drained.get());
    CHECK(proxy.counted().connections_open == 0);
}

TEST_CASE("draining: who is not answered in the grace is cut off")
{
    held_node world;
    auto chosen = before(world.node.address());
    chosen.shutdown_grace = std::chrono::milliseconds(50);
    front proxy(chosen);
    auto busy = proxy.client();
    busy.send(request("GET", "/v1/a"));
    world.came.get_future().get();
    CHECK_FALSE(proxy.server.drain());
    CHECK(busy.receive().status() == 0);
    world.may_answer.set_value();
}

TEST_CASE("the end comes at once, whatever is under way")
{
    held_node world;
    auto waiting = std::make_unique<front>([&world] {
        auto chosen = before(world.node.address());
        chosen.workers = 3;
        return chosen;
    }());
    auto idle = waiting->client();
    auto half = waiting->client();
    half.send("GET /v1");
    auto busy = waiting->client();
    busy.send(request("PUT", "/v1/a", "X-Vault-Token: t\r\n", "x"));
    world.came.get_future().get();
    waiting.reset();
    CHECK(busy.receive().status() == 0);
    CHECK(idle.receive().status() == 0);
    CHECK(half.receive().status() == 0);
    world.may_answer.set_value();
}
