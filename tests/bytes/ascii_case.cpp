// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/ascii_case.hpp>

#include <doctest/doctest.h>

#include <cctype>
#include <string_view>

using namespace afterwrite;

static_assert(equal_ignoring_case("X-Vault-Index", "x-vault-INDEX"));
static_assert(equal_ignoring_case("", ""));
static_assert(!equal_ignoring_case("X-Vault-Index", "X-Vault-Indices"));

TEST_CASE("letters alone have a case, and only those of ASCII")
{
    for (int left = 0; left < 256; ++left)
        for (int right = 0; right < 256; ++right) {
            char const a = static_cast<char>(left);
            char const b = static_cast<char>(right);
            bool const are_letters = left < 128 && right < 128 && std::isalpha(left) && std::isalpha(right);
            bool const expected = left == right || (are_letters && std::tolower(left) == std::tolower(right));
            REQUIRE(equal_ignoring_case(std::string_view(&a, 1), std::string_view(&b, 1)) == expected);
        }
}
