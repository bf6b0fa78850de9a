// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/result.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

using namespace afterwrite;

namespace {

enum class failure { none, small, big };

using number = result<int, failure>;

struct incomparable {
    int held = 0;
};

constexpr number half(int value)
{
    if (value % 2 != 0)
        return unexpected(failure::small);
    return value / 2;
}

} // namespace

static_assert(std::is_trivially_copyable_v<number>);
static_assert(!std::is_default_constructible_v<number>,
              "there is always a value or an error, and someone chose it");
static_assert(!std::is_convertible_v<failure, number>, "an error is never taken for a value");
static_assert(std::is_same_v<number::value_type, int> && std::is_same_v<number::error_type, failure>);
static_assert(std::equality_comparable<number>);
static_assert(!std::equality_comparable<result<incomparable, failure>>);
static_assert(!std::equality_comparable<result<int, incomparable>>);

TEST_CASE("a result has a value")
{
    static_assert(half(4).has_value());
    static_assert(half(4));
    static_assert(*half(4) == 2);
}

TEST_CASE("or it has an error")
{
    static_assert(!half(3).has_value());
    static_assert(!half(3));
    static_assert(half(3).error() == failure::small);
}

TEST_CASE("the value of an error and the error of a value are the default ones, never undefined")
{
    static_assert(*half(3) == 0);
    static_assert(half(4).error() == failure::none);
}

TEST_CASE("a value can stand in for an error")
{
    static_assert(half(4).value_or(7) == 2);
    static_assert(half(3).value_or(7) == 7);
}

TEST_CASE("results are equal if both have the same value, or both the same error")
{
    static_assert(half(4) == half(4));
    static_assert(half(4) != half(6));
    static_assert(half(3) == half(5));
    static_assert(half(3) != number(unexpected(failure::big)));
    static_assert(half(3) != half(0));
}

TEST_CASE("a value can be changed, reached into, and moved out")
{
    result<std::string, failure> text(std::string("a text that is too long to be held inside"));
    text->append("!");
    (*text)[0] = 'A';
    CHECK(text->size() == 42);
    std::string const taken = *std::move(text);
    CHECK(taken == "A text that is too long to be held inside!");
}

TEST_CASE("an error is moved in, too")
{
    result<int, std::string> failed = unexpected(std::string("an error that is too long to be held inside"));
    CHECK_FALSE(failed);
    CHECK(failed.error() == "an error that is too long to be held inside");
    CHECK(unexpected(std::string("why")).error() == "why");
}

TEST_CASE("a value never equals an error, nor the other way round")
{
    for (auto const& a : {half(0), half(2), number(unexpected(failure::none)), half(3)})
        for (auto const& b : {half(0), half(2), number(unexpected(failure::none)), half(3)})
            CHECK((a == b) == (a.has_value() == b.has_value() && *a == *b && a.error() == b.error()));
}
