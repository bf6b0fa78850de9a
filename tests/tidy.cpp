// SPDX-License-Identifier: BSL-1.0
// What the layout promises, checked over the tree. Each rule is a function of a path and its text, which says
// what is wrong; each is also run over small bad examples, so that a rule which sees nothing fails.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using findings = std::vector<std::string>;
using tree = std::map<std::string, std::string>; // the path from the top, to the text

constexpr std::size_t max_columns = 110;
constexpr std::size_t max_header_lines = 300;
constexpr std::size_t max_function_lines = 70;

// -----------------------------------------------------------------------------------------------------------
// Reading

bool starts_with_any(std::string_view path, std::initializer_list<std::string_view> prefixes)
{
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](auto prefix) { return path.starts_with(prefix); });
}

bool ends_with_any(std::string_view path, std::initializer_list<std::string_view> suffixes)
{
    return std::any_of(suffixes.begin(), suffixes.end(), [&](auto suffix) { return path.ends_with(suffix); });
}

bool is_cpp(std::string_view path) { return ends_with_any(path, {".hpp", ".cpp", ".h", ".c"}); }
bool is_header(std::string_view path)
{
    return path.starts_with("include/afterwrite/") && path.ends_with(".hpp");
}
bool is_build_file(std::string_view path)
{
    return ends_with_any(path, {".sh", "CMakeLists.txt", ".cmake", "meson.build"}) || path == ".ci/run";
}

std::vector<std::string> lines_of(std::string const& text)
{
    std::vector<std::string> lines;
    for (std::size_t from = 0; from < text.size();) {
        auto const end = std::min(text.find('\n', from), text.size());
        lines.push_back(text.substr(from, end - from));
        from = end + 1;
    }
    return lines;
}

std::string place(std::string const& path, std::size_t index)
{
    return path + ":" + std::to_string(index + 1) + ": ";
}

std::string without_blanks(std::string_view line)
{
    std::string kept;
    std::copy_if(line.begin(), line.end(), std::back_inserter(kept),
                 [](unsigned char letter) { return std::isspace(letter) == 0; });
    return kept;
}

struct inclusion {
    std::size_t line;
    std::string name; // afterwrite/version.hpp
    bool is_quoted;
};

std::vector<inclusion> includes_of(std::string const& text)
{
    std::vector<inclusion> found;
    auto const lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const line = without_blanks(lines[i]);
        if (!line.starts_with("#include<") && !line.starts_with("#include\""))
            continue;
        auto const end = line.find_first_of(">\"", 9);
        found.push_back({i, line.substr(9, end - 9), line[8] == '"'});
    }
    return found;
}

/// The code alone: comments, and what stands in strings and characters, become blanks.
std::string code_of(std::string const& text)
{
    enum class inside { code, line_comment, block_comment, string, character, raw_string };
    std::string code = text;
    std::string raw_end;
    auto where = inside::code;
    for (std::size_t i = 0; i < text.size(); ++i) {
        std::string_view const rest = std::string_view{text}.substr(i);
        auto const blank = [&](std::size_t count) {
            for (std::size_t k = 0; k < count && i + k < text.size(); ++k)
                if (text[i + k] != '\n')
                    code[i + k] = ' ';
            i += count - 1;
        };
        switch (where) {
        case inside::code:
            if (rest.starts_with("//")) {
                where = inside::line_comment;
                blank(2);
            } else if (rest.starts_with("/*")) {
                where = inside::block_comment;
                blank(2);
            } else if (rest.starts_with("R\"")) {
                where = inside::raw_string;
                raw_end = ")" + std::string{rest.substr(2, rest.find('(') - 2)} + "\"";
                blank(2);
            } else if (rest[0] == '"') {
                where = inside::string;
            } else if (rest[0] == '\'' &&
                       (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0)) {
                where = inside::character;
            }
            break;
        case inside::line_comment:
            if (rest[0] == '\n')
                where = inside::code;
            else
                blank(1);
            break;
        case inside::block_comment:
            if (rest.starts_with("*/")) {
                where = inside::code;
                blank(2);
            } else {
                blank(1);
            }
            break;
        case inside::raw_string:
            if (rest.starts_with(raw_end)) {
                where = inside::code;
                blank(raw_end.size());
            } else {
                blank(1);
            }
            break;
        case inside::string:
        case inside::character:
            if (rest[0] == '\\')
                blank(2);
            else if (rest[0] == (where == inside::string ? '"' : '\'') || rest[0] == '\n')
                where = inside::code;
            else
                blank(1);
            break;
        }
    }
    return code;
}

