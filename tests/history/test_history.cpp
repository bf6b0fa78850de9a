// SPDX-License-Identifier: BSL-1.0
// The text of a history: what is read, what is refused and where, and that what is written can be read.
#include "history/history.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <string>
#include <vector>

using namespace history;

namespace {

std::string const head = std::string(first_line) + "\n";

struct bad_text {
    std::string text;
    parse_fault fault;
    std::size_t line;
};

void check_refused(bad_text const& bad)
{
    CAPTURE(bad.text);
    auto const error = parse(bad.text).error;
    REQUIRE(error);
    CHECK(error->fault == bad.fault);
    CHECK(error->line == bad.line);
    CHECK(!to_string(error->fault).empty());
}

/// A right line 2 and, below it, each of these as line 3.
void check_third_lines(std::string const& second, parse_fault fault, std::vector<std::string> const& lines)
{
    CHECK(!parse(head + second + "\n").error);
    for (auto const& line : lines)
        check_refused({head + second + "\n" + line + "\n", fault, 3});
}

std::string const write = "5 invoke bob 7 write c/x a";
std::string const read = "5 invoke bob 7 read c/x";

} // namespace

TEST_CASE("what is written in the page is read, as it says")
{
    std::ifstream file(std::string(AFTERWRITE_SOURCE_DIR) + "/tests/history/FORMAT.md");
    std::string const page{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    auto const from = page.rfind("```\n" + head) + 4;
    auto const example = page.substr(from, page.find("```", from) - from);
    auto const [seen, error] = parse(example);
    REQUIRE(!error);
    REQUIRE(seen.operations.size() == 3);
    auto const& [number, session, log, key, value, is_write, ended, given, at, invoke_line, end_line] =
        seen.operations[2];
    CHECK(number == 3);
    CHECK(seen.names[session] == "bob");
    CHECK(seen.names[log] == "c1");
    CHECK(seen.names[key] == "c1/kv/foo");
    CHECK(seen.names[value] == "one");
    CHECK(!is_write);
    CHECK(ended == ending::returned);
    CHECK(given == promise::full);
    CHECK(at == version{1, 1});
    CHECK(invoke_line == 7);
    CHECK(end_line == 8);
    CHECK(seen.events.size() == 6);
    CHECK(seen.events[5].which == 2);
}

TEST_CASE("what is written can be read again")
{
    std::ostringstream text;
    writer out(text);
    out.comment("all that there is");
    auto const first = out.invoke_write(1, "bob", "c/x", "a");
    auto const second = out.invoke_read(2, "alice", "c/x");
    out.epoch(3, "c", 2);
    out.return_read(4, "alice", second, {1, 9}, "a", promise::unpromised);
    out.return_write(4, "bob", first, {1, 9}, promise::unbinding);
    out.lost(5, "bob", out.invoke_read(5, "bob", "c/y"));
    out.failed(6, "bob", out.invoke_write(6, "bob", "c/y", "b"));
    out.return_read(7, "bob", out.invoke_read(7, "bob", "c/z"), {}, nothing);

    auto const [seen, error] = parse(text.str());
    REQUIRE(!error);
    REQUIRE(seen.operations.size() == 5);
    CHECK(seen.operations[0].given == promise::unbinding);
    CHECK(seen.operations[0].at == version{1, 9});
    CHECK(seen.operations[1].given == promise::unpromised);
    CHECK(seen.operations[1].value == seen.operations[0].value);
    CHECK(seen.operations[2].ended == ending::lost);
    CHECK(seen.operations[3].ended == ending::failed);
    CHECK(seen.operations[3].is_write);
    CHECK(seen.operations[4].ended == ending::returned);
    CHECK(seen.names[seen.operations[4].value] == nothing);
    REQUIRE(seen.events.size() == 11);
    CHECK(seen.events[2].kind == event_kind::epoch);
    CHECK(seen.names[seen.events[2].which] == "c");
}

TEST_CASE("a text without its head, or its end, is refused")
{
    CHECK(!parse(head).error);
    for (std::string const text : {"\n", "afterwrite history 2\n", " afterwrite history 1\n", "# x\n"})
        check_refused({text, parse_fault::no_head, 1});
    check_refused({"", parse_fault::no_head, 1});
    check_refused({std::string(first_line), parse_fault::cut_off, 1});
    check_refused({head + write, parse_fault::cut_off, 2});
    check_refused({head + "#", parse_fault::cut_off, 2});
}

TEST_CASE("a line that no writer makes is refused, in its place")
{
    auto const too_long = std::string(max_line_size + 1, '#');
    CHECK(!parse(head + too_long.substr(1) + "\n").error);
    check_refused({head + too_long + "\n", parse_fault::long_line, 2});
    check_refused({head + "\n\n" + too_long, parse_fault::long_line, 4});
    for (char const byte : {'\r', '\t', '\x7f', '\x80', '\xff', '\0'}) {
        check_refused({head + write + byte + "\n", parse_fault::foreign_byte, 2});
        check_refused({head + "# " + byte + "\n", parse_fault::foreign_byte, 2});
    }
    check_third_lines(write, parse_fault::unknown_event,
                      {"5 returns bob 7 1:1", "5 Return bob 7 1:1", "5  return bob 7"});
    check_third_lines(write, parse_fault::wrong_word,
                      {"5", "5 return", "5 return bob", "5 return bob 7", "5 return bob 7 1:1 a",
                       "5 return bob 7 1:1 unpromised", "5 return bob 7 1:1 unbinding unbinding",
                       "5 return bob 7 1:1 ", "5 lost bob 7 1:1", "5 failed bob 7 why", "5 invoke bob 8 read",
                       "5 invoke bob 8 reads c/x", "5 invoke bob 8 read c/x a", "5 invoke bob 8 write c/x",
                       "5 invoke bob 8 write c/x b c d e f", "5 epoch c 2 3"});
    check_third_lines(read, parse_fault::wrong_word,
                      {"5 return bob 7 1:1", "5 return bob 7 1:1 a b", "5 return bob 7 1:1 a unbinding x"});
}

TEST_CASE("numbers, versions and names are plain")
{
    check_third_lines(write, parse_fault::bad_number,
                      {"05 lost bob 7", "x lost bob 7", "-5 lost bob 7", "5 lost bob 07", "5 lost bob +7",
                       "5 lost bob 18446744073709551616", "5 lost bob 99999999999999999999", "5 lost bob ",
                       "5 return bob 7 1:", "5 return bob 7 :1", "5 return bob 7 1:01",
                       "5 return bob 7 1:1:1", "5 epoch c two", " lost bob 7", " 5 lost bob"});
    check_third_lines(write, parse_fault::bad_version,
                      {"5 return bob 7 1", "5 return bob 7 0:0", "5 return bob 7 0:1", "5 return bob 7 1:0"});
    check_third_lines(read, parse_fault::bad_version,
                      {"5 return bob 7 0:0 a", "5 return bob 7 1:1 -", "5 return bob 7 0:1 -"});
    auto const longest = std::string(max_name_size, 'x');
    CHECK(!parse(head + "5 invoke " + longest + " 7 write " + longest.substr(2) + "/x " + longest + "\n")
               .error);
    check_third_lines(write, parse_fault::bad_name,
                      {"5 invoke " + longest + "x 8 read c/x",
                       "5 invoke bob 8 read " + longest.substr(1) + "/x",
                       "5 invoke bob 8 write c/x " + longest + "x", "5 invoke bob 8 read x",
                       "5 invoke bob 8 read /x", "5 invoke bob 8 read c/", "5 invoke bob 8 write c/x -",
                       "5 invoke bob 8 write c/x ", "5 invoke  8 read c/x", "5 epoch  2"});
}

TEST_CASE("what cannot have happened after what did is refused")
{
    check_third_lines(write, parse_fault::time_goes_back, {"4 lost bob 7", "0 invoke bob 8 read c/x"});
    check_third_lines(write, parse_fault::number_not_greater,
                      {"5 invoke bob 7 read c/x", "5 invoke bob 6 read c/x", "5 invoke alice 0 read c/x"});
    check_third_lines(write, parse_fault::no_such_operation,
                      {"5 lost bob 6", "5 lost bob 8", "5 lost alice 7", "5 return bob 70 1:1"});
    for (std::string const end : {"lost bob 7", "failed bob 7", "return bob 7 1:1"})
        check_refused({head + write + "\n5 " + end + "\n5 lost bob 7\n", parse_fault::no_such_operation, 4});
    check_third_lines(write, parse_fault::repeated_value, {"5 invoke alice 8 write c/x a"});
    CHECK(!parse(head + write + "\n5 invoke alice 8 write d/x a\n").error);
    check_third_lines(write, parse_fault::wrong_epoch,
                      {"5 epoch c 1", "5 epoch c 3", "5 epoch c 0", "5 return bob 7 2:1"});
    CHECK(!parse(head + write + "\n5 epoch c 2\n5 epoch d 2\n5 epoch c 3\n5 return bob 7 3:1\n").error);
    check_refused({head + write + "\n5 epoch d 2\n5 return bob 7 2:1\n", parse_fault::wrong_epoch, 4});
}

TEST_CASE("any bytes are read or refused, and what is refused is told with a line of the text")
{
    std::mt19937_64 random{1};
    std::string const right = head + write + "\n5 return bob 7 1:1 unbinding\n6 epoch c 2\n" +
                              "7 invoke alice 8 read c/x\n8 return alice 8 1:1 a unpromised\n";
    CHECK(!parse(right).error);
    std::size_t refused = 0;
    for (int round = 0; round < 20000; ++round) {
        auto text = right.substr(0, 1 + random() % right.size());
        for (auto changes = random() % 4; changes > 0; --changes)
            text[random() % text.size()] =
                random() % 2 == 0 ? static_cast<char>(random()) : right[random() % right.size()];
        auto const [seen, error] = parse(text);
        auto const lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
        bool const is_told = !error || (error->line >= 1 && error->line <= lines + 1 && seen.names.empty());
        CHECK(is_told);
        refused += error ? 1 : 0;
    }
    CHECK(refused > 10000);
    CHECK(refused < 20000);
}
