// SPDX-License-Identifier: BSL-1.0
// What is known of a client after each step, and whether that holds.
#include "clients.hpp"

#include <algorithm>
#include <string>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

/// Calls visit(text) for each index of an answer, several in a line included.
template <class Visit>
void for_each_text(cluster::response const& answer, Visit&& visit)
{
    for (auto const& [name, value] : answer.fields) {
        if (name != "X-Vault-Index")
            continue;
        std::string_view rest = value;
        while (!rest.empty()) {
            auto const end = std::min(rest.find(','), rest.size());
            auto one = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            while (one.starts_with(' '))
                one.remove_prefix(1);
            if (!one.empty())
                visit(one);
        }
    }
}

bool has_trace(recorded const& what)
{
    return what.kept + what.superseded + what.held + what.unkept + what.outdated > 0;
}

} // namespace

void clients::hear(process& host, scope& who, cluster::response const& answer)
{
    for_each_text(answer, [&](std::string_view text) {
        if (who.received.find(text) != who.received.end())
            return;
        who.received.emplace(text);
        if (who.is_of_store())
            host.received.emplace(text);
    });
}

void clients::check_plan(operation& one)
{
    std::visit(
        [&](auto& machine) {
            if constexpr (requires { machine.attempts(); })
                check(invariant::within_bounds, one,
                      invariant::of_effort({machine.attempts() + 1,
                                            plan_.callers[one.caller].policy.limit.max_attempts,
                                            one.last.not_before, machine.deadline()}));
        },
        one.machine);
}

/// By our own count, and our own clock: that of a process never goes slower.
void clients::check_attempt(operation& one)
{
    auto const& limit = plan_.callers[one.caller].policy.limit;
    ++one.sent;
    check(invariant::within_bounds, one,
          invariant::of_effort({one.sent, limit.max_attempts, support::at(time_.now()),
                                support::at(one.begun + limit.timeout)}));
    check(invariant::executed_once, one, invariant::of_resending(one.may_be_executed, one.is_idempotent));
}

void clients::check(std::string_view invariant, operation const& one, invariant::breach const& what)
{
    if (what && !one.is_poisoned)
        fail(invariant, recording_of(one, false), one.what, *what);
}

void clients::fail(std::string_view invariant, recording const& by, errand const& what,
                   std::string const& why)
{
    if (processes_[by.process].what.how == keeping::rival)
        return; // they are counted, not judged
    report_.fail(invariant, time_.now(),
                 (what.writes != 0 ? "write " + std::to_string(what.writes) + " of " : "read of ") +
                     world::path_of(what.key) + " at " + servers_.at(what.key.home).name + " by caller " +
                     std::to_string(by.caller) + ": " + why);
}

recording clients::recording_of(operation const& one, bool was_fenced)
{
    return {one.caller, one.process, one.scope, one.believed, was_fenced};
}

/// What is required of the cluster that is asked is what was recorded of it.
void clients::check_begin(operation& one, required_states const& required)
{
    auto& who = scopes_[one.scope];
    if (one.believed.empty() || one.is_poisoned)
        return;
    auto const known = who.naive.find(std::string(one.believed));
    if (known == who.naive.end())
        return;
    auto const& host = processes_[one.process];
    auto& naive = known->second;
    if (may_have_ended(host, who, naive.since)) {
        who.naive.erase(known);
        return;
    }
    check(invariant::demand_is_join, one,
          invariant::of_demand(required, one.believed, naive, who.is_of_store(), book_));
    auto const now = invariant::join_of(required, one.believed, naive.is_vault, book_);
    if (!may_have_ended(host, who, support::at(0s))) // which floor it was of, nobody here knows
        check(invariant::demand_grows, one, invariant::of_growth(naive.required, now, required.fenced()));
    if (!required.fenced())
        naive.required = now;
}

/// Whether what was required at this time, or later, may have been taken over by a floor that has ended: as a
/// fence does, it stands for the fence time.
bool clients::may_have_ended(process const& host, scope const& who, time_point since) const
{
    return who.is_of_store() && host.has_floor && now_of(host) - since >= who.options().fence_time;
}

