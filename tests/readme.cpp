// SPDX-License-Identifier: BSL-1.0

// The README keeps its word: its code is code that is compiled, its table of transitions is the table of the
// source, and the program comes before line 25.

#include <afterwrite/decision/transitions.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

fs::path const source = AFTERWRITE_SOURCE_DIR;

std::string read(fs::path const& file)
{
    std::ifstream in(file);
    REQUIRE_MESSAGE(in, file.string());
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Any white space is one space: the same code may be indented otherwise in a test.
std::string folded(std::string_view text)
{
    std::string result;
    for (char const c : text) {
        bool const is_space = c == ' ' || c == '\n' || c == '\t';
        if (!is_space)
            result += c;
        else if (!result.empty() && result.back() != ' ')
            result += ' ';
    }
    while (!result.empty() && result.back() == ' ')
        result.pop_back();
    return result;
}

std::vector<std::string> blocks(std::string const& readme, std::string const& language)
{
    std::vector<std::string> found;
    std::string const fence = "\n```" + language + "\n";
    for (auto at = readme.find(fence); at != std::string::npos; at = readme.find(fence, at)) {
        at += fence.size();
        found.push_back(readme.substr(at, readme.find("\n```", at) - at));
    }
    return found;
}

std::string all_text_below(fs::path const& folder)
{
    std::string text;
    for (auto const& entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
            text += read(entry.path()) + "\n";
    return folded(text);
}

std::string transition_table()
{
    using namespace afterwrite;
    std::string table = "| plan | the attempt says | the answer | the next attempt says | when |\n"
                        "| --- | --- | --- | --- | --- |\n";
    for (auto const& row : transitions) {
        auto const cell = [&table](std::string_view text) { (table += " | ") += text; };
        (table += "| ") += to_string(row.in);
        cell(to_string(row.from));
        cell(to_string(row.on));
        if (row.with != dialect::unknown)
            ((table += " (") += to_string(row.with)) += ")";
        cell(row.when == pace::never ? "(the exchange ends)" : to_string(row.to));
        cell(to_string(row.when));
        table += " |\n";
    }
    return table;
}

} // namespace

TEST_CASE("each piece of C++ in the README stands in a unit that is compiled")
{
    auto const compiled = all_text_below(source / "tests/readme");
    auto const pieces = blocks(read(source / "README.md"), "cpp");
    REQUIRE(pieces.size() >= 5);
    for (auto const& piece : pieces)
        CHECK_MESSAGE(compiled.find(folded(piece)) != std::string::npos, piece);
}

TEST_CASE("each piece of C in the README stands in a host that is compiled")
{
    auto const compiled = all_text_below(source / "tests/hosts/c_api");
    auto const pieces = blocks(read(source / "README.md"), "c");
    REQUIRE(!pieces.empty());
    for (auto const& piece : pieces)
        CHECK_MESSAGE(compiled.find(folded(piece)) != std::string::npos, piece);
}

TEST_CASE("the first screen holds one sentence and a complete program, which ends before line 25")
{
    auto const readme = read(source / "README.md");
    auto const program = blocks(readme, "cpp").at(0);
    CHECK(program.find("int main()") != std::string::npos);
    auto const end = readme.find(program) + program.size();
    CHECK(std::count(readme.begin(), readme.begin() + static_cast<std::ptrdiff_t>(end), '\n') + 1 < 25);
}

TEST_CASE("the README's transitions are those of the source")
{
    auto const readme = read(source / "README.md");
    std::string const begin = "<!-- transitions -->\n";
    auto const from = readme.find(begin);
    auto const to = readme.find("<!-- /transitions -->");
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    auto const shown = readme.substr(from + begin.size(), to - from - begin.size());
    CHECK_MESSAGE(shown == transition_table(), "the table is to be:\n" << transition_table());
}
