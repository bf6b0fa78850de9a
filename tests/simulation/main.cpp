// SPDX-License-Identifier: BSL-1.0
#include "campaign.hpp"
#include "journal.hpp"
#include "options.hpp"
#include "plan.hpp"
#include "rivals.hpp"
#include "run.hpp"
#include "shrink.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace simulation;

std::string milliseconds(nanoseconds time)
{
    auto const microseconds = std::to_string(time.count() / 1000);
    auto const padded =
        std::string(microseconds.size() < 4 ? 4 - microseconds.size() : 0, '0') + microseconds;
    return padded.substr(0, padded.size() - 3) + "." + padded.substr(padded.size() - 3) + " ms";
}

void tell_violations(report const& of)
{
    for (auto const& each : of.found)
        std::cout << "  " << milliseconds(each.at) << "  " << each.invariant << ": " << each.what << '\n';
    if (of.violations > of.found.size())
        std::cout << "  and " << of.violations - of.found.size() << " more\n";
}

void tell_faults(report const& of)
{
    std::cout << "faults that struck:";
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (auto const count = of.struck[static_cast<fault>(i)]; count > 0)
            std::cout << ' ' << fault_names[i] << ' ' << count << ';';
    std::cout << '\n';
}

/// Of one run: a fault that its seed chose, but that met nothing it could strike.
void tell_idle(plan const& what, report const& of)
{
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        auto const kind = static_cast<fault>(i);
        bool const is_planned =
            std::any_of(what.script.begin(), what.script.end(),
                        [&](script_line const& line) { return line.is_fault && line.kind == kind; });
        if (is_planned && of.struck[kind] == 0)
            std::cout << "planned, but never struck: " << fault_names[i] << '\n';
    }
}

int tell_end(report const& of, bool is_complete = true)
{
    std::cout << "simulated " << of.operations << " operations, " << of.violations << " violations\n";
    return of.violations > 0 || !is_complete ? 1 : 0;
}

/// Makes a script small that breaks an invariant, and shows it.
plan tell_least(plan const& what, std::string_view invariant)
{
    auto least = shrink(what, invariant);
    std::cout << least.script.size() << " lines of " << what.script.size() << " are enough to break "
              << invariant << ", of seed " << what.seed << "; " << tell_script(least, invariant);
    return least;
}

int run_one(options const& asked)
{
    auto what = draw_plan(asked.first_seed, asked.operations);
    std::ofstream file;
    std::optional<history::writer> writer;
    if (asked.history) {
        keep_logs_apart(what);
        file.open(*asked.history, std::ios::binary);
        writer.emplace(file);
    }
    std::cout << describe(what) << '\n';
    auto seen = run(what, {.history = writer ? &*writer : nullptr});
    if (asked.history && !file.flush()) {
        std::cerr << "afterwrite.simulation: " << *asked.history << " cannot be written\n";
        return 2;
    }
    if (asked.shrinks && seen.violations > 0) {
        what = tell_least(what, seen.found.front().invariant);
        seen = run(what);
    }
    tell_faults(seen);
    tell_idle(what, seen);
    tell_violations(seen);
    std::cout << seen.attempts << " attempts, " << seen.checked_reads
              << " reads of which it was known what they "
              << "must show, " << seen.given_up << " given up, digest " << std::hex << seen.digest << std::dec
              << '\n';
    return tell_end(seen);
}

int run_many(options const& asked)
{
    auto const begun = std::chrono::steady_clock::now();
    auto const all = run_seeds(asked.first_seed, asked.last_seed, asked.operations, asked.jobs);
    std::chrono::duration<double> const took = std::chrono::steady_clock::now() - begun;
    for (auto const& each : all.failed) {
        std::cout << "seed " << each.seed << ": " << each.violations << " violations\n";
        tell_violations(each);
        std::cout << "  again: sh tests/simulate.sh " << each.seed << ".." << each.seed << " --operations "
                  << asked.operations << " --shrink\n";
    }
    if (!all.failed.empty()) {
        auto const& first = all.failed.front();
        std::cout << std::flush;
        (void)tell_least(draw_plan(first.seed, asked.operations), first.found.front().invariant);
    }
    tell_faults(all.total);
    auto const idle = all.idle_faults();
    for (auto const& each : idle)
        std::cout << "never struck: " << each << '\n';
    std::cout << all.runs << " seeds, " << all.total.attempts << " attempts, " << all.total.checked_reads
              << " reads of which it was known what they must show, " << all.total.checked_lists
              << " of them lists, " << all.total.checked_tokens << " uses of tokens that had to be good, "
              << all.total.tokens_refused << " refused for what the token says, " << all.total.hidden_reads
              << " reads of what a node had and did not show, " << all.total.redirects << " redirects, "
              << all.total.epochs << " epochs and " << all.total.old_answers
              << " answers of older ones judged, " << all.total.judged_ends << " ends in the calm judged, "
              << all.total.hops << " hops, " << all.total.given_up << " given up, digest " << std::hex
              << all.total.digest << std::dec << ", " << std::fixed << std::setprecision(0)
              << static_cast<double>(all.total.operations) / took.count() << " operations a second\n";
    constexpr std::uint64_t enough = 100; // fewer seeds need not choose every kind
    return tell_end(all.total, idle.empty() || all.runs < enough);
}

} // namespace

int main(int count, char** arguments)
{
    auto const asked = read_options(count, arguments);
    if (asked.wants_help || !asked.error.empty()) {
        (asked.wants_help ? std::cout : std::cerr << "afterwrite.simulation: " << asked.error << "\n\n")
            << usage();
        return asked.wants_help ? 0 : 2;
    }
    if (asked.has_rivals)
        std::cout << compare_rivals(asked.first_seed, asked.last_seed, asked.operations, asked.jobs);
    return asked.is_single() ? run_one(asked) : run_many(asked);
}