void clients::note_recorded(recording const& by, flight const& got)
{
    auto& who = scopes_[by.scope];
    auto& host = processes_[by.process];
    auto const& what = who.last();
    who.is_poisoned = who.is_poisoned || got.is_forged;
    host.is_poisoned = host.is_poisoned || (who.is_of_store() && who.is_poisoned);
    bool const is_poisoned = who.is_poisoned || (host.has_floor && host.is_poisoned);
    bool const is_read = got.what.writes == 0;
    bool const binds = !is_read || who.options().monotonic_reads || by.was_fenced;
    bool begins = what.regressed > 0;
    auto const begin_epoch = [&](std::string const& of) {
        auto& bumps = who.is_of_store() ? host.bumps[of] : who.bumps[of];
        ++bumps;
        bool const is_confused =
            way_.has_mixed_clusters(); // who refuses the index of another one seems restored
        auto const wrong = invariant::of_epochs(bumps, changes_of(of));
        if (wrong && !is_confused && !is_poisoned)
            fail(invariant::epochs_are_real, by, got.what, *wrong);
        host.has_floor = host.has_floor || who.is_of_store(); // it requires what was seen first of everybody
        for (auto const each : who.is_of_store() ? host.scopes : std::vector{by.scope})
            scopes_[each].naive.erase(of);
        begins = false;
    };
    if (what.kept + what.superseded + what.held > 0)
        for_each_text(got.answer, [&](std::string_view text) {
            auto const& meaning = book_.read(text);
            if (!meaning.is_known || (!binds && !meaning.is_vault))
                return;
            if (begins)
                begin_epoch(meaning.cluster);
            auto& known = who.naive[meaning.cluster];
            known.is_vault = meaning.is_vault;
            if (meaning.where.local >= known.join.local && meaning.where.replicated >= known.join.replicated)
                known.since = now_of(host);
            known.join = {std::max(known.join.local, meaning.where.local),
                          std::max(known.join.replicated, meaning.where.replicated)};
        });
    if (begins) // a refusal gave it away
        begin_epoch(by.believed.empty() ? servers_.at(got.log.seen_from).id : std::string(by.believed));
}

/// What was promised to its session, of what is seen from there, need not be kept any more.
void clients::release(operation const& one, std::size_t seen_from)
{
    auto& who = scopes_[one.scope];
    for (auto const each : who.is_of_store() ? processes_[one.process].scopes : std::vector{one.scope})
        scopes_[each].promised.release(seen_from);
}

/// Whether its view did not take one cluster for another: where it does, nothing is promised (README,
/// limits).
bool clients::is_at_home(operation const& one, log_view const& log) const
{
    return one.believed.empty() || std::string_view(one.believed) == servers_.at(log.seen_from).id;
}

/// Whether a fence stands for what nobody could tell the session: it is set for the cluster that the view
/// knew, and that one's active node must have all of the log, which that of a secondary need not (README,
/// limits).
bool clients::may_fence(operation const& one, flight const& got) const
{
    return is_at_home(one, got.log) && got.log.store == got.log.seen_from;
}

/// Whether an answer that came as the server wrote it tells of a state that its session has to require.
bool clients::tells_state(operation const& one, flight const& got) const
{
    bool const binds = got.executed || (got.seen && scopes_[one.scope].options().monotonic_reads);
    bool is_told = false;
    for_each_text(got.answer, [&](auto text) { is_told = is_told || book_.read(text).is_known; });
    return binds && is_told && !got.is_altered;
}

/// What is promised follows from what the servers did and answered. What the library made of it is only
/// asked where the answer itself tells no state: a fence stands for that.
void clients::note_promise(operation& one, flight const& got)
{
    auto& who = scopes_[one.scope];
    auto const& what = who.last();
    bool const is_lost = got.is_broken ? got.was_sent : got.answer.status >= 500;
    if (one.what.writes != 0 && is_lost) {
        // What was executed when nobody answered has to be seen all the same.
        if (got.executed && may_fence(one, got) && who.options().fence_lost_writes)
            who.promised.bind(got.log, *got.executed);
        return;
    }
    bool const is_success = !got.is_broken && got.answer.status >= 200 && got.answer.status < 300;
    if (is_success)
        one.wrote = got.executed;
    bool const is_fenced = got.is_huge && what.unkept > 0 && may_fence(one, got); // it is past a bound
    bool const is_intact = !got.is_cached && (!got.is_altered || is_fenced);
    if (!is_success || !is_intact)
        return;
    bool const is_told = tells_state(one, got);
    if (is_told && !has_trace(what))
        check(invariant::demand_is_join, one, "what its answer tells has left no trace");
    if (!is_told && !has_trace(what))
        return;
    if (got.executed) {
        who.promised.bind(got.log, *got.executed);
        one.is_binding = !is_fenced; // a fence may be repaid out of a cache, which no history tells
    } else if (is_told) {
        who.promised.bind(got.log, got.seen->shown);
        one.is_binding = true;
    }
}

/// Whether the node really had not all that the request carried. (OpenBao's check looks at an index that may
/// be some ms old, so of its refusals nobody can tell.)
bool clients::did_lack(flight const& got)
{
    auto const& there = servers_.at(got.log.seen_from);
    bool const shows_older = got.is_cached || got.is_joined;
    if (shows_older || (there.speaks == cluster::dialect::openbao && got.answer.status == 429))
        return true;
    for (auto const text : cluster::all_fields(got.asked.fields, "X-Vault-Index")) {
        auto const& meaning = book_.read(text);
        if (meaning.cluster != there.id || got.had.local < meaning.where.local ||
            got.had.replicated < meaning.where.replicated)
            return true;
    }
    return false;
}

