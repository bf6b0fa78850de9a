// SPDX-License-Identifier: BSL-1.0
// Histories made by hand: those in right/ keep all guarantees; those in wrong/ say themselves what they
// break, and in which line.
#include "history/check_files.hpp"
#include "history/checker.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace history;

namespace {

std::filesystem::path const folder = std::filesystem::path(AFTERWRITE_SOURCE_DIR) / "tests" / "history";

std::vector<std::string> files_of(std::string const& name)
{
    std::vector<std::string> found;
    for (auto const& entry : std::filesystem::directory_iterator(folder / name))
        found.push_back(entry.path().string());
    std::sort(found.begin(), found.end());
    return found;
}

std::string text_of(std::string const& name)
{
    std::ifstream file(name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

report check_text(std::string const& text)
{
    auto const [read, error] = parse(text);
    CHECK_MESSAGE(!error, text);
    return check(read);
}

/// The second line says what the history shows.
bool says_what_it_shows(std::string const& text)
{
    auto const second = text.find('\n') + 1;
    return text.compare(second, 2, "# ") == 0 && text.find('\n', second) > second + 10;
}

std::string_view const mark = "# wrong in line ";

/// "14: monotonic reads", of each fault that the file announces.
std::vector<std::string> announced(std::string const& text)
{
    std::vector<std::string> found;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(mark))
            found.push_back(line.substr(mark.size()));
    return found;
}

std::vector<std::string> told(report const& checked)
{
    std::vector<std::string> found;
    for (auto const& each : checked.findings)
        found.push_back(std::to_string(each.line) + ": " + std::string(to_string(each.broken)));
    return found;
}

struct ended {
    int status;
    std::string out;
    std::string err;
};

ended run(std::vector<std::string> const& names)
{
    std::ostringstream out;
    std::ostringstream err;
    int const status = check_files(names, out, err);
    return {status, out.str(), err.str()};
}

} // namespace

TEST_CASE("right histories are right")
{
    auto const names = files_of("right");
    CHECK(names.size() >= 30);
    for (auto const& name : names) {
        CAPTURE(name);
        auto const text = text_of(name);
        CHECK(says_what_it_shows(text));
        CHECK(announced(text).empty());
        CHECK(told(check_text(text)).empty());
    }
}

TEST_CASE("wrong histories are wrong: just as they say, and where")
{
    auto const names = files_of("wrong");
    CHECK(names.size() >= 30);
    std::set<guarantee> broken;
    for (auto const& name : names) {
        CAPTURE(name);
        auto const text = text_of(name);
        CHECK(says_what_it_shows(text));
        CHECK(!announced(text).empty());
        auto const checked = check_text(text);
        CHECK(told(checked) == announced(text));
        for (auto const& each : checked.findings)
            broken.insert(each.broken);
    }
    CHECK(broken.size() == 5);
}

TEST_CASE("a witness names the operations, their lines and versions")
{
    auto const witness_of = [](std::string const& name) {
        auto const checked = check_text(text_of((folder / "wrong" / (name + ".txt")).string()));
        REQUIRE(!checked.findings.empty());
        return checked.findings.front().witness;
    };
    CHECK(witness_of("misses_own_write") ==
          "bob's read of c/x (lines 8 to 9) saw 1:1 and lacks 1:2, as line 7 shows, "
          "but bob's write of c/x (lines 6 to 7) before it has 1:2.");
    CHECK(witness_of("goes_back_by_another_key") ==
          "bob's read of c/x (lines 10 to 11) saw 0:0 and lacks 1:1, as line 5 shows, "
          "but bob's read of c/y (lines 8 to 9) before it saw 1:2.");
    CHECK(witness_of("executed_again_behind_the_next") ==
          "bob's write of c/x (lines 6 to 7) has 1:2, as line 7 shows, "
          "but bob's write of c/x (lines 4 to 5) before it has 1:3, as line 9 shows.");
    CHECK(witness_of("lost_write_before_what_was_read") ==
          "bob's write of c/y (lines 8 to 9) has 1:1, as line 11 shows, "
          "but bob's read of c/x (lines 6 to 7) before it saw 1:2, as line 7 shows.");
    CHECK(witness_of("nobody_wrote_it") ==
          "bob's read of c/x (lines 6 to 7) saw 'b', which nobody writes there.");
    CHECK(witness_of("seen_before_it_began") ==
          "alice's read of c/x (lines 4 to 5) saw 'a', "
          "which is only later written, by bob's write of c/x (lines 6 to 7).");
    CHECK(witness_of("refused_but_executed") == "alice's read of c/x (lines 6 to 7) saw 'a', "
                                                "although bob's write of c/x (lines 4 to 5) was refused.");
    CHECK(witness_of("two_writes_at_one_version") ==
          "alice's write of c/x (lines 5 to 7) is at 1:1, as line 7 shows, "
          "where bob's write of c/x (lines 4 to 6) is, as line 6 shows.");
}

TEST_CASE("what a history holds is counted")
{
    auto const counted = check_text("afterwrite history 1\n"
                                    "1 invoke bob 1 write c/x a\n"
                                    "1 return bob 1 1:1\n"
                                    "1 invoke bob 2 write c/x b\n"
                                    "1 lost bob 2\n"
                                    "1 invoke bob 3 write c/x c\n"
                                    "1 invoke bob 4 write c/x d\n"
                                    "1 failed bob 4\n"
                                    "1 invoke bob 5 read c/x\n"
                                    "1 return bob 5 1:2 b\n"
                                    "1 invoke bob 6 read c/x\n"
                                    "1 return bob 6 1:2 b unpromised\n"
                                    "1 invoke bob 7 read c/x\n"
                                    "1 failed bob 7\n");
    CHECK(counted.findings.empty());
    CHECK(counted.writes == 4);
    CHECK(counted.acknowledged == 1);
    CHECK(counted.uncertain == 2);
    CHECK(counted.executed == 1);
    CHECK(counted.reads == 3);
    CHECK(counted.answered == 2);
    CHECK(counted.unpromised == 1);
    CHECK(counted.steps > 7);
}

TEST_CASE("the program's status is that of the worst file")
{
    auto const right = files_of("right").front();
    auto const wrong = (folder / "wrong" / "four_at_once.txt").string();
    auto const page = (folder / "FORMAT.md").string();

    CHECK(run({right}).status == status_right);
    auto const told_wrong = run({right, wrong});
    CHECK(told_wrong.status == status_wrong);
    CHECK(told_wrong.out.find(right + ": ") == 0);
    CHECK(told_wrong.out.find("\n" + wrong + ":14: monotonic reads: bob's read of c/x") != std::string::npos);
    CHECK(told_wrong.out.find(", 4 violations\n") != std::string::npos);
    CHECK(told_wrong.err.empty());

    auto const unread = run({page, wrong});
    CHECK(unread.status == status_unreadable);
    CHECK(unread.err == page + ":1: " + std::string(to_string(parse_fault::no_head)) + "\n");
    CHECK(unread.out.find(wrong) == 0);
    CHECK(run({(folder / "no_such_file").string()}).status == status_unreadable);
    CHECK(run({folder.string()}).status == status_unreadable);
    CHECK(run({}).err.find("usage: ") == 0);
    CHECK(run({}).status == status_unreadable);
}

TEST_CASE("of many witnesses the first are printed")
{
    std::string text = "afterwrite history 1\n";
    for (std::size_t i = 1; i <= max_witnesses + 2; ++i)
        text +=
            "1 invoke bob " + std::to_string(i) + " read c/x\n1 return bob " + std::to_string(i) + " 1:1 a\n";
    auto const name =
        std::filesystem::temp_directory_path() / ("afterwrite-history-" + std::to_string(getpid()));
    std::ofstream(name) << text;
    auto const [status, out, err] = run({name.string()});
    std::filesystem::remove(name);
    CHECK(status == status_wrong);
    CHECK(static_cast<std::size_t>(std::count(out.begin(), out.end(), '\n')) == max_witnesses + 2);
    CHECK(out.ends_with(": and 2 more\n"));
}
