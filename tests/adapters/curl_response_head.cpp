// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/curl_response_head.hpp>

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/session/session.hpp>

#include "support.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace {

using afterwrite::curl_response_head;
using scripted::strings;
using scripted::values;

curl_response_head head_of(std::initializer_list<std::string_view> lines)
{
    curl_response_head head;
    for (auto const line : lines)
        CHECK(head.add_line(line));
    return head;
}

std::size_t on_line(curl_response_head& head, std::string line)
{
    return curl_response_head::on_line(line.data(), 1, line.size(), &head);
}

} // namespace

TEST_CASE("a head is read line by line")
{
    curl_response_head head;
    CHECK(head.status() == 0);
    CHECK(head.size() == 0);
    head = head_of({"HTTP/1.1 412 Precondition Failed\r\n", "X-Vault-Index: a\r\n", "x-vault-index:b\r\n",
                    "X-VAULT-INDEX:\t c \t\r\n", "Empty:\r\n", "Other: d: e\n"});
    CHECK(head.status() == 412);
    CHECK_FALSE(head.is_complete());
    CHECK(head.add_line("\r\n"));
    CHECK(head.is_complete());
    CHECK(values(head, "X-Vault-Index") == strings{"a", "b", "c"});
    CHECK(values(head, "X-Vault") == strings{});
    CHECK(head.field("other") == "d: e");
    CHECK(head.field("Empty").empty());
    CHECK(values(head, "empty") == strings{""});
    CHECK(head.field("nothing").empty());
    CHECK(head.size() == 5);
    std::string all;
    head.for_each([&](std::string_view name, std::string_view value) {
        all.append(name).append("=").append(value).append(";");
    });
    CHECK(all == "X-Vault-Index=a;x-vault-index=b;X-VAULT-INDEX=c;Empty=;Other=d: e;");
}

TEST_CASE("each status line begins anew")
{
    auto const head = head_of({"HTTP/1.1 100 Continue\r\n", "X-Vault-Index: a\r\n", "\r\n",
                               "HTTP/1.1 307 Moved\r\n", "Location: /\r\n", "X-Vault-Index: b\r\n", "\r\n",
                               "HTTP/2 200\r\n", "X-Vault-Index: c\r\n", "\r\n"});
    CHECK(head.status() == 200);
    CHECK(values(head, "X-Vault-Index") == strings{"c"});
    CHECK(head.field("Location").empty());
    CHECK(head.is_complete());
}

TEST_CASE("trailers are no part of the head")
{
    auto const head = head_of({"HTTP/1.1 200 OK\r\n", "A: 1\r\n", "\r\n", "X-Vault-Index: late\r\n", "\r\n"});
    CHECK(head.size() == 1);
    CHECK(values(head, "X-Vault-Index").empty());
}

TEST_CASE("the status is three digits, or none")
{
    auto const status = [](std::string_view line) { return head_of({line}).status(); };
    CHECK(status("HTTP/1.1 200 OK\r\n") == 200);
    CHECK(status("HTTP/1.1 200\r\n") == 200);
    CHECK(status("HTTP/2 200 \r\n") == 200);
    CHECK(status("HTTP/3 999\n") == 999);
    for (std::string_view const none :
         {"HTTP/1.1 000 Nothing\r\n", "HTTP/1.1 99\r\n", "HTTP/1.1 20\r\n", "HTTP/1.1 2000\r\n",
          "HTTP/1.1 20x OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1\r\n", "HTTP/\r\n", "HTTP/1.1 -12 OK\r\n",
          "HTTP/1.1 200OK\r\n"})
        CHECK_MESSAGE(status(none) == 0, none);
}

TEST_CASE("folded lines belong to the field before")
{
    auto const head = head_of({"HTTP/1.1 200 OK\r\n", "  before any field\r\n", "A: 1,\r\n", " \t 2 \r\n",
                               "\t\r\n", "\t3\r\n", "B: 4\r\n"});
    CHECK(head.field("A") == "1, 2 3");
    CHECK(head.field("B") == "4");
    CHECK(head.size() == 2);
}

TEST_CASE("lines that are no fields are passed over")
{
    auto const head = head_of({"HTTP/1.1 200 OK\r\n", "no colon\r\n", ": no name\r\n",
                               "X-Vault-Index : smuggled\r\n", "A b: c\r\n", "D: e\r\n"});
    CHECK(head.size() == 1);
    CHECK(head.field("D") == "e");
}

TEST_CASE("control bytes stay in a value, and the session refuses to send them")
{
    using namespace std::string_literals;
    auto const head = head_of({"HTTP/1.1 200 OK", "X-Vault-Index: a\0b\r\n"s,
                               "X-Vault-Index: v1:\x01:\x7f\r\n"s, "X-Vault-Index: a\rX-Evil: 1\r\n"s});
    CHECK(values(head, "X-Vault-Index").size() == 3);
    CHECK(head.field("X-Evil").empty());
    afterwrite::session session;
    auto const recorded = session.record(head, {}, {});
    CHECK(recorded.rejected == 3);
    CHECK(session.required().size() == 0);
}

TEST_CASE("past a bound nothing is kept any more, and the transfer is told to end")
{
    curl_response_head head;
    REQUIRE(head.add_line("HTTP/1.1 200 OK\r\n"));
    SUBCASE("a line")
    {
        CHECK(on_line(head, "A: " + std::string(curl_response_head::max_line - 3, 'x')) ==
              curl_response_head::max_line);
        CHECK(on_line(head, "B: " + std::string(curl_response_head::max_line - 2, 'x')) !=
              curl_response_head::max_line + 1);
        CHECK(head.size() == 1);
    }
    SUBCASE("the number of lines")
    {
        for (std::size_t i = 1; i < curl_response_head::max_lines; ++i)
            REQUIRE(head.add_line(i % 2 == 0 ? "A: 1\r\n" : "no field\r\n"));
        CHECK_FALSE(head.add_line("A: 1\r\n"));
        CHECK(head.size() < curl_response_head::max_lines);
    }
    SUBCASE("all of it, folded or not")
    {
        std::size_t lines = 0;
        while (head.add_line((lines % 2 == 0 ? "A: " : " ") + std::string(10'000, 'x')))
            REQUIRE(++lines < 100);
        CHECK(lines == 26);
        CHECK(head.size() == 13);
    }
    CHECK(head.is_too_large());
    auto const kept = head.size();
    bool takes_more = false;
    for (int i = 0; i < 100'000; ++i)
        takes_more = head.add_line("A: 1\r\n") || takes_more;
    CHECK_FALSE(takes_more);
    CHECK_FALSE(head.add_line("\r\n"));
    CHECK(head.size() == kept);
    CHECK_FALSE(head.is_complete());

    // Another answer on the same head is read again.
    CHECK(on_line(head, "HTTP/1.1 200 OK\r\n") == 17);
    CHECK_FALSE(head.is_too_large());
    CHECK(head.size() == 0);
}

TEST_CASE("an exchange reads it")
{
    afterwrite::replication_view view;
    afterwrite::required_states required;
    required.record(scripted::index_at(1));
    afterwrite::exchange exchange({}, required, afterwrite::request_facts::of_method("GET"), {}, 0);
    static_cast<void>(exchange.first(view));
    auto const head =
        head_of({"HTTP/1.1 200 OK\r\n", "X-Vault-Index: " + scripted::index_at(2) + "\r\n", "\r\n"});
    CHECK(exchange.on_response(head, view, {}).what == afterwrite::action::deliver);
    CHECK(view.cluster() == afterwrite::cluster_id("c"));
}
