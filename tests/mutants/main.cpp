// SPDX-License-Identifier: BSL-1.0
// Mutants of the library's headers, and whether the tests notice them: `sh tests/mutants.sh --help`.
#include "tables.hpp"
#include "trial.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <thread>

using namespace mutants;
namespace fs = std::filesystem;

namespace {

struct options {
    setting where;
    std::string tables;
    std::string layer; ///< empty: all
    std::string only;  ///< what a header's name must contain
    std::uint64_t seed = 1;
    std::size_t samples = 500;
    std::size_t skip = 0;
    std::size_t jobs = 2;
};

std::mutex printing;

void say(std::string const& text)
{
    std::lock_guard const held(printing);
    std::cout << text << std::endl;
}

/// Calls work(i) for each i below count, on several threads. What one of them throws is told, and the others
/// go on; whether none did.
bool in_parallel(std::size_t jobs, std::size_t count, std::function<void(std::size_t)> const& work)
{
    std::atomic<std::size_t> next{0};
    std::atomic<bool> is_well{true};
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < jobs; ++i)
        threads.emplace_back([&] {
            for (auto mine = next++; mine < count; mine = next++)
                try {
                    work(mine);
                } catch (std::exception const& met) {
                    say(std::string("FAILED    ") + met.what());
                    is_well = false;
                }
        });
    for (auto& each : threads)
        each.join();
    return is_well;
}

std::string header_text(options const& of, std::string const& header)
{
    return read_file(of.where.source + "/include/afterwrite/" + header);
}

std::string shown(change const& mutant)
{
    return mutant.header + ":" + std::to_string(mutant.line + 1) + "\n    - " + trimmed(mutant.before) +
           "\n    + " + trimmed(mutant.after);
}

// -----------------------------------------------------------------------------------------------------------
// The named ones

/// Each of the tests that an entry names must fail. Returns how many do not.
std::size_t try_named(entry const& wanted, options const& how, trial& tests)
{
    auto const rule = text_of(wanted, "rule");
    auto const mutant = locate(wanted, header_text(how, text_of(wanted, "header")));
    std::size_t missed = 0;
    for (std::string const layer : {"unit", "law", "statistics", "simulation"}) {
        bool const is_simulation = layer == "simulation";
        if (!how.layer.empty() && layer != how.layer)
            continue;
        for (auto const& test : texts_of(wanted, layer)) {
            std::string by = test;
            auto const fate = is_simulation ? tests.simulate(mutant) : tests.judge(mutant, {test}, by);
            if (fate == fate::not_built)
                throw std::runtime_error{"The mutant '" + rule + "' does not build."};
            missed += fate == fate::survived ? 1 : 0;
            say(std::string(fate == fate::caught ? "caught    " : "SURVIVED  ") + rule + ", by " + layer +
                " " + test);
        }
    }
    return missed;
}

bool run_named(options const& how, trial& tests)
{
    auto all = read_table(how.tables + "/named.txt");
    std::erase_if(
        all, [&](entry const& each) { return text_of(each, "header").find(how.only) == std::string::npos; });
    std::atomic<std::size_t> missed{0};
    bool const is_well =
        in_parallel(how.jobs, all.size(), [&](std::size_t i) { missed += try_named(all[i], how, tests); });
    say("named mutants: " + std::to_string(all.size()) + ", missed by a test: " + std::to_string(missed));
    return is_well && missed == 0;
}

// -----------------------------------------------------------------------------------------------------------
// The sweep

/// The headers of the core. An adapter's tests need its library.
std::vector<std::string> core_headers(options const& how)
{
    auto const top = fs::path(how.where.source) / "include" / "afterwrite";
    std::vector<std::string> all;
    for (auto const& each : fs::recursive_directory_iterator(top)) {
        auto const name = each.path().lexically_relative(top).generic_string();
        if (name.ends_with(".hpp") && !name.starts_with("adapters/") &&
            name.find(how.only) != std::string::npos)
            all.push_back(name);
    }
    std::sort(all.begin(), all.end());
    return all;
}

/// Where the seed puts a mutant (FNV-1a, and then its bits are mixed). What changes elsewhere does not move
/// it, so that a sample stays nearly the same while the library goes on.
std::uint64_t rank_of(change const& mutant, std::uint64_t seed)
{
    std::uint64_t sum = 0xcbf2'9ce4'8422'2325 ^ seed;
    for (char const c : mutant.header + '\n' + trimmed(mutant.before) + '\n' + trimmed(mutant.after))
        sum = (sum ^ static_cast<unsigned char>(c)) * 0x100'0000'01b3;
    sum = (sum ^ sum >> 32) * 0x9e37'79b9'7f4a'7c15;
    return sum ^ sum >> 29;
}

