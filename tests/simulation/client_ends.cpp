// SPDX-License-Identifier: BSL-1.0
// How operations end, and whether they may end so.
#include "clients.hpp"

#include <algorithm>
#include <string>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

bool is_answered(operation const& one)
{
    return one.last.what == action::deliver && one.last.why == reason::answered;
}

} // namespace

/// Whether a read that ends so shows all that was promised.
bool clients::must_show(operation const& one) const
{
    return is_answered(one) && is_at_home(one, one.log) && !carries_unsigned(one.asked);
}

void clients::check_end(operation& one)
{
    if (one.what.writes != 0) {
        check(invariant::executed_once, one,
              invariant::of_repetition(way_.repetitions_of(one.what.writes), one.is_idempotent));
        way_.forget(one.what.writes);
    } else if (is_answered(one) && one.seen && one.what.what == deed::ask) {
        check_token(one);
    } else if (one.seen && must_show(one)) {
        auto const& bound = one.promised.of(one.log);
        bool const is_bound = bound.epoch == one.seen->epoch;
        report_.checked_reads += is_bound ? 1 : 0;
        report_.checked_lists += is_bound && one.what.what == deed::list ? 1 : 0;
        report_.hidden_reads += is_bound && one.seen->is_hidden && *one.seen->next <= bound ? 1 : 0;
        check(invariant::read_your_writes, one, invariant::of_read(*one.seen, bound));
    }
    bool const was_sent_in_vain = one.last.what == action::give_up && one.last.why != reason::not_offered &&
                                  one.last.why != reason::cancelled;
    if (was_sent_in_vain && one.was_refused && !is_stale(one.last.refused_as))
        check(invariant::tells_the_truth, one, "it does not say that the node was behind in the end");
    bool const is_judged = expects_good_ends_ && one.begun >= good_from_;
    auto& in_vain = program_of(one).in_vain;
    if (is_judged && (waits_for_nothing(one) || waits_for_lost(one)))
        in_vain.insert(one.site);
    auto const end =
        invariant::of_end(one.last, time_.now() - one.begun, {one.was_paced, in_vain.contains(one.site)});
    bool const is_exempt = may_end_badly(one) || waits_for_nothing(one);
    report_.judged_ends += is_judged && !is_exempt ? 1 : 0;
    if (is_judged && end && !is_exempt && !forget_lost(one))
        check(invariant::ends_well, one, end);
}

/// Even where nothing goes wrong any more: its policy gives up soon, or before one is relieved who is refused
/// for good, and for whom it waits; or no way leads to the active node.
bool clients::may_end_badly(operation const& one)
{
    auto const& policy = plan_.callers[one.caller].policy;
    bool const is_impatient = policy.when == when_inconsistent::fail || policy.limit.max_attempts > 0;
    bool const leads_nowhere =
        one.last.why == reason::not_offered || one.last.why == reason::redirected_elsewhere;
    bool const has_no_way = leads_nowhere && !processes_[one.process].what.addressable;
    bool const is_held_up = program_of(one).in_vain.contains(one.site) &&
                            one.last.why == reason::deadline_passed &&
                            policy.limit.timeout < invariant::soon + invariant::relieved;
    bool const is_short = one.was_paced && one.last.why == reason::deadline_passed &&
                          policy.limit.timeout < invariant::soon + invariant::paced;
    return is_impatient || has_no_way || is_held_up || is_short;
}

/// Whether it carries what no server can read, to one that takes it for a state that it has not reached
/// (README, "What nobody outside knows").
bool clients::waits_for_nothing(operation const& one)
{
    auto const& there = servers_.at(servers_.behind(one.site));
    auto const malformed = servers_.model_of(there).chosen(there.which).unknown.malformed;
    if (there.speaks != cluster::dialect::vault || malformed != cluster::unusable_line::missing)
        return false;
    bool is_illegible = false;
    cluster::for_each_field(one.asked.fields, "X-Vault-Index", [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        is_illegible = is_illegible || !meaning.is_known || forged_.contains(meaning);
    });
    return is_illegible;
}

/// Whether it waited for a history that is no more, which its session could not find out (README, limits): it
/// was refused with a text of that one, or not even sent. Or for what a forged index says, which comes never.
bool clients::waits_for_lost(operation const& one)
{
    auto const& there = servers_.at(one.site);
    bool is_lost = carries_unsigned(one.asked) || has_lost_token(one);
    auto const look_at = [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        bool const may_be = changes_of(there.id) > 0 || forged_.contains(meaning);
        bool const is_behind_end = may_be && meaning.where.local > one.end_of_log;
        bool const is_of_primary = there.arrived && meaning.where.replicated > *there.arrived;
        is_lost = is_lost || (meaning.cluster == there.id && (is_behind_end || is_of_primary));
    };
    std::visit(
        [&](auto& machine) {
            if constexpr (requires { machine.carried(); })
                machine.carried().for_each(look_at);
        },
        one.machine);
    return is_lost;
}

/// Then its caller makes its session forget.
bool clients::forget_lost(operation const& one)
{
    auto const& there = servers_.at(one.site);
    auto& who = scopes_[one.scope];
    if (one.begun < who.forgotten)
        return true; // as another one of its session had found out already
    if (!waits_for_lost(one))
        return false;
    who.with([&](auto& session) { session.forget(there.id); });
    who.forgotten = time_.now();
    who.naive.erase(there.id);
    who.followed.erase(there.id);
    who.promised.release(one.site);
    return true;
}

void clients::change_history(std::size_t store) { changes_[servers_.at(store).id].push_back(time_.now()); }

std::uint64_t clients::changes_of(std::string_view of, nanoseconds until) const
{
    auto const found = changes_.find(of);
    if (found == changes_.end())
        return 0;
    auto const& all = found->second;
    return static_cast<std::uint64_t>(std::upper_bound(all.begin(), all.end(), until) - all.begin());
}

void clients::expect_good_ends()
{
    expects_good_ends_ = true;
    good_from_ = time_.now();
}

/// Whether there are nodes that never answer a read themselves, so that no answer shows how far they are.
bool clients::has_redirecting_nodes(std::size_t site)
{
    auto const& there = servers_.at(servers_.behind(site));
    auto const& chosen = servers_.model_of(there).chosen(there.which);
    return chosen.plain_standbys > 0 && (chosen.standbys_redirect || !chosen.forwarding_works);
}

void clients::check_calm()
{
    for (auto const& host : processes_)
        for (auto const& program : host.programs)
            for (std::size_t site = 0; site < program.views.size(); ++site)
                if (auto const wrong =
                        invariant::of_calm(program.views[site], now_of(host),
                                           program.in_vain.contains(site) || has_redirecting_nodes(site)))
                    report_.fail(invariant::ends_well, time_.now(),
                                 *wrong + ", of a view of " + servers_.at(site).name);
    for (auto const& one : operations_)
        if (one.is_used)
            fail(invariant::ends_well, recording_of(one, false), one.what, "it has not ended");
}

} // namespace simulation
