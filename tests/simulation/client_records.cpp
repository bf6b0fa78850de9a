// SPDX-License-Identifier: BSL-1.0
// What is known of a client after each answer: what it was told, and what it was promised.
#include "clients.hpp"
#include "index_texts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

bool has_trace(recorded const& what)
{
    return what.kept + what.superseded + what.held + what.unkept + what.outdated > 0;
}

} // namespace

followed_history& clients::followed_by(process& host, scope& who, std::string_view cluster)
{
    return value_of(who.is_of_store() ? host.followed : who.followed, cluster);
}

/// It begins a new epoch, and follows from now on what comes.
void clients::note_epoch(recording const& by, flight const& got, std::string const& of)
{
    auto& who = scopes_[by.scope];
    auto& host = processes_[by.process];
    auto& followed = followed_by(host, who, of);
    auto const wrong = invariant::of_epoch(followed.oldest, changes_of(of));
    report_.epochs += followed.may_be_misled ? 0 : 1;
    if (wrong && !followed.may_be_misled)
        fail(invariant::epochs_are_real, by, got.what, *wrong);
    followed = {.epochs = followed.epochs + 1, .began = now_of(host)};
    note_misleading(by, got);                             // the new one may begin with it
    host.has_floor = host.has_floor || who.is_of_store(); // it requires what was seen first of everybody
    bool const forgets = who.options().regression == on_regression::reset; // of the new one what came before
    for (auto const each : who.is_of_store() ? host.scopes : std::vector{by.scope}) {
        scopes_[each].naive.erase(of);
        if (forgets)
            scopes_[each].promised.release(got.log.seen_from);
    }
}

/// What may show its session another history though there is none: it hears what somebody forged, or kept
/// from before; or it asks a cluster for the state of another one, in a field or by a token (README, limits).
void clients::note_misleading(recording const& by, flight const& got)
{
    auto& who = scopes_[by.scope];
    auto& host = processes_[by.process];
    if (got.is_forged || got.is_cached || got.is_joined)
        for_each_text(got.answer, [&](std::string_view text) {
            if (got.is_forged)
                forged_.insert(book_.read(text));
            followed_by(host, who, book_.read(text).cluster).may_be_misled = true;
        });
    if (!got.answered || by.is_clients_own)
        return;
    bool const has_foreign_token = got.what.token != nullptr && got.what.token->home != got.log.seen_from;
    cluster::for_each_field(got.asked.fields, "X-Vault-Index", [&](std::string_view text) {
        auto const of = book_.read(text).cluster;
        if (has_foreign_token || of != servers_.at(got.log.seen_from).id)
            followed_by(host, who, of).may_be_misled = true;
    });
}

/// What was carried of a cluster.
cluster::position clients::carried_of(flight const& got, std::string_view of)
{
    cluster::position carried;
    cluster::for_each_field(got.asked.fields, "X-Vault-Index", [&](std::string_view text) {
        if (auto const& meaning = book_.read(text); meaning.cluster == of)
            carried = join(carried, meaning.where);
    });
    return carried;
}

/// An answer to a write is certain to be of another history if it is behind what its request carried, which
/// had been recorded long enough before, and a node could compare the two; one that is in order ends the
/// suspicion. What somebody forged proves nothing: a store notes one state of each millisecond as settled,
/// and that may be another one.
void clients::note_proof(recording const& by, flight const& got, std::string_view of,
                         cluster::position const& answered)
{
    auto& who = scopes_[by.scope];
    auto const known = who.naive.find(of);
    bool is_forged = false;
    cluster::for_each_field(got.asked.fields, "X-Vault-Index", [&](std::string_view text) {
        is_forged = is_forged || forged_.contains(book_.read(text));
    });
    if (known == who.naive.end() || by.is_clients_own || is_forged)
        return;
    auto const is_behind = [&](cluster::position const& what) {
        return answered.local < what.local ||
               (answered.local == what.local && answered.replicated < what.replicated);
    };
    if (!by.was_checked || !is_behind(carried_of(got, of)))
        followed_by(processes_[by.process], who, of).proofs = 0;
    else if (got.what.writes != 0 && is_behind(by.settled))
        add_proof(by, got, of, {});
}

/// So is a refusal by the active node, of its own log, once it cannot be one that was just elected.
void clients::note_refusal(recording const& by, flight const& got)
{
    auto const& of = servers_.at(got.log.seen_from).id;
    bool const is_meant = !by.is_clients_own && got.answered && got.answer.status == 412 &&
                          scopes_[by.scope].naive.contains(of) &&
                          cluster::find_field(got.asked.fields, "X-Vault-Forward") != nullptr;
    if (!is_meant)
        return;
    auto const carried = carried_of(got, of);
    if (carried.local > 0 && carried.replicated == 0)
        add_proof(by, got, of, lineage::election);
}

/// The second one begins an epoch, if it comes so long after the first one.
void clients::add_proof(recording const& by, flight const& got, std::string_view of, duration after)
{
    auto& who = scopes_[by.scope];
    auto& followed = followed_by(processes_[by.process], who, of);
    auto const now = now_of(processes_[by.process]);
    if (by.begun < followed.began)
        return; // it answers a request of the epoch before
    if (followed.proofs > 0 && now == followed.proved)
        return; // another value of the same answer
    if (followed.proofs == 0 || now - followed.proved >= who.options().fence_time) {
        followed.proofs = 1;
        followed.proved = now;
        return;
    }
    followed.proofs += now - followed.proved >= after ? 1 : 0;
    if (auto const wrong = invariant::of_proofs(followed.proofs))
        fail(invariant::epochs_begin, by, got.what, *wrong);
}

