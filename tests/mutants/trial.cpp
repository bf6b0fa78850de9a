// SPDX-License-Identifier: BSL-1.0
#include "trial.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

#include <sys/wait.h>

namespace mutants {
namespace {

namespace fs = std::filesystem;

constexpr int build_seconds = 300;
constexpr int least_seconds = 20;
constexpr int times_as_long = 10;

bool succeeds(std::string const& command) { return std::system(command.c_str()) == 0; }

std::string quoted(std::string const& text) { return "'" + text + "'"; }

/// With bounds of time and memory: a mutant may do either for ever.
std::string bounded(std::string const& command, int seconds)
{
    return "ulimit -v 8000000; timeout -k 2 " + std::to_string(seconds) + " " + command;
}

/// A folder that no other thread has.
std::string own_folder(std::string const& work)
{
    auto const number = std::hash<std::thread::id>{}(std::this_thread::get_id());
    return work + "/of_thread_" + std::to_string(number);
}

} // namespace

trial::trial(setting const& where) : where_(where)
{
    fs::create_directories(where_.work);
    auto const main = where_.work + "/main.o";
    auto const made = where_.compiler + " " + where_.flags + " -c " +
                      quoted(where_.source + "/tests/main.cpp") + " -o " + quoted(main);
    if (!succeeds(made))
        throw std::runtime_error{"tests/main.cpp does not build."};
    std::ofstream(where_.work + "/before.hpp")
        << "#include <algorithm>\n#include <array>\n#include <chrono>\n"
           "#include <map>\n#include <optional>\n#include <string>\n"
           "#include <string_view>\n#include <vector>\n"
           "#include <doctest/doctest.h>\n";
    bool const is_clang = succeeds(where_.compiler + " --version | grep -q clang");
    auto const header = quoted(where_.work + "/before.hpp");
    auto const precompiled = where_.work + "/before.hpp." + (is_clang ? "pch" : "gch");
    if (!succeeds(where_.compiler + " " + where_.flags + " -x c++-header " + header + " -o " +
                  quoted(precompiled)))
        throw std::runtime_error{"doctest's header does not build."};
    precompiled_ = is_clang ? " -include-pch " + quoted(precompiled) : " -include " + header;
}

fate trial::judge(change const& mutant, std::vector<std::string> const& tests, std::string& by)
{
    auto const folder = own_folder(where_.work);
    auto const overlay = overlay_of(mutant);
    for (auto const& test : tests) {
        auto const seconds = time_limit_of(test);
        auto const program = folder + "/program";
        auto const log = folder + "/build.log";
        by = test;
        if (!succeeds(bounded(build_command(test, overlay, program), build_seconds) + " >" + quoted(log) +
                      " 2>&1")) {
            auto const said = read_file(log); // what is computed while it is built is tested then
            if (said.find("static_assert") != std::string::npos ||
                said.find("static assertion") != std::string::npos)
                return fate::caught;
            // What ran into the bounds above is no sign of anything, and must not go out of the count.
            return said.find("error:") != std::string::npos ? fate::not_built : fate::survived;
        }
        if (!succeeds(bounded(quoted(program), seconds) + " >" + quoted(folder + "/run.log") +
                      " 2>&1 </dev/null"))
            return fate::caught;
    }
    return fate::survived;
}

fate trial::simulate(change const& mutant)
{
    auto const folder = own_folder(where_.work) + "/simulation";
    auto const header = overlay_of(mutant) + "/afterwrite/" + mutant.header;
    auto const ended = std::system(
        (where_.simulator + " " + quoted(folder) + " " + quoted(header) + " " + mutant.header).c_str());
    if (ended == 0)
        return fate::survived;
    if (!WIFEXITED(ended) || WEXITSTATUS(ended) != 1)
        throw std::runtime_error{"The simulation of a mutant of " + mutant.header +
                                 " cannot be built or run: see " + folder};
    return fate::caught;
}

std::string trial::build_command(std::string const& test, std::string const& overlay,
                                 std::string const& program) const
{
    auto const include = [](std::string const& folder) { return " -I" + quoted(folder); };
    // A test that tries much is worth the time that it takes to make it fast.
    bool const is_long = test.starts_with("laws/");
    return where_.compiler + " " + where_.flags + (is_long ? " -O1" : precompiled_) +
           (overlay.empty() ? "" : include(overlay)) + include(where_.source + "/include") +
           include(where_.source + "/tests") + " " + quoted(where_.source + "/tests/" + test + ".cpp") + " " +
           quoted(where_.work + "/main.o") + " -o " + quoted(program);
}

/// How long a test may take; that it passes without a change is seen the first time.
int trial::time_limit_of(std::string const& test)
{
    control* mine = nullptr;
    {
        std::lock_guard const held(lock_);
        mine = &controls_[test];
    }
    std::call_once(mine->once, [&] {
        auto name = test;
        std::replace(name.begin(), name.end(), '/', '_');
        auto const program = where_.work + "/" + name;
        auto const log = " >" + quoted(program + ".log") + " 2>&1 </dev/null";
        if (!succeeds(build_command(test, "", program) + log))
            return;
        auto const begun = std::chrono::steady_clock::now();
        mine->has_passed = succeeds(quoted(program) + log);
        auto const took = std::chrono::steady_clock::now() - begun;
        auto const seconds = std::chrono::duration_cast<std::chrono::seconds>(took).count();
        mine->seconds = std::max(least_seconds, static_cast<int>(seconds + 1) * times_as_long);
        fs::remove(program);
    });
    if (!mine->has_passed)
        throw std::runtime_error{"tests/" + test + ".cpp does not pass without a mutant."};
    return mine->seconds;
}

/// A folder to include first, which has the mutated header and nothing else.
std::string trial::overlay_of(change const& mutant)
{
    auto const overlay = own_folder(where_.work) + "/include";
    fs::remove_all(overlay);
    auto const path = fs::path(overlay) / "afterwrite" / mutant.header;
    fs::create_directories(path.parent_path());
    auto text = lines_of(text_of(mutant.header));
    text[mutant.line] = mutant.after;
    std::ofstream file(path);
    for (auto const& line : text)
        file << line << '\n';
    return overlay;
}

std::string trial::text_of(std::string const& header)
{
    std::lock_guard const held(lock_);
    auto const [place, is_new] = headers_.try_emplace(header);
    if (is_new)
        place->second = read_file(where_.source + "/include/afterwrite/" + header);
    return place->second;
}

} // namespace mutants
