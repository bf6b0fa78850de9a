// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/curl_request.hpp>

#include "support.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace {

using afterwrite::curl_fields;
using afterwrite::curl_request;
using scripted::strings;
using scripted::values;

strings lines(curl_fields const& fields)
{
    strings found;
    for (auto const* line = fields.list(); line != nullptr; line = line->next)
        found.emplace_back(line->data);
    return found;
}

} // namespace

TEST_CASE("fields are lines of libcurl's list")
{
    curl_fields fields;
    CHECK(fields.list() == nullptr);
    CHECK(fields.add("A", "1"));
    CHECK(fields.add("a", "2"));
    CHECK(fields.add("B", ""));
    CHECK(fields.add("C", " \t "));
    CHECK(fields.add("D", "x: y; z"));
    CHECK(lines(fields) == strings{"A: 1", "a: 2", "B;", "C;", "D: x: y; z"});
    CHECK(values(fields, "A") == strings{"1", "2"});
    CHECK(values(fields, "b") == strings{""});
    CHECK(values(fields, "D") == strings{"x: y; z"});
    CHECK(values(fields, "E") == strings{});
    CHECK_FALSE(fields.is_out_of_memory());
}

TEST_CASE("set replaces, whatever the case and the place in the list")
{
    for (std::string_view const name : {"A", "B", "C"}) {
        curl_fields fields;
        for (std::string_view const one : {"A", "B", "C", "b", "a", "c"})
            CHECK(fields.add(one, "old"));
        std::string_view const two[] = {"1", "2"};
        CHECK(fields.set(name, two));
        CHECK(values(fields, name) == strings{"1", "2"});
        CHECK(lines(fields).size() == 6);
        CHECK(fields.set(name, "3"));
        CHECK(values(fields, name) == strings{"3"});
        fields.remove(name);
        CHECK(values(fields, name).empty());
        CHECK(lines(fields).size() == 4);
        CHECK(fields.set("A", std::span<std::string_view const>()));
        CHECK(values(fields, "A").empty());
    }
}

TEST_CASE("what libcurl adds of its own accord can be suppressed, and given again")
{
    curl_fields fields;
    CHECK_FALSE(fields.mentions("Expect"));
    CHECK(fields.suppress("Expect"));
    CHECK(lines(fields) == strings{"Expect:"});
    CHECK(values(fields, "expect").empty());
    CHECK(fields.mentions("expect"));
    CHECK(fields.suppress("Expect"));
    CHECK(lines(fields).size() == 1);
    CHECK(fields.set("Expect", "100-continue"));
    CHECK(lines(fields) == strings{"Expect: 100-continue"});
}

TEST_CASE("what would end a line, or is no name, is not added")
{
    using namespace std::string_view_literals;
    curl_fields fields;
    CHECK(fields.add("A", "1"));
    for (auto const value : {"a\r\nB: 2"sv, "a\nB: 2"sv, "a\r"sv, "\0"sv, "a\x01"sv, "\x7f"sv, "\x1b[2J"sv})
        CHECK_FALSE(fields.add("A", value));
    for (auto const name : {""sv, "A b"sv, "A:"sv, "A;"sv, "A\r\nB"sv, "\0"sv, "A\t"sv, "\x80"sv}) {
        CHECK_FALSE(fields.add(name, "1"));
        CHECK_FALSE(fields.suppress(name));
    }
    CHECK(lines(fields) == strings{"A: 1"});
    CHECK(fields.add("A", "\t\xc3\xa9\t \xff"));
    std::string_view const mixed[] = {"good", "bad\n"};
    CHECK_FALSE(fields.set("A", mixed));
    CHECK(values(fields, "A") == strings{"good"});
}

TEST_CASE("fields move and do not copy")
{
    static_assert(!std::is_copy_constructible_v<curl_fields> && !std::is_copy_assignable_v<curl_fields>);
    static_assert(std::is_nothrow_move_constructible_v<curl_fields>);
    curl_fields first;
    CHECK(first.add("A", "1"));
    curl_fields second(std::move(first));
    CHECK(lines(second) == strings{"A: 1"});
    curl_fields third;
    CHECK(third.add("B", "2"));
    third = std::move(second);
    CHECK(lines(third) == strings{"A: 1"});
}

TEST_CASE("a request tells its method and path, and its body is only looked at")
{
    std::string const body = "{}";
    curl_request request{.method = "LIST", .path = "/v1/kv", .body = body};
    CHECK(afterwrite::method_of(request) == "LIST");
    CHECK(afterwrite::path_of(request) == "/v1/kv");
    CHECK(request.body.data() == body.data());
    std::string_view const one[] = {"1"};
    afterwrite::message_traits<curl_request>::set(request, "A", one);
    CHECK(values(request, "a") == strings{"1"});
    afterwrite::message_traits<curl_request>::remove(request, "a");
    CHECK(values(request, "A").empty());
    CHECK(afterwrite::method_of(curl_request{}) == "GET");
}
