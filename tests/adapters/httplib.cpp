// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/httplib.hpp>

#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/transport/send.hpp>

#include "support.hpp"
#include "support/large_allocations.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using afterwrite::reason;
using scripted::field;
using scripted::index_at;
using scripted::no_wait;
using scripted::strings;
using scripted::values;
using support::large_allocations;
using support::large_from;

httplib::Request request(std::string method, std::string path, std::string body = {})
{
    httplib::Request made;
    made.method = std::move(method);
    made.path = std::move(path);
    made.body = std::move(body);
    made.set_header("X-Vault-Request", "true");
    return made;
}

httplib::Request put(std::string path, std::string body)
{
    return request("PUT", std::move(path), std::move(body));
}
httplib::Request get(std::string path) { return request("GET", std::move(path)); }

} // namespace

TEST_CASE("what the usage says compiles, and a read carries what the write returned")
{
    scripted::server node([](auto const& asked, auto) {
        return asked.method() == "PUT"
                   ? scripted::answer("204 No Content", field("X-Vault-Index", index_at(7)))
                   : scripted::answer("200 OK", {}, R"({"data":{"v":1}})");
    });
    httplib::Client vault{node.address()};
    afterwrite::session session;
    afterwrite::replication_view cluster;
    afterwrite::send(vault, put("/v1/kv/foo", R"({"v":1})"), session, cluster);
    auto seen = afterwrite::send(vault, get("/v1/kv/foo"), session, cluster);

    REQUIRE(seen.delivered());
    CHECK(seen.response->body == R"({"data":{"v":1}})");
    CHECK(seen.response->status == 200);
    auto const asked = node.requests();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].body == R"({"v":1})");
    CHECK(asked[0].values("X-Vault-Index").empty());
    CHECK(asked[1].values("X-Vault-Index") == strings{index_at(7)});
    CHECK(asked[1].values("X-Vault-Request") == strings{"true"});
}

