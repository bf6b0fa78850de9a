// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/curl_transport.hpp>

#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/transport/send.hpp>

#include "support.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using afterwrite::curl_request;
using afterwrite::curl_transport;
using afterwrite::reason;
using afterwrite::when_inconsistent;
using scripted::field;
using scripted::index_at;
using scripted::no_wait;
using scripted::strings;
using scripted::values;

// libcurl allocates through these, so that a copy of a large body is seen.
constexpr std::size_t large = 1'000'000;
std::atomic<int> large_allocations = 0;

void* counted(void* memory, std::size_t size)
{
    large_allocations += size >= large ? 1 : 0;
    return memory;
}
void* count_malloc(std::size_t size) { return counted(std::malloc(size), size); }
void* count_realloc(void* old, std::size_t size) { return counted(std::realloc(old, size), size); }
void* count_calloc(std::size_t n, std::size_t size) { return counted(std::calloc(n, size), n * size); }
char* count_strdup(char const* text) { return static_cast<char*>(counted(strdup(text), std::strlen(text))); }
auto const is_counting =
    curl_global_init_mem(CURL_GLOBAL_ALL, count_malloc, std::free, count_realloc, count_strdup, count_calloc);

afterwrite::session session_at(std::uint64_t local)
{
    afterwrite::session session;
    session.record(index_at(local), afterwrite::clock::now());
    return session;
}

} // namespace

TEST_CASE("what the usage says compiles, and a read carries what the write returned")
{
    scripted::server node([](auto const& asked, auto) {
        return asked.method() == "PUT"
                   ? scripted::answer("204 No Content", field("X-Vault-Index", index_at(7)))
                   : scripted::answer("200 OK", field("X-A", "b"), R"({"data":{"v":1}})");
    });
    curl_transport vault{node.address() + "/"};
    afterwrite::session session;
    afterwrite::replication_view cluster;
    curl_request write{.method = "PUT", .path = "/v1/kv/foo", .body = R"({"v":1})"};
    write.fields.set("X-Vault-Token", "t");
    afterwrite::send(vault, write, session, cluster);
    auto seen = afterwrite::send(vault, curl_request{.path = "/v1/kv/foo"}, session, cluster);

    REQUIRE(seen.delivered());
    CHECK(seen.response->body == R"({"data":{"v":1}})");
    CHECK(seen.response->status == 200);
    CHECK(seen.response->head.field("x-a") == "b");
    auto const asked = node.requests();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].target() == "/v1/kv/foo");
    CHECK(asked[0].body == R"({"v":1})");
    CHECK(asked[0].values("X-Vault-Token") == strings{"t"});
    CHECK(asked[0].values("Content-Type").empty());
    CHECK(asked[1].values("X-Vault-Index") == strings{index_at(7)});
}

TEST_CASE("no method leaves anything behind for the next")
{
    scripted::server node([](auto const& asked, auto) {
        return asked.method() == "HEAD" ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n"
                                        : scripted::answer("200 OK", {}, "hello");
    });
    curl_transport vault{node.address()};
    strings const methods = {"GET", "HEAD", "LIST", "POST", "PUT", "PATCH", "DELETE", "SCAN", "OPTIONS"};
    std::size_t sent = 0;
    for (auto const& first : methods)
        for (auto const& second : methods)
            for (std::string_view const body : {"", "body"})
                for (auto const& method : {first, second}) {
                    CAPTURE(first);
                    CAPTURE(second);
                    CAPTURE(body);
                    bool const has_body = &method == &second || method[0] == 'P';
                    curl_request request{.method = method, .path = "/", .body = has_body ? body : ""};
                    if (method == "HEAD")
                        request.body = {};
                    auto const reply = vault(request, {});
                    REQUIRE_MESSAGE(reply, reply.what());
                    CHECK(reply->body == (method == "HEAD" ? "" : "hello"));
                    auto const asked = node.requests().back();
                    CHECK(node.requests().size() == ++sent);
                    CHECK(asked.method() == method);
                    CHECK(asked.body == request.body);
                    auto const length = asked.values("Content-Length");
                    bool const has_length = !request.body.empty() || method[0] == 'P';
                    CHECK(length == (has_length ? strings{std::to_string(request.body.size())} : strings{}));
                    CHECK(asked.values("Content-Type").empty());
                    CHECK(asked.values("Transfer-Encoding").empty());
                }
}

