// SPDX-License-Identifier: BSL-1.0
#include "plan.hpp"

#include "errand.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace simulation {

namespace {

using namespace std::chrono_literals;
using afterwrite::when_inconsistent;
using cluster::dialect;
using cluster::settings;

constexpr std::array<std::string_view, 8> lags = {"none",
                                                  "constant:1ms",
                                                  "constant:5ms",
                                                  "constant:30ms",
                                                  "lognormal:4ms,1",
                                                  "lognormal:20ms,1",
                                                  "lognormal:20ms,1+shared",
                                                  "bimodal:5ms,300ms,0.03"};

cluster::lag_spec draw_lag(dice& luck) { return *cluster::parse_lag(luck.pick(lags)).spec; }

/// What nobody outside knows of the servers: what the README's table says the guarantee is kept under.
void draw_unknowns(settings& into, dice& luck)
{
    using cluster::unusable_line;
    constexpr std::array lines = {unusable_line::missing, unusable_line::ignored, unusable_line::ends_check};
    auto& unknown = into.unknown;
    unknown.foreign_cluster = luck.pick(lines);
    unknown.malformed = luck.pick(lines);
    unknown.answers =
        luck.per_mille(300) ? cluster::answer_lines::one_for_each_half : cluster::answer_lines::one;
    unknown.hold_before_412 = luck.per_mille(200) ? 50ms : 0ms;
    unknown.primary_checks_replicated = luck.per_mille(500);
    unknown.await_adds_floor = luck.per_mille(300);
}

settings draw_cluster(dialect speaks, std::size_t number, dice& luck)
{
    settings made;
    made.speaks = speaks;
    made.seed = luck.next();
    made.cluster_id = (number == 0 ? "3f2a7c1e-5b0d-4e7a-9c66-" : "8c0d1b2a-77aa-4f10-b3c5-") +
                      std::to_string(100'000'000'000 + luck.below(800'000'000'000));
    made.hmac_key = "the key of " + made.cluster_id; // and of its secondaries
    made.performance_standbys = 1 + luck.below(3);
    made.plain_standbys = luck.per_mille(150) ? 1 : 0;
    made.lag = draw_lag(luck);
    made.mounts = {"kv", "own"};
    made.local_mounts = {"own"};
    made.first_index = luck.per_mille(500) ? luck.below(1'000'000) : 0;
    made.allow_forwarding_via_header = luck.per_mille(600);
    made.consistency_max_index_wait = std::chrono::milliseconds(luck.pick(std::array{0, 25, 100, 2000}));
    made.consistency_missing_header_forward = luck.per_mille(200);
    made.consistency_fallback_behavior = luck.per_mille(200) ? "forward-active-node" : "";
    made.stores = luck.per_mille(300) ? cluster::storage::postgresql : cluster::storage::raft;
    if (speaks == dialect::vault)
        made.stores = cluster::storage::raft;
    made.index_cache_age = luck.per_mille(500) ? 5ms : 0ms;
    draw_unknowns(made, luck);
    return made;
}

void add_follower(settings& primary, cluster::replication_kind kind, dice& luck)
{
    auto follower = cluster::secondary_of(primary, kind);
    if (!serves_clients(follower) && luck.per_mille(500)) // nobody outside knows whether the id comes along
        follower.cluster_id = primary.cluster_id;
    follower.upstream_lag = draw_lag(luck);
    follower.lag = draw_lag(luck);
    follower.best_effort_wal_wait_duration = std::chrono::milliseconds(luck.pick(std::array{0, 10, 2000}));
    primary.secondaries = {std::move(follower)};
}

