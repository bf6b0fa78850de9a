// SPDX-License-Identifier: BSL-1.0
// What is known of a client after each answer: what it was told, and what it was promised.
#include "clients.hpp"
#include "index_texts.hpp"

#include <algorithm>
#include <string>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

bool has_trace(recorded const& what)
{
    return what.kept + what.superseded + what.held + what.unkept + what.outdated > 0;
}

} // namespace

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

/// What a read has shown, as far as its index goes: OpenBao's nodes keep theirs for some ms, and show
/// meanwhile what was written after it (README, "What nobody outside knows").
version clients::covered(flight const& got) const
{
    auto shown = got.seen->shown;
    std::uint64_t told = 0;
    for_each_text(got.answer, [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        if (meaning.cluster == servers_.at(got.log.seen_from).id)
            told = std::max(told, meaning.where.local);
    });
    shown.position = std::min(shown.position, told);
    return shown;
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
            who.promised.bind_by_fence(got.log, *got.executed);
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
    if (got.executed && is_fenced) {
        who.promised.bind_by_fence(got.log, *got.executed); // which a cache may repay, and no history tells
    } else if (got.executed) {
        who.promised.bind(got.log, *got.executed);
        one.is_binding = true;
    } else if (is_told) {
        who.promised.bind(got.log, covered(got));
        one.is_binding = got.seen->shown == covered(got);
    }
}

} // namespace simulation
