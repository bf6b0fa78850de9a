// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_message.hpp>

#include <afterwrite/session/session.hpp>

#include "support.hpp"

#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/dynamic_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/file_body.hpp>
#include <boost/beast/http/string_body.hpp>

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <string_view>

namespace {

namespace http = boost::beast::http;
using afterwrite::message_traits;
using scripted::index_at;
using scripted::strings;
using scripted::values;

// clang-format off
template <class Message>
concept has_body = requires(Message const& m) { message_traits<Message>::body(m); };
// clang-format on

} // namespace

TEST_CASE("messages of any body, and heads alone, are requests and answers")
{
    static_assert(afterwrite::request_message<http::request<http::string_body>>);
    static_assert(afterwrite::request_message<http::request<http::file_body>>);
    static_assert(afterwrite::request_message<http::request<http::buffer_body>>);
    static_assert(afterwrite::request_message<http::request_header<>>);
    static_assert(!afterwrite::response_message<http::request<http::string_body>>);
    static_assert(afterwrite::response_message<http::response<http::string_body>>);
    static_assert(afterwrite::response_message<http::response<http::buffer_body>>);
    static_assert(afterwrite::response_message<http::response_header<>>);
    static_assert(!afterwrite::request_message<http::response<http::string_body>>);
    CHECK(has_body<http::response<http::string_body>>);
    CHECK_FALSE(has_body<http::response<http::buffer_body>>);
    CHECK_FALSE(has_body<http::response<http::dynamic_body>>);
    CHECK_FALSE(has_body<http::response<http::empty_body>>);
    CHECK_FALSE(has_body<http::response_header<>>);
}

TEST_CASE_TEMPLATE("set replaces whatever was there", Request, http::request<http::string_body>,
                   http::request<http::buffer_body>, http::request_header<>)
{
    using traits = message_traits<Request>;
    Request message;
    message.insert("x-vault-index", "old");
    message.insert("X-Other", "stays");
    message.insert("X-VAULT-INDEX", "older");
    CHECK(values(message, "X-Vault-Index") == strings{"old", "older"});
    std::string_view const two[] = {"a", "b"};
    traits::set(message, "X-Vault-Index", two);
    CHECK(values(message, "X-VAULT-index") == strings{"a", "b"});
    traits::set(message, "X-Vault-Index", std::span(two).first(1));
    CHECK(values(message, "x-vault-index") == strings{"a"});
    traits::remove(message, "x-vault-index");
    CHECK(values(message, "X-Vault-Index").empty());
    CHECK(values(message, "X-Other") == strings{"stays"});

    // One that Beast knows by a number.
    message.insert(http::field::content_type, "text/plain");
    traits::set(message, "CONTENT-TYPE", std::span(two).last(1));
    CHECK(values(message, "content-type") == strings{"b"});
}

TEST_CASE("any method and the target are told")
{
    http::request<http::string_body> read{http::verb::get, "/v1/kv/foo?a=b", 11};
    CHECK(afterwrite::method_of(read) == "GET");
    CHECK(afterwrite::path_of(read) == "/v1/kv/foo?a=b");
    http::request_header<>& head = read;
    head.method_string("LIST");
    CHECK(afterwrite::method_of(head) == "LIST");
    CHECK(afterwrite::method_of(read) == "LIST");
    CHECK(afterwrite::path_of(head) == "/v1/kv/foo?a=b");
    CHECK(afterwrite::path_of(http::request_header<>{}).empty());
}

TEST_CASE("repeated fields of an answer are read in any case, and joined ones")
{
    http::response<http::string_body> answer{http::status::ok, 11};
    answer.insert("x-vault-index", index_at(3));
    answer.insert("X-VAULT-INDEX", index_at(4) + " , " + index_at(9));
    answer.insert("X-Vault-Index", index_at(5));
    answer.insert("X-Vault", "other");
    CHECK(values(answer, "X-Vault-Index").size() == 3);
    afterwrite::session session;
    session.record(answer, {}, {});
    CHECK(session.required().demand("c")->local == 9);
}

TEST_CASE("the status and the body tell which refusal it is, and a head alone what it is presumed to be")
{
    http::response<http::string_body> refused{http::status::precondition_failed, 11};
    CHECK(message_traits<http::response<http::string_body>>::status(refused) == 412);
    refused.body() = R"({"errors":["quota"]})";
    CHECK(afterwrite::body_of(refused) == refused.body());
    CHECK(afterwrite::body_of(refused).data() == refused.body().data());
    http::response_header<> const& head = refused;
    CHECK(message_traits<http::response_header<>>::status(head) == 412);
    CHECK(afterwrite::body_of(head).empty());
    refused.result(599);
    CHECK(message_traits<http::response_header<>>::status(head) == 599);
}
