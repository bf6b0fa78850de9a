// SPDX-License-Identifier: BSL-1.0
#include "rivals.hpp"

#include "campaign.hpp"
#include "cluster/codec.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <utility>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view index_field = "X-Vault-Index";

/// How Vault's Go client compares two states: 1 newer or equal, -1 older, 0 neither; 2: it cannot.
int compare_as_vault_does(std::string_view left, std::string_view right)
{
    auto const one = cluster::decode_vault_index(left, nullptr).index;
    auto const other = cluster::decode_vault_index(right, nullptr).index;
    if (!one || !other || one->cluster != other->cluster)
        return 2;
    auto const covers = [](cluster::position const& a, cluster::position const& b) {
        return a.local >= b.local && a.replicated >= b.replicated;
    };
    return covers(one->where, other->where) ? 1 : covers(other->where, one->where) ? -1 : 0;
}

} // namespace

std::vector<std::string> merge_as_vault_does(std::vector<std::string> const& old, std::string const& index)
{
    if (old.empty() || old.size() > 2)
        return {index};
    std::vector<std::string> merged;
    for (auto const& each : old) {
        auto const order = compare_as_vault_does(each, index);
        if (order == 2)
            return {index};
        if (order >= 0)
            merged.push_back(each);
        if (order <= 0)
            merged.push_back(index);
    }
    std::sort(merged.begin(), merged.end());
    merged.erase(std::unique(merged.begin(), merged.end()), merged.end());
    return merged;
}

void rival_memory::take(std::string_view index)
{
    if (index.empty() || kind == rival::none)
        return;
    if (kind == rival::openbao_go)
        states = {std::string(index)}; // the last one, whichever is greater
    else
        states = merge_as_vault_does(states, std::string(index));
}

int rival_exchange::retries() const
{
    switch (memory_->kind) {
    case rival::none: return 0;
    case rival::vault_agent: return 12;
    default: return 2;
    }
}

void rival_exchange::prepare(cluster::request& asked, replication_view const&)
{
    if (attempts_++ > 0)
        return; // the same fields with every attempt
    for (auto const& each : states_)
        asked.fields.emplace_back(index_field, each);
    if (memory_->kind == rival::openbao_go) {
        asked.fields.emplace_back("X-Vault-Inconsistent", "await-state");
        asked.fields.emplace_back("X-Vault-Inconsistent", "forward-active-node");
    }
}

step rival_exchange::again(time_point now, duration wait)
{
    auto const due = now + wait;
    if (attempts_ > retries() || due > begun_ + 60s)
        return {.what = action::give_up, .why = reason::attempts_exhausted};
    return {.not_before = due, .why = reason::waiting};
}

step rival_exchange::on_transport_error(time_point now)
{
    return again(now, attempts_ * luck_.between(1000ms, 1500ms));
}

step rival_exchange::on_response(cluster::response const& answer, time_point now)
{
    bool const is_retried =
        answer.status == 412 || answer.status == 429 || (answer.status >= 500 && answer.status != 501);
    if (!is_retried || retries() == 0) {
        memory_->take(cluster::field_or_empty(answer.fields, index_field));
        return {.what = is_retried ? action::give_up : action::deliver, .why = reason::answered};
    }
    duration wait = attempts_ * luck_.between(1000ms, 1500ms);
    auto const pushback = cluster::field_or_empty(answer.fields, "Retry-After");
    int seconds = 0;
    bool const is_told =
        std::from_chars(pushback.data(), pushback.data() + pushback.size(), seconds).ec == std::errc{};
    if (is_told && (answer.status == 429 || answer.status == 503))
        wait = std::chrono::seconds(seconds);
    return again(now, wait);
}

// -----------------------------------------------------------------------------------------------------------
// The table

