// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/curl.hpp>

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/session/session.hpp>

#include "support.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <string_view>
#include <thread>

namespace {

using afterwrite::curl_request;
using afterwrite::curl_response;
using scripted::field;
using scripted::index_at;
using scripted::strings;
using scripted::values;

/// Somebody's own code around libcurl.
class own_client {
public:
    own_client()
    {
        curl_easy_setopt(easy(), CURLOPT_WRITEFUNCTION, &own_client::on_body);
        curl_easy_setopt(easy(), CURLOPT_WRITEDATA, &body_);
        curl_easy_setopt(easy(), CURLOPT_NOSIGNAL, 1L);
    }

    CURL* easy() const { return easy_.get(); }
    std::string const& body() const { return body_; }

    CURLcode get(std::string const& url, curl_slist* fields)
    {
        body_.clear();
        curl_easy_setopt(easy(), CURLOPT_URL, url.c_str());
        curl_easy_setopt(easy(), CURLOPT_HTTPHEADER, fields);
        return curl_easy_perform(easy());
    }

private:
    static std::size_t on_body(char* data, std::size_t size, std::size_t count, std::string* to)
    {
        to->append(data, size * count);
        return size * count;
    }

    std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy_{curl_easy_init(), &curl_easy_cleanup};
    std::string body_;
};

} // namespace

TEST_CASE("a handle before its first transfer, and none, have no answer")
{
    own_client client;
    for (CURL* const easy : {client.easy(), static_cast<CURL*>(nullptr)}) {
        curl_response const response{easy};
        CHECK(afterwrite::message_traits<curl_response>::status(response) == 0);
        CHECK(values(response, "X-Vault-Index").empty());
        CHECK(afterwrite::body_of(response).empty());
    }
}

TEST_CASE("fields are read off a handle: repeated, in any case, joined")
{
    scripted::server node([](auto const&, auto) {
        return "HTTP/1.1 103 Early Hints\r\n" + field("X-Vault-Index", "early") + "\r\n" +
               scripted::answer("200 OK", field("x-vault-index", "a") + field("A", "b") +
                                              field("X-VAULT-INDEX", "c, d") + field("X-Vault-Index", "e"));
    });
    own_client client;
    REQUIRE(client.get(node.address(), nullptr) == CURLE_OK);
    curl_response const response{client.easy(), client.body()};
    CHECK(values(response, "X-Vault-Index") == strings{"a", "c, d", "e"});
    CHECK(values(response, "X-Vault-Inde").empty());
    CHECK(values(response, "").empty());
    CHECK(values(response, std::string(1000, 'x')).empty());
    CHECK(values(response, std::string_view("X-Vault-Index-").substr(0, 13)).size() == 3);
    CHECK(afterwrite::message_traits<curl_response>::status(response) == 200);
}

TEST_CASE("of several requests in one transfer, the last one's fields are read")
{
    scripted::server node([](auto const&, auto number) {
        return number == 0
                   ? scripted::answer("302 Found", field("Location", "/b") + field("X-Vault-Index", "first"))
                   : scripted::answer("200 OK", field("X-Vault-Index", "last"));
    });
    own_client client;
    curl_easy_setopt(client.easy(), CURLOPT_FOLLOWLOCATION, 1L);
    REQUIRE(client.get(node.address(), nullptr) == CURLE_OK);
    CHECK(values(curl_response{client.easy()}, "X-Vault-Index") == strings{"last"});
}

TEST_CASE("two thousand fields")
{
    scripted::server node([](auto const&, auto) {
        std::string fields;
        for (int i = 0; i < 2000; ++i)
            fields += field("X-Vault-Index", "junk" + std::to_string(i));
        return scripted::answer("200 OK", fields + field("X-Vault-Index", index_at(3)));
    });
    own_client client;
    REQUIRE(client.get(node.address(), nullptr) == CURLE_OK);
    curl_response const response{client.easy()};
    CHECK(values(response, "X-Vault-Index").size() == 2001);
    afterwrite::session session;
    session.record(response, {}, {});
    CHECK(session.required().demand("c")->local == 3);
}

TEST_CASE("own code drives the exchange, as the header says")
{
    scripted::server node([](auto const&, auto number) {
        return number < 3 ? scripted::stale()
                          : scripted::answer("200 OK", field("X-Vault-Index", index_at(4)), "fresh");
    });
    own_client client;
    afterwrite::session session;
    session.record(index_at(4), afterwrite::clock::now());
    afterwrite::replication_view view;
    auto const facts = afterwrite::request_facts::of_method("GET");
    afterwrite::exchange exchange({.when = afterwrite::when_inconsistent::retry}, session.required(view),
                                  facts, afterwrite::clock::now(), 1);
    curl_request request{.method = "GET", .path = "/v1/kv/foo"};
    auto next = exchange.first(view);
    while (!next.is_final()) {
        std::this_thread::sleep_until(next.not_before);
        exchange.prepare(request, view);
        auto const error = client.get(node.address() + request.path, request.fields.list());
        curl_response const response{client.easy(), client.body()};
        if (error == CURLE_OK)
            session.record(response, exchange.carried(), afterwrite::clock::now());
        else
            session.record_lost(exchange.carried(), afterwrite::clock::now());
        next = error == CURLE_OK ? exchange.on_response(response, view, afterwrite::clock::now())
                                 : exchange.on_transport_error(view, afterwrite::clock::now());
    }
    CHECK(next.what == afterwrite::action::deliver);
    CHECK(client.body() == "fresh");
    CHECK(exchange.attempts() == 4);
    for (auto const& asked : node.requests())
        CHECK(asked.values("X-Vault-Index") == strings{index_at(4)});
}
