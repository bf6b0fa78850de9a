// SPDX-License-Identifier: BSL-1.0
#include "log.hpp"

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using proxy::log_level;
using proxy::log_settings;
using proxy_tests::scratch_folder;

std::string line_of(log_settings const& chosen, log_level level, std::string_view message,
                    std::initializer_list<proxy::log::field> fields = {})
{
    std::string line;
    proxy::log log(chosen, [&line](std::string const& written) { line = written; });
    log.write(level, message, fields);
    return line;
}

/// Without the time, which is looked at: 2026-01-02T03:04:05.678Z.
std::string after_time(std::string const& line)
{
    std::string const form = "dddd-dd-ddTdd:dd:dd.dddZ ";
    REQUIRE(line.size() > form.size());
    for (std::size_t i = 0; i < form.size(); ++i)
        CHECK((form[i] == 'd' ? line[i] >= '0' && line[i] <= '9' : line[i] == form[i]));
    return line.substr(form.size());
}

std::string plain(log_level level, std::string_view message,
                  std::initializer_list<proxy::log::field> fields = {})
{
    return after_time(line_of({.level = log_level::trace}, level, message, fields));
}

/// Between the first member and the last: what stands there without the time.
std::string json(std::string_view message, std::initializer_list<proxy::log::field> fields = {})
{
    auto line = line_of({.is_json = true}, log_level::warn, message, fields);
    auto const from = line.find("\"@timestamp\":\"");
    REQUIRE(from != line.npos);
    auto const time = line.substr(from + 14, 24);
    CHECK(after_time(time + " x") == "x");
    return line.erase(from + 14, 24);
}

std::vector<std::string> lines_of(scratch_folder const& place, std::string const& name)
{
    std::istringstream text(place.read(name));
    std::vector<std::string> lines;
    for (std::string line; std::getline(text, line);)
        lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("a line has its time, level, message and fields")
{
    CHECK(plain(log_level::info, "ready") == "[INFO]  ready");
    CHECK(plain(log_level::trace, "ready") == "[TRACE] ready");
    CHECK(plain(log_level::debug, "ready") == "[DEBUG] ready");
    CHECK(plain(log_level::warn, "ready") == "[WARN]  ready");
    CHECK(plain(log_level::error, "ready") == "[ERROR] ready");
    CHECK(plain(log_level::info, "listening", {{"address", "http://127.0.0.1:8100"}, {"tls", "no"}}) ==
          "[INFO]  listening: address=http://127.0.0.1:8100 tls=no");
    CHECK(plain(log_level::info, "x", {{"a", "two words"}, {"b", ""}, {"c", "d=e"}}) ==
          "[INFO]  x: a=\"two words\" b=\"\" c=\"d=e\"");
}

TEST_CASE("JSON has the member names of Vault's log")
{
    CHECK(json("ready") == R"({"@level":"warn","@message":"ready","@timestamp":""})");
    CHECK(json("x", {{"a", "two words"}, {"b", ""}}) ==
          R"({"@level":"warn","@message":"x","@timestamp":"","a":"two words","b":""})");
}

TEST_CASE("bytes that are not visible cannot end a line, forge a field or reach a terminal")
{
    using namespace std::string_view_literals;
    CHECK(plain(log_level::info, "a\nb\r\t\0c\x1b[0m\x7f\xc3\xa9"sv) ==
          R"([INFO]  a\x0ab\x0d\x09\x00c\x1b[0m\x7f\xc3\xa9)");
    CHECK(plain(log_level::info, "x", {{"a", "b c=\"d\" \\ \n"}}) == R"([INFO]  x: a="b c=\"d\" \\ \x0a")");
    CHECK(plain(log_level::info, R"(\x0a is no line break)") == R"([INFO]  \\x0a is no line break)");
    CHECK(json("a\"\\\n\0\xff"sv, {{"\"k\n", "}"}}) ==
          R"({"@level":"warn","@message":"a\"\\\u000a\u0000\u00ff","@timestamp":"","\"k\u000a":"}"})");
}

TEST_CASE("a long text is cut")
{
    std::string const whole(proxy::log::longest_text, 'x');
    CHECK(plain(log_level::info, whole) == "[INFO]  " + whole);
    CHECK(plain(log_level::info, whole + "yz") == "[INFO]  " + whole + "...");
    auto const escapes = plain(log_level::info, std::string(proxy::log::longest_text, '\n'));
    CHECK(escapes.size() == std::string("[INFO]  ...").size() + proxy::log::longest_text);
}