// -----------------------------------------------------------------------------------------------------------
// Floors

struct floor_of_folder {
    std::string_view folder;
    int floor;
};
constexpr std::array<floor_of_folder, 13> floors = {{{"bytes", 1},
                                                     {"message", 1},
                                                     {"state", 2},
                                                     {"wire", 3},
                                                     {"session", 4},
                                                     {"policy", 4},
                                                     {"store", 5},
                                                     {"decision", 5},
                                                     {"observe", 6},
                                                     {"transport", 6},
                                                     {"adapters", 7},
                                                     {"stores", 7},
                                                     {"", 0}}};
constexpr int core_floor = 5;
constexpr int top_floor = 7; // the only one that may include afterwrite.hpp
constexpr int no_floor = -1;

/// The folder of a header: "wire" of afterwrite/wire/refusal.hpp, nothing of afterwrite/version.hpp.
std::string folder_of(std::string_view name)
{
    auto const from = name.find("afterwrite/") + std::string_view{"afterwrite/"}.size();
    auto const slash = name.find('/', from);
    return slash == std::string_view::npos ? "" : std::string{name.substr(from, slash - from)};
}

int floor_of(std::string_view name)
{
    auto const folder = folder_of(name);
    auto const* const found =
        std::find_if(floors.begin(), floors.end(), [&](auto const& known) { return known.folder == folder; });
    return found != floors.end() ? found->floor : no_floor;
}

bool is_umbrella(std::string_view name) { return name.ends_with("afterwrite/afterwrite.hpp"); }

findings floor_findings(std::string const& path, std::string const& text)
{
    if (!is_header(path) || is_umbrella(path))
        return {};
    findings found;
    auto const floor = floor_of(path);
    if (floor == no_floor)
        found.push_back(path + ": its folder has no floor");
    for (auto const& included : includes_of(text)) {
        if (included.is_quoted)
            found.push_back(place(path, included.line) + "includes with quotes; say <afterwrite/...>");
        if (!included.name.starts_with("afterwrite/"))
            continue;
        auto const below = floor_of(included.name);
        bool const is_own_folder = folder_of(included.name) == folder_of(path);
        bool const is_allowed =
            is_umbrella(included.name) ? floor == top_floor : is_own_folder || below < floor;
        if (below == no_floor || !is_allowed)
            found.push_back(place(path, included.line) + "<" + included.name + "> is on no lower floor");
    }
    return found;
}

findings core_include_findings(std::string const& path, std::string const& text)
{
    static std::set<std::string> const banned = {
        "mutex",           "thread", "shared_mutex", "iostream", "format",    "expected",          "ranges",
        "source_location", "regex",  "random",       "future",   "semaphore", "condition_variable"};
    if (!is_header(path) || floor_of(path) > core_floor)
        return {};
    findings found;
    for (auto const& included : includes_of(text))
        if (banned.contains(included.name))
            found.push_back(place(path, included.line) + "the core includes no <" + included.name + ">");
    return found;
}

/// A header that only those include who keep many sessions or hand them on, drive transports, have its
/// library or hold its locks.
bool is_apart(std::string const& path, std::string const& text)
{
    static std::set<std::string> const locks = {"mutex", "shared_mutex", "pthread.h"};
    auto const included = includes_of(text);
    return is_umbrella(path) || folder_of(path) == "store" || path.find("/portable_") != std::string::npos ||
           folder_of(path) == "transport" || floor_of(path) == top_floor ||
           std::any_of(included.begin(), included.end(),
                       [](auto const& each) { return locks.contains(each.name); });
}

