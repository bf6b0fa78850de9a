// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/wire/best_effort.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace afterwrite;

namespace {

// As Vault words it; the rest of the sentence is not looked at.
constexpr std::string_view warning =
    "Timeout hit while waiting for local replicated cluster to apply primary's write; this client may "
    "encounter stale reads of values written during this operation.";

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string with_warnings(std::string_view list)
{
    return R"({"request_id":"1","lease_id":"","data":{"version":1,"x":[{}]},"wrap_info":null,"warnings":)" +
           std::string(list) + R"(,"auth":null})";
}

std::string nested(std::string_view bracket, std::size_t times)
{
    std::string text;
    for (std::size_t i = 0; i < times; ++i)
        text += bracket;
    return text;
}

} // namespace

static_assert(has_best_effort_warning(
    R"({"warnings":["Timeout hit while waiting for local replicated cluster to apply primary's write"]})"));
static_assert(!has_best_effort_warning(R"({"warnings":null})"));

TEST_CASE("the warning is noticed, wherever it stands among others")
{
    auto const ours = quoted(warning);
    for (auto const& list : {"[" + ours + "]", " [ " + ours + " ] ", R"(["another",)" + ours + "]",
                             "[" + ours + R"(,"another"])", R"(["say \"no\"" , "\u00e9", )" + ours + "]",
                             R"([null,7,{"a":[1]},[],)" + ours + "]"}) {
        CAPTURE(list);
        CHECK(has_best_effort_warning(with_warnings(list)));
    }
    CHECK(has_best_effort_warning(" {\n \"warnings\" : [\n" + ours + "\n] }\n"));
    CHECK(has_best_effort_warning(R"({"\u0077arnings":[)" + ours + "]}"));
}

TEST_CASE("what a secret holds is not the node's warning")
{
    auto const ours = quoted(warning);
    for (auto const& body : {
             R"({"data":{"warnings":[)" + ours + R"(]},"warnings":null})",
             R"({"data":)" + ours + R"(,"warnings":[]})",
             R"({"data":{"a":)" + ours + R"(},"warnings":["another"]})",
             R"({"warnings":)" + ours + "}",
             R"({"warnings":{"a":)" + ours + "}}",
             R"({"warnings":[[)" + ours + "]]}",
             R"({"warnings":[{"a":)" + ours + "}]}",
             R"({"errors":[)" + ours + "]}",
             R"({"Warnings":[)" + ours + "]}",
             R"(["warnings",)" + ours + "]",
             R"({"warnings":["he said: )" + std::string(warning) + R"("]})",
             ours,
             std::string(warning),
         }) {
        CAPTURE(body);
        CHECK_FALSE(has_best_effort_warning(body));
    }
}

TEST_CASE("the words are looked for as Vault writes them: escapes may come before, but not in them")
{
    auto const rest = quoted(warning).substr(2);
    CHECK(has_best_effort_warning(with_warnings(R"(["\u0054", "T)" + rest + "]")));
    CHECK_FALSE(has_best_effort_warning(with_warnings(R"(["\u0054)" + rest + "]")));
}

TEST_CASE("other answers have none")
{
    for (std::string_view const body :
         {"", "null", "{}", R"({"warnings":null})", R"({"warnings":[]})", R"({"warnings":["another"]})",
          R"({"warnings":["Timeout hit"]})", R"({"warnings":[)", R"({"warnings")", "{", "\"", "\xff\xfe"}) {
        CAPTURE(body);
        CHECK_FALSE(has_best_effort_warning(body));
    }
}

TEST_CASE("an answer that is cut behind the words has the warning, at every other cut it is safe to look at")
{
    auto const body = with_warnings("[\"another\"," + quoted(warning) + "]");
    constexpr std::string_view words = "Timeout hit while waiting for local replicated cluster";
    auto const whole = body.find(words) + words.size();
    for (std::size_t size = 0; size <= body.size(); ++size)
        CHECK(has_best_effort_warning(std::string_view(body).substr(0, size)) == (size >= whole));
}

TEST_CASE("damage before the warning hides it, and no damage does harm")
{
    auto const body = with_warnings("[" + quoted(warning) + "]");
    int seen = 0;
    for (std::size_t at = 0; at < body.size(); ++at)
        for (char const c : {'\0', '"', '\\', '{', ']', '\xff'}) {
            auto damaged = body;
            damaged[at] = c;
            seen += has_best_effort_warning(damaged) ? 1 : 0;
        }
    CHECK(seen > 0);
    auto const ours = quoted(warning);
    CHECK_FALSE(has_best_effort_warning(R"({"a":,"warnings":[)" + ours + "]}"));
    CHECK_FALSE(has_best_effort_warning(R"({"warnings":["\x",)" + ours + "]}"));
    CHECK_FALSE(has_best_effort_warning(R"({"warnings":[nonsense,)" + ours + "]}"));
    CHECK_FALSE(has_best_effort_warning(R"({"warnings":[-,)" + ours + "]}"));
}

TEST_CASE("what nests deeper than any answer is passed over, or ends the search")
{
    auto const tail = R"(,"warnings":[)" + quoted(warning) + "]}";
    CHECK(has_best_effort_warning(R"({"a":)" + nested("[", json_reader::max_depth) +
                                  nested("]", json_reader::max_depth) + tail));
    CHECK_FALSE(has_best_effort_warning(R"({"a":)" + nested("[", json_reader::max_depth + 2) +
                                        nested("]", json_reader::max_depth + 2) + tail));
    CHECK_FALSE(has_best_effort_warning(nested("[", 3000) + quoted(warning)));
    CHECK_FALSE(
        has_best_effort_warning(R"({"warnings":)" + nested(R"([{"warnings":)", 200) + quoted(warning)));
}

TEST_CASE("the first and the last 4 KiB of a body are looked at, and not a byte more")
{
    constexpr std::string_view words = "Timeout hit while waiting for local replicated cluster";
    std::string const head = R"({"data":")";
    std::string const tail = R"(","warnings":[")" + std::string(words);
    std::string const filler(max_inspected_body - head.size() - tail.size(), 'x');
    CHECK(has_best_effort_warning(head + filler + tail));
    CHECK(has_best_effort_warning(head + std::string(10'000'000, 'x') + tail));
    std::string const behind(max_inspected_body, 'x');
    CHECK(has_best_effort_warning(head + filler + behind + tail + behind.substr(tail.size() - 2)));
    CHECK_FALSE(has_best_effort_warning(head + filler + behind + tail + behind));
}

TEST_CASE("behind a long body the warning is found as well, where Vault writes it")
{
    std::string const words =
        "Timeout hit while waiting for local replicated cluster to apply primary's write";
    std::string const head =
        R"({"data":{"certificate":")" + std::string(5000, 'x') + R"("},"wrap_info":null,)";
    CHECK(has_best_effort_warning(head + R"("warnings":[")" + words + R"("]})"));
    CHECK_FALSE(has_best_effort_warning(head + R"("warnings":["something else"]})"));
    CHECK_FALSE(has_best_effort_warning(head + R"("warnings":null,"auth":null})"));
    CHECK_FALSE(has_best_effort_warning(head + '"' + words + '"')); // not under that name
    std::string const of_secret = R"({"data":{"warnings":[")" + words + R"("],"x":")";
    CHECK_FALSE(has_best_effort_warning(of_secret + std::string(max_inspected_body - of_secret.size(), 'x') +
                                        "\"}}"));
}