void clients::check_step(operation& one, flight const& got)
{
    auto const& there = servers_.at(got.log.seen_from);
    invariant::circumstances truth{.node_lacked = one.last.refused_as != refusal::none && did_lack(got),
                                   .forwarding_was_off = servers_.has_forbidden_forwarding(),
                                   .is_openbao = there.speaks == cluster::dialect::openbao,
                                   .index_was_dropped = way_.has_dropped_indices()};
    std::string known(one.knew);
    for_each_text(got.answer, [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        if (!meaning.is_known)
            return;
        truth.another_cluster = truth.another_cluster || (!known.empty() && meaning.cluster != known);
        known = meaning.cluster;
    });
    check(invariant::tells_the_truth, one, invariant::of_step(one.last, truth));
}

void clients::check_end(operation& one)
{
    bool const is_answered = one.last.what == action::deliver && one.last.why == reason::answered;
    auto const& there = servers_.at(one.log.seen_from);
    if (one.what.writes != 0) {
        check(invariant::executed_once, one,
              invariant::of_repetition(way_.repetitions_of(one.what.writes), one.is_idempotent));
        way_.forget(one.what.writes);
    } else if (is_answered && one.seen && is_at_home(one, one.log)) {
        auto const& bound = one.promised.of(one.log);
        report_.checked_reads += bound.epoch == one.seen->epoch && !one.is_poisoned ? 1 : 0;
        check(invariant::read_your_writes, one, invariant::of_read(*one.seen, bound));
    }
    auto const end = invariant::of_end(one.last, time_.now() - one.begun);
    bool const is_judged = expects_good_ends_ && one.begun >= good_from_;
    if (!is_judged || !end || may_end_badly(one) || waits_for_nothing(one) || forget_lost(one))
        return;
    if (is_answered && changes_of(there.id) > 0)
        return; // it had to wait until the new history had become as long as the old one
    check(invariant::ends_well, one, end);
}

/// Even where nothing goes wrong any more: its policy gives up soon, or no way leads to the active node.
bool clients::may_end_badly(operation const& one) const
{
    auto const& policy = plan_.callers[one.caller].policy;
    bool const is_impatient =
        policy.when == when_inconsistent::fail || policy.limit.max_attempts > 0 || policy.limit.timeout < 2s;
    bool const has_no_way = one.last.why == reason::not_offered && !processes_[one.process].what.addressable;
    return is_impatient || has_no_way;
}

/// Whether it carries what no server can read, to one that takes it for a state that it has not reached
/// (README, "What nobody outside knows").
bool clients::waits_for_nothing(operation const& one)
{
    auto const& there = servers_.at(servers_.behind(one.site));
    auto const texts = cluster::all_fields(one.asked.fields, "X-Vault-Index");
    auto const malformed = servers_.model_of(there).chosen(there.which).unknown.malformed;
    return there.speaks == cluster::dialect::vault && malformed == cluster::unusable_line::missing &&
           std::any_of(texts.begin(), texts.end(), [&](auto text) { return !book_.read(text).is_known; });
}

/// Whether it waited for a history that is no more, which its session could not find out (README, limits): it
/// was refused with a text of that one, or not even sent. Then its caller makes it forget.
bool clients::forget_lost(operation const& one)
{
    auto const& there = servers_.at(one.site);
    auto& who = scopes_[one.scope];
    bool is_lost = false;
    auto const look_at = [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        is_lost = is_lost || (meaning.cluster == there.id && meaning.where.local > one.end_of_log);
    };
    std::visit(
        [&](auto& machine) {
            if constexpr (requires { machine.carried(); })
                machine.carried().for_each(look_at);
        },
        one.machine);
    if (one.begun < who.forgotten)
        return true; // as another one of its session had found out already
    if (changes_of(there.id) == 0 || !is_lost)
        return false;
    who.with([&](auto& session) { session.forget(there.id); });
    who.forgotten = time_.now();
    who.naive.erase(there.id);
    who.promised.release(one.site);
    return true;
}

void clients::change_history(std::size_t store) { ++changes_[servers_.at(store).id]; }

std::uint64_t clients::changes_of(std::string const& of) const
{
    auto const found = changes_.find(of);
    return found == changes_.end() ? 0 : found->second;
}

void clients::expect_good_ends()
{
    expects_good_ends_ = true;
    good_from_ = time_.now();
}

} // namespace simulation