findings umbrella_findings(tree const& files)
{
    findings found;
    auto const umbrella = files.find("include/afterwrite/afterwrite.hpp");
    if (umbrella == files.end())
        return {"include/afterwrite/afterwrite.hpp is missing"};
    std::set<std::string> included;
    for (auto const& each : includes_of(umbrella->second))
        included.insert("include/" + each.name);
    for (auto const& [path, text] : files) {
        bool const apart = is_apart(path, text);
        if (is_header(path) && included.contains(path) == apart)
            found.push_back("afterwrite.hpp " + std::string{apart ? "includes " : "lacks "} + path);
    }
    return found;
}

// -----------------------------------------------------------------------------------------------------------
// Sizes and letters

findings line_findings(std::string const& path, std::string const& text)
{
    findings found;
    auto const lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        auto const& line = lines[i];
        auto const columns =
            static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char letter) {
                return (static_cast<unsigned char>(letter) & 0xc0) != 0x80;
            }));
        if (is_cpp(path) && columns > max_columns)
            found.push_back(place(path, i) + "has " + std::to_string(columns) + " columns");
        if (line.find('\t') != std::string::npos)
            found.push_back(place(path, i) + "has a tab");
        if (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
            found.push_back(place(path, i) + "ends in a blank");
        if (path.starts_with("include/") && columns != line.size())
            found.push_back(place(path, i) + "is not ASCII");
    }
    if (!text.empty() && text.back() != '\n')
        found.push_back(path + ": ends without a newline");
    if (is_header(path) && lines.size() > max_header_lines)
        found.push_back(path + ": has " + std::to_string(lines.size()) + " lines");
    return found;
}

/// A heuristic: of a brace that follows `)`, perhaps with words like const between, to its end.
findings function_findings(std::string const& path, std::string const& text)
{
    if (!is_header(path))
        return {};
    findings found;
    auto const code = code_of(text);
    std::vector<std::size_t> opened; // the line where a function began, or 0
    std::string before;              // since the last ; { or }
    std::size_t line = 1;
    std::size_t began = 1;
    for (char const letter : code) {
        if (letter == '\n')
            ++line;
        if (letter == '{') {
            bool const is_type = before.starts_with("class") || before.starts_with("struct") ||
                                 before.starts_with("namespace") || before.starts_with("enum");
            bool const is_function = !is_type && before.find('(') != std::string::npos;
            opened.push_back(is_function ? began : 0);
        } else if (letter == '}' && !opened.empty()) {
            if (opened.back() != 0 && line - opened.back() + 1 > max_function_lines)
                found.push_back(place(path, opened.back() - 1) + "the function has " +
                                std::to_string(line - opened.back() + 1) + " lines");
            opened.pop_back();
        }
        if (letter == '{' || letter == '}' || letter == ';') {
            before.clear();
        } else if (std::isspace(static_cast<unsigned char>(letter)) == 0) {
            if (before.empty())
                began = line;
            before += letter;
        }
    }
    return found;
}

findings licence_findings(std::string const& path, std::string const& text)
{
    std::string const licence = "SPDX-License-Identifier: " + std::string{"BSL-1.0"};
    auto const lines = lines_of(text);
    auto const is = [&](std::size_t i, std::string const& expected) {
        return i < lines.size() && lines[i] == expected;
    };
    if (is_cpp(path) && !is(0, "// " + licence))
        return {path + ": line 1 is not // " + licence};
    bool const has_shebang = !lines.empty() && lines[0].starts_with("#!");
    if (is_build_file(path) && !is(has_shebang ? 1 : 0, "# " + licence))
        return {path + ": does not begin with # " + licence};
    return {};
}

findings word_findings(std::string const& path, std::string const& text)
{
    // Each in two pieces, so that this file does not hold them.
    static std::vector<std::string> const banned = {
        std::string{"replication"} + " state",
        std::string{"leader"} + "/slave",
        std::string{"master"} + "/slave",
        std::string{"TO"} + "DO",
        std::string{"FIX"} + "ME",
    };
    findings found;
    auto const lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i)
        for (auto const& word : banned)
            if (lines[i].find(word) != std::string::npos)
                found.push_back(place(path, i) + "says '" + word + "'");
    return found;
}

// -----------------------------------------------------------------------------------------------------------
// Headers, and their tests

