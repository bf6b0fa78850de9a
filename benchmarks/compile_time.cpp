// SPDX-License-Identifier: BSL-1.0

// What does it cost to include the library? Measured against a unit that includes only the standard headers
// which the library's own headers name: what most programs pay for anyway. Both are compiled with -std=c++20
// -O0 -c.
#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

fs::path const include_dir = fs::path(AFTERWRITE_SOURCE_DIR) / "include";

/// What a line includes, "afterwrite/version.hpp" or "string"; empty if it includes nothing.
std::string included_by(std::string_view line)
{
    constexpr std::string_view directive = "#include <";
    if (!line.starts_with(directive))
        return {};
    line.remove_prefix(directive.size());
    return std::string(line.substr(0, line.find('>')));
}

/// Follows a header of the library, and collects what is not the library's. So the list cannot fall behind
/// the code.
void collect(std::string const& header, std::set<std::string>& seen, std::set<std::string>& standard)
{
    if (!seen.insert(header).second)
        return;
    std::ifstream file(include_dir / header);
    for (std::string line; std::getline(file, line);) {
        auto const name = included_by(line);
        if (name.starts_with("afterwrite/"))
            collect(name, seen, standard);
        else if (!name.empty())
            standard.insert(name);
    }
}

std::string includes_of(std::set<std::string> const& names)
{
    std::string text;
    for (auto const& name : names)
        text += "#include <" + name + ">\n";
    return text;
}

/// A folder that is gone at the end.
class scratch_folder {
public:
    scratch_folder()
    {
        auto name = (fs::temp_directory_path() / "afterwrite-compile-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr)
            std::abort();
        path_ = name;
    }
    ~scratch_folder() { fs::remove_all(path_); }
    scratch_folder(scratch_folder const&) = delete;
    scratch_folder& operator=(scratch_folder const&) = delete;

    [[nodiscard]] fs::path const& path() const { return path_; }

    /// Writes a file, and returns its path.
    [[nodiscard]] std::string write(std::string const& name, std::string const& text) const
    {
        std::ofstream(path_ / name) << text;
        return (path_ / name).string();
    }

private:
    fs::path path_;
};

bool run(std::string const& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }

/// Those of this machine, of each kind the oldest that the library is made for.
std::vector<std::string> compilers()
{
    std::vector<std::string> found;
    for (auto const& names : {std::vector<std::string>{"g++-12", "g++"}, {"clang++-14", "clang++"}})
        for (auto const& name : names)
            if (run(name + " --version")) {
                found.push_back(name);
                break;
            }
    return found;
}

/// Seconds of the processor that the children of this process have used: other load on the machine does not
/// count.
double seconds_of_children()
{
    rusage used{};
    getrusage(RUSAGE_CHILDREN, &used);
    auto const seconds = [](timeval const& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// One of the two units, as one compiler takes it.
struct contestant {
    std::string name;
    std::string command;
    std::vector<double> seconds{};

    void compile()
    {
        double const before = seconds_of_children();
        if (!run(command)) {
            std::fprintf(stderr, "This failed: %s\n", command.c_str());
            std::exit(1);
        }
        seconds.push_back(seconds_of_children() - before);
    }
};

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// Each pair was compiled at nearly the same time, so what slows the machine down for a while slows both.
double median_ratio(contestant const& a, contestant const& b)
{
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.seconds.size(); ++i)
        ratios.push_back(a.seconds[i] / b.seconds[i]);
    return median(ratios);
}

/// Prints, and returns the entries for the JSON file.
std::string compare(std::string const& compiler, std::string const& with_library, std::string const& without)
{
    constexpr int repetitions = 15;
    auto const command = [&](std::string const& unit) {
        return compiler + " -std=c++20 -O0 -c -I'" + include_dir.string() + "' '" + unit + "' -o '" + unit +
               ".o'";
    };
    contestant library{"compile_time_" + compiler + "/afterwrite", command(with_library)};
    contestant standard{"compile_time_" + compiler + "/standard_headers", command(without)};
    library.compile(); // once for the caches
    library.seconds.clear();
    for (int i = 0; i < repetitions; ++i) { // in turn, so that a change of the processor's speed hits both
        library.compile();
        standard.compile();
    }
    std::string entries;
    for (auto const* each : {&library, &standard}) {
        double const milliseconds = median(each->seconds) * 1e3;
        std::printf("%-40s %8.0f ms of CPU, median of %d\n", each->name.c_str(), milliseconds, repetitions);
        entries += std::string(entries.empty() ? "" : ",\n") + "    {\"name\": \"" + each->name +
                   "\", \"aggregate_name\": \"median\", \"cpu_time\": " + std::to_string(milliseconds) +
                   ", \"time_unit\": \"ms\"}";
    }
    std::printf("compile_time  %s : %s = %.2f\n", library.name.c_str(), standard.name.c_str(),
                median_ratio(library, standard));
    return entries;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> const arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
    if (!arguments.empty() && (arguments.size() != 2 || arguments[0] != "--json")) {
        std::fputs("usage: compile_time [--json FILE]\n", stderr);
        return 2;
    }
    std::set<std::string> seen;
    std::set<std::string> standard;
    collect("afterwrite/afterwrite.hpp", seen, standard);
    scratch_folder const folder;
    auto const with_library = folder.write("afterwrite.cpp", "#include <afterwrite/afterwrite.hpp>\n");
    auto const without = folder.write("standard.cpp", includes_of(standard));
    std::string entries;
    for (auto const& compiler : compilers())
        entries += std::string(entries.empty() ? "" : ",\n") + compare(compiler, with_library, without);
    if (entries.empty()) {
        std::fputs("There is neither g++ nor clang++ on this machine.\n", stderr);
        return 1;
    }
    if (!arguments.empty() && !(std::ofstream(arguments[1]) << "{\n  \"benchmarks\": [\n"
                                                            << entries << "\n  ]\n}\n")) {
        std::fprintf(stderr, "The file %s cannot be written.\n", arguments[1].c_str());
        return 1;
    }
    return 0;
}
