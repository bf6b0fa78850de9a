// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/version.hpp>

#include <doctest/doctest.h>

#include <string>
#include <type_traits>

#define AFTERWRITE_TEST_TEXT_OF(token) #token
#define AFTERWRITE_TEST_TEXT(token) AFTERWRITE_TEST_TEXT_OF(token)

TEST_CASE("the version is the token of its macro, in numbers")
{
    constexpr auto version = afterwrite::version;
    std::string text = "v";
    text += std::to_string(version.major) + '_';
    text += std::to_string(version.minor) + '_';
    text += std::to_string(version.patch);
    CHECK(text == AFTERWRITE_TEST_TEXT(AFTERWRITE_VERSION));
}

TEST_CASE("numbers of several digits are read")
{
    static_assert(afterwrite::detail::read_version("v1_2_3") == afterwrite::version_number{1, 2, 3});
    static_assert(afterwrite::detail::read_version("v10_0_127") == afterwrite::version_number{10, 0, 127});
    static_assert(afterwrite::detail::read_version("v0_0_0") == afterwrite::version_number{});
}

TEST_CASE("the inline namespace carries the version, so two copies of different versions are different types")
{
    static_assert(std::is_same_v<afterwrite::version_number, afterwrite::AFTERWRITE_VERSION::version_number>);
}

TEST_CASE("no macro but the version leaves the header")
{
#if defined(AFTERWRITE_TEXT) || defined(AFTERWRITE_TEXT_OF)
    FAIL("a helper macro is still defined");
#endif
    static_assert(afterwrite::version == afterwrite::detail::this_version);
}
