// SPDX-License-Identifier: BSL-1.0
// What it takes to check a history grows as n log n, whatever its shape: counted in steps, not in time.
#include "history/checker.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

using namespace history;

namespace {

/// How operations are spread over sessions, keys and logs, and how many are under way at a time.
struct shape {
    std::string name;
    std::size_t sessions;
    std::size_t keys;
    std::size_t logs;
    std::size_t at_a_time;
    std::size_t operations_of_an_epoch;
};

constexpr std::size_t many = 1'000'000'000;

std::vector<shape> const shapes = {
    {"a few of each", 64, 1000, 2, 16, 10'000},       {"one session, one key", 1, 1, 1, 1, many},
    {"all under way at once", 64, 10, 1, many, many}, {"each operation a session", many, 10, 1, 8, many},
    {"each key a log", 64, many, many, 8, many},      {"each operation an epoch", 8, 10, 1, 8, 1},
};

struct asked {
    std::string session;
    std::string key;
    std::uint64_t number;
    bool is_write;
};

/// Writes and reads in turn, in the order in which they began; each read sees the last write of its key.
/// `size` is that of the events, nearly.
transcript history_of(shape const& form, std::size_t size)
{
    std::ostringstream text;
    writer out(text);
    struct held {
        version at{};
        std::string value = std::string(nothing);
    };
    std::vector<held> last(std::min(form.keys, size));
    std::vector<std::uint64_t> epochs(std::min(form.logs, size), 1);
    std::vector<std::size_t> open;
    std::vector<asked> all;
    auto const key_of = [&](std::size_t i) { return i / 2 * 7919 % last.size(); };
    auto const end_all = [&] {
        for (auto const i : open) {
            auto& [at, value] = last[key_of(i)];
            if (all[i].is_write) {
                at = {epochs[key_of(i) % epochs.size()], i + 1};
                value = std::to_string(i);
                out.return_write(0, all[i].session, all[i].number, at);
            } else {
                out.return_read(0, all[i].session, all[i].number, at, value);
            }
        }
        open.clear();
    };
    for (std::size_t i = 0; i < size / 2; ++i) {
        auto const log = key_of(i) % epochs.size();
        auto const log_name = std::string("c").append(std::to_string(log));
        all.push_back({std::string("s").append(std::to_string(i % form.sessions)),
                       log_name + "/" + std::to_string(key_of(i)), 0, i % 2 == 0});
        auto& next = all.back();
        next.number = next.is_write ? out.invoke_write(0, next.session, next.key, std::to_string(i))
                                    : out.invoke_read(0, next.session, next.key);
        open.push_back(i);
        if (open.size() == form.at_a_time || i + 1 == size / 2)
            end_all();
        if (i % form.operations_of_an_epoch == form.operations_of_an_epoch - 1)
            out.epoch(0, log_name, ++epochs[log]);
    }
    auto [read, error] = parse(text.str());
    CHECK(!error);
    return std::move(read);
}

/// The steps for each of n log n.
double cost(shape const& form, std::size_t size)
{
    auto const seen = history_of(form, size);
    CHECK(seen.events.size() >= size);
    auto const checked = check(seen);
    CHECK_MESSAGE(checked.findings.empty(), checked.findings.front().witness);
    CHECK(checked.writes + checked.reads == size / 2);
    auto const n = static_cast<double>(seen.events.size());
    return static_cast<double>(checked.steps) / (n * std::log2(n));
}

} // namespace

TEST_CASE("ten times the events take ten times the steps, and a little more")
{
    for (auto const& form : shapes) {
        CAPTURE(form.name);
        auto const small = cost(form, 5'000);
        CHECK(small < 5);
        CHECK(cost(form, 50'000) < 1.25 * small);
    }
}

TEST_CASE("a million events are checked in n log n steps")
{
    auto const small = cost(shapes.front(), 10'000);
    CHECK(small < 5);
    CHECK(cost(shapes.front(), 1'000'000) < 1.25 * small);
}
