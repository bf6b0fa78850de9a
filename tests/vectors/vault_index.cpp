// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/vault_index.hpp>

#include <doctest/doctest.h>

#include "tsv.hpp"

#include <cstddef>
#include <map>
#include <string>

using namespace afterwrite;

namespace {

// The key that the table names in its second line.
constexpr hmac_key table_key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");

std::map<std::string, decode_error> const errors = {
    {"base64", decode_error::not_base64},       {"no_separator", decode_error::no_separator},
    {"hmac_hex", decode_error::hmac_hex},       {"format", decode_error::format},
    {"local_index", decode_error::local_index}, {"replicated_index", decode_error::replicated_index},
};

} // namespace

// May go red only if Vault changes what it accepts, or we our bound.
TEST_CASE("every row of the Vault table decodes as Vault decodes it, up to our bounds")
{
    std::size_t too_long = 0;
    std::size_t accepted = 0;
    auto const table = vectors::rows("vault_index.tsv");
    REQUIRE(table.size() == 1200);
    for (auto const& row : table) {
        REQUIRE(row.size() == 6);
        std::string const text = vectors::unhex(row[0]);
        CAPTURE(text);
        auto const decoded = decode_vault_index(text);
        if (text.size() > max_index_size) { // rows that Vault refuses too: an index twice, and the like
            ++too_long;
            CHECK(row[1] != "ok");
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error() == decode_error::too_long);
        } else if (row[1] == "ok") {
            ++accepted;
            REQUIRE(decoded);
            CHECK(decoded->cluster == vectors::unhex(row[2]));
            CHECK(std::to_string(decoded->position.local) == row[3]);
            CHECK(std::to_string(decoded->position.replicated) == row[4]);
        } else {
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error() == errors.at(row[1]));
        }
    }
    CHECK(accepted == 737);
    CHECK(too_long == 18);
}

TEST_CASE("with the key, the rows that it signed decode to the same state, the others are a mismatch")
{
    std::size_t signed_rows = 0;
    for (auto const& row : vectors::rows("vault_index.tsv")) {
        std::string const text = vectors::unhex(row[0]);
        CAPTURE(text);
        auto const verified = decode_vault_index(text, table_key);
        if (row[1] != "ok") {
            CHECK_FALSE(verified);
            continue;
        }
        REQUIRE((row[5] == "yes" || row[5] == "no"));
        if (row[5] == "yes") {
            ++signed_rows;
            CHECK(verified == decode_vault_index(text));
        } else {
            REQUIRE_FALSE(verified);
            CHECK(verified.error() == decode_error::hmac_mismatch);
        }
    }
    CHECK(signed_rows == 679);
}

TEST_CASE("what is encoded again decodes to the same state, and is the canonical row itself")
{
    std::size_t canonical = 0;
    for (auto const& row : vectors::rows("vault_index.tsv")) {
        if (row[1] != "ok")
            continue;
        std::string const text = vectors::unhex(row[0]);
        auto const decoded = decode_vault_index(text);
        REQUIRE(decoded);
        std::string const again = encode_vault_index(*decoded, table_key);
        CHECK(decode_vault_index(again, table_key) == decoded);
        canonical += again == text ? 1 : 0;
    }
    CHECK(canonical > 300); // the rest have leading zeros, capitals, other HMACs or set trailing bits
}