TEST_CASE("redirects are not followed by the stack, whatever was set, and refusals are answers")
{
    scripted::server stranger([](auto const&, auto) { return scripted::answer("200 OK"); });
    scripted::server node([&](auto const&, auto) {
        return scripted::answer("307 Temporary Redirect",
                                field("Location", stranger.address() + "/v1/kv/foo"));
    });
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADER, 1L);
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "theirs");
    {
        curl_transport vault{easy, node.address()};
        CHECK(vault.handle() == easy);
        auto session = session_at(1);
        afterwrite::replication_view view;
        auto const seen = afterwrite::send(vault, curl_request{.path = "/v1/kv/foo"}, session, view);
        CHECK(seen.last.why == reason::redirected_elsewhere);
        CHECK(seen.response->status == 307);
        CHECK(seen.response->body.empty());
        CHECK(node.requests().size() == 1);
        CHECK(node.requests()[0].values("User-Agent") == strings{"theirs"});
        CHECK(stranger.requests().empty());

        // The same, and the stranger is none.
        REQUIRE(view.add_node(stranger.address()));
        auto const followed = afterwrite::send(vault, curl_request{.path = "/v1/kv/foo"}, session, view);
        CHECK(followed.delivered());
        CHECK(followed.response->status == 200);
        REQUIRE(stranger.requests().size() == 1);
        CHECK(stranger.requests()[0].values("X-Vault-Index") == strings{index_at(1)});
        CHECK("http://" + stranger.requests()[0].values("Host").at(0) == stranger.address());
    }
    curl_easy_cleanup(easy); // it is the caller's
}

TEST_CASE("on the caller's handle a refusal is an answer, and what was left on it does not matter")
{
    scripted::server node([](auto const&, auto number) {
        return number == 0 ? scripted::stale() : scripted::answer("200 OK", {}, "hello");
    });
    CURL* const easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, "left");
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "LEFT");
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    {
        curl_transport vault{easy, node.address()};
        curl_request request{.path = "/v1/kv/foo"};
        request.fields.set("X-Vault-Index", index_at(1));
        auto const refused = vault(request, {});
        REQUIRE(refused);
        CHECK(refused->status == 412);
        CHECK(refused->body.find("required index state not present") != std::string::npos);
        CHECK(vault(request, {})->body == "hello");
        for (auto const& asked : node.requests()) {
            CHECK(asked.method() == "GET");
            CHECK(asked.body.empty());
            CHECK(asked.values("Expect").empty());
            CHECK(asked.values("Transfer-Encoding").empty());
        }
    }
    // Nothing of ours is left either: fields, body and receivers may be gone by now.
    std::string body;
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(
        easy, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t, std::size_t size, std::string* to) {
            to->append(data, size);
            return size;
        });
    CHECK(curl_easy_perform(easy) == CURLE_OK);
    CHECK(body == "hello");
    CHECK(node.requests().back().method() == "GET");
    CHECK(node.requests().back().values("X-Vault-Index").empty());
    curl_easy_cleanup(easy);
}

TEST_CASE("a request may be sent to the active node's address")
{
    scripted::server active([](auto const&, auto) { return scripted::answer("200 OK", {}, "active"); });
    scripted::server standby([](auto const&, auto) { return scripted::answer("200 OK", {}, "standby"); });
    curl_transport vault{standby.address()};
    afterwrite::replication_view view(afterwrite::dialect::openbao);
    REQUIRE(view.set_active_address(active.address()));
    afterwrite::session session;
    curl_request request{.path = "/v1/kv/foo"};
    auto facts = afterwrite::request_facts::of_method("GET");
    facts.to = afterwrite::route::active_node;
    CHECK(afterwrite::send(vault, request, facts, session, view).response->body == "active");
    CHECK(afterwrite::send(vault, request, session, view).response->body == "standby");
}

