// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/dialect.hpp>

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace afterwrite;

TEST_CASE("an index is Vault's if it decodes to v1:")
{
    static_assert(dialect_of("djE6Y2lkOjE6MDo=") == dialect::vault);
    CHECK(dialect_of(base64_encode("v1:")) == dialect::vault);
    CHECK(dialect_of(base64_encode("v1:anything at all")) == dialect::vault);
}

TEST_CASE("an index is OpenBao's if it decodes to an opening brace, whatever follows")
{
    for (int next = 0; next < 256; ++next) {
        std::string const json{'{', static_cast<char>(next), '}'};
        CHECK(dialect_of(base64_encode(json)) == dialect::openbao);
    }
    CHECK(dialect_of(base64_encode("{")) == dialect::openbao);
    constexpr std::string_view two_digits = "ew";
    CHECK(dialect_of(two_digits) == dialect::openbao);
    CHECK(dialect_of(two_digits.substr(0, 1)) == dialect::unknown);
}

TEST_CASE("an index that begins otherwise is of no known dialect")
{
    for (std::string_view const text : {"v2:c:1:0:", "v1", "V1:c:1:0:", "[1]", "z{", "|", "null", " {}"})
        CHECK(dialect_of(base64_encode(std::string(text))) == dialect::unknown);
    for (std::string_view const text : {"", "d", "djE", "e", "eA==", "v1:c:1:0:", "{}", "@@", "djF6", "DJE6"})
        CHECK(dialect_of(text) == dialect::unknown);
}

TEST_CASE("each dialect has its word, and so has what is none")
{
    CHECK(to_string(dialect::unknown) == "unknown");
    CHECK(to_string(dialect::vault) == "vault");
    CHECK(to_string(dialect::openbao) == "openbao");
    CHECK(to_string(static_cast<dialect>(99)) == "unknown");
}
