// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/bytes/hcl.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;

namespace {

/// All tokens, in letters: what stands in them behind a colon.
std::vector<std::string> tokens(std::string_view text)
{
    constexpr std::string_view names[] = {"end", "word", "text", "number", "=",     ",",
                                          "{",   "}",    "[",    "]",      "broken"};
    std::vector<std::string> found;
    hcl_reader reader(text);
    for (;;) {
        auto const token = reader.next();
        std::string name(names[static_cast<std::size_t>(token)]);
        if (token == hcl_token::word || token == hcl_token::text || token == hcl_token::number)
            name += ":" + std::string(reader.value());
        found.push_back(name);
        if (token == hcl_token::end || token == hcl_token::broken)
            return found;
    }
}

bool is_value(std::string_view text)
{
    hcl_reader reader(text);
    auto const first = reader.next();
    return reader.skip_value(first) && reader.next() == hcl_token::end;
}

using texts = std::vector<std::string>;

} // namespace

static_assert(hcl_reader("a").next() == hcl_token::word);

constexpr char quote[] = {'"'};
static_assert(hcl_reader({quote, sizeof quote}).next() == hcl_token::broken); // nothing is read behind it

TEST_CASE("what a configuration is made of")
{
    CHECK(tokens("") == texts{"end"});
    CHECK(tokens("listener \"tcp\" { port = 8200, tls = true }") ==
          texts{"word:listener", "text:tcp", "{", "word:port", "=", "number:8200", ",", "word:tls", "=",
                "word:true", "}", "end"});
    CHECK(tokens("a=[1,\"b\"]") == texts{"word:a", "=", "[", "number:1", ",", "text:b", "]", "end"});
    CHECK(tokens("a_b-c.d = -1.5e+3") == texts{"word:a_b-c.d", "=", "number:-1.5e+3", "end"});
    CHECK(tokens("{\"a\": \"b\"}") == texts{"{", "text:a", "=", "text:b", "}", "end"});
    CHECK(tokens("az za AZ ZA _ \x80") ==
          texts{"word:az", "word:za", "word:AZ", "word:ZA", "word:_", "word:\x80", "end"});
    CHECK(tokens("\ta\n\v\f\r\n b\r") == texts{"word:a", "word:b", "end"});
}

TEST_CASE("comments are passed over, and only where they are comments")
{
    CHECK(tokens("# a\nb // c = 1\n/* d\n e */ f # g") == texts{"word:b", "word:f", "end"});
    CHECK(tokens("a/**/b/* c */d") == texts{"word:a", "word:b", "word:d", "end"});
    CHECK(tokens("a = \"http://b#c\"") == texts{"word:a", "=", "text:http://b#c", "end"});
    CHECK(tokens("/* a") == texts{"broken"});
    CHECK(tokens("/*/ a") == texts{"broken"});
    CHECK(tokens("/*/ a */ b") == texts{"word:b", "end"});
    CHECK(tokens("/ a") == texts{"broken"});
}

TEST_CASE("a text ends at its quote, but not at one that is escaped or within ${ }")
{
    CHECK(tokens(R"("a\"b")") == texts{"text:a\\\"b", "end"});
    CHECK(tokens(R"("a\\" b)") == texts{"text:a\\\\", "word:b", "end"});
    CHECK(tokens(R"("${f("a", {b = 1})} c" d)") == texts{"text:${f(\"a\", {b = 1})} c", "word:d", "end"});
    CHECK(tokens(R"("{{ with }}" a)") == texts{"text:{{ with }}", "word:a", "end"});
    CHECK(tokens(R"("${f({}, "b")}" c)") == texts{R"(text:${f({}, "b")})", "word:c", "end"});
    CHECK(tokens(R"("{" a)") == texts{"text:{", "word:a", "end"});
    CHECK(tokens(R"("" a)") == texts{"text:", "word:a", "end"});
    CHECK(tokens("\"a") == texts{"broken"});
    CHECK(tokens("\"a\\") == texts{"broken"});
    CHECK(tokens("\"a\nb\"") == texts{"broken"});
    CHECK(tokens("\"${a\"") == texts{"broken"});
}

