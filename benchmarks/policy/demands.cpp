// SPDX-License-Identifier: BSL-1.0
#include "demands.hpp"

#include "scenario.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <limits>

namespace replay {

namespace {

constexpr std::string_view lag_models[] = {"constant", "lognormal-independent", "lognormal-shared",
                                           "bimodal-independent", "bimodal-shared"};

/// What the study's simulation of its recommended policy showed, to as many digits as it was written down.
struct study_row {
    std::string_view model;
    double p50_ms;
    double p99_ms;
    double requests_per_read;
    double active_share;
};
constexpr study_row study_rows[] = {
    {"constant", 5.7, 10.5, 2.08, 0},
    {"lognormal-independent", 30.9, 208.8, 2.56, 0.0144},
    {"lognormal-shared", 30.9, 208.8, 2.56, 0.0144},
    {"bimodal-independent", 12.9, 254, 2.46, 0.0994},
    {"bimodal-shared", 13.0, 254, 2.48, 0.1011},
    {"outage-all", 2.0, 3.0, 1.03, 1},
    {"outage-one", 27.6, 185.8, 2.05, 0.3420},
};

using enum figure;
using enum weight;

// clang-format off
constexpr demand owed[] = {
    {must, "constant", "default", p50_ms, 1.2, true},
    {must, "lognormal-shared", "default", p50_ms, 1.6, true},
    {must, "lognormal-shared", "default", p99_ms, 1.1, true},
    {must, "lognormal-independent", "default", p50_ms, 1.3, true},
    {must, "lognormal-independent", "default", p99_ms, 0.6, true},
    {must, "bimodal-shared", "default", p99_ms, 260},
    {must, "bimodal-independent", "default", p99_ms, 80},
    {must, "outage-all", "default", failed_share, 0},
    {must, "outage-all", "default", requests_per_read, 1.1},
    {must, "outage-all", "default-no-forward", requests_per_read, 0.6},
    {must, "outage-one", "default", failed_share, 0},
    {must, "outage-one", "default", requests_per_read, 2.2},
    {must, "outage-one", "default", active_share, 0.36},
    {goal, "lognormal-independent", "default", p50_ms, 1.2, true},
    {goal, "lognormal-independent", "default", p99_ms, 0.5, true},
    {goal, "bimodal-independent", "default", p99_ms, 60},
};
// clang-format on

std::vector<demand> list_demands()
{
    std::vector<demand> all(std::begin(owed), std::end(owed));
    for (auto const model : lag_models) {
        all.push_back({must, model, "default", requests_per_read, 3.5});
        all.push_back({must, model, "default", active_share, 0.12});
    }
    for (auto const& row : study_rows) {
        all.push_back({study, row.model, "default", p50_ms, row.p50_ms});
        all.push_back({study, row.model, "default", p99_ms, row.p99_ms});
        all.push_back({study, row.model, "default", requests_per_read, row.requests_per_read});
        all.push_back({study, row.model, "default", active_share, row.active_share});
        all.push_back({study, row.model, "default", failed_share, 0});
    }
    return all;
}

double value_of(cell const& measured, figure of)
{
    constexpr double none = std::numeric_limits<double>::infinity();
    switch (of) {
    case p50_ms: return measured.p50_ms.value_or(none);
    case p99_ms: return measured.p99_ms.value_or(none);
    case requests_per_read: return measured.requests_per_read;
    case active_share: return measured.active_share;
    case failed_share: return measured.failed_share;
    }
    return none;
}

/// The study's figures are rounded: half of their last digit.
double rounding_of(figure of)
{
    switch (of) {
    case p50_ms:
    case p99_ms: return 0.05;
    case requests_per_read: return 0.005;
    case active_share:
    case failed_share: return 0.00005;
    }
    return 0;
}

/// They come from other random numbers, which make as much of a difference.
constexpr double chance = 0.01;

std::string_view name_of(figure of)
{
    switch (of) {
    case p50_ms: return "p50";
    case p99_ms: return "p99";
    case requests_per_read: return "requests per read";
    case active_share: return "served by the active node";
    case failed_share: return "failed";
    }
    return "";
}

std::string text_of(double number, figure of)
{
    switch (of) {
    case p50_ms:
    case p99_ms: return fixed(number, 1) + " ms";
    case requests_per_read: return fixed(number, 2);
    case active_share:
    case failed_share: return fixed(100 * number, 2) + " %";
    }
    return "";
}

} // namespace

std::span<demand const> all_demands()
{
    static std::vector<demand> const all = list_demands();
    return all;
}

std::optional<verdict> judge(demand const& what, std::span<cell const> all)
{
    auto const* const measured = find_cell(all, what.model, what.policy);
    auto const* const oracle = find_cell(all, what.model, "oracle");
    if (measured == nullptr || (what.times_oracle && oracle == nullptr))
        return std::nullopt;
    double const is = value_of(*measured, what.of);
    double const most = what.times_oracle ? what.most * value_of(*oracle, what.of) : what.most;
    double const slack = what.how == study ? rounding_of(what.of) + chance * most : 0;
    return verdict{what, is, most, is <= most + slack};
}

std::string to_string(verdict const& judged)
{
    auto const& what = judged.what;
    std::string text = what.how == must ? "must" : what.how == goal ? "goal" : "study";
    text.resize(6, ' ');
    text += std::string(what.model) + ", " + std::string(what.policy) + ": ";
    text += std::string(name_of(what.of)) + " at most " + text_of(judged.most, what.of);
    if (what.times_oracle)
        text += " (" + fixed(what.most, 1) + " x the oracle's)";
    return text + ": " + (judged.is_met ? "met" : "MISSED") + ", " + text_of(judged.is, what.of);
}

bool report_demands(std::span<cell const> all, std::ostream& out)
{
    bool is_met = true;
    std::vector<verdict> against_study;
    for (auto const& model : all_models())
        for (auto const& what : all_demands()) {
            auto const judged = what.model == model.name ? judge(what, all) : std::nullopt;
            if (!judged)
                continue;
            if (what.how == study) {
                against_study.push_back(*judged);
                continue;
            }
            out << to_string(*judged) << "\n";
            is_met = is_met && (what.how != must || judged->is_met);
        }
    auto const count = static_cast<std::size_t>(std::count_if(against_study.begin(), against_study.end(),
                                                              [](auto const& each) { return each.is_met; }));
    if (!against_study.empty())
        out << "goal  no figure worse than the study's: "
            << (count == against_study.size() ? "met" : "MISSED") << ", " << count << " of "
            << against_study.size() << " are not\n";
    for (auto const& each : against_study)
        if (!each.is_met)
            out << to_string(each) << "\n";
    return is_met;
}

} // namespace replay
