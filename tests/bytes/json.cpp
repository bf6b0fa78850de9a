// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/json.hpp>

#include <afterwrite/bytes/base64.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

constexpr bool is_value(std::string_view json)
{
    json_reader reader(json);
    if (!reader.skip_value())
        return false;
    reader.skip_spaces();
    return reader.at_end();
}

constexpr bool is_text(std::string_view json, std::string_view expected)
{
    json_reader reader(json);
    json_text text;
    return reader.take_string(text) && reader.at_end() && text.view() == expected;
}

constexpr bool is_no_text(std::string_view json)
{
    json_reader reader(json);
    json_text text;
    return !reader.take_string(text);
}

std::string repeated(std::string_view piece, std::size_t times)
{
    std::string all;
    for (std::size_t i = 0; i < times; ++i)
        all += piece;
    return all;
}

std::string written(std::string_view text)
{
    std::string json;
    append_json_string(json, text);
    return json;
}

} // namespace

TEST_CASE("a value is a number, a text, a word, an array or an object")
{
    for (std::string_view const json : {"0",
                                        "-0",
                                        "10",
                                        "-1.5",
                                        "1e9",
                                        "1E+9",
                                        "1.25e-3",
                                        R"("")",
                                        R"("x")",
                                        "true",
                                        "false",
                                        "null",
                                        "[]",
                                        "[ ]",
                                        "[1]",
                                        "[1,2]",
                                        "[ 1 , [ ] , { } ]",
                                        "{}",
                                        "{ }",
                                        R"({"a":1})",
                                        R"({ "a" : [ {"b":null} ] , "c":"d" })",
                                        " \t\r\n1 \t\r\n"}) {
        CAPTURE(json);
        CHECK(is_value(json));
    }
}

TEST_CASE("what is no value is refused")
{
    for (std::string_view const json : {"",
                                        " ",
                                        "-",
                                        "+1",
                                        "01",
                                        "1.",
                                        ".5",
                                        "1e",
                                        "1e+",
                                        "0x10",
                                        "NaN",
                                        "tru",
                                        "True",
                                        "nul",
                                        "nullx",
                                        "'x'",
                                        "[",
                                        "]",
                                        "[1",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "[1}",
                                        "{",
                                        "}",
                                        R"({"a")",
                                        R"({"a":})",
                                        R"({"a":1)",
                                        R"({"a":1,})",
                                        R"({a:1})",
                                        R"({1:1})",
                                        "{1}",
                                        "{[]}",
                                        R"({"a"})",
                                        R"({"a":1,2})",
                                        R"({"a" 1})",
                                        R"({"a":1]})",
                                        R"({"a":1 "b":2})",
                                        R"({,"a":1})",
                                        "1 1",
                                        "\f1",
                                        "\xef\xbb\xbf"
                                        "1",
                                        R"("x)",
                                        R"("\x41")",
                                        "\"a\nb\"",
                                        "[[]",
                                        "[]]"}) {
        CAPTURE(json);
        CHECK_FALSE(is_value(json));
    }
}

TEST_CASE("values nest as deep as the bound, and no deeper")
{
    std::size_t const most = json_reader::max_depth;
    CHECK(is_value(repeated("[", most) + "1" + repeated("]", most)));
    CHECK(is_value(repeated("[", most) + "[]" + repeated("]", most)));
    CHECK_FALSE(is_value(repeated("[", most + 1) + "1" + repeated("]", most + 1)));
    CHECK(is_value(repeated(R"({"a":)", most) + "1" + repeated("}", most)));
    CHECK_FALSE(is_value(repeated(R"({"a":)", most + 1) + "1" + repeated("}", most + 1)));
    CHECK_FALSE(is_value(repeated("[", 1'000'000)));
    CHECK_FALSE(is_value(repeated(R"({"a":[)", 1'000'000)));
}

