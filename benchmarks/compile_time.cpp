// SPDX-License-Identifier: BSL-1.0

// What does it cost to include the library? Measured against a unit that includes only the standard headers
// which the library's own headers name: what most programs pay for anyway. Both are compiled with -std=c++20
// -O0 -c.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
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

/// Of each kind the oldest that the library is made for, if this machine has it; a kind that it lacks is
/// named.
std::vector<std::string> compilers()
{
    std::vector<std::string> found;
    for (auto const& names : {std::vector<std::string>{"g++-12", "g++"}, {"clang++-14", "clang++"}}) {
        auto const here = std::find_if(names.begin(), names.end(),
                                       [](auto const& name) { return run(name + " --version"); });
        if (here != names.end())
            found.push_back(*here);
        else
            std::printf("compile_time  left out: there is no %s on this machine\n", names.back().c_str());
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

double median(std::vector<double> values)
{
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// One of the two units, as one compiler takes it.
struct contestant {
    std::string name;
    std::string command;
    std::vector<double> cpu_seconds{};
    std::vector<double> real_seconds{};

    void compile()
    {
        auto const began = std::chrono::steady_clock::now();
        double const before = seconds_of_children();
        if (!run(command)) {
            std::fprintf(stderr, "This failed: %s\n", command.c_str());
            std::exit(1);
        }
        cpu_seconds.push_back(seconds_of_children() - before);
        real_seconds.push_back(
            std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    }

    /// The entry of Google Benchmark's JSON; `counter` is a member more, or empty.
    [[nodiscard]] std::string json(std::string const& counter) const
    {
        auto const count = std::to_string(cpu_seconds.size());
        return "    {\"name\": \"" + name + "_median\", \"run_name\": \"" + name +
               "\", \"run_type\": \"aggregate\", \"aggregate_name\": \"median\", \"repetitions\": " + count +
               ", \"threads\": 1, \"iterations\": " + count +
               ", \"real_time\": " + std::to_string(median(real_seconds) * 1e3) +
               ", \"cpu_time\": " + std::to_string(median(cpu_seconds) * 1e3) + ", \"time_unit\": \"ms\"" +
               counter + "}";
    }
};

/// Each pair was compiled at nearly the same time, so what slows the machine down for a while slows both.
double median_ratio(contestant const& a, contestant const& b)
{
    std::vector<double> ratios;
    for (std::size_t i = 0; i < a.cpu_seconds.size(); ++i)
        ratios.push_back(a.cpu_seconds[i] / b.cpu_seconds[i]);
    return median(ratios);
}

constexpr double most = 1.5; // what the library promises

/// Prints, and returns the entries for the JSON file.
std::string compare(std::string const& compiler, std::string const& with_library, std::string const& without,
                    int repetitions)
{
    auto const command = [&](std::string const& unit) {
        return compiler + " -std=c++20 -O0 -c -I'" + include_dir.string() + "' '" + unit + "' -o '" + unit +
               ".o'";
    };
    contestant library{"compile_time_" + compiler + "/afterwrite", command(with_library)};
    contestant standard{"compile_time_" + compiler + "/standard_headers", command(without)};
    contestant(library).compile();          // once for the caches
    for (int i = 0; i < repetitions; ++i) { // in turn, so that a change of the processor's speed hits both
        library.compile();
        standard.compile();
    }
    for (auto const* each : {&library, &standard})
        std::printf("%-40s %8.0f ms of CPU, median of %d\n", each->name.c_str(),
                    median(each->cpu_seconds) * 1e3, repetitions);
    double const ratio = median_ratio(library, standard);
    std::printf("compile_time  %s : %s = %.2f  (must be at most %.2f: %s)\n", library.name.c_str(),
                standard.name.c_str(), ratio, most, ratio <= most ? "kept" : "BROKEN");
    return library.json(", \"ratio_to_standard_headers\": " + std::to_string(ratio)) + ",\n" +
           standard.json("");
}

struct options {
    std::string json_file{};
    int repetitions = 15;
    bool is_usable = true;
};

/// Of Google Benchmark's options, --benchmark_repetitions counts; the others mean nothing here.
options read_options(std::vector<std::string> const& arguments)
{
    constexpr std::string_view repetitions = "--benchmark_repetitions=";
    options read;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--json" && i + 1 < arguments.size())
            read.json_file = arguments[++i];
        else if (arguments[i].starts_with(repetitions))
            read.repetitions = std::max(1, std::atoi(arguments[i].c_str() + repetitions.size()));
        else if (!arguments[i].starts_with("--benchmark_"))
            read.is_usable = false;
    }
    return read;
}

} // namespace

int main(int argc, char** argv)
{
    auto const chosen = read_options({argv + (argc > 0 ? 1 : 0), argv + argc});
    if (!chosen.is_usable) {
        std::fputs("usage: compile_time [--json FILE] [--benchmark_repetitions=N]\n", stderr);
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
        entries += std::string(entries.empty() ? "" : ",\n") +
                   compare(compiler, with_library, without, chosen.repetitions);
    if (entries.empty())
        return 1;
    if (!chosen.json_file.empty() &&
        !(std::ofstream(chosen.json_file) << "{\n  \"context\": {\"executable\": \"compile_time\"},\n"
                                          << "  \"benchmarks\": [\n"
                                          << entries << "\n  ]\n}\n")) {
        std::fprintf(stderr, "The file %s cannot be written.\n", chosen.json_file.c_str());
        return 1;
    }
    return 0;
}
