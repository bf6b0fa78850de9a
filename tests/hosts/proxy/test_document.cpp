// SPDX-License-Identifier: BSL-1.0
#include "document.hpp"

#include "configuration.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

using namespace std::string_literals;
using family = proxy::document::family;

namespace {

/// As JSON would have it, to be compared.
std::string shown(proxy::document const& from)
{
    auto text = from.key.empty() ? "" : from.key + "=";
    if (from.is_scalar())
        return text + (from.kind == family::text ? "'" + from.text + "'" : from.text);
    text += from.kind == family::list ? "[" : "{";
    for (auto const& each : from.children)
        text += (&each == &from.children.front() ? "" : " ") + shown(each);
    return text + (from.kind == family::list ? "]" : "}");
}

std::string shown(std::string_view text)
{
    auto const read = proxy::read_document(text);
    return read ? shown(*read) : std::to_string(read.error().line) + ": " + read.error().message;
}

/// What a text in quotes means.
std::string decoded(std::string const& quoted)
{
    auto const read = proxy::read_document("a = \"" + quoted + '"');
    return read ? read->children.at(0).text : "? " + read.error().message;
}

/// Whatever the text is: settings, or a sentence about a line that is there.
void check_survives(std::string const& text)
{
    auto const read = proxy::read_configuration(text);
    auto const lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
    bool const is_told = !read.error().message.empty() && read.error().line <= lines &&
                         read.error().message.find_first_of("\n\r\x1b\0"s) == std::string::npos;
    CHECK_MESSAGE(read.has_value() != is_told, "neither read nor refused well: ", text.substr(0, 1000));
}

std::string times(std::string_view text, std::size_t count)
{
    std::string all;
    while (count-- > 0)
        all += text;
    return all;
}

constexpr auto* good_hcl = R"(# a comment
pid_file = "./pid" // and another
vault {
  address = "https://vault.example.com:8200"
  namespace = "te\u0061m"
  retry { num_retries = 5 }
  nodes = ["https://a:8200", "https://b:8200"]
}
/* more */
listener "tcp" {
  address = "127.0.0.1:8100"
  tls_disable = true
  proxy_api { enable_quit = true }
}
api_proxy {
  enforce_consistency = "always"
  when_inconsistent = "forward"
}
limits { max_request_size = "1mib" header_timeout = "5s" }
)";

constexpr auto* good_json = R"({
  "vault": {"address": "https://vault.example.com:8200", "retry": {"num_retries": 5},
            "nodes": ["https://a:8200", "https:\/\/b:8200"]},
  "listener": [{"tcp": {"address": "127.0.0.1:8100", "tls_disable": true}}],
  "api_proxy": {"enforce_consistency": "always", "when_inconsistent": "forward"},
  "limits": {"max_request_size": "1mib", "header_timeout": "5s"}
})";

} // namespace

TEST_CASE("HCL and JSON become the same tree")
{
    CHECK(shown("") == "{}");
    CHECK(shown("a = 1 b = \"x\"\nc = true, d { e = [1, \"y\",] }") == "{a=1 b='x' c=true d={e=[1 'y']}}");
    CHECK(shown(R"({"a": 1, "b": "x", "c": true, "d": {"e": [1, "y"]}})") ==
          "{a=1 b='x' c=true d={e=[1 'y']}}");
    CHECK(shown("a \"b\" \"c\" { d = 1 }") == "{a={b={c={d=1}}}}");
    CHECK(shown(R"({"a": {"b": {"c": {"d": 1}}}})") == "{a={b={c={d=1}}}}");
    CHECK(shown("a = <<END\nx\\n\nEND\n") == "{a='x\\n\n'}");
    CHECK(shown("a = { b = null }") == "{a={b=null}}");
}

TEST_CASE("what is neither is refused with its line")
{
    CHECK(shown("a\n= \n") == "3: a value must stand here, but the configuration ends");
    CHECK(shown("a = 1\nb {") == "2: the name of a setting must stand here, but the configuration ends");
    CHECK(shown("a = 1\n}") == "2: the name of a setting must stand here");
    CHECK(shown("a = [1\n2") == "2: a value must stand here, but the configuration ends");
    CHECK(shown("a = ]") == "1: a value must stand here");
    CHECK(shown("a = b") == "1: a text must stand in quotes: \"b\"");
    CHECK(shown("a 1") == "1: = or { must follow \"a\"");
    CHECK(shown("\na = \"x") == "2: this is neither HCL nor JSON");
    CHECK(shown("a = $") == "1: this is neither HCL nor JSON");
    CHECK(shown("{} {}") == "1: nothing may follow the last }");
    CHECK(shown("<html>") == "1: this is neither HCL nor JSON");
    CHECK(shown("a = \"\\q\"") == "1: there is no such escape in a text: \"\\q\"");
}

TEST_CASE("escapes are those of HCL 1 and JSON")
{
    CHECK(decoded(R"(a\n\t\"\\\/b)") == "a\n\t\"\\/b");
    CHECK(decoded(R"(\a\b\f\r\v\')") == "\a\b\f\r\v'");
    CHECK(decoded(R"(\x41\101\u0041\U00000041)") == "AAAA");
    CHECK(decoded(R"(\u00e9\u20ac\U0001f600)") == "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
    CHECK(decoded(R"(\ud83d\ude00)") == "\xf0\x9f\x98\x80");
    CHECK(decoded(R"(${ "\n" } \n)") == "${ \"\\n\" } \n");
    for (auto const* const text :
         {R"(\)", R"(\q)", R"(\x4)", R"(\xg0)", R"(\u12)", R"(\8)", R"(\477)", R"(\ud83d)", R"(\ud83dx)",
          R"(\ud83d\u0041)", R"(\ude00)", R"(\U00110000)", R"(\09)"}) {
        CAPTURE(text);
        CHECK(decoded(text).starts_with("? "));
    }
}

TEST_CASE("each beginning of a good configuration is read or refused")
{
    for (std::string const text : {good_hcl, good_json}) {
        CHECK(proxy::read_configuration(text).has_value());
        for (std::size_t size = 0; size < text.size(); ++size)
            check_survives(text.substr(0, size));
    }
}

TEST_CASE("a good configuration with any byte gone wrong is read or refused")
{
    for (std::string const text : {good_hcl, good_json})
        for (std::size_t at = 0; at < text.size(); ++at) {
            for (char const c : "{}[]\"\\=,<\n$\x1b\xff"s + '\0') {
                auto broken = text;
                broken[at] = c;
                check_survives(broken);
            }
            check_survives(text.substr(0, at) + text.substr(at + 1));
        }
}

TEST_CASE("deep and long texts are read or refused")
{
    constexpr std::size_t many = 100'000;
    CHECK(shown(times("a { ", many)) == "1: blocks are nested too deep");
    CHECK(shown("a = " + times("[", many)) == "1: lists are nested too deep");
    CHECK(shown(times("a ", many) + "{}") == "1: blocks are nested too deep");
    CHECK(shown(times("{\"a\":", many)) == "1: blocks are nested too deep");
    for (auto const* const part :
         {"a { ", "a = [", "a ", "\"a\" ", "{", "}", "[", "a = 1\n", "\\", "${", "<<A\n", "#\n", "vault {} ",
          "listener \"tcp\" { ", "cache { ", "\"a\": ["})
        check_survives(times(part, many / 10));
    check_survives("pid_file = \"" + std::string(many, 'x') + '"');
}