void draw_clusters(plan& into, dice& luck)
{
    auto const speaks = luck.per_mille(500) ? dialect::vault : dialect::openbao;
    into.clusters.push_back(draw_cluster(speaks, 0, luck));
    using cluster::replication_kind;
    if (speaks == dialect::vault && luck.per_mille(500))
        add_follower(
            into.clusters[0],
            luck.per_mille(700) ? replication_kind::performance : replication_kind::disaster_recovery, luck);
    bool const is_mixed = luck.per_mille(200);
    auto const other = is_mixed && speaks == dialect::vault ? dialect::openbao : speaks;
    into.clusters.push_back(draw_cluster(other, 1, luck)); // as large: it may get the other one's addresses
    into.clusters[1].performance_standbys = into.clusters[0].performance_standbys;
    into.clusters[1].plain_standbys = into.clusters[0].plain_standbys;
}

afterwrite::consistency_policy draw_policy(dice& luck)
{
    constexpr std::array modes = {when_inconsistent::retry_then_forward,
                                  when_inconsistent::retry_then_forward,
                                  when_inconsistent::retry_then_forward,
                                  when_inconsistent::retry,
                                  when_inconsistent::await,
                                  when_inconsistent::forward,
                                  when_inconsistent::fail};
    afterwrite::consistency_policy policy;
    policy.when = luck.pick(modes);
    policy.limit.timeout = std::chrono::milliseconds(luck.pick(std::array{500, 2000, 5000}));
    if (luck.per_mille(200))
        policy.limit.max_attempts = static_cast<std::uint32_t>(2 + luck.below(4));
    if (luck.per_mille(200))
        policy.wait = {.first = 2ms, .longest = 200ms};
    return policy;
}

void draw_clients(plan& into, dice& luck)
{
    constexpr std::array kinds = {keeping::sessions, keeping::sessions,    keeping::shared_session,
                                  keeping::store,    keeping::small_store, keeping::proxy};
    auto const& followers = into.clusters[0].secondaries;
    auto const sites =
        2 + static_cast<std::size_t>(std::count_if(followers.begin(), followers.end(), serves_clients));
    auto const processes = 1 + luck.below(3);
    for (std::size_t i = 0; i < processes; ++i) {
        process_plan one;
        one.how = luck.pick(kinds);
        one.addressable = luck.per_mille(600);
        one.knows_dialect = luck.per_mille(700);
        one.knows_cluster = luck.per_mille(500);
        one.options.monotonic_reads = luck.per_mille(750);
        // Where no way leads to the active node, a lost write would end nearly all that comes after it.
        one.options.fence_lost_writes = one.addressable || luck.per_mille(200);
        into.processes.push_back(one);
        auto const callers = 1 + luck.below(one.how == keeping::small_store ? 40 : 6);
        bool const is_wandering = luck.per_mille(200);
        for (std::size_t k = 0; k < callers; ++k) {
            caller_plan caller{.process = i};
            caller.site = luck.per_mille(80) ? sites - 1 : luck.below(sites - 1);
            caller.wanders = is_wandering && luck.per_mille(500);
            caller.likes_best = luck.per_mille(500);
            caller.writes_per_mille = luck.pick(std::array{100U, 400U, 700U});
            caller.policy = draw_policy(luck);
            // Sessions that meet several clusters need views that know theirs (README, limits).
            auto& host = into.processes.back();
            bool const is_elsewhere = k > 0 && caller.site != into.callers.back().site;
            host.knows_cluster = host.knows_cluster || caller.wanders || is_elsewhere;
            into.callers.push_back(caller);
        }
    }
}

/// Of the faults, those that this run is about: a few, so that they do not hide each other.
std::vector<fault> draw_faults(plan const& of, dice& luck)
{
    auto const share = luck.pick(std::array{60U, 150U, 300U, 600U});
    auto const& followers = of.clusters[0].secondaries;
    bool const has_secondary = !followers.empty() && serves_clients(followers[0]);
    bool const has_standby = !followers.empty() && !has_secondary;
    std::vector<fault> chosen;
    for (std::size_t i = 0; i < fault_kinds; ++i) {
        auto const kind = static_cast<fault>(i);
        bool const is_scarce = kind == fault::promoted || kind == fault::disaster; // few runs can have them
        bool const is_drawn = luck.per_mille(is_scarce ? std::max(share, 400U) : share);
        bool const is_possible = kind == fault::promoted   ? has_secondary
                                 : kind == fault::disaster ? has_standby
                                                           : true;
        if (is_drawn && is_possible)
            chosen.push_back(kind);
    }
    return chosen;
}