/// Whether it answers a request of an older epoch than that which counts now.
bool clients::is_old(recording const& by)
{
    auto const& followed = followed_by(processes_[by.process], scopes_[by.scope], by.believed.view());
    return followed.epochs != by.epoch;
}

/// `was_old`: when the library began to record it. (Others may have begun an epoch since.)
void clients::note_recorded(recording const& by, flight const& got, bool was_old)
{
    auto& who = scopes_[by.scope];
    auto& host = processes_[by.process];
    auto const& what = who.last();
    bool const is_read = got.what.writes == 0;
    bool const binds = !is_read || who.options().monotonic_reads || by.was_fenced;
    note_misleading(by, got);
    bool is_of_asked = true;
    for_each_text(got.answer, [&](std::string_view text) {
        is_of_asked = is_of_asked && book_.read(text).cluster == std::string_view(by.believed);
    });
    bool const is_dropped = is_of_asked && is_old(by);
    bool const is_judged = is_dropped && was_old && !by.is_clients_own; // nothing is promised to that
    report_.old_answers += is_judged ? 1 : 0;
    if (auto const wrong = invariant::of_old_answer(what, is_judged))
        fail(invariant::old_answers_end, by, got.what, *wrong);
    if (what.regressed > 0)
        note_epoch(by, got, who.restored());
    if (what.kept + what.superseded + what.held > 0 && !is_dropped)
        for_each_text(got.answer, [&](std::string_view text) {
            auto const& meaning = book_.read(text);
            if (!meaning.is_known || (!binds && !meaning.is_vault))
                return;
            note_proof(by, got, meaning.cluster, meaning.where);
            auto& followed = followed_by(host, who, meaning.cluster);
            auto const history = changes_of(meaning.cluster, got.answered.value_or(time_.now()));
            followed.oldest = std::min(followed.oldest.value_or(history), history);
            auto& known = value_of(who.naive, meaning.cluster);
            known.is_vault = meaning.is_vault;
            if (now_of(host) - known.turned >= 4 * lineage::slack) {
                known.settled = std::exchange(known.marked, known.newest);
                known.turned = now_of(host);
            }
            if (meaning.where.local >= known.join.local && meaning.where.replicated >= known.join.replicated)
                known.since = now_of(host);
            known.join = join(known.join, meaning.where);
            known.newest = join(known.newest, meaning.where);
        });
    if (what.regressed == 0)
        note_refusal(by, got);
}

/// What fences stood for, of what is seen from there, need not be kept any more.
void clients::release_fences(operation const& one, std::size_t seen_from)
{
    auto& who = scopes_[one.scope];
    for (auto const each : who.is_of_store() ? processes_[one.process].scopes : std::vector{one.scope})
        scopes_[each].promised.release_fences(seen_from);
}

/// Whether its view did not take one cluster for another: where it does, nothing is promised (README,
/// limits).
bool clients::is_at_home(operation const& one, log_view const& log) const
{
    return one.believed.empty() || std::string_view(one.believed) == servers_.at(log.seen_from).id;
}

/// Whether a fence stands for what nobody could tell the session: it is set for the cluster that the view
/// knew when the attempt was sent, and that one's active node must have all of the log, which that of a
/// secondary need not (README, limits).
bool clients::may_fence(operation const& one, flight const& got) const
{
    auto const& id = servers_.at(got.log.seen_from).id;
    auto const is_sent_home = [&id](auto const& machine) {
        if constexpr (requires { machine.carried(); }) {
            auto const& to = machine.carried().sent_as().cluster;
            return to.empty() || std::string_view(to) == id;
        }
        return true;
    };
    return is_at_home(one, got.log) && std::visit(is_sent_home, one.machine) &&
           got.log.store == got.log.seen_from;
}

/// Whether an answer that came as the server wrote it tells of a state that its session has to require.
bool clients::tells_state(operation const& one, flight const& got) const
{
    bool const binds = got.executed || (got.seen && scopes_[one.scope].options().monotonic_reads);
    bool is_told = false;
    for_each_text(got.answer, [&](auto text) { is_told = is_told || book_.read(text).is_known; });
    return binds && is_told && !got.is_altered;
}

/// Whether a session has no room for another cluster.
bool clients::is_full(scope const& who) { return who.required().clusters() == required_states::max_clusters; }

/// What is promised follows from what the servers did and answered. What the library made of it is only
/// asked where the answer itself tells no state: a fence stands for that.
void clients::note_promise(operation& one, flight const& got)
{
    auto& who = scopes_[one.scope];
    auto const what = who.last(); // a copy: others may come between
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
    bool const is_unkept = what.unkept > 0 && (got.is_huge || is_full(who)); // it is past a bound
    bool const is_fenced = is_unkept && may_fence(one, got);
    bool const is_intact = !got.is_cached && (!got.is_altered || is_fenced);
    if (!is_success || !is_intact || (is_unkept && !is_fenced)) // a fence binds no secondary
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
        who.promised.bind(got.log, got.seen->shown);
        one.is_binding = true;
    }
}

} // namespace simulation
