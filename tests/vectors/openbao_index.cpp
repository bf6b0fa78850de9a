// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/openbao_index.hpp>

#include <doctest/doctest.h>

#include "tsv.hpp"

#include <cstddef>
#include <map>
#include <string>

using namespace afterwrite;

namespace {

std::map<std::string, decode_error> const errors = {
    {"base64", decode_error::not_base64},
    {"json", decode_error::not_json},
    {"missing_field", decode_error::missing_field},
};

} // namespace

// May go red only if OpenBao changes what it accepts, or we a bound.
TEST_CASE("every row of the OpenBao table decodes as OpenBao decodes it, up to our bounds")
{
    std::size_t too_long = 0;
    std::size_t cluster_too_long = 0;
    std::size_t accepted = 0;
    auto const table = vectors::rows("openbao_index.tsv");
    REQUIRE(table.size() == 500);
    for (auto const& row : table) {
        REQUIRE(row.size() == 4);
        std::string const text = vectors::unhex(row[0]);
        CAPTURE(text);
        auto const decoded = decode_openbao_index(text);
        std::string const cluster = vectors::unhex(row[2]);
        std::string const value = vectors::unhex(row[3]);
        if (text.size() >
            max_index_size) { // a cluster id of 300 bytes, a hundred nested objects, two broken ones
            ++too_long;
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error() == decode_error::too_long);
        } else if (cluster.size() > cluster_id::max_size) { // 65 bytes, one too many
            ++cluster_too_long;
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error() == decode_error::cluster_too_long);
        } else if (row[1] == "ok") {
            ++accepted;
            REQUIRE(decoded);
            CHECK(decoded->cluster == cluster);
            CHECK(decoded->value == value);
        } else {
            REQUIRE_FALSE(decoded);
            CHECK(decoded.error() == errors.at(row[1]));
        }
    }
    CHECK(accepted == 382);
    CHECK(too_long == 4);
    CHECK(cluster_too_long == 1);
}

TEST_CASE("what is encoded again decodes to the same index, and is the canonical row itself")
{
    std::size_t canonical = 0;
    for (auto const& row : vectors::rows("openbao_index.tsv")) {
        std::string const text = vectors::unhex(row[0]);
        auto const decoded = decode_openbao_index(text);
        if (!decoded)
            continue;
        auto const again = encode_openbao_index(*decoded);
        auto known = *decoded;
        known.has_unknown_fields = false;
        REQUIRE(decode_openbao_index(again));
        CHECK(*decode_openbao_index(again) == known);
        canonical += again == text ? 1 : 0;
    }
    CHECK(canonical > 200);
}
