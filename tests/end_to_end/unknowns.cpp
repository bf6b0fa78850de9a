// SPDX-License-Identifier: BSL-1.0
// What nobody outside knows of the servers is a switch of the cluster. Here the guarantee is measured under
// each setting of each, and the README says what came out.
#include "end_to_end/unknowns.hpp"

#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <fstream>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

using namespace end_to_end;
using namespace std::chrono_literals;

namespace {

using settings = cluster::settings;
using cluster::unusable_line;
using tuning = void (*)(settings&);

settings usual(cluster::dialect speaks)
{
    settings set;
    set.speaks = speaks;
    set.lag = cluster::parse_lag("lognormal:20ms,1").spec.value();
    set.seed = 7;
    set.mounts = {"kv", "own"};
    set.local_mounts = {"own"};
    set.users = {{"ann", "secret", {"kv"}}};
    return set;
}

/// Clusters, and callers who have begun.
struct scene {
    scene(settings chosen, bool has_secondary) : network(follow(std::move(chosen), has_secondary), 11)
    {
        auto const& first = network.model.chosen();
        if (first.speaks == cluster::dialect::openbao || has_secondary)
            primary.view.set_active_address("http://node-0:8200");
        secondary.view.set_active_address("http://node-3:8200");
        cluster::field_list const root = {{"X-Vault-Token", "root"}};
        network.time.ask(0, {"PUT", "/v1/sys/policies/acl/kv", root,
                             R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})"});
        network.time.ask(0, {"PUT", "/v1/kv/foo", root, R"({"v":"old"})"});
        network.time.run_until(1min);
    }

    static settings follow(settings primary, bool has_secondary)
    {
        if (has_secondary) {
            auto second = cluster::secondary_of(primary);
            second.first_index = 1000;
            second.upstream_lag = cluster::parse_lag("bimodal:30ms,3s,0.02").spec.value();
            primary.secondaries = {second};
        }
        return primary;
    }

    /// Each view knows its cluster before anything is sent.
    void declare_ids()
    {
        auto const known = [this](std::size_t which) {
            return afterwrite::cluster_id(network.model.chosen(which).cluster_id);
        };
        primary.view.learn(afterwrite::dialect::vault, known(0));
        secondary.view.learn(afterwrite::dialect::vault, known(1));
    }

    /// All that the callers do; and, when that is done, something more.
    counts run(
        workload const& what, std::function<void(std::deque<virtual_caller>&)> const& then = [](auto&) {})
    {
        std::deque<virtual_caller> callers;
        for (std::size_t i = 0; i < what.callers; ++i)
            callers.emplace_back(network, what, i).begin();
        network.time.run();
        then(callers);
        network.time.run();
        for (auto const& each : callers)
            CHECK(each.rounds() == what.rounds);
        return network.total;
    }

