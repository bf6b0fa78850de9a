// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_attempt.hpp>

#include <afterwrite/adapters/beast_transport.hpp>

#include "beast_peer.hpp"
#include "support.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

#include <unistd.h>

namespace {

namespace http = boost::beast::http;
using namespace std::chrono_literals;
using afterwrite::beast_reply;
using afterwrite::beast_transport;
using scripted::asked;
using scripted::field;
using scripted::kept_answer;
using scripted::reaction;
using scripted::strings;
using scripted::values;
using request = http::request<http::string_body>;

request get(std::string_view path = "/v1/kv/foo")
{
    return {http::verb::get, afterwrite::detail::to_beast(path), 11};
}

request put(std::string body)
{
    request made{http::verb::put, "/v1/kv/foo", 11};
    made.body() = std::move(body);
    return made;
}

beast_reply ask(beast_transport& vault, request what) { return vault(what, {}); }

} // namespace

TEST_CASE("an attempt says what it must, and leaves the rest of the request as it is")
{
    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK", {}, "hello"); });
    beast_transport vault{node.address() + "/"};
    for (std::string const method : {"GET", "LIST", "PUT", "POST", "DELETE", "PATCH"}) {
        CAPTURE(method);
        request what{http::verb::unknown, "/v1/kv/foo?a=b", 11};
        what.method_string(method);
        what.insert("X-Vault-Token", "t");
        what.insert("Host", "elsewhere");
        if (method[0] == 'P')
            what.body() = "body";
        auto const reply = vault(what, {});
        REQUIRE_MESSAGE(reply, reply.what());
        CHECK(reply->body() == "hello");
        auto const seen = node.requests().back();
        CHECK(seen.method() == method);
        CHECK(seen.target() == "/v1/kv/foo?a=b");
        CHECK(seen.values("X-Vault-Token") == strings{"t"});
        CHECK("http://" + seen.values("Host").at(0) == node.address());
        CHECK(seen.values("Content-Length") == (method[0] == 'P' ? strings{"4"} : strings{}));
        CHECK(seen.body == what.body());
        CHECK(values(what, "X-Vault-Token") == strings{"t"});
    }
}

