// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

#include "interrupt.hpp"
#include "json_file.hpp"
#include "policies.hpp"
#include "preflight.hpp"
#include "progress.hpp"
#include "report.hpp"
#include "tally.hpp"
#include "target.hpp"
#include "workload.hpp"

#include <afterwrite/wire/dialect.hpp>

#include <curl/curl.h>

#include <cstddef>
#include <vector>

namespace probe {

namespace {

using afterwrite::dialect;

struct curl_library {
    curl_library() { curl_global_init(CURL_GLOBAL_DEFAULT); }
    ~curl_library() { curl_global_cleanup(); }
    curl_library(curl_library const&) = delete;
    curl_library& operator=(curl_library const&) = delete;
};

int refuse(surroundings const& around, std::string_view sentence)
{
    around.err << "probe: " << sentence << "\n";
    return status_unusable;
}

std::string plan_of(options const& chosen, target const& cluster)
{
    std::string where = "through another node than its write";
    if (chosen.is_pinned)
        where = "at the node that was written through (--pin)";
    else if (cluster.nodes().size() == 1)
        where = "on another connection than its write";
    return std::to_string(chosen.reads) + " reads a policy by " + std::to_string(chosen.clients) +
           " clients, each " + where + "; --seed " + std::to_string(chosen.seed) + ".";
}

std::vector<measurement> measure_all(options const& chosen, target& cluster, workload& load,
                                     surroundings const& around)
{
    std::vector<measurement> all;
    progress_bar bar(around.err, around.err_is_terminal);
    around.out << "\n" << table_head() << std::endl;
    for (auto const& policy : choose_policies(chosen.policies, cluster.form())) {
        if (interrupt_guard::is_asked_to_stop())
            break;
        all.push_back(load.measure(policy, bar));
        bar.clear();
        around.out << table_line(all.back()) << std::endl;
    }
    return all;
}

/// Says what the table does not, and returns the exit status.
int conclude(std::vector<measurement> const& all, target const& cluster, surroundings const& around)
{
    int status = status_ran;
    around.out << "\n";
    for (auto const& each : all) {
        if (!each.promises_consistency)
            around.out << judge_baseline(each, cluster) << "\n";
        if (each.seen.failure)
            around.out << each.name << ": the first failure was: " << *each.seen.failure << "\n";
    }
    for (auto const& each : all)
        if (each.promises_consistency && each.seen.stale != 0) {
            around.err << "probe: " << each.name << " promises consistency, and returned " << each.seen.stale
                       << " stale reads.\n";
            status = status_stale;
        }
    return status;
}

/// The status of a run that was asked to stop: what had to be refused before then weighs more.
int interrupted(surroundings const& around, int status)
{
    around.err << "probe: Interrupted.\n";
    return status == status_ran ? status_interrupted : status;
}

int measure(options const& chosen, target& cluster, surroundings const& around, json_file& json)
{
    interrupt_guard const guard;
    auto const found = preflight(cluster);
    int const left_status = found.leftover ? refuse(around, *found.leftover) : status_ran;
    if (interrupt_guard::is_asked_to_stop()) // then the problem is that it was cut off
        return interrupted(around, left_status);
    if (found.problem)
        return refuse(around, *found.problem);
    if (found.leftover)
        return left_status;
    for (auto const& name : chosen.policies)
        if (cluster.form() != dialect::openbao && find_policy(name)->openbao_only)
            return refuse(around, "The policy " + name +
                                      " is OpenBao's alone, and this cluster does not speak it: "
                                      "leave it out.");

    around.out << cluster.description() << ".\n" << plan_of(chosen, cluster) << "\n";
    if (!found.has_index)
        around.out << "Its writes answer no X-Vault-Index, so it has no consistency to offer (Vault has it "
                      "in Enterprise "
                      "with performance standbys, OpenBao from 2.7): all policies do the same here.\n";

    workload load(cluster, chosen);
    auto const all = measure_all(chosen, cluster, load, around);
    bool const was_interrupted = interrupt_guard::is_asked_to_stop();
    auto const left = load.remove_keys();
    int status = conclude(all, cluster, around);
    if (!chosen.json_file.empty() && !json.write(to_json(all)))
        status = refuse(around, "The file " + chosen.json_file +
                                    " could not be written: see whether the disk is full.");
    if (left != 0)
        status = refuse(around, std::to_string(left) + " keys below " + cluster.folder() +
                                    "/ could not be removed: remove them by hand.");
    return was_interrupted ? interrupted(around, status) : status;
}

} // namespace

int run(std::span<std::string const> arguments, surroundings const& around)
{
    auto const parsed = parse_options(arguments, around.variable);
    if (!parsed.chosen)
        return refuse(around, parsed.error);
    auto const& chosen = *parsed.chosen;
    if (chosen.wants_help) {
        around.out << help();
        return status_ran;
    }
    json_file json; // opened first: better no measurement than one that is lost
    if (!chosen.json_file.empty() && !json.open(chosen.json_file))
        return refuse(around,
                      "The file " + chosen.json_file + " cannot be written: give another one to --json.");
    curl_library const library;
    target cluster(chosen);
    return measure(chosen, cluster, around, json);
}

} // namespace probe
