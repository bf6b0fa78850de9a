// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/openbao_index.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<result<opaque_index, decode_error>>);
static_assert(noexcept(decode_openbao_index("")));

namespace {

constexpr std::string_view written_by_openbao =
    "eyJjbHVzdGVyIjoiMDBhZjVhYTgtYzg3ZC1iNWZjLWU4MmUtOTdjZDhkZmFmNzMxIiwidmFsdWUiOiIxMjM0In0=";

opaque_index index(std::string_view cluster, std::string_view value, bool has_unknown_fields = false)
{
    return {cluster_id(cluster), inline_string<64>(value), has_unknown_fields};
}

std::optional<opaque_index> index_of(std::string_view json)
{
    auto const decoded = decode_openbao_index(base64_encode(json));
    return decoded ? std::optional(*decoded) : std::nullopt;
}

std::optional<decode_error> error_of(std::string_view json)
{
    auto const decoded = decode_openbao_index(base64_encode(json));
    return decoded ? std::nullopt : std::optional(decoded.error());
}

std::string repeated(std::string_view piece, std::size_t times)
{
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += piece;
    return all;
}

} // namespace

TEST_CASE("an index says which cluster, and a value")
{
    constexpr auto decoded = decode_openbao_index(written_by_openbao);
    static_assert(decoded.has_value());
    static_assert(decoded->cluster == "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731");
    static_assert(decoded->value == "1234");
    static_assert(!decoded->has_unknown_fields);
    CHECK(decode_openbao_index(written_by_openbao) == decoded);
}

TEST_CASE("fields come in any order, with any spaces between")
{
    CHECK(index_of(R"({"value":"1","cluster":"c"})") == index("c", "1"));
    CHECK(index_of(" {\t\"cluster\" :\r\"c\" ,\n\"value\":\"1\" } \n") == index("c", "1"));
}

TEST_CASE("names match without regard to case, and the long s is an s")
{
    CHECK(index_of(R"({"CLUSTER":"c","Value":"1"})") == index("c", "1"));
    CHECK(index_of(R"({"cl\u0075ster":"c","\u0056alue":"1"})") == index("c", "1"));
    CHECK(index_of("{\"clu\xc5\xbfter\":\"c\",\"value\":\"1\"}") == index("c", "1"));
    CHECK(index_of(R"({"clu\u017fter":"c","value":"1"})") == index("c", "1"));
    CHECK(error_of(R"({"cluster ":"c","value":"1"})") == decode_error::missing_field);
    CHECK(error_of(R"({"cluste":"c","value":"1"})") == decode_error::missing_field);
    CHECK(error_of(R"({"[luster":"c","value":"1"})") == decode_error::missing_field);
    CHECK(error_of(R"({"":"c","value":"1"})") == decode_error::missing_field);
}

TEST_CASE("of several fields of one name the last counts, and null leaves the one before it")
{
    CHECK(index_of(R"({"cluster":"a","value":"1","cluster":"b","VALUE":"2"})") == index("b", "2"));
    CHECK(index_of(R"({"cluster":"a","value":"1","cluster":null})") == index("a", "1"));
    CHECK(error_of(R"({"cluster":"a","value":"1","value":""})") == decode_error::missing_field);
    std::string const longer(65, 'x');
    CHECK(index_of(R"({"cluster":")" + longer + R"(","cluster":"a","value":"1"})") == index("a", "1"));
}

TEST_CASE("unknown fields of any kind are skipped, but told")
{
    for (std::string_view const value :
         {"1", "-1.5e3", "true", "false", "null", R"("x")", R"("\"}]\\")", "[]", "{}",
          R"([1,true,null,"]}"])", R"({"a":{"cluster":"z"},"b":[{}]})", "[ [ ] , { } ]"}) {
        CAPTURE(value);
        CHECK(index_of(R"({"cluster":"c","extra":)" + std::string(value) + R"(,"value":"1"})") ==
              index("c", "1", true));
        CHECK(index_of(R"({"cluster":"c","value":"1","x": )" + std::string(value) + " }") ==
              index("c", "1", true));
    }
    CHECK(index_of(R"({"cluster":"c","value":"1","":1})") == index("c", "1", true));
    CHECK(index_of(R"({")" + std::string(70, 'n') + R"(":1,"cluster":"c","value":"1"})") ==
          index("c", "1", true));
}