TEST_CASE("repeated response fields are read in any order, joined, and in any case")
{
    scripted::server node([](auto const&, auto number) {
        auto const fields = number == 0
                                ? field("x-vault-index", index_at(3)) + field("X-VAULT-INDEX", index_at(9)) +
                                      field("X-Vault-Index", index_at(5))
                                : field("X-Vault-Index", index_at(3) + ", " + index_at(11) + " ,junk");
        return scripted::answer("200 OK", fields);
    });
    httplib::Client client{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const seen = afterwrite::send(client, get("/"), session, view);
    CHECK(values(*seen.response, "X-Vault-Index").size() == 3);
    CHECK(session.required().demand("c")->local == 9);
    afterwrite::send(client, get("/"), session, view);
    CHECK(session.required().demand("c")->local == 11);
}

TEST_CASE("set replaces whatever was there")
{
    httplib::Request message;
    message.headers.emplace("x-vault-index", "old");
    message.headers.emplace("X-Vault-Index", "older");
    message.headers.emplace("X-Other", "stays");
    std::string_view const two[] = {"a", "b"};
    using traits = afterwrite::message_traits<httplib::Request>;
    traits::set(message, "X-Vault-Index", two);
    CHECK(values(message, "X-VAULT-index") == strings{"a", "b"});
    traits::set(message, "X-Vault-Index", std::span(two).first(1));
    CHECK(values(message, "X-Vault-Index") == strings{"a"});
    traits::remove(message, "x-vault-index");
    CHECK(values(message, "X-Vault-Index").empty());
    CHECK(values(message, "X-Other") == strings{"stays"});
}

TEST_CASE("redirects are not followed by the stack, whatever was set")
{
    scripted::server stranger([](auto const&, auto) { return scripted::answer("200 OK"); });
    scripted::server node([&](auto const&, auto) {
        return scripted::answer("307 Temporary Redirect",
                                field("Location", stranger.address() + "/v1/kv/foo"));
    });
    httplib::Client client{node.address()};
    client.set_follow_location(true);
    afterwrite::session session;
    session.record(index_at(1), afterwrite::clock::now());
    afterwrite::replication_view view;
    auto const seen = afterwrite::send(client, get("/v1/kv/foo"), session, view);
    CHECK(seen.last.why == reason::redirected_elsewhere);
    CHECK(seen.response->status == 307);
    CHECK(node.requests().size() == 1);
    CHECK(stranger.requests().empty());
}

TEST_CASE(
    "several nodes: a redirect to a declared node is followed, and a request may be sent to the active node")
{
    scripted::server active([](auto const&, auto) { return scripted::answer("200 OK", {}, "active"); });
    scripted::server standby([&](auto const&, auto) {
        return scripted::answer("307 Temporary Redirect", field("Location", active.address() + "/v1/kv/foo"));
    });
    int configured = 0;
    afterwrite::httplib_nodes nodes{standby.address(), [&](httplib::Client& client) {
                                        ++configured;
                                        client.set_read_timeout(5s);
                                    }};
    afterwrite::session session;
    session.record(index_at(1), afterwrite::clock::now());
    afterwrite::replication_view view;
    REQUIRE(view.add_node(active.address()));

    auto followed = afterwrite::send(nodes, get("/v1/kv/foo"), session, view);
    CHECK(followed.delivered());
    CHECK(followed.response->body == "active");
    CHECK(followed.attempts == 2);

    REQUIRE(active.requests().size() == 1);
    CHECK(active.requests()[0].values("X-Vault-Index") == strings{index_at(1)});
    // The Host of the first attempt must not come along.
    CHECK("http://" + active.requests()[0].values("Host").at(0) == active.address());

    afterwrite::replication_view known(afterwrite::dialect::openbao);
    REQUIRE(known.set_active_address(active.address()));
    afterwrite::session other;
    auto asked = get("/v1/kv/foo");
    auto facts = afterwrite::request_facts::of_method("GET");
    facts.to = afterwrite::route::active_node;
    auto const direct = afterwrite::send(nodes, asked, facts, other, known);
    CHECK(direct.response->body == "active");
    CHECK(standby.requests().size() == 1);
    CHECK(configured == 2);
}

TEST_CASE("after a refusal the same request is sent again, with the stack's own fields once")
{
    for (std::string const method : {"GET", "HEAD", "LIST", "POST", "PUT", "DELETE"}) {
        CAPTURE(method);
        scripted::server node([&](auto const& asked, auto number) {
            if (asked.method() == "HEAD") // no body says more, so a refusal is presumed to be a stale index
                return std::string(number < 2
                                       ? "HTTP/1.1 412 Precondition Failed\r\nConnection: close\r\n\r\n"
                                       : "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n");
            return number < 2 ? scripted::stale() : scripted::answer("200 OK");
        });
        httplib::Client client{node.address()};
        client.set_default_headers({{"X-Default", "1"}});
        afterwrite::session session;
        session.record(index_at(1), afterwrite::clock::now());
        afterwrite::replication_view view;
        auto asked = request(method, "/v1/kv/foo?list=true");
        auto const seen = afterwrite::send(client, asked, session, view,
                                           {.when = afterwrite::when_inconsistent::retry}, no_wait{});
        CHECK(seen.delivered());
        CHECK(seen.response->status == 200);
        CHECK(seen.attempts == 3);
        auto const all = node.requests();
        REQUIRE(all.size() == 3);
        for (auto const& one : all) {
            CHECK(one.method() == method);
            CHECK(one.target() == "/v1/kv/foo?list=true");
            CHECK(one.head == all[0].head);
            CHECK(one.values("Host").size() == 1);
            CHECK(one.values("X-Default") == strings{"1"});
            CHECK(one.values("Content-Length") == (method[0] == 'P' ? strings{"0"} : strings{}));
        }
        // Nothing of httplib's stays in the caller's request.
        CHECK(values(asked, "Host").empty());
        CHECK(asked.headers.size() == 2);
    }
}

TEST_CASE("a body of 10 MB is sent again byte by byte, and is not copied")
{
    auto const body = scripted::any_bytes(10'000'000);
    scripted::server node([](auto const&, auto number) {
        return number < 2 ? scripted::stale() : scripted::answer("204 No Content");
    });
    httplib::Client client{node.address()};
    afterwrite::session session;
    session.record(index_at(1), afterwrite::clock::now());
    afterwrite::replication_view view;
    auto asked = put("/v1/kv/foo", body);
    auto const* const bytes = asked.body.data();

    large_from = 1'000'000;
    large_allocations = 0;
    auto const seen = afterwrite::send(client, asked, session, view,
                                       {.when = afterwrite::when_inconsistent::retry}, no_wait{});
    large_from = 0;
    CHECK(large_allocations == 0);
    CHECK(asked.body.data() == bytes);
    CHECK(asked.body == body);
    CHECK_FALSE(asked.content_provider_);

    CHECK(seen.delivered());
    auto const all = node.requests();
    REQUIRE(all.size() == 3);
    for (auto const& one : all) {
        CHECK((one.body == body));
        CHECK(one.values("Content-Length") == strings{"10000000"});
    }

    // The counter sees a copy where there is one.
    large_from = 1'000'000;
    auto const copy = asked;
    large_from = 0;
    CHECK(large_allocations == 1);
    CHECK(copy.body.size() == body.size());
}

TEST_CASE("a body from a content provider is asked for again")
{
    scripted::server node([](auto const&, auto number) {
        return number < 1 ? scripted::stale() : scripted::answer("204 No Content");
    });
    httplib::Client client{node.address()};
    afterwrite::session session;
    session.record(index_at(1), afterwrite::clock::now());
    afterwrite::replication_view view;
    auto asked = request("POST", "/v1/kv/foo");
    asked.content_length_ = 4;
    asked.content_provider_ = [](std::size_t offset, std::size_t length, httplib::DataSink& to) {
        return to.write(&"body"[offset], length);
    };
    auto const seen = afterwrite::send(client, asked, session, view,
                                       {.when = afterwrite::when_inconsistent::retry}, no_wait{});
    CHECK(seen.delivered());
    REQUIRE(node.requests().size() == 2);
    CHECK(node.requests()[0].body == "body");
    CHECK(node.requests()[1].body == "body");
}

TEST_CASE("a refused connection is an error, and what was never sent is repeated, a write too")
{
    scripted::refusing_address const nobody;
    httplib::Client client{nobody.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const read = afterwrite::send(client, get("/"), session, view, {}, no_wait{});
    CHECK_FALSE(read.delivered());
    CHECK(read.attempts == 3);
    CHECK(read.last.why == reason::attempts_exhausted);
    CHECK_FALSE(read.response);
    CHECK(read.response.error() == httplib::Error::Connection);
    CHECK_FALSE(read.response.what().empty());
    CHECK(read.response->body.empty());

    auto const write = afterwrite::send(client, put("/", "x"), session, view, {}, no_wait{});
    CHECK(write.attempts == 3);
    CHECK(write.last.why == reason::attempts_exhausted);
}

TEST_CASE("a connection that breaks within an answer is an error")
{
    scripted::server node([](auto const&, auto number) {
        return number == 0 ? std::string() : std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    httplib::Client client{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    for (int i = 0; i < 2; ++i) {
        auto const seen = afterwrite::send(client, put("/", "x"), session, view, {}, no_wait{});
        CHECK(seen.last.why == reason::outcome_unknown);
        CHECK_FALSE(seen.response);
    }
}

TEST_CASE("bad answers lose nothing that was known")
{
    std::string bad;
    scripted::server node([&](auto const&, auto) { return bad; });
    afterwrite::session session;
    session.record(index_at(5), afterwrite::clock::now());
    auto const before = session.required().demand("c");
    afterwrite::replication_view view;
    auto const ask = [&] {
        httplib::Client client{node.address()};
        auto seen = afterwrite::send(client, get("/"), session, view, {}, no_wait{});
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
        bool const is_bounded = seen.response.error() == httplib::Error::Read; // so later versions
        CHECK(values(*seen.response, "X-Vault-Index").size() == (is_bounded ? 0 : 2001));
    }
    SUBCASE("a line that is too long")
    {
        bad = scripted::answer("200 OK", field("X-Long", std::string(20'000, 'x')));
        auto const seen = ask();
        CHECK_FALSE(seen.response);
        CHECK(seen.response.error() == httplib::Error::Read);
        CHECK(seen.last.why == reason::attempts_exhausted);
    }
    SUBCASE("control bytes")
    {
        using namespace std::string_literals;
        bad = scripted::answer("200 OK", field("X-Vault-Index", "a\x01\x7f%0d%0aX-Evil: 1"s) +
                                             field("X-Vault-Index", "v1:\0:"s) +
                                             field("X-Vault-Index", "\x80"s));
        ask(); // later versions take it for an error
        bad = scripted::answer("200 OK");
        CHECK(ask().delivered());
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
