// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/retry_after.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace std::chrono_literals;

TEST_CASE("whole seconds are read")
{
    static_assert(read_retry_after("1") == 1s);
    CHECK(read_retry_after("0") == 0s);
    CHECK(read_retry_after("60") == 60s);
    CHECK(read_retry_after("007") == 7s);
    CHECK(read_retry_after(" \t5\t ") == 5s);
    CHECK(read_retry_after(" 12 ") == 12s);
}

TEST_CASE("what is more than a day is a day, however many digits it has")
{
    CHECK(max_retry_after == 24h);
    CHECK(read_retry_after("86399") == 86'399s);
    CHECK(read_retry_after("86400") == 24h);
    CHECK(read_retry_after("86401") == 24h);
    CHECK(read_retry_after("864000") == 24h);
    CHECK(read_retry_after("18446744073709551616") == max_retry_after);
    CHECK(read_retry_after(std::string(100'000, '9')) == max_retry_after);
}

TEST_CASE("anything else is no value, a date among it: the library has no wall clock to read it by")
{
    for (std::string_view const value :
         {"", " ", "-1", "+1", "1.5", "1s", "0x10", "1 2", "Fri, 31 Dec 1999 23:59:59 GMT", "\xd9\xa1"})
        CHECK_FALSE(read_retry_after(value).has_value());
    CHECK_FALSE(read_retry_after(std::string_view("1\0", 2)).has_value());
}