std::size_t how_often(fault kind, dice& luck)
{
    switch (kind) {
    case fault::promoted:
    case fault::disaster: return 1;
    case fault::restored:
    case fault::restored_in_place:
    case fault::restored_anew:
    case fault::taken_over: return 1 + luck.below(2);
    case fault::forged: return 1 + luck.below(3);
    default: return 2 + luck.below(6);
    }
}

void draw_script(plan& into, std::size_t operations, dice& luck)
{
    auto const gap = luck.pick(std::array{500us, 2000us, 6000us});
    auto const callers = into.callers.size();
    auto const end = gap * static_cast<std::int64_t>(operations / callers + 1);
    into.calm = end * 4 / 5;
    into.script.reserve(operations + 64);
    for (std::size_t i = 0; i < operations; ++i)
        into.script.push_back({.at = luck.between(0ns, end),
                               .luck = luck.next(),
                               .who = static_cast<std::uint16_t>(i % callers)});
    dice fate(into.seed, 2);
    for (auto const kind : draw_faults(into, fate))
        for (auto left = how_often(kind, fate); left > 0; --left)
            into.script.push_back({.at = fate.between(into.calm / 20, into.calm),
                                   .luck = fate.next(),
                                   .is_fault = true,
                                   .kind = kind});
    std::stable_sort(into.script.begin(), into.script.end(),
                     [](script_line const& a, script_line const& b) { return a.at < b.at; });
}

/// The usual budgets are hardly ever used up by so few callers.
void draw_budgets(plan& into, dice luck)
{
    for (auto& each : into.processes)
        if (luck.per_mille(300))
            each.traffic = {.retries = {.percent_of_reads = 5, .per_second = 2, .burst = 4},
                            .forwards = {.percent_of_reads = 5, .per_second = 2, .burst = 2}};
}

/// What a node shows may be behind what it says that it has: of what it keeps in memory, or has received of
/// its database and not replayed.
void draw_caches(plan& into, dice luck)
{
    for (auto& each : into.clusters) {
        bool const is_cached = luck.per_mille(150);
        each.replay_lag = is_cached ? luck.between(1ms, 60ms) : 0ns;
        for (auto& follower : each.secondaries)
            follower.replay_lag = each.replay_lag;
    }
}

/// A standby may answer where the active node is instead of asking it: an old one whose operator wants it so,
/// or any that cannot reach it by the way that nodes have among themselves.
void draw_redirects(plan& into, dice luck)
{
    for (auto& each : into.clusters) {
        each.standbys_redirect = each.plain_standbys > 0 && luck.per_mille(500);
        each.forwarding_works = !luck.per_mille(80);
        for (auto& follower : each.secondaries)
            follower.forwarding_works = each.forwarding_works;
    }
}

/// What few callers set.
void draw_options(plan& into, dice luck)
{
    for (auto& each : into.processes)
        if (luck.per_mille(150))
            each.options.regression = afterwrite::on_regression::reset;
    for (auto& each : into.callers) {
        if (luck.per_mille(100))
            each.policy.stale_negatives = 100ms;
        if (luck.per_mille(100))
            each.policy.forward_after = luck.pick(std::array{0ms, 300ms});
    }
}

/// Histories grow so long that one is told from another: all takes much longer.
void slow_down(plan& into, dice luck)
{
    bool const is_restored = std::any_of(into.script.begin(), into.script.end(), [](script_line const& line) {
        return line.is_fault && line.kind == fault::restored;
    });
    if (!is_restored || !luck.per_mille(400))
        return;
    for (auto& each : into.script)
        each.at *= 30;
    into.calm *= 30;
}

