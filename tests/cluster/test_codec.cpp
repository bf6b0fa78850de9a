// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

std::string parse_error(std::string_view plain, hmac_signer const* signer = nullptr)
{
    return decode_vault_index(base64_encode(plain), signer).error;
}

} // namespace

TEST_CASE("base64 as Go's StdEncoding")
{
    CHECK(base64_encode("v1:cid:1:0:") == "djE6Y2lkOjE6MDo=");
    CHECK(base64_decode("djE6Y2lkOjE6MDo=") == "v1:cid:1:0:");
    CHECK(base64_decode("djE6Y2lk\r\nOjE6MDo=\n") == "v1:cid:1:0:");
    CHECK(base64_decode("") == "");
    CHECK(base64_decode("Zh==") == "f"); // bits left over do not matter
    for (auto const text : {"djE6Y2lkOjE6MDo", "Zg=", "Z", "====", "Zg==Zg==", "Z g=", "_-8=", "Zg=g"}) {
        CAPTURE(text);
        CHECK_FALSE(base64_decode(text).has_value());
    }
}

TEST_CASE("Vault's index: a known HMAC")
{
    const std::string text = "v1:my-cluster:12345:54321:"
                             "1B9144F5EC067A2A6D6099F16418A3AFD2E5CDA5C9EC318C92D00ED8DD8207E4";
    const hmac_signer right("my-hmac-key");
    const hmac_signer wrong("bad-key");
    auto const found = decode_vault_index(base64_encode(text), &right);
    REQUIRE(found.index);
    CHECK(found.index->cluster == "my-cluster");
    CHECK(found.index->where == position{12345, 54321});
    CHECK(parse_error(text, &wrong) == "invalid state header HMAC (mismatch)");
    CHECK(decode_vault_index(encode_vault_index({"c", {3, 4}}, right), &right).index->where ==
          position{3, 4});
    CHECK(parse_error("v1:cid:1:0:", &right) == "invalid state header HMAC (mismatch)");
}

TEST_CASE("Vault's index: each step of the parser has its sentence")
{
    CHECK(decode_vault_index("", nullptr).error == "invalid full state header format");
    CHECK(decode_vault_index("bad-format", nullptr).error == "illegal base64 data");
    CHECK(parse_error("bad-format") == "invalid full state header format");
    CHECK(parse_error("v1:cid:1:0") == "invalid state header HMAC: 0");
    for (auto const text : {"v1:cid:1:00", "v2:cid:1:0:", "v1::1:0:", "v1:a:b:1:0:", ":"}) {
        CAPTURE(text);
        CHECK(parse_error(text) == "invalid state header format");
    }
    CHECK(parse_error("v1:cid:1:0:AbCd").empty());
    CHECK(decode_vault_index(base64_encode("v1:cid:007:0:"), nullptr).index->where.local == 7);
    for (auto const number : {"+1", "-1", "1_0", " 1", ""}) {
        CAPTURE(number);
        CHECK(parse_error("v1:cid:" + std::string(number) + ":0:").ends_with("invalid syntax"));
        CHECK(parse_error("v1:cid:0:" + std::string(number) + ":").find("invalid replicated index") == 0);
    }
    CHECK(parse_error("v1:cid:18446744073709551615:0:").empty());
    CHECK(parse_error("v1:cid:18446744073709551616:0:").ends_with("value out of range"));
}

TEST_CASE("OpenBao's index")
{
    const std::string text =
        "eyJjbHVzdGVyIjoiMDBhZjVhYTgtYzg3ZC1iNWZjLWU4MmUtOTdjZDhkZmFmNzMxIiwidmFsdWUiOiIxMjM0In0=";
    CHECK(encode_openbao_index({"00af5aa8-c87d-b5fc-e82e-97cd8dfaf731", "1234"}) == text);
    CHECK(decode_openbao_index(text).index->value == "1234");
    CHECK_FALSE(decode_openbao_index("").index);
    CHECK(decode_openbao_index("").error.empty());
    CHECK(encode_openbao_index({"", ""}) == base64_encode("{}"));
    CHECK(decode_openbao_index(base64_encode(R"({"cluster":null,"value":"1"})")).index->value == "1");
    CHECK(decode_openbao_index(base64_encode("v1:c:1:0:")).error == "not a JSON object");
}

TEST_CASE("OpenBao's index: of several members that match, the last one counts")
{
    auto const value = [](std::string_view members) {
        auto const decoded = decode_openbao_index(base64_encode("{" + std::string(members) + "}"));
        return decoded.index ? decoded.index->value : decoded.error;
    };
    CHECK(value(R"("cluster":"c","value":"5","VALUE":"6")") == "6");
    CHECK(value(R"("VALUE":"6","value":"5")") == "5");
    CHECK(value(R"("value":"5","value":"6","Value":"7","value":"8")") == "8");
    CHECK(value(R"("value":"5","vALUE":null)") == "5");
    CHECK(value(R"("value":"5","other":{"value":"6"},"more":[{"value":"7"},"8"])") == "5");
    CHECK(value(R"("Value":7,"value":"5")") == "Value is not a string");
    CHECK(value(R"("value":["5"])") == "value is not a string");
    CHECK(value(R"("value":"5","value":{})") == "value is not a string");
    CHECK(value(R"("value":"5",)") == "not a JSON object");
}

TEST_CASE("LSNs are ordered by number, not by text")
{
    CHECK(lsn_text(0x16B3748) == "0/16B3748");
    CHECK(lsn_text(0xF00000000) == "F/0");
    CHECK(*parse_lsn("F/FFFFFFFF") < *parse_lsn("10/0"));
    CHECK(parse_lsn("ab/CD") == 0xAB000000CDU);
    for (auto const wrong : {"", "/", "1/", "/1", "1/2/3", "1FFFFFFFF/0", "g/1", "12", "+1/1", "1/-1"}) {
        CAPTURE(wrong);
        CHECK_FALSE(parse_lsn(wrong).has_value());
    }
}