namespace {

struct contestant {
    std::string_view name;
    cluster::dialect at;
    std::optional<rival> kind;   ///< none: afterwrite
    bool is_addressable = false; ///< knows the nodes' addresses; the others have a load balancer
    bool fences_lost_writes = true;
};

constexpr std::array<contestant, 11> contestants = {{
    {"none", cluster::dialect::vault, rival::none},
    {"Vault's Go client", cluster::dialect::vault, rival::vault_go},
    {"Vault Agent, retry", cluster::dialect::vault, rival::vault_agent},
    {"afterwrite, load balancer", cluster::dialect::vault, std::nullopt},
    {"... without fence_lost_writes", cluster::dialect::vault, std::nullopt, false, false},
    {"afterwrite, addresses", cluster::dialect::vault, std::nullopt, true},
    {"none", cluster::dialect::openbao, rival::none},
    {"OpenBao's Go client", cluster::dialect::openbao, rival::openbao_go},
    {"afterwrite, load balancer", cluster::dialect::openbao, std::nullopt},
    {"... without fence_lost_writes", cluster::dialect::openbao, std::nullopt, false, false},
    {"afterwrite, addresses", cluster::dialect::openbao, std::nullopt, true},
}};

std::string share(std::uint64_t part, std::uint64_t of)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.3f %%",
                  of == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(of));
    return part == 0 ? "0" : text.data();
}

std::string row(std::string_view name, std::array<std::string, 8> const& cells)
{
    std::string text = "| " + std::string(name);
    for (auto const& each : cells)
        text += " | " + each;
    return text + " |\n";
}

/// All have the same weather and do what they do by default. Left out is what takes from a client what it
/// knows, or makes it believe what is not so: then none can promise anything. So are redirects, which clients
/// follow or not.
void make_comparable(plan& what, contestant const& one)
{
    constexpr std::array left_out = {fault::forged,
                                     fault::foreign_line,
                                     fault::taken_over,
                                     fault::promoted,
                                     fault::disaster,
                                     fault::restored_anew,
                                     fault::restarted,
                                     fault::restarted_old,
                                     fault::restarted_corrupt,
                                     fault::restarted_foreign,
                                     fault::clock_leaped,
                                     fault::clock_began_anew,
                                     fault::outspoken};
    std::erase_if(what.script, [&](script_line const& line) {
        return line.is_fault && std::find(left_out.begin(), left_out.end(), line.kind) != left_out.end();
    });
    for (auto& each : what.callers)
        each.policy = {};
    for (auto& each : what.clusters) {
        each.replay_lag = {};
        each.standbys_redirect = false;
        each.forwarding_works = true;
        for (auto& follower : each.secondaries) {
            follower.replay_lag = {};
            follower.forwarding_works = true;
        }
    }
    for (auto& each : what.processes) {
        each.options = {.fence_lost_writes = one.fences_lost_writes};
        each.addressable = one.is_addressable;
        each.logs_in = false;
    }
}

bool speaks(plan const& what, cluster::dialect all)
{
    return what.clusters[0].speaks == all && what.clusters[1].speaks == all;
}

} // namespace

std::string compare_rivals(std::uint64_t first, std::uint64_t last, std::size_t operations,
                           std::size_t threads)
{
    std::string table =
        row("", {"server", "reads that lack an own write", "reads that go back", "... behind what was there",
                 "writes executed twice", "held up for others' writes", "not answered", "attempts"});
    table += "|---|---|---|---|---|---|---|---|---|\n";
    for (auto const& one : contestants) {
        auto const all = run_seeds(first, last, operations, threads, [&](plan& what) {
            for (auto& each : what.processes)
                if (one.kind) {
                    each.how = keeping::rival;
                    each.as = *one.kind;
                }
            make_comparable(what, one);
            return speaks(what, one.at);
        });
        auto const& seen = all.total.seen;
        std::array<char, 16> attempts{};
        std::snprintf(attempts.data(), attempts.size(), "%.2f",
                      static_cast<double>(all.total.attempts) / static_cast<double>(all.total.operations));
        table += row(one.name, {one.at == cluster::dialect::vault ? "Vault" : "OpenBao",
                                share(seen.lacking, seen.reads), share(seen.backwards, seen.reads),
                                share(seen.backwards_from_found, seen.reads), share(seen.twice, seen.writes),
                                share(seen.held_up, all.total.attempts),
                                share(seen.unanswered, all.total.operations), attempts.data()});
    }
    return table;
}

} // namespace simulation