/// Tokens come into being: with the index of that in them, or without.
void draw_logins(plan& into, dice luck)
{
    auto const let_in = [](settings& into_one, bool says_index, int refusal) {
        into_one.users = {{std::string(user_name), std::string(user_password), {}}};
        into_one.local_mounts.insert(into_one.local_mounts.end(), into_one.auth_mounts.begin(),
                                     into_one.auth_mounts.end());
        into_one.consistent_tokens = says_index;
        into_one.unknown.stale_token_status = refusal;
    };
    for (auto& each : into.clusters) {
        bool const says_index = luck.per_mille(500);
        int const refusal = luck.per_mille(700) ? 412 : 403;
        let_in(each, says_index, refusal);
        for (auto& follower : each.secondaries)
            let_in(follower, says_index, refusal);
    }
    for (auto& each : into.processes)
        each.logs_in = luck.per_mille(400);
}

/// What lies in a store several programs can share.
void share_stores(plan& into, dice luck)
{
    for (auto& each : into.processes) {
        bool const has_store = each.how != keeping::sessions && each.how != keeping::shared_session;
        each.programs = has_store && luck.per_mille(500) ? 2 : 1;
    }
    std::size_t turn = 0;
    for (auto& each : into.callers)
        each.program = turn++ % into.processes[each.process].programs;
}

} // namespace

plan draw_plan(std::uint64_t seed, std::size_t operations)
{
    plan made{.seed = seed};
    dice luck(seed, 1);
    draw_clusters(made, luck);
    draw_clients(made, luck);
    draw_budgets(made, dice(seed, 3));
    draw_logins(made, dice(seed, 4));
    share_stores(made, dice(seed, 5));
    draw_caches(made, dice(seed, 6));
    draw_redirects(made, dice(seed, 7));
    made.keys = luck.pick(std::array<std::size_t, 3>{2, 6, 24});
    draw_options(made, dice(seed, 9));
    draw_script(made, operations, luck);
    slow_down(made, dice(seed, 10));
    return made;
}

void keep_logs_apart(plan& what)
{
    std::erase_if(what.script, [](script_line const& line) {
        return line.is_fault && (line.kind == fault::taken_over || line.kind == fault::promoted);
    });
}

std::string describe(plan const& what)
{
    constexpr std::array<std::string_view, 6> keepings = {"sessions",      "a shared session", "a store",
                                                          "a small store", "a proxy",          "a rival"};
    auto const count = [&](std::size_t process) {
        return std::to_string(std::count_if(what.callers.begin(), what.callers.end(),
                                            [&](auto const& one) { return one.process == process; }));
    };
    std::string text = "seed " + std::to_string(what.seed) + ": ";
    text += what.clusters[0].speaks == dialect::vault ? "Vault" : "OpenBao";
    text += " with " + std::to_string(what.clusters[0].performance_standbys) + " read standbys";
    for (auto const& each : what.clusters[0].secondaries)
        text += serves_clients(each) ? " and a secondary" : " and a standby for disasters";
    text += what.clusters[0].allow_forwarding_via_header ? ", forwards by a field" : "";
    text += what.clusters[0].forwarding_works ? "" : ", redirects";
    text += what.clusters[0].replay_lag > 0ns ? ", shows less than it has" : "";
    for (std::size_t i = 0; i < what.processes.size(); ++i)
        text += "; " + count(i) + " callers with " +
                std::string(keepings[static_cast<std::size_t>(what.processes[i].how)]) +
                (what.processes[i].programs > 1 ? " that two programs share" : "") +
                (what.processes[i].addressable ? ", addressable" : "") +
                (what.processes[i].logs_in ? ", log in" : "");
    text += "; faults:";
    std::array<std::size_t, fault_kinds> planned{};
    for (auto const& line : what.script)
        planned[static_cast<std::size_t>(line.kind)] += line.is_fault ? 1 : 0;
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (planned[i] > 0)
            text += " " + std::string(fault_names[i]);
    return text;
}

} // namespace simulation
