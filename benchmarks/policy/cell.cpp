// SPDX-License-Identifier: BSL-1.0
#include "cell.hpp"

#include "probe/percentile.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdio>

namespace replay {

namespace {

double ratio(std::uint64_t part, std::uint64_t whole)
{
    return whole != 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

std::string fixed(std::optional<double> number, int digits)
{
    return number ? replay::fixed(*number, digits) : "-";
}

std::string line(std::array<std::string, 7> const& columns)
{
    constexpr std::array<std::size_t, 7> widths = {24, 20, 10, 10, 15, 9, 9};
    std::string text;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        std::string const gap(widths[i] - std::min(widths[i], columns[i].size()), ' ');
        text += i < 2 ? columns[i] + gap : gap + columns[i];
    }
    return text;
}

std::string json_number(std::optional<double> number) { return number ? shortest(*number) : "null"; }

} // namespace

std::string fixed(double number, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, number);
    return text.data();
}

std::string shortest(double number)
{
    std::array<char, 64> text{};
    return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

cell cell_of(std::string_view model, std::string_view policy, tally const& seen)
{
    return {.model = model,
            .policy = policy,
            .reads = seen.reads,
            .p50_ms = probe::percentile(seen.latencies, 50),
            .p99_ms = probe::percentile(seen.latencies, 99),
            .requests_per_read = ratio(seen.requests, seen.reads),
            .active_share = ratio(seen.by_active_node, seen.reads),
            .failed_share = ratio(seen.failed, seen.reads),
            .stale = seen.stale};
}

cell const* find_cell(std::span<cell const> all, std::string_view model, std::string_view policy)
{
    for (auto const& each : all)
        if (each.model == model && each.policy == policy)
            return &each;
    return nullptr;
}

std::string table_head()
{
    return line({"model", "policy", "p50 ms", "p99 ms", "requests/read", "active %", "failed %"});
}

std::string table_line(cell const& measured)
{
    return line({std::string(measured.model), std::string(measured.policy), fixed(measured.p50_ms, 1),
                 fixed(measured.p99_ms, 1), fixed(measured.requests_per_read, 2),
                 fixed(100 * measured.active_share, 2), fixed(100 * measured.failed_share, 2)});
}

std::string to_json(std::span<cell const> all)
{
    std::string text = "{\n  \"cells\": [";
    for (auto const& each : all) {
        text += &each == all.data() ? "\n" : ",\n";
        text += R"(    {"model": ")" + std::string(each.model) + R"(", "policy": ")" +
                std::string(each.policy) + R"(", "p50_ms": )" + json_number(each.p50_ms) + R"(, "p99_ms": )" +
                json_number(each.p99_ms) + R"(, "requests_per_read": )" + shortest(each.requests_per_read) +
                R"(, "active_share": )" + shortest(each.active_share) + R"(, "failed_share": )" +
                shortest(each.failed_share) + "}";
    }
    return text + "\n  ]\n}\n";
}

} // namespace replay