    traffic network;
    place primary{.nodes = {0, 1, 2}};
    place secondary{.nodes = {3, 4, 5}};
};

// -----------------------------------------------------------------------------------------------------------
// Situations

/// What a situation is made from.
struct given {
    cluster::dialect speaks = cluster::dialect::vault;
    tuning switched = [](settings&) {}; ///< what nobody knows
    bool enforces = true;
};

/// One run for each of these, as administrators configure it.
counts each_way(given const& from, std::initializer_list<tuning> ways, auto&& run)
{
    counts all;
    for (auto const way : ways) {
        auto set = usual(from.speaks);
        way(set);
        from.switched(set);
        all += run(set);
    }
    return all;
}

void usual_way(settings&) {}
void forwarding(settings& s) { s.allow_forwarding_via_header = true; }
void without_wait(settings& s) { s.best_effort_wal_wait_duration = 0s; }
void holding(settings& s) { s.consistency_max_index_wait = 100ms; }

counts one_cluster(given const& from, workload what)
{
    bool const is_vault = from.speaks == cluster::dialect::vault;
    return each_way(from, {usual_way, is_vault ? forwarding : holding}, [&](settings const& set) {
        scene here(set, false);
        what.written = what.read = {&here.primary};
        what.enforces = from.enforces;
        return here.run(what);
    });
}

counts one_cluster(given const& from) { return one_cluster(from, {}); }

void forwarding_without_wait(settings& s)
{
    forwarding(s);
    without_wait(s);
}

counts a_secondary(given const& from, workload what)
{
    return each_way(from, {usual_way, forwarding, without_wait, forwarding_without_wait},
                    [&](settings const& set) {
                        scene here(set, true);
                        what.written = what.read = {&here.secondary};
                        what.enforces = from.enforces;
                        return here.run(what);
                    });
}

counts a_secondary(given const& from) { return a_secondary(from, {}); }

/// Each behind an address of its own, with its id declared, and one session for both.
counts two_clusters(given const& from)
{
    return each_way(from, {usual_way, forwarding_without_wait}, [&](settings const& set) {
        scene here(set, true);
        here.declare_ids();
        std::vector<place*> const both = {&here.primary, &here.secondary};
        return here.run({.written = both, .read = both, .enforces = from.enforces});
    });
}

counts one_address(given const& from)
{
    return each_way(from, {usual_way, forwarding, without_wait}, [&](settings const& set) {
        scene here(set, true);
        place all{.nodes = {0, 1, 2, 3, 4, 5}};
        return here.run({.written = {&all},
                         .read = {&all},
                         .mounts = {"kv"},
                         .logs_in = false,
                         .enforces = from.enforces});
    });
}

/// Written at the primary, read at the secondary, which is sent the primary's index.
counts a_peer(given const& from)
{
    return each_way(from, {usual_way, forwarding}, [&](settings const& set) {
        scene here(set, true);
        here.declare_ids();
        here.secondary.view.add_peer(afterwrite::cluster_id(here.network.model.chosen(0).cluster_id));
        return here.run({.written = {&here.primary},
                         .read = {&here.secondary},
                         .mounts = {"kv"},
                         .logs_in = false,
                         .enforces = from.enforces,
                         .rounds = 10});
    });
}

/// Another process reads, which was told the index of the write.
counts an_altered_index(given const& from)
{
    return each_way(from, {usual_way, forwarding}, [&](settings const& set) {
        scene here(set, false);
        place elsewhere{.nodes = here.primary.nodes};
        return here.run({.written = {&here.primary},
                         .read = {&elsewhere},
                         .logs_in = false,
                         .hands_on_altered = true,
                         .enforces = from.enforces,
                         .rounds = 10});
    });
}

counts a_token_alone(given const& from) { return one_cluster(from, {.hands_on_token = true}); }

/// The secondary becomes the primary before it has got what its callers have written to a shared mount.
counts a_promotion(given const& from, bool forgets)
{
    return each_way(from, {usual_way, forwarding}, [&](settings const& set) {
        scene here(set, true);
        here.network.model.set_upstream_lag(cluster::parse_lag("constant:1h").spec.value(), 1);
        workload const what{.written = {&here.secondary},
                            .read = {&here.secondary},
                            .mounts = {"kv"},
                            .logs_in = false,
                            .reads_later = true,
                            .enforces = from.enforces,
                            .rounds = 1};
        return here.run(what, [&](std::deque<virtual_caller>& callers) {
            here.network.model.promote(1, here.network.time.now());
            for (auto& each : callers) {
                if (forgets)
                    each.forget(here.network.model.chosen(1).cluster_id);
                each.read_again(here.secondary);
            }
        });
    });
}

counts a_promotion(given const& from) { return a_promotion(from, false); }

using situations = std::vector<counts (*)(given const&)>;

situations const vault = {one_cluster, a_secondary, two_clusters};

// -----------------------------------------------------------------------------------------------------------
// The table

/// What happens to the callers of the situation that fares worst, in percent and about: the measured share is
/// to be between half and twice of it. 0 is 0, and 1 is at most 2.
struct verdict {
    std::size_t lost = 0;  ///< of the reads
    std::size_t waits = 0; ///< of the reads, or of the other requests if those fare worse
};

struct row {
    std::string_view unknown;
    std::string_view setting;
    std::vector<tuning> switched; ///< that all lead to the same
    situations where;
    verdict expected{};
    std::string_view advice{};
    cluster::dialect speaks = cluster::dialect::vault;
};

// What is switched. The first ones are what the library assumes of Vault, the strictest towards a client.
void foreign_missing(settings& s) { s.unknown.foreign_cluster = unusable_line::missing; }
void foreign_ignored(settings& s) { s.unknown.foreign_cluster = unusable_line::ignored; }
void foreign_ends(settings& s) { s.unknown.foreign_cluster = unusable_line::ends_check; }
void malformed_missing(settings& s) { s.unknown.malformed = unusable_line::missing; }
void malformed_ignored(settings& s) { s.unknown.malformed = unusable_line::ignored; }
void malformed_ends(settings& s) { s.unknown.malformed = unusable_line::ends_check; }
void all_lines(settings& s) { s.unknown.lines = cluster::several_lines::all_of; }
void any_line(settings& s) { s.unknown.lines = cluster::several_lines::any_of; }
void one_line(settings& s) { s.unknown.answers = cluster::answer_lines::one; }
void two_lines(settings& s) { s.unknown.answers = cluster::answer_lines::one_for_each_half; }
void any_of_two_lines(settings& s) { any_line(s), two_lines(s); }
void active_checks(settings& s) { s.unknown.active_checks_index = true; }
void active_unchecked(settings& s) { s.unknown.active_checks_index = false; }
void unheld(settings& s) { s.unknown.hold_before_412 = 0s; }
void briefly_held(settings& s) { s.unknown.hold_before_412 = 50ms; }
void long_held(settings& s) { s.unknown.hold_before_412 = 5s; }
void replicated_checked(settings& s) { s.unknown.primary_checks_replicated = true; }
void replicated_unchecked(settings& s) { s.unknown.primary_checks_replicated = false; }
void answers_wait(settings& s) { s.best_effort_wal_wait_duration = 2s; }

void token_412(settings& s)
{
    s.consistent_tokens = true;
    s.unknown.stale_token_status = 412;
}
void token_403(settings& s)
{
    s.consistent_tokens = true;
    s.unknown.stale_token_status = 403;
}
void active_stamps(settings& s) { s.unknown.standby_index_on_forward = false; }
void standby_stamps(settings& s) { s.unknown.standby_index_on_forward = true; }
void fresh_answers(settings& s) { s.cached_index_on_answers = false; }
void cached_answers(settings& s) { s.cached_index_on_answers = true; }
void floor_is_least(settings& s) { s.unknown.await_adds_floor = false; }
void floor_is_added(settings& s) { s.unknown.await_adds_floor = true; }

constexpr auto openbao = cluster::dialect::openbao;

constexpr verdict kept{};

std::vector<row> const rows = {
    {"what a line of another cluster is",
     "missing; ignored; the end of the check",
     {foreign_missing, foreign_ignored, foreign_ends},
     vault,
     kept,
     "None is sent"},
    {"... where one address leads to two clusters",
     "missing",
     {foreign_missing},
     {one_address},
     {.lost = 1, .waits = 60},
     "Give each cluster an address and a view of its own"},
    {"",
     "ignored; the end of the check",
     {foreign_ignored, foreign_ends},
     {one_address},
     {.lost = 35, .waits = 30},
     "The same"},
    {"... after `add_peer`",
     "missing",
     {foreign_missing},
     {a_peer},
     {.waits = 100},
     "Read in the cluster that was written in"},
    {"",
     "ignored; the end of the check",
     {foreign_ignored, foreign_ends},
     {a_peer},
     {.lost = 100},
     "The same"},
    {"what a line is whose signature does not fit",
     "missing; ignored; the end of the check",
     {malformed_missing, malformed_ignored, malformed_ends},
     vault,
     kept,
     "None is sent"},
    {"... where an index was altered on its way to you",
     "missing",
     {malformed_missing},
     {an_altered_index},
     {.waits = 100},
     "Hand on what `export_session` signs"},
    {"",
     "ignored; the end of the check",
     {malformed_ignored, malformed_ends},
     {an_altered_index},
     {.lost = 60},
     "The same"},
    {"how many of several lines must be there", "all", {all_lines}, vault, kept},
    {"",
     "any",
     {any_line, any_of_two_lines},
     vault,
     {.lost = 8},
     "A session for local mounts, another one for shared mounts"},
    {"how many lines an answer has", "one; one for each half", {one_line, two_lines}, vault, kept},
    {"whether the active node checks the index", "it does", {active_checks}, vault, kept},
    {"",
     "it does not",
     {active_unchecked},
     vault,
     {.lost = 30},
     "Set `best_effort_wal_wait_duration` above the lag between the clusters"},
    {"how long a node waits before its 412",
     "not at all; 50 ms; 5 s",
     {unheld, briefly_held, long_held},
     vault,
     kept},
    {"how long an answer waits for the primary's write",
     "not at all; 2 s",
     {without_wait, answers_wait},
     vault,
     kept},
    {"whether a primary compares the replicated number",
     "it does; it does not",
     {replicated_checked, replicated_unchecked},
     vault,
     kept},
    {"... of what had not arrived when it was promoted",
     "it does",
     {replicated_checked},
     {a_promotion},
     {.waits = 100},
     "The write is gone; `session.forget(cluster)` ends the wait"},
    {"", "it does not", {replicated_unchecked}, {a_promotion}, {.lost = 100}, "The write is gone"},
    {"OpenBao: what refuses a token that is too new",
     "412; 403",
     {token_412, token_403},
     {one_cluster},
     kept,
     {},
     openbao},
    {"... handed on without the login's index", "412", {token_412}, {a_token_alone}, kept, {}, openbao},
    {"", "403", {token_403}, {a_token_alone}, {.lost = 10}, "Hand on the session with it", openbao},
    {"OpenBao: whose index a forwarded answer has",
     "the active node's",
     {active_stamps},
     {one_cluster},
     kept,
     {},
     openbao},
    {"",
     "the standby's",
     {standby_stamps},
     {one_cluster},
     {.lost = 14},
     "Write and log in by `route::active_node`",
     openbao},
    {"OpenBao: how old the index of an answer is", "new", {fresh_answers}, {one_cluster}, kept, {}, openbao},
    {"", "up to 5 ms", {cached_answers}, {one_cluster}, {.lost = 4}, "Read by `route::active_node`", openbao},
    {"OpenBao: what the 25 ms of `await-state` are",
     "the least wait; added to it",
     {floor_is_least, floor_is_added},
     {one_cluster},
     kept,
     {},
     openbao},
};

struct shares {
    double lost = 0;
    double waits = 0;
};

double percent(std::size_t part, std::size_t whole)
{
    return whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

shares shares_of(counts const& all)
{
    return {percent(all.stale, all.reads),
            std::max(percent(all.unanswered_reads, all.reads),
                     percent(all.unanswered - all.unanswered_reads, all.requests - all.reads))};
}

shares worse_of(shares const& left, shares const& right)
{
    return {std::max(left.lost, right.lost), std::max(left.waits, right.waits)};
}

bool is_about(double found, std::size_t expected)
{
    auto const wanted = static_cast<double>(expected);
    return found <= 2 * wanted && (expected == 1 || found >= wanted / 2);
}

void check(shares const& found, verdict const& expected)
{
    CAPTURE(found.lost);
    CAPTURE(found.waits);
    CHECK(is_about(found.lost, expected.lost));
    CHECK(is_about(found.waits, expected.waits));
}

/// Each setting of a row comes to the same.
void check(row const& one)
{
    for (auto const switched : one.switched) {
        shares worst;
        for (auto const run : one.where) {
            auto const all = run({one.speaks, switched});
            CHECK(all.reads > 0);
            worst = worse_of(worst, shares_of(all));
        }
        check(worst, one.expected);
    }
}

std::string words_of(verdict const& found)
{
    auto const about = [](std::size_t share) {
        return (share == 1 ? "at most " : share == 100 ? "" : "about ") + std::to_string(share) + " %";
    };
    auto const waits = found.waits == 0 ? "" : "waits for ever: " + about(found.waits);
    if (found.lost == 0)
        return waits.empty() ? "kept" : "kept, but " + waits;
    return "lost: " + about(found.lost) + (waits.empty() ? "" : "; " + waits);
}

std::string readme()
{
    std::ifstream file(AFTERWRITE_SOURCE_DIR "/README.md");
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What the README says between the two marks.
std::string table_in(std::string const& text)
{
    std::string const begin = "<!-- unknowns -->\n";
    auto const from = text.find(begin);
    auto const to = text.find("<!-- /unknowns -->");
    REQUIRE(from != std::string::npos);
    REQUIRE(to != std::string::npos);
    return text.substr(from + begin.size(), to - from - begin.size());
}

bool is_kept(counts const& all) { return all.reads > 0 && all.stale == 0 && all.unanswered == 0; }

} // namespace

TEST_CASE("the guarantee is kept or lost as the table says, under each setting of what nobody knows")
{
    for (auto const& each : rows) {
        CAPTURE(each.unknown);
        CAPTURE(each.setting);
        check(each);
    }
}

TEST_CASE("the README shows the table")
{
    std::string table = "| what nobody outside knows | if so | the guarantee |\n| --- | --- | --- |\n";
    for (auto const& each : rows) {
        (table += each.unknown.empty() ? "|" : "| ") += each.unknown;
        ((table += " | ") += each.setting) += " | " + words_of(each.expected);
        ((table += each.advice.empty() ? "" : ". ") += each.advice) += " |\n";
    }
    CHECK_MESSAGE(table_in(readme()) == table, "the table is to be:\n" << table);
}

TEST_CASE("without enforcement more than half of the reads are stale in each situation")
{
    for (auto const run : {static_cast<counts (*)(given const&)>(one_cluster),
                           static_cast<counts (*)(given const&)>(a_secondary), two_clusters, one_address,
                           a_peer, an_altered_index}) {
        auto const blind = run({.enforces = false});
        CHECK(blind.stale * 2 > blind.reads);
        CHECK(blind.unanswered == 0);
    }
    for (auto const run : {static_cast<counts (*)(given const&)>(one_cluster), a_token_alone}) {
        auto const blind = run({.speaks = openbao, .enforces = false});
        CHECK(blind.stale * 2 > blind.reads);
        CHECK(blind.unanswered == 0);
    }
}

TEST_CASE("what the README advises where the guarantee is lost keeps it")
{
    for (auto const lines : {any_line, any_of_two_lines})
        CHECK(is_kept(a_secondary({.switched = lines}, {.session_for_each_mount = true})));
    tuning const patient = [](settings& s) {
        active_unchecked(s);
        s.best_effort_wal_wait_duration = 1h;
    };
    CHECK(is_kept(a_secondary({.switched = patient})));
    CHECK(is_kept(two_clusters({.switched = patient})));
    CHECK(is_kept(one_cluster({openbao, standby_stamps}, {.writes_to = afterwrite::route::active_node})));
    CHECK(is_kept(one_cluster({openbao, cached_answers}, {.reads_to = afterwrite::route::active_node})));
    CHECK(a_promotion({}, true).unanswered == 0);
}
