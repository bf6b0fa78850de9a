// SPDX-License-Identifier: BSL-1.0
#include "endpoints.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <future>
#include <string>

using namespace proxy_tests;

TEST_CASE("health and figures are answered here, and reach no node")
{
    listening_node node;
    front proxy(before(node.address()));
    auto client = proxy.client();
    auto const health = client.ask(request("GET", "/proxy/v1/health"));
    CHECK(health.status() == 200);
    CHECK(health.body == R"({"status":"ok"})");
    CHECK(health.value("Content-Type") == "application/json");
    auto const head = client.ask(request("HEAD", "/proxy/v1/health"));
    CHECK(head.value("Content-Length") == std::to_string(health.body.size()));
    auto const figures = client.ask(request("GET", "/proxy/v1/metrics"));
    CHECK(figures.body.starts_with("{"));
    CHECK(figures.body.find("\"requests\"") != std::string::npos);
    auto const text = client.ask(request("GET", "/proxy/v1/metrics?format=prometheus"));
    CHECK(text.value("Content-Type") == "text/plain; version=0.0.4");
    CHECK(text.body.find("# TYPE") != std::string::npos);
    CHECK(client.ask(request("POST", "/proxy/v1/health", {}, "x")).status() == 405);
    auto other = proxy.client();
    for (auto const* const unknown : {"/proxy/", "/proxy/v1/other", "/proxy/v1/quit"})
        CHECK(other.ask(request("GET", unknown)).status() == 404);
    CHECK(node.requests.all().empty());
    CHECK(proxy.counted().own_answers == 8);
}

TEST_CASE("the end can be asked for, if it was allowed")
{
    std::promise<void> asked;
    auto chosen = before("http://127.0.0.1:1");
    chosen.enable_quit = true;
    front proxy(chosen, [&asked] { asked.set_value(); });
    auto client = proxy.client();
    CHECK(client.ask(request("GET", "/proxy/v1/quit")).status() == 405);
    CHECK(client.ask(request("POST", "/proxy/v1/quit")).status() == 204);
    asked.get_future().get();
    CHECK(client.ask(request("POST", "/proxy/v1/quit")).status() == 204); // but it is told once
}

TEST_CASE("the end can be asked for where one listener allows it, and nowhere else")
{
    auto chosen = before("http://127.0.0.1:1");
    chosen.listeners.front().enable_quit = true;
    chosen.listeners.push_back({.address = "127.0.0.1:0"});
    chosen.listeners.push_back({.address = "127.0.0.1:0", .metrics_only = true, .enable_quit = true});
    front proxy(chosen);
    auto const addresses = proxy.server.addresses();
    for (std::size_t i = 0; i < 3; ++i)
        CHECK(wire_client(addresses.at(i)).ask(request("POST", "/proxy/v1/quit")).status() ==
              (i == 0 ? 204 : 404));
}

TEST_CASE("a listener may want the field that no stranger's page can set, or hand nothing on")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.listeners.front().require_request_header = true;
    chosen.listeners.push_back(
        {.address = "127.0.0.1:0", .require_request_header = true, .metrics_only = true});
    front proxy(chosen);
    auto client = proxy.client();
    for (auto const* const fields :
         {"", "X-Vault-Request: yes\r\n", "X-Vault-Request: true\r\nX-Vault-Request: true\r\n"}) {
        auto const refused = client.ask(request("GET", "/v1/a", fields));
        CHECK(refused.status() == 412);
        CHECK(refused.body == R"({"errors":["missing 'X-Vault-Request' header"]})");
    }
    CHECK(client.ask(request("GET", "/v1/a", "x-vault-request: true\r\n")).status() == 200);
    CHECK(node.requests.all().size() == 1);
    wire_client figures(proxy.server.addresses().at(1));
    CHECK(figures.ask(request("GET", "/proxy/v1/metrics")).status() == 200);
    CHECK(figures.ask(request("GET", "/v1/a", "X-Vault-Request: true\r\n")).status() == 404);
    CHECK(node.requests.all().size() == 1);
}