TEST_CASE("what others can bring about as often as they like is told once in a while")
{
    std::vector<std::string> lines;
    proxy::log log({.level = log_level::info}, [&lines](std::string const& line) { lines.push_back(line); });
    for (int i = 0; i < 3; ++i) {
        log.write_seldom(log_level::warn, "a client did it", {{"i", std::to_string(i)}});
        log.write_seldom(log_level::error, "another thing");
        log.write_seldom(log_level::debug, "below the level");
    }
    REQUIRE(lines.size() == 2);
    CHECK(after_time(lines[0]) == "[WARN]  a client did it: i=0");
    CHECK(after_time(lines[1]) == "[ERROR] another thing");
}

TEST_CASE("a pipe that nobody reads stops nobody, and how many lines it has cost is told")
{
    scratch_folder const place;
    auto const path = place / "pipe";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    int const reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
    auto const read_all = [reader] {
        std::string all;
        char part[4096];
        for (auto size = ::read(reader, part, sizeof part); size > 0;
             size = ::read(reader, part, sizeof part))
            all.append(part, static_cast<std::size_t>(size));
        return all;
    };
    proxy::log log({.file = path});
    while (log.dropped() < 5)
        log.info(std::string(1000, 'x'));
    CHECK(read_all().ends_with("x\n"));
    log.info("again");
    auto const later = read_all();
    CHECK(later.find("[WARN]  lines were left out: the log did not take them: lines=5\n") != later.npos);
    CHECK(later.ends_with("[INFO]  again\n"));
    log.info("and again");
    CHECK(after_time(read_all()) == "[INFO]  and again\n");
    CHECK(log.dropped() == 5);
    ::close(reader);
}

TEST_CASE("what is below the level is not written")
{
    std::vector<std::string> lines;
    proxy::log log({.level = log_level::warn}, [&lines](std::string const& line) { lines.push_back(line); });
    log.debug("no");
    log.info("no");
    log.warn("yes");
    log.error("yes");
    CHECK(lines.size() == 2);
    CHECK(log.is_on(log_level::error));
    CHECK_FALSE(log.is_on(log_level::info));
}

TEST_CASE("a file is appended to, and opened anew when it was moved away")
{
    scratch_folder const place;
    log_settings const chosen{.file = place / "proxy.log"};
    place.write("proxy.log", "earlier\n");
    proxy::log log(chosen);
    log.info("one");
    std::filesystem::rename(chosen.file, place / "old.log");
    log.info("two");
    CHECK(log.reopen());
    log.info("three");
    auto const old = lines_of(place, "old.log");
    REQUIRE(old.size() == 3);
    CHECK(old[0] == "earlier");
    CHECK(after_time(old[1]) == "[INFO]  one");
    CHECK(after_time(old[2]) == "[INFO]  two");
    auto const fresh = lines_of(place, "proxy.log");
    REQUIRE(fresh.size() == 1);
    CHECK(after_time(fresh[0]) == "[INFO]  three");
}

TEST_CASE("a file that cannot be opened is named, and does not take the place of one that was")
{
    CHECK_THROWS_WITH_AS(proxy::log({.file = "/nowhere/proxy.log"}),
                         "log_file: cannot open /nowhere/proxy.log: No such file or directory",
                         std::runtime_error);
    scratch_folder const place;
    std::filesystem::create_directory(place / "a");
    proxy::log log({.file = place / "a/proxy.log"});
    std::filesystem::rename(place / "a", place / "b");
    CHECK_FALSE(log.reopen());
    log.info("still here");
    auto const lines = lines_of(place, "b/proxy.log");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0].find("[ERROR] the log file cannot be opened anew: file=") != std::string::npos);
    CHECK(after_time(lines[1]) == "[INFO]  still here");
}

TEST_CASE("lines of several threads do not mix, also while the file is opened anew")
{
    scratch_folder const place;
    constexpr int each = 500;
    {
        proxy::log log({.file = place / "proxy.log"});
        std::vector<std::thread> writers;
        for (char const letter : {'a', 'b', 'c', 'd'})
            writers.emplace_back([&log, letter] {
                for (int i = 0; i < each; ++i)
                    log.info(std::string(100, letter), {{"i", std::to_string(i)}});
            });
        for (int i = 0; i < 50; ++i)
            CHECK(log.reopen());
        for (auto& writer : writers)
            writer.join();
    }
    auto const lines = lines_of(place, "proxy.log");
    CHECK(lines.size() == 4 * each);
    std::size_t whole = 0;
    for (auto const& line : lines) {
        auto const from = line.find("[INFO]  ");
        if (from == 25 && line.find_first_not_of(line[33], 33) == 133 && line.substr(133, 4) == ": i=")
            ++whole;
    }
    CHECK(whole == lines.size());
}
