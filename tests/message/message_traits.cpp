// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/message/message_traits.hpp>

#include <doctest/doctest.h>

#include "support/test_message.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using support::test_message;

namespace {

struct readable {};
struct settable {};
struct without_set {};
struct without_remove {};
struct numbered {};
struct worded {};
struct single_field {};
struct unread {};

} // namespace

/// Fields can be read, and that is all.
template <>
struct afterwrite::message_traits<readable> {
    template <class Visit>
    static void for_each(readable const&, std::string_view, Visit&& visit)
    {
        visit(std::string_view("value"));
    }
};

template <>
struct afterwrite::message_traits<settable> : message_traits<readable> {
    template <class Visit>
    static void for_each(settable const&, std::string_view, Visit&&)
    {}
    static void set(settable&, std::string_view, std::span<std::string_view const>) {}
    static void remove(settable&, std::string_view) {}
};

template <>
struct afterwrite::message_traits<without_set> {
    template <class Visit>
    static void for_each(without_set const&, std::string_view, Visit&&)
    {}
    static void remove(without_set&, std::string_view) {}
};

template <>
struct afterwrite::message_traits<without_remove> {
    template <class Visit>
    static void for_each(without_remove const&, std::string_view, Visit&&)
    {}
    static void set(without_remove&, std::string_view, std::span<std::string_view const>) {}
};

template <>
struct afterwrite::message_traits<numbered> {
    template <class Visit>
    static void for_each(numbered const&, std::string_view, Visit&&)
    {}
    static short status(numbered const&) { return 204; }
};

/// Its status is a text, which no number can be compared with.
template <>
struct afterwrite::message_traits<worded> {
    template <class Visit>
    static void for_each(worded const&, std::string_view, Visit&&)
    {}
    static std::string status(worded const&) { return "204 No Content"; }
};

template <>
struct afterwrite::message_traits<single_field> : message_traits<settable> {
    static constexpr bool repeats_fields = false;
    static constexpr bool joins_fields = true;
    template <class Visit>
    static void for_each(single_field const&, std::string_view, Visit&&)
    {}
    static void set(single_field&, std::string_view, std::span<std::string_view const>) {}
    static void remove(single_field&, std::string_view) {}
};

/// Traits that cannot read any field.
template <>
struct afterwrite::message_traits<unread> {
    static int status(unread const&) { return 200; }
};

// Models.
static_assert(message<test_message> && request_message<test_message> && response_message<test_message>);
static_assert(message<readable>);
static_assert(request_message<settable>);
static_assert(response_message<numbered>, "any integer is a status");

// Types that nobody has taught the library.
static_assert(!message<int> && !request_message<int> && !response_message<int>);
static_assert(!message<std::string>);
static_assert(!message<std::map<std::string, std::string>>);
static_assert(!message<void*>);

// Types that were taught too little.
static_assert(!request_message<readable>, "it can neither set nor remove");
static_assert(!request_message<without_set>);
static_assert(!request_message<without_remove>);
static_assert(!request_message<numbered>, "a response cannot be prepared");
static_assert(!response_message<readable>, "it has no status");
static_assert(!response_message<settable>, "a request has no status");
static_assert(!response_message<worded>);
static_assert(!message<unread> && !response_message<unread>);

static_assert(repeats_fields<test_message> && repeats_fields<settable>);
static_assert(!repeats_fields<single_field>);
static_assert(!joins_fields<test_message> && !joins_fields<settable>);
static_assert(joins_fields<single_field>);

TEST_CASE("what a message can tell besides is asked of its traits")
{
    test_message const message{.method = "LIST", .target = "/v1/kv?list=true", .body = "{}"};
    CHECK(method_of(message) == "LIST");
    CHECK(path_of(message) == "/v1/kv?list=true");
    CHECK(body_of(message) == "{}");
}

TEST_CASE("what a message cannot tell is nothing, and no error")
{
    CHECK(method_of(readable()).empty());
    CHECK(path_of(readable()).empty());
    CHECK(body_of(readable()).empty());
}

TEST_CASE("fields are read by name without regard to case, and set instead of added")
{
    // The contract of the traits, shown of the type that all tests here use.
    test_message message;
    message.with("x-VAULT-index", "a").with("X-Vault-Index", "b").with("X-Vault-Indexes", "c");
    std::vector<std::string> seen;
    using traits = message_traits<test_message>;
    traits::for_each(message, "X-Vault-Index", [&](std::string_view value) { seen.emplace_back(value); });
    CHECK(seen == support::texts{"a", "b"});

    std::string_view const values[] = {"d", "e"};
    traits::set(message, "X-VAULT-INDEX", values);
    CHECK(message.values("X-Vault-Index") == support::texts{"d", "e"});
    traits::remove(message, "x-vault-index");
    CHECK(message.values("X-Vault-Index").empty());
    CHECK(message.values("X-Vault-Indexes") == support::texts{"c"});
}
