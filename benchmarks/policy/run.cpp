// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

#include "cell.hpp"
#include "contestants.hpp"
#include "demands.hpp"
#include "options.hpp"
#include "player.hpp"
#include "scenario.hpp"

#include "probe/json_file.hpp"

#include <string_view>
#include <vector>

namespace replay {

namespace {

int refuse(std::ostream& err, std::string_view sentence)
{
    err << "policy: " << sentence << "\n";
    return status_unusable;
}

/// The cells, and those of the oracle that they are judged against, whether it was asked for or not.
struct measured_cells {
    std::vector<cell> all;
    std::vector<cell> shown;
};

measured_cells measure_all(options const& chosen, std::ostream& out)
{
    measured_cells measured;
    out << table_head() << std::endl;
    for (auto const& model : all_models()) {
        if (!chosen.asks_for_model(model.name))
            continue;
        auto const drawn = draw_scenario(model, chosen.reads, chosen.seed);
        for (auto const& who : all_contestants()) {
            bool const is_shown = chosen.asks_for_policy(who.name);
            if (!is_shown && !who.is_oracle)
                continue;
            measured.all.push_back(cell_of(model.name, who.name, play(drawn, who, chosen.seed)));
            if (!is_shown)
                continue;
            measured.shown.push_back(measured.all.back());
            out << table_line(measured.all.back()) << std::endl;
        }
    }
    return measured;
}

} // namespace

int run(std::span<std::string const> arguments, std::ostream& out, std::ostream& err)
{
    auto const parsed = parse_options(arguments);
    if (!parsed.chosen)
        return refuse(err, parsed.error);
    auto const& chosen = *parsed.chosen;
    if (chosen.wants_help) {
        out << help();
        return status_met;
    }
    probe::json_file json;
    if (!chosen.json_file.empty() && !json.open(chosen.json_file))
        return refuse(err, "The file " + chosen.json_file + " cannot be written: name another with --json.");

    out << chosen.reads << " reads a cell, " << reads_per_second
        << " a second; of an outage, those issued during its 120 s; --seed " << chosen.seed << ".\n\n";
    auto const measured = measure_all(chosen, out);
    out << "\n";
    int status = report_demands(measured.all, out) ? status_met : status_missed;
    for (auto const& each : measured.all)
        if (each.stale != 0) {
            err << "policy: " << each.model << ", " << each.policy << ": " << each.stale
                << " reads were answered by a node that lacked their write.\n";
            status = status_missed;
        }
    if (!chosen.json_file.empty() && !json.write(to_json(measured.shown)))
        return refuse(err, "The file " + chosen.json_file +
                               " could not be written: see whether the disk is full.");
    return status;
}

} // namespace replay
