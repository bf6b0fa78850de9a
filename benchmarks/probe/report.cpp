// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include "percentile.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>

namespace probe {

namespace {

// Below it nobody can tell what a policy is worth from the staleness that it prevented.
constexpr double least_stale_share = 0.30;

std::string fixed(double number, int digits)
{
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%.*f", digits, number);
    return text.data();
}

std::string fixed(std::optional<double> number, int digits) { return number ? fixed(*number, digits) : "-"; }

std::string percent(double share) { return fixed(100.0 * share, 0) + " %"; }

double ratio(std::uint64_t part, std::uint64_t whole)
{
    return whole != 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

std::string line(std::array<std::string, 9> const& cells)
{
    constexpr std::array<std::size_t, 9> widths = {18, 8, 8, 9, 8, 10, 10, 15, 11};
    std::string text = cells[0];
    text.resize(std::max(text.size(), widths[0]), ' ');
    for (std::size_t i = 1; i < cells.size(); ++i)
        text += std::string(widths[i] - std::min(widths[i], cells[i].size()), ' ') + cells[i];
    return text;
}

nlohmann::ordered_json json_number(std::optional<double> number)
{
    return number ? nlohmann::ordered_json(*number) : nlohmann::ordered_json(nullptr);
}

std::optional<double> requests_per_read(tally const& seen)
{
    return seen.reads != 0 ? std::optional(ratio(seen.requests, seen.reads)) : std::nullopt;
}

} // namespace

std::string table_head()
{
    return line(
        {"policy", "reads", "stale", "refused", "failed", "p50 ms", "p99 ms", "requests/read", "by active"});
}

std::string table_line(measurement const& measured)
{
    auto const& seen = measured.seen;
    return line({measured.name, std::to_string(seen.reads), std::to_string(seen.stale),
                 std::to_string(seen.refused), std::to_string(seen.failed),
                 fixed(percentile(seen.fresh_ms, 50), 1), fixed(percentile(seen.fresh_ms, 99), 1),
                 fixed(requests_per_read(seen), 2),
                 measured.active_share ? percent(*measured.active_share) : "-"});
}

std::string to_json(std::span<measurement const> measured)
{
    auto policies = nlohmann::ordered_json::array();
    for (auto const& each : measured) {
        nlohmann::ordered_json policy;
        policy["name"] = each.name;
        policy["reads"] = each.seen.reads;
        policy["stale"] = each.seen.stale;
        policy["refused"] = each.seen.refused;
        policy["failed"] = each.seen.failed;
        policy["p50_ms"] = json_number(percentile(each.seen.fresh_ms, 50));
        policy["p99_ms"] = json_number(percentile(each.seen.fresh_ms, 99));
        policy["requests_per_read"] = json_number(requests_per_read(each.seen));
        policy["active_share"] = json_number(each.active_share);
        policies.push_back(std::move(policy));
    }
    nlohmann::ordered_json all;
    all["policies"] = std::move(policies);
    return all.dump(2) + "\n";
}

std::string judge_baseline(measurement const& measured, target const& cluster)
{
    auto const& seen = measured.seen;
    double const share = ratio(seen.stale, seen.reads);
    std::string text = measured.name + ": " + percent(share) + " of the reads were stale";
    std::size_t stale_nodes = 0;
    for (std::size_t node = 0; node < seen.by_node.size(); ++node) {
        auto const& at = seen.by_node[node];
        text += (node == 0 ? " (" : ", ") + std::to_string(at.stale) + " of " + std::to_string(at.reads) +
                " at " + cluster.name_of(node);
        stale_nodes += at.stale != 0 ? 1 : 0;
    }
    text += seen.by_node.empty() ? "." : ").";
    // One node of several may be the active one, which is never stale; behind one address nobody can tell.
    std::size_t const nodes = seen.by_node.size();
    std::size_t const least_nodes = nodes > 2 ? 2 : 1;
    if (share < least_stale_share)
        text +=
            "\nThis measurement proves nothing: below " + percent(least_stale_share) +
            " nobody can tell what the policies prevent. More lag, or reads at other nodes, would show more.";
    else if (stale_nodes < least_nodes)
        text += "\nThis measurement proves nothing: all stale reads were at one node.";
    return text;
}

} // namespace probe