TEST_CASE("a body of 10 MB is sent again byte by byte, and is not copied")
{
    REQUIRE(is_counting == CURLE_OK);
    auto const body = scripted::any_bytes(10'000'000);
    scripted::server node([](auto const&, auto number) {
        return number < 2 ? scripted::stale() : scripted::answer("204 No Content");
    });
    curl_transport vault{node.address()};
    auto session = session_at(1);
    afterwrite::replication_view view;
    curl_request request{.method = "POST", .path = "/v1/kv/foo", .body = body};
    large_allocations = 0;
    auto const seen =
        afterwrite::send(vault, request, session, view, {.when = when_inconsistent::retry}, no_wait{});
    CHECK(large_allocations == 0);
    CHECK(request.body.data() == body.data());
    CHECK(seen.delivered());
    CHECK(seen.attempts == 3);
    auto const all = node.requests();
    REQUIRE(all.size() == 3);
    for (auto const& one : all)
        CHECK((one.body == body));

    // The counter sees a copy where there is one.
    curl_easy_setopt(vault.handle(), CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    curl_easy_setopt(vault.handle(), CURLOPT_COPYPOSTFIELDS, body.data());
    CHECK(large_allocations == 1);
}

TEST_CASE("a refused connection is an error, and what was never sent is repeated, a write too")
{
    scripted::refusing_address const nobody;
    curl_transport vault{nobody.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const read = afterwrite::send(vault, curl_request{}, session, view, {}, no_wait{});
    CHECK(read.attempts == 3);
    CHECK(read.last.why == reason::attempts_exhausted);
    CHECK_FALSE(read.response);
    CHECK(read.response.error() == CURLE_COULDNT_CONNECT);
    CHECK(std::string_view(read.response.what()).size() > 5);
    CHECK(read.response->status == 0);
    CHECK(read.response->body.empty());

    auto const write = afterwrite::send(vault, curl_request{.method = "POST"}, session, view, {}, no_wait{});
    CHECK(write.attempts == 3);
    CHECK(write.last.why == reason::attempts_exhausted);
}

TEST_CASE("what is no address of http or https, or no path, is never sent")
{
    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK"); });
    auto const host = node.address().substr(7);
    for (std::string const& address : {std::string("file:///etc"), host, "ftp://" + host, "http://a@" + host,
                                       std::string("http://"), std::string(), "dict://" + host}) {
        CAPTURE(address);
        curl_transport vault{address};
        curl_request request{.path = "/passwd"};
        CHECK(vault(request, {}).error() == CURLE_URL_MALFORMAT);
    }
    curl_transport vault{node.address()};
    for (std::string const path :
         {"", "v1/kv", "@evil.example/", ".evil.example/", "/a b", "/a\r\nX-Evil: 1", "/\x7f"}) {
        CAPTURE(path);
        curl_request request{.path = path};
        CHECK(vault(request, {}).error() == CURLE_URL_MALFORMAT);
    }
    curl_request nameless{.method = ""};
    CHECK(vault(nameless, {}).error() == CURLE_URL_MALFORMAT);
    CHECK(node.requests().empty());
    CHECK(curl_transport(nullptr, node.address())(nameless, {}).error() == CURLE_FAILED_INIT);
}

TEST_CASE("bodies are bounded, or go where the caller wants them")
{
    std::string const body(5000, 'x');
    scripted::server node([&](auto const& asked, auto number) {
        return asked.target() == "/refused" && number % 2 == 0 ? scripted::stale()
                                                               : scripted::answer("200 OK", {}, body);
    });
    curl_transport vault{node.address()};
    afterwrite::replication_view view;
    auto session = session_at(1);
    SUBCASE("bounded")
    {
        curl_request request;
        vault.set_max_body(5000);
        CHECK(vault(request, {})->body == body);
        vault.set_max_body(4999);
        auto const reply = vault(request, {});
        CHECK_FALSE(reply);
        CHECK(reply.error() == CURLE_FILESIZE_EXCEEDED);
        CHECK(reply->body.empty());
    }
    SUBCASE("a sink sees no refusal, and is told where a body begins")
    {
        std::string got;
        vault.set_sink([&](std::uint64_t offset, std::string_view bytes) {
            CHECK(offset == got.size());
            got += bytes;
            return true;
        });
        auto const seen = afterwrite::send(vault, curl_request{.path = "/refused"}, session, view,
                                           {.when = when_inconsistent::retry}, no_wait{});
        CHECK(seen.attempts == 2);
        CHECK(seen.delivered());
        CHECK(seen.response->body.empty());
        CHECK(got == body);
    }
    SUBCASE("a sink may end the transfer")
    {
        vault.set_sink([](std::uint64_t, std::string_view) { return false; });
        curl_request request;
        CHECK(vault(request, {}).error() == CURLE_WRITE_ERROR);
    }
}

TEST_CASE("a connection that breaks within an answer is an error")
{
    scripted::server node([](auto const&, auto number) {
        return number == 0 ? std::string() : std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    curl_transport vault{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    for (auto const error : {CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE}) {
        auto const seen =
            afterwrite::send(vault, curl_request{.method = "POST"}, session, view, {}, no_wait{});
        CHECK(seen.last.why == reason::outcome_unknown);
        CHECK(seen.response.error() == error);
    }
}

TEST_CASE("bad answers lose nothing that was known")
{
    std::string bad;
    scripted::server node([&](auto const&, auto) { return bad; });
    auto session = session_at(5);
    auto const before = session.required().demand("c");
    afterwrite::replication_view view;
    curl_transport vault{node.address()};
    auto const ask = [&] {
        auto seen = afterwrite::send(vault, curl_request{}, session, view, {}, no_wait{});
        CHECK(session.required().demand("c") == before);
        return seen;
    };

    SUBCASE("two thousand indices that are none, and one")
    {
        std::string fields;
        for (int i = 0; i < 2000; ++i)
            fields += field("X-Vault-Index", "junk" + std::to_string(i));
        bad = scripted::answer("200 OK", fields + field("X-Vault-Index", index_at(5)));
        auto const seen = ask();
        CHECK(seen.delivered());
        CHECK(values(*seen.response, "X-Vault-Index").size() == 2001);
    }
    SUBCASE("a line that is too long")
    {
        bad = scripted::answer("200 OK", field("X-Long", std::string(20'000, 'x')));
        CHECK(ask().response.error() == CURLE_FILESIZE_EXCEEDED);
    }
    SUBCASE("too many lines")
    {
        std::string fields;
        for (int i = 0; i < 5000; ++i)
            fields += "A: 1\r\n";
        bad = scripted::answer("200 OK", fields);
        auto const seen = ask();
        CHECK(seen.response.error() == CURLE_FILESIZE_EXCEEDED);
        CHECK(seen.last.why == reason::attempts_exhausted);
    }
    SUBCASE("control bytes")
    {
        using namespace std::string_literals;
        bad = scripted::answer("200 OK", field("X-Vault-Index", "a\x01\x7f%0d%0aX-Evil: 1"s) +
                                             field("X-Vault-Index", "\x80"s));
        CHECK(ask().delivered());
        bad = scripted::answer("200 OK");
        ask();
        for (auto const& asked : node.requests()) {
            CHECK(asked.values("X-Vault-Index") == strings{index_at(5)});
            CHECK(asked.values("X-Evil").empty());
        }
    }
    SUBCASE("a status of 0")
    {
        bad = "HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n";
        auto const seen = ask();
        CHECK_FALSE(seen.delivered());
        CHECK(seen.attempts == 3);
    }
    SUBCASE("no HTTP")
    {
        bad = "SSH-2.0-OpenSSH_9.2\r\n";
        CHECK_FALSE(ask().delivered());
    }
}

TEST_CASE("an interim answer is not the answer")
{
    scripted::server node([](auto const&, auto) {
        return "HTTP/1.1 103 Early Hints\r\n" + field("X-Vault-Index", index_at(9)) + "\r\n" +
               scripted::answer("200 OK", field("X-Vault-Index", index_at(2)));
    });
    curl_transport vault{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const seen = afterwrite::send(vault, curl_request{}, session, view);
    CHECK(seen.response->status == 200);
    CHECK(session.required().demand("c")->local == 2);
}