TEST_CASE("a heredoc ends at its name")
{
    CHECK(tokens("a = <<EOF\nb {\n \"\nEOF\nc") == texts{"word:a", "=", "text:b {\n \"\n", "word:c", "end"});
    CHECK(tokens("<<-EOF\n b\n\tEOF\n") == texts{"text: b\n", "end"});
    CHECK(tokens("<<EOF\r\nb\r\nEOF\r\nc") == texts{"text:b\r\n", "word:c", "end"});
    CHECK(tokens("<<EOF\r\nb\r\nEOF") == texts{"text:b\r\n", "end"});
    CHECK(tokens("<<EOF\nEOF") == texts{"text:", "end"});
    CHECK(tokens("<<EOF\n EOF\nEOFS\n") == texts{"broken"});
    CHECK(tokens("<<EOF") == texts{"broken"});
    CHECK(tokens("<<\n\n") == texts{"broken"});
    CHECK(tokens("<a") == texts{"broken"});
    CHECK(tokens("<") == texts{"broken"});
    CHECK(tokens("<ab\nb\n") == texts{"broken"});
}

TEST_CASE("what is no HCL is broken, and nothing follows")
{
    for (std::string_view const text : {"@", "'a'", "(", "\x01"})
        CHECK(tokens(text) == texts{"broken"});
    hcl_reader reader("@ a");
    CHECK(reader.next() == hcl_token::broken);
    CHECK(reader.next() == hcl_token::broken);
}

TEST_CASE("of a value nothing is left at the end, nor where nothing can be read")
{
    for (std::string_view const text : {"a", "a @", "a /* b"}) {
        hcl_reader reader(text);
        CHECK(reader.next() == hcl_token::word);
        CHECK(reader.value() == "a");
        CHECK(reader.next() != hcl_token::word);
        CHECK(reader.value().empty());
    }
}

TEST_CASE("lines are counted")
{
    hcl_reader reader("a\n\n# b\n\"${\n}\" /*\n*/ c <<E\nd\nE\ne");
    std::size_t const lines[] = {1, 5, 6, 8, 9};
    for (auto const line : lines) {
        reader.next();
        CHECK(reader.line() == line);
    }
    CHECK(reader.next() == hcl_token::end);
}

TEST_CASE("a value is skipped whole")
{
    for (std::string_view const text :
         {"a", "1", "\"a\"", "{}", "[]", "[[], {a = [1, 2]}, {b {}}]", "{a b {}}"})
        CHECK(is_value(text));
    for (std::string_view const text : {"", "=", ",", "}", "]", "{", "[", "{]", "[}", "[{]}", "{@}", "a b"})
        CHECK_FALSE(is_value(text));
}

TEST_CASE("nobody is led deeper than the bound")
{
    auto const nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
    CHECK(is_value(nested(64)));
    CHECK_FALSE(is_value(nested(65)));
    auto const deeper = nested(65);
    hcl_reader reader(deeper);
    auto const first = reader.next();
    CHECK_FALSE(reader.skip_value(first));
    CHECK_FALSE(is_value(std::string(100'000, '{')));
}

TEST_CASE("a number begins with a digit, a sign or a point")
{
    CHECK(tokens("+1 -1 .5 9") == texts{"number:+1", "number:-1", "number:.5", "number:9", "end"});
}

TEST_CASE("a heredoc whose name never comes is broken, whether its last line ends or not")
{
    CHECK(tokens("<<EOF\na\nEO") == texts{"broken"});
    CHECK(tokens("<<EOF\na\n") == texts{"broken"});
}

TEST_CASE("in a text a backslash hides a quote, but within ${ } it is like any other letter")
{
    CHECK(tokens(R"("a\"b" c)") == texts{R"(text:a\"b)", "word:c", "end"});
    CHECK(tokens(R"("${"\"}" c)") == texts{R"(text:${"\"})", "word:c", "end"});
}
