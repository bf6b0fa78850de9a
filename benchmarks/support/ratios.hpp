// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Runs Google Benchmark so that contestants can be compared: they are named `question/contestant`, their
/// repetitions are interleaved at random, and of each the median counts.
///
///     int main(int argc, char** argv)
///     {
///         afterwrite_benchmarks::ratio("decode/afterwrite", "decode/openssl");
///         return afterwrite_benchmarks::run(argc, argv);
///     }
namespace afterwrite_benchmarks {

namespace detail {

struct pair_of_names {
    std::string above;
    std::string below;
};

inline std::vector<pair_of_names>& declared()
{
    static std::vector<pair_of_names> pairs;
    return pairs;
}

/// The usual table, and the seconds that one iteration of each benchmark takes.
class measuring_reporter : public benchmark::ConsoleReporter {
public:
    measuring_reporter() : ConsoleReporter(OO_Tabular) {}

    void ReportRuns(std::vector<Run> const& runs) override
    {
        for (auto const& run : runs)
            keep(run);
        ConsoleReporter::ReportRuns(runs);
    }

    bool has_failed() const { return has_failed_; }

    /// In seconds, 0 if nothing of this name ran.
    double time_of(std::string const& name) const
    {
        auto const found = seconds_.find(name);
        return found != seconds_.end() ? found->second : 0.0;
    }

private:
    template <class Any>
    void keep(Any const& run)
    {
        if constexpr (requires { run.error_occurred; })
            has_failed_ = has_failed_ || run.error_occurred;
        bool const is_median = run.run_type == Run::RT_Aggregate && run.aggregate_name == "median";
        bool const is_single = run.run_type == Run::RT_Iteration && run.repetitions <= 1;
        if (!is_median && !is_single)
            return;
        auto name = run.run_name.function_name;
        if (!run.run_name.args.empty())
            name += "/" + run.run_name.args;
        bool const is_real = run.run_name.time_type.find("real_time") != std::string::npos;
        double const time = is_real ? run.GetAdjustedRealTime() : run.GetAdjustedCPUTime();
        seconds_[name] = time / benchmark::GetTimeUnitMultiplier(run.time_unit);
    }

    std::map<std::string, double> seconds_;
    bool has_failed_ = false;
};

} // namespace detail

/// Declares that the time of `above` divided by the time of `below` is worth a line.
inline void ratio(std::string above, std::string below)
{
    detail::declared().push_back({std::move(above), std::move(below)});
}

/// Runs all registered benchmarks, then prints the declared ratios. Takes Google Benchmark's options, and
/// --json FILE, which writes its JSON there. To be returned from main.
inline int run(int argc, char** argv)
{
    std::string file = argc > 0 ? argv[0] : "";
    file = file.substr(file.find_last_of("/.") + 1);

    std::vector<std::string> arguments = {
        argc > 0 ? argv[0] : "", "--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=9",
        "--benchmark_min_time=0.1", "--benchmark_display_aggregates_only=true"};
    bool is_filtered = false;
    for (int i = 1; i < argc; ++i) {
        std::string_view const argument = argv[i];
        is_filtered = is_filtered || argument.starts_with("--benchmark_filter") ||
                      argument.starts_with("--benchmark_list_tests");
        if (argument == "--json" && i + 1 < argc) {
            arguments.push_back("--benchmark_out=" + std::string{argv[++i]});
            arguments.emplace_back("--benchmark_out_format=json");
        } else {
            arguments.emplace_back(argument);
        }
    }
    std::vector<char*> pointers;
    for (auto& argument : arguments)
        pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    int count = static_cast<int>(arguments.size());

    benchmark::Initialize(&count, pointers.data());
    if (benchmark::ReportUnrecognizedArguments(count, pointers.data()))
        return 2;
    detail::measuring_reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    benchmark::Shutdown();

    bool is_complete = !reporter.has_failed();
    for (auto const& [above, below] : detail::declared()) {
        double const upper = reporter.time_of(above);
        double const lower = reporter.time_of(below);
        if (upper > 0 && lower > 0) {
            std::printf("%s  %s : %s = %.2f\n", file.c_str(), above.c_str(), below.c_str(), upper / lower);
        } else if (!is_filtered) {
            auto const& nameless = upper > 0 ? below : above;
            std::fprintf(stderr, "%s  No benchmark named %s ran.\n", file.c_str(), nameless.c_str());
            is_complete = false;
        }
    }
    return is_complete ? 0 : 1;
}

} // namespace afterwrite_benchmarks