findings macro_findings(std::string const& path, std::string const& text)
{
    if (!is_header(path))
        return {};
    findings found;
    std::set<std::string> defined;
    bool has_pragma_once = false;
    for (auto const& line : lines_of(text)) {
        if (line == "#pragma once")
            has_pragma_once = true;
        auto const squeezed = without_blanks(line);
        auto const name_after = [&](std::string_view directive) {
            auto const from = line.find_first_not_of(' ', line.find(directive) + directive.size());
            auto const end =
                std::find_if(line.begin() + static_cast<std::ptrdiff_t>(from), line.end(), [](char letter) {
                    return letter != '_' && std::isalnum(static_cast<unsigned char>(letter)) == 0;
                });
            return std::string{line.begin() + static_cast<std::ptrdiff_t>(from), end};
        };
        if (squeezed.starts_with("#define"))
            defined.insert(name_after("define"));
        else if (squeezed.starts_with("#undef"))
            defined.erase(name_after("undef"));
    }
    if (path == "include/afterwrite/version.hpp")
        defined.erase("AFTERWRITE_VERSION");
    for (auto const& name : defined)
        found.push_back(path + ": the macro " + name + " leaves the header");
    if (!has_pragma_once)
        found.push_back(path + ": has no #pragma once");
    return found;
}

/// Tests in these folders are named after what they show; in all others, after a header.
bool is_mirrored(std::string_view path)
{
    return path.starts_with("tests/") && path.ends_with(".cpp") && !path.ends_with("_threads.cpp") &&
           !starts_with_any(path,
                            {"tests/laws/", "tests/vectors/", "tests/cluster/", "tests/hosts/",
                             "tests/consume/", "tests/fuzz/", "tests/headers/", "tests/end_to_end/",
                             "tests/threads/", "tests/support/", "tests/probe/", "tests/readme/",
                             "tests/history/", "tests/mutants/", "tests/server/", "tests/simulation/"}) &&
           path != "tests/main.cpp" && path != "tests/tidy.cpp" && path != "tests/readme.cpp";
}

findings mirror_findings(tree const& files)
{
    findings found;
    for (auto const& [path, text] : files) {
        if (is_header(path)) {
            auto const name = path.substr(std::string_view{"include/"}.size());
            auto const from = std::string_view{"afterwrite/"}.size();
            auto const test = "tests/" + name.substr(from, name.size() - from - 4) + ".cpp";
            auto const mirror = files.find(test);
            if (mirror == files.end()) {
                found.push_back(path + ": has no " + test);
                continue;
            }
            auto const included = includes_of(mirror->second);
            if (included.empty() || included.front().name != name)
                found.push_back(test + ": does not first include <" + name + ">");
        } else if (is_mirrored(path)) {
            auto const header = "include/afterwrite/" + path.substr(6, path.size() - 10) + ".hpp";
            if (!files.contains(header))
                found.push_back(path + ": there is no " + header);
        }
    }
    return found;
}

/// A file whose test cases doctest runs.
bool holds_tests(std::string_view path)
{
    auto const name = path.substr(path.rfind('/') + 1);
    return path.starts_with("tests/") && path.ends_with(".cpp") && path != "tests/main.cpp" &&
           !starts_with_any(path, {"tests/headers/", "tests/consume/", "tests/hosts/", "tests/support/",
                                   "tests/fuzz/", "tests/mutants/", "tests/readme/"}) &&
           (!starts_with_any(path,
                             {"tests/cluster/", "tests/history/", "tests/server/", "tests/simulation/"}) ||
            name.starts_with("test_"));
}

/// A heuristic: where a function begins, its name, or that of a test case in doctest's words, and its body.
struct function_of_file {
    std::size_t line;
    std::string name;
    std::string body;
};