TEST_CASE("a HEAD has no body, and other bodies than texts are sent too")
{
    scripted::server node([](auto const&, auto) {
        return std::string("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
    });
    beast_transport vault{node.address()};
    http::request<http::empty_body> head{http::verb::head, "/", 11};
    auto const reply = vault(head, {});
    REQUIRE_MESSAGE(reply, reply.what());
    CHECK(reply->result_int() == 200);
    CHECK(reply->body().empty());
}

TEST_CASE("interim answers are passed over")
{
    scripted::server node([](auto const&, auto) {
        return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n" + field("X-Vault-Index", "early") +
               "\r\n" + scripted::answer("200 OK", field("X-Vault-Index", "late"), "hello");
    });
    beast_transport vault{node.address()};
    auto const reply = ask(vault, get());
    CHECK(reply->result_int() == 200);
    CHECK(values(*reply, "X-Vault-Index") == strings{"late"});
    CHECK(reply->body() == "hello");
}

TEST_CASE("connections are kept and used again, for writes too")
{
    scripted::peer<> node([](asked const&) { return reaction{kept_answer("200 OK", "hello")}; });
    beast_transport vault{node.address()};
    for (int i = 0; i < 3; ++i) {
        CHECK(ask(vault, get())->body() == "hello");
        CHECK(ask(vault, put("x"))->body() == "hello");
    }
    for (auto const& each : node.all_asked())
        CHECK(each.connection == 0);
    CHECK(node.all_asked().size() == 6);

    vault.set_options({.idle_time = -1s});
    CHECK(ask(vault, get()));
    CHECK(node.all_asked().back().connection == 1);
    vault.set_options({.max_idle = 0});
    CHECK(ask(vault, get()));
    CHECK(ask(vault, get()));
    CHECK(node.all_asked().back().connection == 2);
}

TEST_CASE("a connection that one side does not want to keep is not kept")
{
    scripted::peer<> node([](asked const& what) {
        return reaction{what.connection == 0
                            ? "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
                            : kept_answer("200 OK") + (what.connection == 1 ? "more" : "")};
    });
    beast_transport vault{node.address()};
    CHECK(ask(vault, get()));
    CHECK(ask(vault, get()));
    auto what = get();
    what.keep_alive(false);
    CHECK(vault(what, {}));
    CHECK(node.all_asked().back().connection == 2);
    CHECK(ask(vault, get()));
    CHECK(node.all_asked().back().connection == 3);
    CHECK(ask(vault, get()));
    CHECK(node.all_asked().back().connection == 3);
}

TEST_CASE("a kept connection that was closed meanwhile costs no attempt")
{
    scripted::peer<> node([](asked const&) { return reaction{kept_answer("200 OK"), true}; });
    beast_transport vault{node.address()};
    for (int i = 0; i < 5; ++i) {
        auto const reply = ask(vault, put("x"));
        CHECK_MESSAGE(reply, reply.what());
        node.wait_until_closed(i + 1);
    }
    CHECK(node.all_asked().size() == 5);
}

TEST_CASE("a kept connection that is closed under a request may have taken it along: nothing is repeated")
{
    scripted::peer<> node([number = 0](asked const&) mutable {
        return number++ == 0 ? reaction{kept_answer("200 OK")} : reaction{{}, true};
    });
    beast_transport vault{node.address()};
    CHECK(ask(vault, put("x")));
    auto const reply = ask(vault, put("x"));
    CHECK_FALSE(reply);
    CHECK_FALSE(reply.is_unsent());
    CHECK(reply.error() == http::error::end_of_stream);
    CHECK(node.all_asked().size() == 2);
}

TEST_CASE("a node that does not answer is waited for until the timeout")
{
    scripted::peer<> node([](asked const&) { return reaction{}; });
    beast_transport vault{node.address(), {.timeout = 20ms}};
    auto const reply = ask(vault, get());
    CHECK_FALSE(reply);
    CHECK(reply.error() == boost::beast::error::timeout);
    CHECK_FALSE(reply.is_unsent());
    CHECK(node.all_asked().size() == 1);

    // A half answer is none.
    scripted::peer<> half(
        [](asked const&) { return reaction{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"}; });
    vault.set_address(half.address());
    CHECK(ask(vault, get()).error() == boost::beast::error::timeout);
}

TEST_CASE("a refused connection is an error before anything was sent")
{
    scripted::refusing_address const nobody;
    beast_transport vault{nobody.address()};
    auto const reply = ask(vault, put("x"));
    CHECK_FALSE(reply);
    CHECK(reply.is_unsent());
    CHECK(reply.error() == boost::asio::error::connection_refused);
    CHECK(reply.what() == "There was no connection: Connection refused.");
}

TEST_CASE("a name is looked up, and one that nobody has is an error before anything was sent")
{
    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK", {}, "hello"); });
    auto const port = node.address().substr(node.address().rfind(':'));
    beast_transport vault{"http://localhost" + port};
    CHECK(ask(vault, get())->body() == "hello");
    CHECK(node.requests().at(0).values("Host") == strings{"localhost" + port});
    vault.set_address("http://no-such-host.invalid");
    auto const reply = ask(vault, get());
    CHECK_FALSE(reply);
    CHECK(reply.is_unsent());
}

TEST_CASE("a node behind a unix socket is reached by its path")
{
    using local = boost::asio::local::stream_protocol;
    auto const path = "/tmp/afterwrite." + std::to_string(::getpid()) + ".sock";
    ::unlink(path.c_str());
    {
        scripted::peer<local> node([](asked const&) { return reaction{kept_answer("200 OK", "hello")}; },
                                   path);
        beast_transport vault{"unix:" + path};
        CHECK(ask(vault, get())->body() == "hello");
        vault.set_address("unix://" + path);
        CHECK(ask(vault, get())->body() == "hello");
        CHECK(node.all_asked().at(0).request["Host"] == "localhost");
    }
    ::unlink(path.c_str());
    beast_transport vault{"unix:" + path};
    CHECK(ask(vault, get()).is_unsent());
}

TEST_CASE("what is no address, of another kind, or no target, is never sent")
{
    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK"); });
    auto const host = node.address().substr(7);
    for (std::string const& address : {std::string("file:///etc"), host, "ftp://" + host, "http://a@" + host,
                                       std::string("http://"), std::string(), std::string("unix:")}) {
        CAPTURE(address);
        beast_transport vault{address};
        auto const reply = ask(vault, get());
        CHECK(reply.error() == http::error::bad_target);
        CHECK(reply.is_unsent());
    }
    beast_transport vault{"https://" + host};
    CHECK(ask(vault, get()).error() == boost::asio::error::operation_not_supported);
    vault.set_address(node.address());
    for (std::string const path : {"", "v1/kv", "http://evil.example/", "/a b", "/a\r\nX-Evil: 1", "/\x7f"}) {
        CAPTURE(path);
        CHECK(ask(vault, get(path)).error() == http::error::bad_target);
    }
    request nameless{http::verb::unknown, "/", 11};
    CHECK(vault(nameless, {}).error() == http::error::bad_target);
    CHECK(node.requests().empty());
}

TEST_CASE("heads and bodies of answers are bounded")
{
    std::string bad;
    scripted::server node([&](auto const&, auto) { return bad; });
    beast_transport vault{node.address(), {.max_head = 5000, .max_body = 1000}};
    bad = scripted::answer("200 OK", {}, std::string(1000, 'x'));
    CHECK(ask(vault, get())->body().size() == 1000);
    bad = scripted::answer("200 OK", {}, std::string(1001, 'x'));
    auto const reply = ask(vault, get());
    CHECK(reply.error() == http::error::body_limit);
    CHECK(reply->body().empty());

    // One that does not say how long it is, and one in pieces.
    bad = "HTTP/1.1 200 OK\r\n\r\n" + std::string(100'000, 'x');
    CHECK(ask(vault, get()).error() == http::error::body_limit);
    bad = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n" + std::string(100'000, 'x');
    CHECK(ask(vault, get()).error() == http::error::body_limit);

    bad = scripted::answer("200 OK", field("A", std::string(4900, 'x')));
    CHECK(ask(vault, get()));
    bad = scripted::answer("200 OK", field("A", std::string(5000, 'x')));
    CHECK_FALSE(ask(vault, get()));
    bad = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
          field("A", std::string(10'000, 'x')) + "\r\n";
    CHECK_FALSE(ask(vault, get()));
}

TEST_CASE("what is no HTTP, or ends too early, is an error")
{
    std::string bad;
    scripted::server node([&](auto const&, auto) { return bad; });
    beast_transport vault{node.address()};
    for (std::string const each :
         {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\n",
          "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nabc"}) {
        CAPTURE(each);
        bad = each;
        auto const reply = ask(vault, get());
        CHECK_FALSE(reply);
        CHECK_FALSE(reply.is_unsent());
    }
}

TEST_CASE("a redirect is an answer")
{
    scripted::server stranger([](auto const&, auto) { return scripted::answer("200 OK"); });
    scripted::server node([&](auto const&, auto) {
        return scripted::answer("307 Temporary Redirect",
                                field("Location", stranger.address() + "/v1/kv/foo"));
    });
    beast_transport vault{node.address()};
    CHECK(ask(vault, get())->result_int() == 307);
    CHECK(stranger.requests().empty());
}

TEST_CASE("an answer that comes before the request was read is an answer")
{
    scripted::peer<> node(
        [](asked const&) {
            return reaction{kept_answer("412 Precondition Failed", "stale"), true};
        },
        {boost::asio::ip::address_v4::loopback(), 0}, false);
    beast_transport vault{node.address()};
    for (int i = 0; i < 20; ++i) {
        auto const reply = ask(vault, put(std::string(20'000'000, 'x')));
        REQUIRE_MESSAGE(reply, reply.what());
        CHECK(reply->result_int() == 412);
        CHECK(reply->body() == "stale");
    }
}