TEST_CASE("escapes and surrogates become UTF-8, and what is invalid U+FFFD")
{
    CHECK(index_of(R"({"cluster":"\uD83D\uDE00","value":"\u003cx\u003e\u0026y"})") ==
          index("\xf0\x9f\x98\x80", "<x>&y"));
    CHECK(index_of(R"({"cluster":"\ud83d","value":"\ude00\ud83d\u0041"})") == index("\xef\xbf\xbd",
                                                                                    "\xef\xbf\xbd\xef\xbf\xbd"
                                                                                    "A"));
    CHECK(index_of("{\"cluster\":\"\xff\",\"value\":\"\xe2\x82\"}") ==
          index("\xef\xbf\xbd", "\xef\xbf\xbd\xef\xbf\xbd"));
    CHECK(index_of(R"({"cluster":"a\"\\\/\b\f\n\r\tb","value":"1"})") == index("a\"\\/\b\f\n\r\tb", "1"));
}

TEST_CASE("a cluster or value that is absent, null or empty is missing")
{
    for (std::string_view const json :
         {"{}", " { } ", "null", " null ", R"({"value":"1"})", R"({"cluster":"c"})",
          R"({"cluster":"","value":"1"})", R"({"cluster":"c","value":""})", R"({"cluster":null,"value":"1"})",
          R"({"cluster":"c","value":null})"}) {
        CAPTURE(json);
        CHECK(error_of(json) == decode_error::missing_field);
    }
}

TEST_CASE("a field that is no text is an error, even if it is repeated as a text")
{
    for (std::string_view const wrong : {"1", "-1", "true", "false", "[]", "{}", R"(["c"])"}) {
        CAPTURE(wrong);
        CHECK(error_of(R"({"cluster":)" + std::string(wrong) + R"(,"value":"1"})") == decode_error::not_json);
        CHECK(error_of(R"({"cluster":"c","value":)" + std::string(wrong) + "}") == decode_error::not_json);
        CHECK(error_of(R"({"cluster":)" + std::string(wrong) + R"(,"cluster":"c","value":"1"})") ==
              decode_error::not_json);
    }
}

TEST_CASE("what is no JSON object is refused")
{
    for (std::string_view const json : {"",
                                        " ",
                                        "x",
                                        "1",
                                        "true",
                                        R"("x")",
                                        "[]",
                                        R"([{"cluster":"c","value":"1"}])",
                                        "{",
                                        "}",
                                        "{,}",
                                        "nul",
                                        "nullx",
                                        "null null",
                                        R"({"cluster":"c","value":"1")",
                                        R"({"cluster":"c","value":"1",})",
                                        R"({"cluster":"c","value":"1"}x)",
                                        R"({"cluster":"c","value":"1"}{})",
                                        R"({"cluster":"c" "value":"1"})",
                                        R"({"cluster":"c";"value":"1"})",
                                        R"({"cluster","value":"1"})",
                                        R"({"cluster":,"value":"1"})",
                                        R"({cluster:"c","value":"1"})",
                                        R"({'cluster':'c','value':'1'})",
                                        R"({"cluster":"\x41","value":"1"})",
                                        R"({"cluster":"\u12","value":"1"})",
                                        "{\"cluster\":\"a\nb\",\"value\":\"1\"}",
                                        R"({"cluster":"c","value":"1","x":})",
                                        R"({"cluster":"c","value":"1","x":[1})",
                                        R"({"cluster":"c","value":"1","x":{1}})",
                                        R"({"cluster":"c","value":"1","x":01})",
                                        R"({"cluster":"c","value":"1","x":nulL})"}) {
        CAPTURE(json);
        CHECK(error_of(json) == decode_error::not_json);
    }
}

TEST_CASE("base64 is required, with padding, and nothing else")
{
    for (std::string_view const wrong : {"{}", "e30", "e30=\n", "e3\n0=", "e30=e30=", "-_-_", "\xff"}) {
        CAPTURE(wrong);
        auto const decoded = decode_openbao_index(wrong);
        REQUIRE_FALSE(decoded);
        CHECK(decoded.error() == decode_error::not_base64);
    }
}

TEST_CASE("an index of more than 256 bytes is refused before anything else")
{
    std::string const start = R"({"cluster":"c","value":"1")";
    std::string const longest = base64_encode(start + std::string(191 - start.size(), ' ') + "}");
    CHECK(longest.size() == 256);
    CHECK(decode_openbao_index(longest));
    CHECK(decode_openbao_index(std::string(257, 'A')).error() == decode_error::too_long);
    CHECK(decode_openbao_index(std::string(300, '-')).error() == decode_error::too_long);
}