std::vector<function_of_file> functions_of(std::string const& code)
{
    auto const is_letter = [](char letter) {
        return letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0;
    };
    std::vector<function_of_file> found;
    std::size_t began = 0; // after the last ; { or } outside parentheses
    int parentheses = 0;
    for (std::size_t i = 0; i < code.size(); ++i) {
        parentheses += code[i] == '(' ? 1 : code[i] == ')' ? -1 : 0;
        auto const head = code.substr(began, i - began);
        if (code[i] == '{' && parentheses == 0 && head.find('(') != std::string::npos) {
            auto const end_of_name = head.find_last_not_of(' ', head.find('(') - 1) + 1;
            auto from = end_of_name;
            while (from > 0 && is_letter(head[from - 1]))
                --from;
            auto end = i;
            for (int depth = 0; end < code.size(); ++end) {
                depth += code[end] == '{' ? 1 : code[end] == '}' ? -1 : 0;
                if (depth == 0)
                    break;
            }
            auto const line =
                std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(began + from), '\n');
            found.push_back({static_cast<std::size_t>(line), head.substr(from, end_of_name - from),
                             code.substr(i, end - i)});
            i = std::min(end, code.size() - 1);
            began = i + 1;
        } else if (parentheses == 0 && (code[i] == ';' || code[i] == '{' || code[i] == '}')) {
            began = i + 1;
        }
    }
    return found;
}

/// Whether words like CHECK_EQ, or calls of these helpers, stand in it. Waiting until something happens is
/// a check, since a test that waits in vain fails by its time limit.
bool is_checking(std::string const& body, std::set<std::string> const& helpers)
{
    static std::vector<std::string> const beginnings = {"CHECK",  "REQUIRE", "FAIL",     "static_assert",
                                                        "check_", "expect_", "require_", "wait_until_"};
    std::string word;
    for (char const letter : body + " ") {
        if (letter == '_' || std::isalnum(static_cast<unsigned char>(letter)) != 0) {
            word += letter;
            continue;
        }
        if (helpers.contains(word) || std::any_of(beginnings.begin(), beginnings.end(),
                                                  [&](auto const& each) { return word.starts_with(each); }))
            return true;
        word.clear();
    }
    return false;
}

findings test_case_findings(std::string const& path, std::string const& text)
{
    static std::set<std::string> const test_cases = {"TEST_CASE", "TEST_CASE_FIXTURE", "TEST_CASE_TEMPLATE"};
    if (!path.starts_with("tests/") || !is_cpp(path))
        return {};
    auto const functions = functions_of(code_of(text));
    bool const has_test_case = std::any_of(functions.begin(), functions.end(),
                                           [](auto const& each) { return test_cases.contains(each.name); });
    if (path.ends_with(".hpp") && has_test_case)
        return {path + ": test cases belong into a .cpp, by whose name they are run"};
    if (!holds_tests(path))
        return {};
    if (!has_test_case)
        return {path + ": has no test case"};
    std::set<std::string> helpers; // which check, perhaps by way of others
    for (std::size_t known = 1; known != helpers.size();) {
        known = helpers.size();
        for (auto const& each : functions)
            if (!test_cases.contains(each.name) && is_checking(each.body, helpers))
                helpers.insert(each.name);
        if (helpers.empty())
            break;
    }
    findings found;
    for (auto const& each : functions)
        if (test_cases.contains(each.name) && !is_checking(each.body, helpers))
            found.push_back(place(path, each.line) + "the test case checks nothing");
    return found;
}

findings stranger_findings(std::string const& path, std::string const& text)
{
    findings found;
    if (starts_with_any(path, {"tests/cluster/", "tests/history/"}))
        for (auto const& included : includes_of(text))
            if (included.name.find("afterwrite/") != std::string::npos ||
                included.name.find("simulation/") != std::string::npos)
                found.push_back(place(path, included.line) + "knows neither the library nor the simulation");
    return found;
}

findings top_level_findings(std::set<std::string> const& names)
{
    static std::set<std::string> const allowed = {"include",        "tests",       "benchmarks",
                                                  "CMakeLists.txt", "meson.build", "README.md"};
    findings found;
    for (auto const& name : names)
        if (!name.starts_with('.') && !allowed.contains(name))
            found.push_back(name + " does not belong to the top level");
    return found;
}

// -----------------------------------------------------------------------------------------------------------
// The tree

fs::path const top = AFTERWRITE_SOURCE_DIR;