/// All mutants, in an order that only the seed and their own lines decide.
std::vector<change> shuffled_changes(options const& how)
{
    std::vector<change> all;
    for (auto const& header : core_headers(how))
        for (auto& each : changes_of(header, header_text(how, header)))
            all.push_back(std::move(each));
    std::stable_sort(all.begin(), all.end(), [&](change const& a, change const& b) {
        return rank_of(a, how.seed) < rank_of(b, how.seed);
    });
    return all;
}

/// How a sweep goes.
class sweep {
public:
    sweep(options const& how, trial& tests)
        : how_(how), tests_(tests), further_(how.tables + "/further_tests.txt"), all_(shuffled_changes(how))
    {
        for (auto const& each : read_table(how.tables + "/equivalent.txt"))
            equivalent_.push_back(locate(each, header_text(how, text_of(each, "header"))));
    }

    /// Whether enough of them are caught.
    [[nodiscard]] bool run()
    {
        std::cout << all_.size() << " mutants, of which " << how_.samples << " are drawn with seed "
                  << how_.seed << std::endl;
        bool const is_well = in_parallel(how_.jobs, all_.size(), [this](std::size_t i) {
            if (i >= how_.skip && judged_ < how_.samples)
                judge(all_[i], i);
        });
        auto const counted = caught_ + survived_;
        auto const percent =
            counted == 0 ? 0.0 : 100.0 * static_cast<double>(caught_) / static_cast<double>(counted);
        std::printf(
            "mutants: %zu caught and %zu not of %zu that somebody could notice: %.1f %%; %zu equivalent, "
            "%zu did not build\n",
            caught_.load(), survived_.load(), counted, percent, equivalents_.load(), not_built_.load());
        return is_well && percent >= least_percent;
    }

private:
    static constexpr double least_percent = 95.0;

    void judge(change const& mutant, std::size_t number)
    {
        auto tests = further_.of(mutant.header);
        auto const mirror = mutant.header.substr(0, mutant.header.size() - 4);
        if (fs::exists(how_.where.source + "/tests/" + mirror + ".cpp"))
            tests.insert(tests.begin(), mirror);
        if (std::find(equivalent_.begin(), equivalent_.end(), mutant) != equivalent_.end()) {
            ++equivalents_;
            ++judged_;
            return;
        }
        std::string by;
        auto const fate = tests_.judge(mutant, tests, by);
        if (fate == fate::not_built) {
            ++not_built_;
            return;
        }
        ++judged_;
        ++(fate == fate::caught ? caught_ : survived_);
        say("#" + std::to_string(number) + " " +
            (fate == fate::caught ? "caught by " + by + ": " + mutant.header : "SURVIVED: " + shown(mutant)));
    }

    options const& how_;
    trial& tests_;
    further_tests further_;
    std::vector<change> all_;
    std::vector<change> equivalent_;
    std::atomic<std::size_t> judged_{0};
    std::atomic<std::size_t> caught_{0};
    std::atomic<std::size_t> survived_{0};
    std::atomic<std::size_t> equivalents_{0};
    std::atomic<std::size_t> not_built_{0};
};

// -----------------------------------------------------------------------------------------------------------
// What was asked for

int run(std::vector<std::string> const& arguments)
{
    std::map<std::string, std::string> given;
    for (std::size_t i = 1; i + 1 < arguments.size(); i += 2)
        given[arguments[i]] = arguments[i + 1];
    auto const number = [&](std::string const& name, std::uint64_t otherwise) {
        return given.contains(name) ? std::stoull(given[name]) : otherwise;
    };
    options how;
    how.where = {given["source"], given["work"], given["compiler"], given["flags"], given["simulator"]};
    how.tables = given["source"] + "/tests/mutants";
    how.layer = given["layer"];
    how.only = given["only"];
    how.seed = number("seed", how.seed);
    how.samples = number("samples", how.samples);
    how.skip = number("skip", how.skip);
    how.jobs = number("jobs", how.jobs);
    trial tests(how.where);
    if (arguments.at(0) == "named")
        return run_named(how, tests) ? 0 : 1;
    return sweep(how, tests).run() ? 0 : 1;
}

} // namespace

int main(int count, char** arguments)
{
    try {
        return run({arguments + 1, arguments + count});
    } catch (std::exception const& met) {
        std::cerr << met.what() << '\n';
    }
    return 1;
}