TEST_CASE("a cluster and a value have at most 64 bytes; longer ones are told last")
{
    std::string const most(64, 'x');
    CHECK(index_of(R"({"cluster":")" + most + R"(","value":")" + most + R"("})") == index(most, most));
    CHECK(error_of(R"({"cluster":")" + most + R"(x","value":"1"})") == decode_error::cluster_too_long);
    CHECK(error_of(R"({"cluster":"c","value":")" + most + R"(x"})") == decode_error::value_too_long);
    CHECK(error_of(R"({"cluster":")" + most + R"(x","value":")" + most + R"(x"})") ==
          decode_error::cluster_too_long);
    CHECK(error_of(R"({"cluster":")" + most + R"(x","value":""})") == decode_error::missing_field);
    CHECK(error_of(R"({"cluster":")" + most + R"(x","value":1})") == decode_error::not_json);
    // 22 bytes that are not UTF-8 grow to 66
    CHECK(error_of(R"({"cluster":")" + std::string(22, '\xff') + R"(","value":"1"})") ==
          decode_error::cluster_too_long);
}

TEST_CASE("nesting as deep as an index has room for is no danger")
{
    CHECK(error_of(repeated(R"({"a":)", 32) + "1" + repeated("}", 31)) == decode_error::not_json);
    CHECK(error_of(repeated(R"({"a":)", 30) + "1" + repeated("}", 30)) == decode_error::missing_field);
    CHECK(error_of(R"({"a":)" + repeated("[", 90) + repeated("]", 90) + "}") == decode_error::missing_field);
    CHECK(error_of(R"({"a":)" + std::string(187, '[')) == decode_error::not_json);
    CHECK(error_of(std::string(192, '[')) == decode_error::not_json);
}

TEST_CASE("what is encoded is what the server writes, and decodes to the same index")
{
    CHECK(encode_openbao_index(index("00af5aa8-c87d-b5fc-e82e-97cd8dfaf731", "1234")) == written_by_openbao);
    CHECK(encode_openbao_index(index("c", "<x>&y")) ==
          base64_encode(R"({"cluster":"c","value":"\u003cx\u003e\u0026y"})"));
    for (std::string_view const value :
         {"1", "0/16B3748", "\"\\\b\f\n\r\t", "<>&", "\xc3\xbc", "\xe2\x80\xa8\xe2\x80\xa9"}) {
        auto const decoded = decode_openbao_index(encode_openbao_index(index("c", value)));
        REQUIRE(decoded);
        CHECK(*decoded == index("c", value));
    }
}

TEST_CASE("what is empty is left out, as the server does")
{
    CHECK(encode_openbao_index(index("", "")) == base64_encode("{}"));
    CHECK(encode_openbao_index(index("c", "")) == base64_encode(R"({"cluster":"c"})"));
    CHECK(encode_openbao_index(index("", "1")) == base64_encode(R"({"value":"1"})"));
}

TEST_CASE("unknown fields do not come back")
{
    CHECK(encode_openbao_index(index("c", "1", true)) == encode_openbao_index(index("c", "1")));
}

TEST_CASE("the longest index without an escape has 204 bytes")
{
    std::string const most(64, 'x');
    CHECK(encode_openbao_index(index(most, most)).size() == 204);
}

TEST_CASE("an index that is cut off anywhere is an error")
{
    for (std::size_t size = 0; size < written_by_openbao.size(); ++size) {
        std::string const cut(
            written_by_openbao.substr(0, size)); // of its own, so that reading on is noticed
        CHECK_FALSE(decode_openbao_index(cut));
    }
    constexpr std::string_view json = R"({"cluster":"c","x":[{"y":"\ud83d\ude00"},1e5],"value":"1"})";
    REQUIRE(index_of(json));
    for (std::size_t size = 0; size < json.size(); ++size)
        CHECK(error_of(json.substr(0, size)) == decode_error::not_json);
}

TEST_CASE("an index with one bit flipped is an error or an index within the bounds")
{
    for (std::size_t bit = 0; bit < 8 * written_by_openbao.size(); ++bit) {
        std::string flipped(written_by_openbao);
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        auto const decoded = decode_openbao_index(flipped);
        if (decoded)
            CHECK_FALSE((decoded->cluster.empty() || decoded->value.empty()));
    }
}