tree const& all_files()
{
    static tree const files = [] {
        tree read;
        auto const add = [&](fs::path const& path) {
            std::ifstream file{path, std::ios::binary};
            read[path.lexically_relative(top).generic_string()] =
                std::string{std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
        };
        for (auto const* const folder : {"include", "tests", "benchmarks", ".ci"})
            if (fs::exists(top / folder))
                for (auto const& entry : fs::recursive_directory_iterator{top / folder})
                    if (entry.is_regular_file())
                        add(entry.path());
        for (auto const& entry : fs::directory_iterator{top})
            if (entry.is_regular_file())
                add(entry.path());
        return read;
    }();
    return files;
}

std::string joined(findings const& found)
{
    std::string text;
    for (auto const& each : found)
        text += "\n" + each;
    return text;
}

using rule = findings (*)(std::string const& path, std::string const& text);

void check_all(rule find)
{
    std::size_t looked_at = 0;
    for (auto const& [path, text] : all_files()) {
        if (!is_cpp(path) && !is_build_file(path) && !path.ends_with(".md"))
            continue;
        ++looked_at;
        auto const found = find(path, text);
        CHECK_MESSAGE(found.empty(), joined(found));
    }
    CHECK(looked_at > 10);
}

std::string times(std::string const& text, std::size_t count)
{
    std::string all;
    while (count-- > 0)
        all += text;
    return all;
}

std::string const wire_header = "include/afterwrite/wire/x.hpp";

} // namespace

TEST_CASE("a header includes only lower floors, or its own folder")
{
    check_all(floor_findings);

    CHECK(floor_findings(wire_header, "#include <afterwrite/state/wal_state.hpp>\n").empty());
    CHECK(floor_findings(wire_header, "#include <afterwrite/wire/y.hpp>\n").empty());
    CHECK(floor_findings(wire_header, "#include <afterwrite/version.hpp>\n").empty());
    CHECK(floor_findings(wire_header, "#include <afterwrite/policy/backoff.hpp>\n").size() == 1);
    CHECK(floor_findings(wire_header, "#  include <afterwrite/decision/exchange.hpp>\n").size() == 1);
    CHECK(floor_findings(wire_header, "#include <afterwrite/afterwrite.hpp>\n").size() == 1);
    CHECK(floor_findings(wire_header, "#include <afterwrite/unheard_of/x.hpp>\n").size() == 1);
    CHECK(floor_findings(wire_header, "#include \"y.hpp\"\n").size() == 1);
    CHECK(floor_findings("include/afterwrite/session/x.hpp", "#include <afterwrite/policy/y.hpp>\n").size() ==
          1);
    CHECK(floor_findings("include/afterwrite/policy/x.hpp", "#include <afterwrite/session/y.hpp>\n").size() ==
          1);
    CHECK(floor_findings("include/afterwrite/adapters/x.hpp", "#include <afterwrite/afterwrite.hpp>\n")
              .empty());
    CHECK(floor_findings("include/afterwrite/result.hpp", "#include <afterwrite/afterwrite.hpp>\n").size() ==
          1);
    CHECK(floor_findings("include/afterwrite/result.hpp", "#include <afterwrite/bytes/hex.hpp>\n").size() ==
          1);
    CHECK(floor_findings("include/afterwrite/unheard_of/x.hpp", "").size() == 1);
}

TEST_CASE("the core includes nothing that is not everywhere")
{
    check_all(core_include_findings);

    CHECK(core_include_findings(wire_header, "#include <mutex>\n#include <string>\n#include <format>\n")
              .size() == 2);
    CHECK(core_include_findings("include/afterwrite/adapters/x.hpp", "#include <mutex>\n").empty());
}

TEST_CASE("afterwrite.hpp includes everything but the store, texts, transport, adapters and locks")
{
    auto const found = umbrella_findings(all_files());
    CHECK_MESSAGE(found.empty(), joined(found));

    tree files = {{"include/afterwrite/afterwrite.hpp", "#include <afterwrite/wire/x.hpp>\n"},
                  {wire_header, ""}};
    CHECK(umbrella_findings(files).empty());
    files["include/afterwrite/wire/forgotten.hpp"] = "";
    CHECK(umbrella_findings(files).size() == 1);
    files["include/afterwrite/afterwrite.hpp"] += "#include <afterwrite/transport/send.hpp>\n";
    files["include/afterwrite/transport/send.hpp"] = "";
    CHECK(umbrella_findings(files).size() == 2);
    files["include/afterwrite/observe/lock.hpp"] = "#include <mutex>\n";
    CHECK(umbrella_findings(files).size() == 2);
    CHECK(umbrella_findings({}).size() == 1);
}

