// SPDX-License-Identifier: BSL-1.0
// Exceptions where nobody expects them: there is no memory for a node's answer.
#include "relay.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>
#include <string>

using namespace proxy_tests;

namespace {

/// Allocations of this size or more fail.
std::atomic<std::size_t> too_much{std::numeric_limits<std::size_t>::max()};

void* allocated(std::size_t size)
{
    void* const memory = size < too_much ? std::malloc(size > 0 ? size : 1) : nullptr;
    if (memory == nullptr)
        throw std::bad_alloc();
    return memory;
}

} // namespace

// Of the whole program. Not inlined: where it sees through one of these and not the other, g++ takes them for
// mismatched.
[[gnu::noinline]] void* operator new(std::size_t size) { return allocated(size); }
[[gnu::noinline]] void* operator new[](std::size_t size) { return allocated(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("no memory for an answer: the client is told, the write is lost, and nobody else is harmed")
{
    kept_requests requests;
    auto const index = afterwrite::base64_encode("v1:cluster:10:0:" + std::string(64, 'a'));
    auto const short_answer = answer("200 OK", "ok", "X-Vault-Index: " + index + "\r\n");
    auto const long_answer = answer("200 OK", std::string(60'000, 'x'));
    scripted_node node([&](node_connection& connection) {
        for (auto asked = connection.receive(); !asked.empty(); asked = connection.receive()) {
            requests.add(asked);
            bool const is_write = asked.starts_with("PUT");
            if (is_write)
                too_much = 32 * 1024;
            connection.send(is_write ? long_answer : short_answer);
        }
    });
    front proxy(before(node.address()));
    auto const ask = [&proxy](std::string_view method, std::string_view token) {
        auto client = proxy.client();
        return client.ask(request(method, "/v1/a", "X-Vault-Token: " + std::string(token) + "\r\n"));
    };
    CHECK(ask("DELETE", "somebody").body == "ok");
    auto const got = ask("PUT", "t");
    too_much = std::numeric_limits<std::size_t>::max();
    CHECK(got.status() == 500);
    CHECK(got.is_whole);
    CHECK(got.body.find("may have been executed") != std::string::npos);
    CHECK(proxy.lines.has("a request failed"));
    CHECK(ask("GET", "t").body == "ok");
    CHECK(requests.last().find("X-Vault-Forward") != std::string::npos);
    CHECK(ask("GET", "other").body == "ok");
    CHECK(requests.last().find("X-Vault-Forward") == std::string::npos);
}
