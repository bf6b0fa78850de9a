// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/consistent_token.hpp>

#include <doctest/doctest.h>

#include "tsv.hpp"

#include <cstddef>
#include <map>
#include <string>

using namespace afterwrite;

namespace {

// The key that the table names in its second line.
constexpr hmac_key table_key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");

std::map<std::string, dialect> const forms = {{"vault", dialect::vault}, {"openbao", dialect::openbao}};

} // namespace

// May go red only if one of the servers changes its tokens.
TEST_CASE("every row of the table of tokens decodes as the server decodes it")
{
    std::map<std::string, std::size_t> count;
    auto const table = vectors::rows("consistent_token.tsv");
    REQUIRE(table.size() == 250);
    for (auto const& row : table) {
        REQUIRE(row.size() == 6);
        CAPTURE(row[0]);
        ++count[row[1]];
        auto const decoded = decode_consistent_token(row[0]);
        if (row[1] == "ok") {
            REQUIRE(decoded);
            CHECK(decoded->form == forms.at(row[2]));
            CHECK(decoded->local_index == row[3]);
            CHECK(std::to_string(decoded->epoch) == row[4]);
            CHECK(decoded->number().has_value());
        } else {
            REQUIRE_FALSE(decoded);
            bool const carries_none = row[1] == "not_consistent";
            CHECK((decoded.error() == decode_error::not_consistent) == carries_none);
            if (!carries_none)
                CHECK((decoded.error() == decode_error::token_base64 ||
                       decoded.error() == decode_error::token_message));
        }
    }
    CHECK(count["ok"] == 194);
    CHECK(count["malformed"] == 39);
    CHECK(count["not_consistent"] == 17);
}

TEST_CASE("with the key, the rows that it signed decode to the same, the others are a mismatch")
{
    std::size_t signed_rows = 0;
    std::size_t others = 0;
    for (auto const& row : vectors::rows("consistent_token.tsv")) {
        CAPTURE(row[0]);
        auto const verified = decode_consistent_token(row[0], table_key);
        if (row[1] != "ok") {
            CHECK(verified == decode_consistent_token(row[0]));
            continue;
        }
        REQUIRE((row[5] == "yes" || row[5] == "no"));
        if (row[5] == "yes") {
            ++signed_rows;
            CHECK(verified == decode_consistent_token(row[0]));
        } else {
            ++others;
            REQUIRE_FALSE(verified);
            CHECK(verified.error() == decode_error::hmac_mismatch);
        }
    }
    CHECK(signed_rows == 179);
    CHECK(others == 15);
}
