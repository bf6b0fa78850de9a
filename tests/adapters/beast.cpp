// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast.hpp>

#include "support.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

namespace http = boost::beast::http;
using scripted::field;
using scripted::index_at;
using scripted::strings;
using scripted::values;
using request = http::request<http::string_body>;

/// Answers a write with an index, and anything else with a value.
scripted::server::script const answers = [](auto const& asked, auto) {
    return asked.method() == "PUT" ? scripted::answer("204 No Content", field("X-Vault-Index", index_at(7)))
                                   : scripted::answer("200 OK", {}, R"({"data":{"v":1}})");
};

void check_requests(scripted::server const& node)
{
    auto const asked = node.requests();
    REQUIRE(asked.size() == 2);
    CHECK(asked[0].body == R"({"v":1})");
    CHECK(asked[0].values("X-Vault-Index").empty());
    CHECK(asked[1].values("X-Vault-Index") == strings{index_at(7)});
}

} // namespace

TEST_CASE("what the usage says compiles, and a read carries what the write returned")
{
    scripted::server node(answers);
    afterwrite::session session;
    afterwrite::replication_view cluster;
    afterwrite::beast_transport vault{node.address()};
    request write{http::verb::put, "/v1/kv/foo", 11, R"({"v":1})"};
    CHECK(afterwrite::send(vault, write, session, cluster).delivered());
    request read{http::verb::get, "/v1/kv/foo", 11};
    auto seen = afterwrite::send(vault, read, session, cluster);
    REQUIRE(seen.delivered());
    CHECK(seen.response->body() == R"({"data":{"v":1}})");
    check_requests(node);
}

TEST_CASE("the same as a coroutine")
{
    scripted::server node(answers);
    afterwrite::session session;
    afterwrite::replication_view cluster;
    boost::asio::io_context context;
    afterwrite::beast_async_transport vault{context.get_executor(), node.address()};
    std::string body;
    auto const program = [&]() -> boost::asio::awaitable<void> {
        request write{http::verb::put, "/v1/kv/foo", 11, R"({"v":1})"};
        co_await afterwrite::async_send(vault, write, session, cluster);
        request read{http::verb::get, "/v1/kv/foo", 11};
        auto seen = co_await afterwrite::async_send(vault, read, session, cluster);
        if (seen.delivered())
            body = seen.response->body();
    };
    boost::asio::co_spawn(context, program(), boost::asio::detached);
    context.run();
    CHECK(body == R"({"data":{"v":1}})");
    check_requests(node);
}

TEST_CASE("heads alone drive an exchange")
{
    afterwrite::session session;
    session.record(index_at(7), {});
    afterwrite::replication_view cluster;
    http::request_parser<http::empty_body> asked;
    http::request_header<>& read = asked.get().base();
    read.method(http::verb::get);
    read.target("/v1/kv/foo");
    auto const facts = afterwrite::request_facts::of_method(afterwrite::method_of(read));
    afterwrite::exchange exchange({}, session.required(cluster), facts, {}, 1);
    CHECK_FALSE(exchange.first(cluster).is_final());
    exchange.prepare(read, cluster);
    CHECK(values(read, "X-Vault-Index") == strings{index_at(7)});
    http::response_parser<http::buffer_body> parser;
    parser.get().result(http::status::ok);
    parser.get().insert("X-Vault-Index", index_at(8));
    session.record(parser.get().base(), exchange.carried(), {});
    CHECK(session.required().demand("c")->local == 8);
    CHECK(exchange.on_response(parser.get().base(), cluster, {}).what == afterwrite::action::deliver);
}