TEST_CASE("lines are short and plain, headers are short")
{
    check_all(line_findings);

    CHECK(line_findings(wire_header, times("x", max_columns) + "\n").empty());
    CHECK(line_findings(wire_header, times("x", max_columns + 1) + "\n").size() == 1);
    CHECK(line_findings("CMakeLists.txt", times("x", max_columns + 1) + "\n").empty());
    CHECK(line_findings(wire_header, "\tx\n").size() == 1);
    CHECK(line_findings(wire_header, "x \n").size() == 1);
    CHECK(line_findings(wire_header, "x").size() == 1);
    CHECK(line_findings(wire_header, "\xc3\xa9\n").size() == 1);
    CHECK(line_findings("README.md", "\xc3\xa9\n").empty());
    CHECK(line_findings(wire_header, times("x\n", max_header_lines)).empty());
    CHECK(line_findings(wire_header, times("x\n", max_header_lines + 1)).size() == 1);
}

TEST_CASE("functions are short")
{
    check_all(function_findings);

    auto const body = [](std::size_t lines) {
        return "void f() const\n{\n" + times("x;\n", lines - 3) + "}\n";
    };
    CHECK(function_findings(wire_header, body(max_function_lines)).empty());
    CHECK(function_findings(wire_header, body(max_function_lines + 1)).size() == 1);
    CHECK(function_findings(wire_header, "class x {\n" + body(max_function_lines + 1) + "};\n").size() == 1);
    CHECK(function_findings(wire_header, "class x {\n" + times("int f();\n", 200) + "};\n").empty());
    CHECK(function_findings(wire_header, "// f() {\n" + times("int f();\n", 200) + "// }\n").empty());
}

TEST_CASE("each file says its licence first")
{
    check_all(licence_findings);

    std::string const licence = "SPDX-License-Identifier: BSL-1.0\n";
    CHECK(licence_findings("a.cpp", "// " + licence).empty());
    CHECK(licence_findings("a.cpp", "\n// " + licence).size() == 1);
    CHECK(licence_findings("a.hpp", "").size() == 1);
    CHECK(licence_findings("a.sh", "#!/bin/sh\n# " + licence).empty());
    CHECK(licence_findings("a.sh", "#!/bin/sh\n\n# " + licence).size() == 1);
    CHECK(licence_findings("tests/CMakeLists.txt", "# other\n").size() == 1);
    CHECK(licence_findings("meson.build", "// " + licence).size() == 1);
}

TEST_CASE("words that mean something else are not used")
{
    check_all(word_findings);

    CHECK(word_findings("README.md", "the replication"
                                     " state of a node\n")
              .size() == 1);
    CHECK(word_findings("a.hpp", "// TO"
                                 "DO: more\n")
              .size() == 1);
    CHECK(word_findings("a.hpp", "// the state of a node\n").empty());
}

TEST_CASE("no macro leaves a header, and none is included twice")
{
    check_all(macro_findings);

    std::string const once = "#pragma once\n";
    CHECK(macro_findings(wire_header, once).empty());
    CHECK(macro_findings(wire_header, "").size() == 1);
    CHECK(macro_findings(wire_header, once + "#define X 1\n").size() == 1);
    CHECK(macro_findings(wire_header, once + "#  define X(a) a\n#  undef X\n").empty());
    CHECK(macro_findings(wire_header, once + "#define AFTERWRITE_VERSION v0\n").size() == 1);
    CHECK(macro_findings("include/afterwrite/version.hpp", once + "#define AFTERWRITE_VERSION v0\n").empty());
}

TEST_CASE("each header has its test, and each test its header")
{
    auto const found = mirror_findings(all_files());
    CHECK_MESSAGE(found.empty(), joined(found));

    CHECK(mirror_findings({{wire_header, ""}}).size() == 1);
    CHECK(mirror_findings({{"tests/wire/x.cpp", ""}}).size() == 1);
    CHECK(mirror_findings({{"tests/laws/x.cpp", ""}}).empty());
    CHECK(mirror_findings({{wire_header, ""}, {"tests/wire/x.cpp", "#include <afterwrite/wire/x.hpp>\n"}})
              .empty());
    CHECK(mirror_findings({{wire_header, ""}, {"tests/wire/x.cpp", "#include <string>\n"}}).size() == 1);
    CHECK(mirror_findings({{"include/afterwrite/version.hpp", ""}}).size() == 1);
}

