// SPDX-License-Identifier: BSL-1.0
// Whether what a client does at each step is right.
#include "clients.hpp"
#include "index_texts.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

/// Whether the node had not what the token that came with the request says.
bool lacks_token(flight const& got)
{
    auto const* const token = got.what.token.get();
    return token != nullptr && token->says_index && token->made.position > got.had.local;
}

} // namespace

void clients::hear(process& host, scope& who, cluster::response const& answer)
{
    for_each_text(answer, [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        if (!who.received.insert(meaning))
            return;
        who.newest = &meaning;
        if (who.is_of_store())
            host.received.insert(meaning);
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
          invariant::of_effort({one.sent, one.said ? 1 : limit.max_attempts, support::at(time_.now()),
                                support::at(one.begun + limit.timeout)}));
    check(invariant::executed_once, one, invariant::of_resending(one.may_be_executed, one.is_idempotent));
}

/// What surely takes one of a budget, by the documented rule. What may have been free is not counted: the
/// first retry, one more that pays for a trial, and all while a breaker is open, whose probes are.
void clients::check_spending(operation& one, bool is_answered)
{
    auto& host = processes_[one.process];
    auto& allowed = program_of(one).allowed[one.site];
    auto const& policy = plan_.callers[one.caller].policy;
    auto const& next = one.last;
    auto const now = now_of(host);
    bool const is_hop = is_answered && next.why == reason::another_node && is_stale(next.refused_as);
    one.hops = is_hop ? one.hops + 1 : 0;
    report_.hops += is_hop ? 1 : 0;
    check(invariant::within_bounds, one, invariant::of_hops(one.hops));
    bool const is_shared = policy.wait.form == backoff::shape::learned;
    if (allowed.are_moot)
        return;
    bool const is_free = one.spends_freely || invariant::has_open_breaker(view_of(one));
    bool is_allowed = true;
    if (next.is_final())
        return;
    if (next.why == reason::forwarding && next.refused_as != refusal::several_indices_refused) {
        bool const is_first = !std::exchange(one.has_forwarded, true);
        is_allowed = !is_first || !is_shared || is_free || allowed.forwards.take(now);
    } else if (is_hop) { // where it has paid off, it is free
        is_allowed = view_of(one).hopping().pays() || is_free || allowed.retries.take(now);
    } else if (is_answered && next.why == reason::waiting && is_stale(next.refused_as)) {
        is_allowed = ++one.waits <= 2 || !is_shared || is_free || allowed.retries.take(now);
    } else if (is_answered && next.why == reason::repeating && next.refused_as != refusal::no_active_node) {
        is_allowed = ++one.repetitions <= 1 || allowed.retries.take(now);
    }
    check(invariant::within_bounds, one, invariant::of_spending(is_allowed));
}

void clients::check(std::string_view invariant, operation const& one, invariant::breach const& what)
{
    if (what)
        fail(invariant, recording_of(one, false), one.what, *what);
}

void clients::fail(std::string_view invariant, recording const& by, errand const& what,
                   std::string const& why)
{
    if (processes_[by.process].what.how == keeping::rival)
        return; // they are counted, not judged
    report_.fail(invariant, time_.now(),
                 words_for(what) + " at " + servers_.at(what.key.home).name + " by caller " +
                     std::to_string(by.caller) + ": " + why);
}

recording clients::recording_of(operation const& one, bool was_fenced)
{
    return {one.caller,      one.process, one.scope,    one.believed, was_fenced,
            one.was_checked, one.epoch,   one.asked_at, one.settled,  one.said.has_value()};
}

/// What is required of the cluster that is asked is what was recorded of it `before`. (Others may have
/// recorded more by now.)
void clients::check_begin(operation& one, required_states const& required, naive_demand const& before)
{
    auto& who = scopes_[one.scope];
    auto const known = who.naive.find(one.believed.view());
    if (known == who.naive.end())
        return;
    auto const& host = processes_[one.process];
    if (may_have_ended(host, who, before.since)) {
        who.naive.erase(known);
        return;
    }
    check(invariant::demand_is_join, one,
          invariant::of_demand(required, one.believed, before, who.is_of_store(), book_));
    auto const now = invariant::join_of(required, one.believed, before.is_vault, book_);
    if (!may_have_ended(host, who, host.floors_since)) // which floor it was of, nobody here knows
        check(invariant::demand_grows, one, invariant::of_growth(before.required, now, required.fenced()));
    if (!required.fenced())
        known->second.required = now;
}

void clients::check_kept(process const& host, scope& who)
{
    who.advance(now_of(host));
    if (host.what.breaks == sabotage::forgets_on_load)
        who.with([](auto& session) { session.clear(); });
    for (auto const& [of, naive] : who.naive)
        if (!may_have_ended(host, who, naive.since))
            if (auto const wrong = invariant::of_demand(who.required(), of, naive, who.is_of_store(), book_))
                report_.fail(invariant::nothing_is_forgotten, time_.now(), *wrong);
}

/// Whether what was required at this time, or later, may have been taken over by a floor or a fence that has
/// ended: they stand for the fence time.
bool clients::may_have_ended(process const& host, scope const& who, time_point since) const
{
    return who.is_of_store() && host.may_be_fences() && now_of(host) - since >= who.options().fence_time;
}

/// Whether it carries what was forged, of Vault, which makes of that what of a line that cannot be read
/// (README, "What nobody outside knows").
bool clients::carries_unsigned(cluster::request const& asked) const
{
    bool is_unsigned = false;
    cluster::for_each_field(asked.fields, "X-Vault-Index", [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        is_unsigned = is_unsigned || (meaning.is_vault && forged_.contains(meaning));
    });
    return is_unsigned;
}

/// Whether a node refused it, and had not all that the request carried, as far as it looked. (OpenBao's check
/// looks at an index that may be some ms old.)
bool clients::did_lack(flight const& got)
{
    auto const& there = servers_.at(got.log.seen_from);
    bool const shows_older = got.is_cached || got.is_joined || got.is_forged;
    if (lacks_token(got) || shows_older || carries_unsigned(got.asked))
        return true;
    bool is_behind = false;
    cluster::for_each_field(got.asked.fields, "X-Vault-Index", [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        is_behind = is_behind || meaning.cluster != there.id || got.looked_at.local < meaning.where.local ||
                    got.looked_at.replicated < meaning.where.replicated;
    });
    return is_behind && got.answered.has_value();
}

void clients::check_step(operation& one, flight const& got)
{
    auto const& there = servers_.at(got.log.seen_from);
    report_.redirects += got.answer.status == 307 ? 1 : 0;
    report_.tokens_refused += got.answered && got.answer.status == 412 && lacks_token(got) ? 1 : 0;
    invariant::circumstances truth{.node_lacked = one.last.refused_as != refusal::none && did_lack(got),
                                   .node_refused = one.was_refused,
                                   .another_cluster = one.is_interrupted, // of which others may have learned
                                   .forwarding_was_off = got.forwarding_was_off,
                                   .is_openbao = there.speaks == cluster::dialect::openbao,
                                   .index_was_dropped = way_.has_dropped_indices(one.site)};
    auto known = one.knew.view();
    for_each_text(got.answer, [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        if (!meaning.is_known)
            return;
        truth.another_cluster = truth.another_cluster || (!known.empty() && meaning.cluster != known);
        known = meaning.cluster;
    });
    check(invariant::tells_the_truth, one, invariant::of_step(one.last, truth));
    if (one.said)
        check(invariant::texts_as_received, one, invariant::of_handing_on(one.last));
}

} // namespace simulation
