// SPDX-License-Identifier: BSL-1.0
// The table of tokens that others have made, read by the cluster's own codec.
#include "token_codec.hpp"

#include "vectors/tsv.hpp"

#include <doctest/doctest.h>

using namespace cluster;

TEST_CASE("tokens of the table carry what it says")
{
    hmac_signer const signer("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");
    std::size_t carried = 0;
    for (auto const& each : vectors::rows("consistent_token.tsv")) {
        REQUIRE(each.size() == 6);
        CAPTURE(each[0]);
        auto const speaks = each[2] == "openbao" ? dialect::openbao : dialect::vault;
        auto const read = read_token(speaks, each[0], signer);
        bool const signed_well = each[5] == "yes";
        if (each[1] == "not_consistent") {
            CHECK(read.what == token_reading::kind::plain);
        } else if (each[1] == "ok" && signed_well) {
            CHECK(read.what == token_reading::kind::consistent);
            CHECK(read.token.local_index == each[3]);
            CHECK(std::to_string(read.token.epoch) == each[4]);
            ++carried;
        } else {
            CHECK(read.what != token_reading::kind::consistent);
        }
    }
    CHECK(carried > 50);
}
