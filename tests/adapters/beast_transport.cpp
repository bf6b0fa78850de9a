// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_transport.hpp>

#include <afterwrite/decision/step.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/transport/send.hpp>

#include "beast_peer.hpp"
#include "support.hpp"
#include "support/large_allocations.hpp"

#include <boost/beast/http/span_body.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace http = boost::beast::http;
using afterwrite::beast_async_transport;
using afterwrite::beast_reply;
using afterwrite::beast_transport;
using afterwrite::reason;
using afterwrite::when_inconsistent;
using scripted::asked;
using scripted::field;
using scripted::index_at;
using scripted::kept_answer;
using scripted::no_wait;
using scripted::reaction;
using scripted::strings;
using scripted::values;
using support::large_allocations;
using support::large_from;
using request = http::request<http::string_body>;

request make(std::string_view method, std::string body = {})
{
    request made{http::verb::unknown, "/v1/kv/foo", 11};
    made.method_string(afterwrite::detail::to_beast(method));
    made.body() = std::move(body);
    return made;
}

afterwrite::session session_at(std::uint64_t local)
{
    afterwrite::session session;
    session.record(index_at(local), afterwrite::clock::now());
    return session;
}

} // namespace

TEST_CASE("repeated fields of an answer are read in any order, joined, and in any case")
{
    scripted::server node([](auto const&, auto number) {
        auto const fields = number == 0
                                ? field("x-vault-index", index_at(3)) + field("X-VAULT-INDEX", index_at(9)) +
                                      field("X-Vault-Index", index_at(5))
                                : field("X-Vault-Index", index_at(3) + ", " + index_at(11) + " ,junk");
        return scripted::answer("200 OK", fields);
    });
    beast_transport vault{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    auto const seen = afterwrite::send(vault, make("GET"), session, view);
    CHECK(values(*seen.response, "X-Vault-Index").size() == 3);
    CHECK(session.required().demand("c")->local == 9);
    afterwrite::send(vault, make("GET"), session, view);
    CHECK(session.required().demand("c")->local == 11);
    CHECK(node.requests().at(1).values("X-Vault-Index") == strings{index_at(9)});
}

TEST_CASE("after a refusal the same request is sent again")
{
    for (std::string const method : {"GET", "LIST", "POST", "PUT", "DELETE"}) {
        CAPTURE(method);
        scripted::server node([](auto const&, auto number) {
            return number < 2 ? scripted::stale() : scripted::answer("200 OK");
        });
        beast_transport vault{node.address()};
        auto session = session_at(1);
        afterwrite::replication_view view;
        auto const seen = afterwrite::send(vault, make(method, method[0] == 'P' ? "body" : ""), session, view,
                                           {.when = when_inconsistent::retry}, no_wait{});
        CHECK(seen.delivered());
        CHECK(seen.attempts == 3);
        auto const all = node.requests();
        REQUIRE(all.size() == 3);
        for (auto const& one : all) {
            CHECK(one.method() == method);
            CHECK(one.head == all[0].head);
            CHECK(one.body == (method[0] == 'P' ? "body" : ""));
            CHECK(one.values("Host").size() == 1);
            CHECK(one.values("X-Vault-Index") == strings{index_at(1)});
        }
    }
}

TEST_CASE("a body of 10 MB is sent again byte by byte, and is not copied")
{
    auto const body = scripted::any_bytes(10'000'000);
    scripted::server node([](auto const&, auto number) {
        return number < 2 ? scripted::stale() : scripted::answer("204 No Content");
    });
    beast_transport vault{node.address()};
    auto session = session_at(1);
    afterwrite::replication_view view;
    auto what = make("PUT", body);
    auto const* const bytes = what.body().data();
    large_from = 1'000'000;
    large_allocations = 0;
    auto const seen =
        afterwrite::send(vault, what, session, view, {.when = when_inconsistent::retry}, no_wait{});
    large_from = 0;
    CHECK(large_allocations == 0);
    CHECK(what.body().data() == bytes);
    CHECK(seen.delivered());
    auto const all = node.requests();
    REQUIRE(all.size() == 3);
    for (auto const& one : all)
        CHECK((one.body == body));

    // The counter sees a copy where there is one.
    large_from = 1'000'000;
    auto const copy = what;
    large_from = 0;
    CHECK(large_allocations == 1);

    // A body that is only looked at.
    http::request<http::span_body<char const>> view_of_it{http::verb::put, "/", 11};
    view_of_it.body() = {body.data(), body.size()};
    CHECK(vault(view_of_it, {}));
    CHECK((node.requests().back().body == copy.body()));
}

TEST_CASE("redirects lead to declared nodes alone, and a request may be sent to the active node")
{
    scripted::server active([](auto const&, auto) { return scripted::answer("200 OK", {}, "active"); });
    scripted::server standby([&](auto const&, auto) {
        return scripted::answer("307 Temporary Redirect", field("Location", active.address() + "/v1/kv/foo"));
    });
    beast_transport vault{standby.address()};
    auto session = session_at(1);
    afterwrite::replication_view view;
    auto const lured = afterwrite::send(vault, make("GET"), session, view);
    CHECK(lured.last.why == reason::redirected_elsewhere);
    CHECK(lured.response->result_int() == 307);
    CHECK(active.requests().empty());

    REQUIRE(view.add_node(active.address()));
    auto const followed = afterwrite::send(vault, make("GET"), session, view);
    CHECK(followed.delivered());
    CHECK(followed.response->body() == "active");
    REQUIRE(active.requests().size() == 1);
    CHECK(active.requests()[0].values("X-Vault-Index") == strings{index_at(1)});
    // The Host of the first attempt must not come along.
    CHECK("http://" + active.requests()[0].values("Host").at(0) == active.address());

    afterwrite::replication_view known(afterwrite::dialect::openbao);
    REQUIRE(known.set_active_address(active.address()));
    afterwrite::session other;
    auto what = make("GET");
    auto facts = afterwrite::request_facts::of_method("GET");
    facts.to = afterwrite::route::active_node;
    CHECK(afterwrite::send(vault, what, facts, other, known).response->body() == "active");
    CHECK(standby.requests().size() == 2);
}

TEST_CASE("a refused connection is an error, and what was never sent is repeated, a write too")
{
    scripted::refusing_address const nobody;
    beast_transport vault{nobody.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    for (std::string const method : {"GET", "PUT"}) {
        auto const seen = afterwrite::send(vault, make(method), session, view, {}, no_wait{});
        CHECK_FALSE(seen.delivered());
        CHECK(seen.attempts == 3);
        CHECK(seen.last.why == reason::attempts_exhausted);
        CHECK(seen.response.error() == boost::asio::error::connection_refused);
    }
}

TEST_CASE("a connection that breaks within an answer leaves a write's outcome unknown")
{
    scripted::server node([](auto const&, auto number) {
        return number == 0 ? std::string() : std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    beast_transport vault{node.address()};
    afterwrite::session session;
    afterwrite::replication_view view;
    for (auto const error : {http::error::end_of_stream, http::error::partial_message}) {
        auto const seen = afterwrite::send(vault, make("PUT", "x"), session, view, {}, no_wait{});
        CHECK(seen.last.why == reason::outcome_unknown);
        CHECK(seen.attempts == 1);
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
    beast_transport vault{node.address()};
    auto const ask = [&] {
        auto seen = afterwrite::send(vault, make("GET"), session, view, {}, no_wait{});
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
    SUBCASE("a head that is too long")
    {
        bad = scripted::answer("200 OK", field("X-Long", std::string(300'000, 'x')));
        auto const seen = ask();
        CHECK_FALSE(seen.response);
        CHECK(seen.last.why == reason::attempts_exhausted);
    }
    SUBCASE("control bytes")
    {
        using namespace std::string_literals;
        bad = scripted::answer("200 OK", field("X-Vault-Index", "a\x01\x7f%0d%0aX-Evil: 1"s) +
                                             field("X-Vault-Index", "\x80"s));
        ask(); // Beast takes it for an error
        bad = scripted::answer("200 OK");
        CHECK(ask().delivered());
        for (auto const& one : node.requests()) {
            CHECK(one.values("X-Vault-Index") == strings{index_at(5)});
            CHECK(one.values("X-Evil").empty());
        }
    }
    SUBCASE("a status of 0")
    {
        bad = "HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n";
        auto const seen = ask();
        CHECK_FALSE(seen.delivered());
        CHECK(seen.attempts == 3);
    }
}

TEST_CASE("attempts under callbacks: several at the same time, each over a connection of its own")
{
    scripted::peer<> node([](asked const& what) {
        return reaction{kept_answer("200 OK", std::string(what.request.target()))};
    });
    boost::asio::io_context context;
    beast_async_transport vault{context.get_executor(), node.address()};
    std::vector<request> all;
    for (char const* const path : {"/a", "/b", "/c"})
        all.emplace_back(http::verb::get, path, 11);
    for (int round = 0; round < 2; ++round) {
        strings answers;
        for (auto& each : all)
            vault.async_attempt(each, {},
                                [&answers](beast_reply reply) { answers.push_back(reply->body()); });
        CHECK(answers.empty()); // never at once
        context.restart();
        context.run();
        std::sort(answers.begin(), answers.end());
        CHECK(answers == strings{"/a", "/b", "/c"});
    }
    for (auto const& each : node.all_asked())
        CHECK(each.connection < 3); // kept for the second round
}

TEST_CASE("an error is not told at once either, and other options hold from then on")
{
    boost::asio::io_context context;
    beast_async_transport vault{context.get_executor(), "nowhere"};
    auto what = make("GET");
    std::optional<beast_reply> told;
    vault.async_attempt(what, {}, [&told](beast_reply reply) { told = std::move(reply); });
    CHECK_FALSE(told);
    context.run();
    REQUIRE(told);
    CHECK(told->error() == http::error::bad_target);

    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK", {}, "hello"); });
    beast_transport blocking{node.address()};
    CHECK(blocking.address() == node.address());
    CHECK(blocking(what, {})->body() == "hello");
    blocking.set_options({.max_body = 4});
    CHECK(blocking(what, {}).error() == http::error::body_limit);
}