TEST_CASE("a text is what stands between its quotes")
{
    static_assert(is_text(R"("")", ""));
    static_assert(is_text(R"("abc")", "abc"));
    static_assert(is_text("\"\x7f/\"", "\x7f/"));
    static_assert(is_no_text(R"(abc)"));
    static_assert(is_no_text(R"("abc)"));
    static_assert(is_no_text(R"("a)"));
    static_assert(is_no_text("\"a\tb\""));
    static_assert(is_no_text(std::string_view("\"\0\"", 3)));
}

TEST_CASE("a name is taken with its colon and the spaces around both")
{
    json_reader reader(" \"a\" : \"b\" ");
    json_text name;
    CHECK(reader.take_name(name));
    CHECK(name.view() == "a");
    CHECK(reader.rest() == "\"b\" ");
    CHECK_FALSE(reader.take_name(name));
}

TEST_CASE("escapes are resolved")
{
    static_assert(is_text(R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"));
    static_assert(is_text(R"("\u0041\u00fc\u20AC")", "A\xc3\xbc\xe2\x82\xac"));
    static_assert(is_text(R"("\u007f\u0080\u07ff\u0800")", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80"));
    static_assert(is_text(R"("\u0000")", std::string_view("\0", 1)));
    static_assert(is_text(R"("\uD83D\uDE00")", "\xf0\x9f\x98\x80"));
    static_assert(is_text(R"("\uDBFF\uDFFF")", "\xf4\x8f\xbf\xbf"));
    static_assert(is_text(R"("\uD808\uDF45")", "\xf0\x92\x8d\x85"));
}

TEST_CASE("what is no escape makes the text invalid")
{
    static_assert(is_no_text(R"("\x41")"));
    static_assert(is_no_text(R"("\'")"));
    static_assert(is_no_text(R"("\u123")"));
    static_assert(is_no_text(R"("\u12")"));
    static_assert(is_no_text(R"("\u12)"));
    static_assert(is_no_text(R"("\u0041)"));
    static_assert(is_no_text(R"("\u123g")"));
    static_assert(is_no_text(R"("\U0041")"));
    static_assert(is_no_text(R"("\)"));
    static_assert(is_no_text(R"("\")"));
    static_assert(is_no_text(R"("\ud83d\u12")"));
    static_assert(is_no_text(R"("\ud83d\x")"));
}

TEST_CASE("half a surrogate pair becomes U+FFFD, and what follows stands for itself")
{
    static_assert(is_text(R"("\ud83d")", "\xef\xbf\xbd"));
    static_assert(is_text(R"("\ude00")", "\xef\xbf\xbd"));
    static_assert(is_text(R"("\ud83dx")", "\xef\xbf\xbdx"));
    static_assert(is_text(R"("\ud83d\n")", "\xef\xbf\xbd\n"));
    static_assert(is_text(R"("\ud83d\u0041")", "\xef\xbf\xbd"
                                               "A"));
    static_assert(is_text(R"("\ud83d\ud83d\ude00")", "\xef\xbf\xbd\xf0\x9f\x98\x80"));
    static_assert(is_text(R"("\ude00\ud83d")", "\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_CASE("each byte that is not part of valid UTF-8 becomes U+FFFD")
{
    static_assert(is_text("\"\xc3\xbc\"", "\xc3\xbc"));
    static_assert(is_text("\"\xff\"", "\xef\xbf\xbd"));
    static_assert(is_text("\"\xe2\x82\"", "\xef\xbf\xbd\xef\xbf\xbd"));
    static_assert(is_text("\"\xed\xa0\x80\"", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
    static_assert(is_text("\"\xc0\x80z\"", "\xef\xbf\xbd\xef\xbf\xbdz"));
}

TEST_CASE("a text is counted whole but kept as far as its capacity")
{
    std::string const longer = '"' + std::string(74, 'x') + '"';
    json_reader reader(longer);
    json_text text;
    CHECK(text.empty());
    REQUIRE(reader.take_string(text));
    CHECK_FALSE(text.empty());
    CHECK(text.size() == 74);
    CHECK(text.view() == repeated("x", 64));
    json_reader shorter(R"("y")");
    REQUIRE(shorter.take_string(text));
    CHECK(text.view() == "y");
}

TEST_CASE("a text is written as Go writes it")
{
    CHECK(written("") == R"("")");
    CHECK(written("a bc/~") == R"("a bc/~")");
    CHECK(written("\"\\\b\f\n\r\t") == R"("\"\\\b\f\n\r\t")");
    CHECK(written(std::string_view("\0\x1f\x7f", 3)) == "\"\\u0000\\u001f\x7f\"");
    CHECK(written("<x>&y") == R"("\u003cx\u003e\u0026y")");
    CHECK(written("\xc3\xbc\xf0\x9f\x98\x80") == "\"\xc3\xbc\xf0\x9f\x98\x80\"");
    CHECK(written("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa") == "\"\\u2028\\u2029\xe2\x80\xaa\"");
    CHECK(written("a\xff\xe2\x82") == R"("a\ufffd\ufffd\ufffd")");
}

TEST_CASE("what was written is read")
{
    for (int c = 0; c < 128; ++c) {
        std::string const text = {'a', static_cast<char>(c), 'b'};
        std::string const json = written(text);
        CAPTURE(json);
        CHECK(is_text(json, text));
        CHECK(is_value(json));
    }
}

TEST_CASE("the units beside the surrogates are letters like any other")
{
    CHECK(is_text(R"("\ud7ff")", "\xed\x9f\xbf"));
    CHECK(is_text(R"("\ue000")", "\xee\x80\x80"));
    CHECK(is_text(R"("\ud83d\ue000")", "\xef\xbf\xbd\xee\x80\x80"));
    CHECK(is_text(R"("\ud83d\udbff")", "\xef\xbf\xbd\xef\xbf\xbd"));
    CHECK(is_text(R"("\udc00\udc00")", "\xef\xbf\xbd\xef\xbf\xbd"));
    CHECK(is_text(R"("\udfff")", "\xef\xbf\xbd"));
    CHECK(is_text(R"("\ud800\udc00")", "\xf0\x90\x80\x80"));
    CHECK(is_text(R"("\uffff")", "\xef\xbf\xbf"));
}

TEST_CASE("the bound on nesting is what the longest index has room for")
{
    CHECK(json_reader::max_depth == base64_decoded_size_max(256));
}