TEST_CASE("the tests of each folder are built")
{
    std::ifstream const cmake_file(std::string(AFTERWRITE_SOURCE_DIR) + "/tests/CMakeLists.txt");
    std::ifstream const meson_file(std::string(AFTERWRITE_SOURCE_DIR) + "/tests/meson.build");
    std::ostringstream cmake;
    std::ostringstream meson;
    cmake << cmake_file.rdbuf();
    meson << meson_file.rdbuf();
    std::set<std::string> folders;
    for (auto const& [path, text] : all_files())
        if (is_header(path) && floor_of(path) < top_floor && !folder_of(path).empty())
            folders.insert(folder_of(path));
    CHECK(folders.size() > 5);
    for (auto const& folder : folders) {
        CAPTURE(folder);
        CHECK(cmake.str().find(" " + folder + "/*.cpp") != std::string::npos);
        CHECK(meson.str().find("'" + folder + "'") != std::string::npos);
    }
}

TEST_CASE("each test file tests, and each test case checks")
{
    check_all(test_case_findings);

    CHECK(test_case_findings("tests/laws/x.cpp", "TEST_CASE(\"x\") { CHECK(true); }\n").empty());
    CHECK(test_case_findings("tests/laws/x.cpp", "TEST_CASE(\"x\") { }\n").size() == 1);
    CHECK(test_case_findings("tests/laws/x.cpp", "// TEST_CASE(\"x\") { CHECK(true); }\n").size() == 1);
    CHECK(test_case_findings("tests/laws/x.cpp", "TEST_CASE(\"x\") { CHECK(true); }\n"
                                                 "TEST_CASE(\"y\") { f([] { return 1; }); }\n") ==
          findings{"tests/laws/x.cpp:2: the test case checks nothing"});
    CHECK(test_case_findings("tests/laws/x.cpp", "void g(int i) { CHECK(i == 0); }\nvoid f() { g({0}); }\n"
                                                 "TEST_CASE_FIXTURE(x, \"x\") { if (true) { f(); } }\n")
              .empty());
    CHECK(test_case_findings("tests/laws/x.cpp", "void f() {}\nTEST_CASE(\"x\") { f(); }\n").size() == 1);
    CHECK(test_case_findings("tests/cluster/node.cpp", "").empty());
    CHECK(test_case_findings("tests/cluster/test_node.cpp", "").size() == 1);
    CHECK(test_case_findings("tests/support/x.hpp", "TEST_CASE(\"x\") { CHECK(true); }\n").size() == 1);
}

TEST_CASE("the cluster and the checker of histories know nothing of what they are to judge")
{
    check_all(stranger_findings);

    CHECK(stranger_findings("tests/cluster/x.cpp", "#include <afterwrite/version.hpp>\n").size() == 1);
    CHECK(stranger_findings("tests/cluster/x.cpp", "#include \"../../include/afterwrite/version.hpp\"\n")
              .size() == 1);
    CHECK(stranger_findings("tests/cluster/x.cpp", "#include \"cluster/y.hpp\"\n").empty());
    CHECK(stranger_findings("tests/history/x.cpp", "#include <afterwrite/version.hpp>\n").size() == 1);
    CHECK(stranger_findings("tests/history/x.cpp", "#include \"simulation/y.hpp\"\n").size() == 1);
}

TEST_CASE("the top level holds what it may")
{
    std::set<std::string> names;
    for (auto const& entry : fs::directory_iterator{top}) {
        auto const name = entry.path().filename().string();
        if (name != "build") // which git ignores
            names.insert(name);
    }
    auto const found = top_level_findings(names);
    CHECK_MESSAGE(found.empty(), joined(found));

    CHECK(top_level_findings({"include", "README.md", ".gitignore"}).empty());
    CHECK(top_level_findings({"cmake", "subprojects"}).size() == 2);
}
