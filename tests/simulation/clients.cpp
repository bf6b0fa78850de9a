// SPDX-License-Identifier: BSL-1.0
#include "clients.hpp"

#include <afterwrite/policy/proxy_policy.hpp>

#include "spoil.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

/// Calls f(exchange or proxied_exchange).
template <class F>
decltype(auto) with_machine(operation& one, F&& f)
{
    if (auto* const proxied = std::get_if<proxied_exchange>(&one.machine))
        return f(*proxied);
    if (auto* const rival = std::get_if<rival_exchange>(&one.machine))
        return f(*rival);
    return f(std::get<exchange>(one.machine));
}

/// Whether no field asks for the active node.
bool asks_node_itself(cluster::request const& asked)
{
    auto const& fields = asked.fields;
    return std::none_of(fields.begin(), fields.end(), [](auto const& each) {
        return each.first == "X-Vault-Forward" ||
               (each.first == "X-Vault-Inconsistent" && each.second == "forward-active-node");
    });
}

} // namespace

void clients::take(script_line const& line)
{
    auto& work = work_[line.who];
    work.waiting.push_back(line.luck);
    if (!work.is_busy)
        begin(line.who);
}

operation& clients::add()
{
    if (unused_.empty()) {
        unused_.push_back(operations_.size());
        operations_.emplace_back();
    }
    auto& made = operations_[unused_.back()];
    made.is_used = true;
    made.is_abandoned = false;
    made.seen.reset();
    return made;
}

void clients::free(std::size_t id)
{
    operations_[id].is_used = false;
    operations_[id].machine.emplace<std::monostate>();
    unused_.push_back(id);
}

void clients::begin(std::size_t caller)
{
    auto& work = work_[caller];
    work.is_busy = !work.waiting.empty();
    if (!work.is_busy)
        return;
    auto const& plan = plan_.callers[caller];
    auto& host = processes_[plan.process];
    auto& one = add();
    auto const id = unused_.back();
    unused_.pop_back();
    one.luck = dice(work.waiting.front());
    work.waiting.pop_front();
    auto& luck = one.luck;
    one.caller = caller;
    one.process = plan.process;
    one.site = plan.wanders && luck.per_mille(200) ? luck.below(servers_.sites()) : plan.site;
    one.what = draw_errand(caller, one.site, luck);
    one.scope = scope_of(one.what, caller);
    bool const writes = one.what.writes != 0;
    one.site = one.what.key.home;
    one.begun = time_.now();
    auto const& there = servers_.at(servers_.behind(one.site));
    one.end_of_log = servers_.model_of(there).newest(there.which).local;
    one.asked = request_for(one.what, luck);
    speak(one);

    auto facts = request_facts::of_method(one.asked.method);
    facts.addressable = host.what.addressable;
    facts.to = plan.likes_best && facts.addressable ? route::best_node : route::any_node;
    if (luck.per_mille(20))
        facts.to = route::active_node;
    one.is_idempotent = facts.idempotent = !writes || luck.per_mille(150);

    auto& who = scopes_[one.scope];
    auto& view = view_of(one);
    auto const now = now_of(host);
    who.advance(now);
    one.asked_at = now;
    one.promised = who.promised;
    one.session = host.generation + host.renewals;
    one.written = who.written;
    one.shown = who.shown;
    one.found = who.found;
    auto const asked = view.asked(); // others may teach the view meanwhile
    one.believed = asked.cluster();
    auto const naive = who.naive_of(one.believed);
    one.settled = naive ? naive->settled : cluster::position{};
    one.number = ++report_.operations;
    write_begin(one); // from now on others may come between
    if (host.what.how == keeping::rival)
        one.machine.emplace<rival_exchange>(memory_of(host, one.scope), now, luck.next());
    else if (host.what.how == keeping::proxy)
        one.machine.emplace<proxied_exchange>(proxy_policy{.consistency = plan.policy}, one.asked, facts, who,
                                              view, now, luck.next());
    else
        one.machine.emplace<exchange>(plan.policy, who.required(asked), facts, now, luck.next());
    bool const is_nobodys = host.what.how == keeping::proxy && one.what.what == deed::log_in;
    with_machine(one, [&](auto& machine) {
        if (naive && !one.said && !is_nobodys)
            check_begin(one, machine.carried(), *naive);
        one.last = machine.first(view);
    });
    one.wrote.reset();
    one.sent = one.waits = one.repetitions = one.hops = 0;
    one.was_paced = one.has_forwarded = one.was_refused = false;
    one.spends_freely = invariant::has_open_breaker(view);
    program_of(one).allowed[one.site].retries.count_read();
    program_of(one).allowed[one.site].forwards.count_read();
    one.is_begun = false;
    one.may_be_executed = false;
    one.is_binding = false;
    report_.note(static_cast<std::uint64_t>(time_.now().count()) ^ caller << 48U);
    drive(id);
}

void clients::drive(std::size_t id)
{
    auto& one = operations_[id];
    report_.note(static_cast<std::uint64_t>(one.last.why) + 100);
    if (!std::exchange(one.is_begun, true) || one.last.why == reason::outcome_unknown)
        spoil(processes_[one.process].what.breaks, one.last, now_of(processes_[one.process]));
    if (one.last.is_final())
        return finish(id);
    one.was_paced = one.was_paced || one.last.why == reason::joined || one.last.why == reason::waiting ||
                    one.last.why == reason::over_budget;
    auto const now = now_of(processes_[one.process]);
    if (one.last.not_before > now) {
        check_plan(one);
        return wait(id, one.last.not_before - now);
    }
    send(id);
}

/// As long as it was told to; or not quite, or it gives up instead.
void clients::wait(std::size_t id, duration told)
{
    auto& one = operations_[id];
    auto const strikes = [&](fault kind) { return sky_.strikes(kind, one.site, time_.now(), one.luck); };
    auto until = time_.now() + told;
    if (strikes(fault::hung_up)) {
        one.last = {.what = action::give_up, .why = reason::cancelled};
        return finish(id);
    }
    if (strikes(fault::impatient)) {
        program_of(one).allowed[one.site].are_moot = true;
        if (one.luck.per_mille(500))
            return send(id);
        until -= one.luck.between(0ns, told);
    } else if (strikes(fault::overslept)) {
        auto const end = one.begun + plan_.callers[one.caller].policy.limit.timeout;
        until =
            std::max(until, std::min(until + one.luck.between(1ms, 3s), end)); // it heeds its own deadline
    }
    time_.put(until, task::resume, id);
}

void clients::resume(std::size_t id)
{
    auto& one = operations_[id];
    if (one.is_abandoned)
        return free(id);
    auto& host = processes_[one.process];
    with_machine(one, [&](auto& machine) { one.last = machine.resume(view_of(one), now_of(host)); });
    check_spending(one, false);
    drive(id);
}

void clients::send(std::size_t id)
{
    auto& one = operations_[id];
    auto& host = processes_[one.process];
    auto& view = view_of(one);
    std::string_view address;
    invariant::breach omission;
    with_machine(one, [&](auto& machine) {
        machine.prepare(one.asked, view);
        spoil(host.what.breaks, one.asked, scopes_[one.scope].received, one.believed.view(), book_);
        address = machine.address(view);
        if (machine.to() != route::active_node)
            omission = invariant::of_omission(machine.carried(), one.asked, book_);
        one.epoch = followed_by(host, scopes_[one.scope], one.believed.view()).epochs;
        one.was_checked = !one.said && machine.to() != route::active_node && asks_node_itself(one.asked);
        if (machine.to() == route::active_node && address.empty())
            one.last = {.what = action::give_up, .why = reason::not_offered};
    });
    if (one.last.is_final())
        return finish(id);
    if (one.said) {
        check(invariant::texts_as_received, one, invariant::of_own_fields(*one.said, one.asked));
        check_attempt(one);
    } else if (host.what.how != keeping::rival) {
        auto const* const floor = host.has_floor ? &host.received : nullptr;
        auto const& behind = servers_.at(servers_.behind(one.site)).id;
        auto const reached = way_.has_mixed_clusters(one.site) ? std::string_view() : behind;
        invariant::sent_texts const sent{one.asked, scopes_[one.scope].received, floor, one.believed,
                                         reached};
        check(invariant::texts_as_received, one, invariant::of_texts(sent, book_));
        check(invariant::texts_at_home, one, invariant::of_home(sent, book_));
        check(invariant::all_is_said, one, omission);
        check_attempt(one);
    }
    auto const place = address.empty()
                           ? std::pair(one.site, one.luck.below(servers_.addresses(one.site).size()))
                           : servers_.find(address);
    if (place.first != one.site)
        report_.fail(invariant::texts_at_home, time_.now(), "a request goes to " + std::string(address));
    write_attempt(one, servers_.addresses(place.first)[place.second]);
    way_.send(id, place.first, place.second, one.what, one.asked, dice(one.luck.next()));
}

void clients::deliver(std::size_t flight_id)
{
    auto& got = way_.at(flight_id);
    auto const id = got.operation;
    report_.note(got.attempt << 16U ^ static_cast<std::uint64_t>(got.is_broken ? 0 : got.answer.status));
    if (got.late) { // the second time
        repeat_record(got);
        return way_.release(flight_id);
    }
    auto& one = operations_[id];
    if (one.is_abandoned) {
        way_.release(flight_id);
        return free(id);
    }
    ++report_.attempts;
    try {
        take(one, got);
    } catch (store_moments::killed const&) {
        die(one, got);
        way_.release(flight_id);
        return free(id);
    }
    write_answer(one, got);
    if (got.late)
        time_.put(time_.now() + one.luck.between(1ms, 2s), task::deliver, flight_id);
    else
        way_.release(flight_id);
    drive(id);
}

void clients::take(operation& one, flight& got)
{
    bool const is_first = !moments_.is_between();
    if (is_first && processes_[one.process].is_doomed)
        moments_.kill_at(static_cast<std::uint32_t>(1 + one.luck.below(3)));
    if (!got.is_broken && sky_.strikes(fault::hung_up, one.site, time_.now(), one.luck)) {
        give_up(one, got);
    } else if (got.is_broken) {
        take_loss(one, got);
    } else {
        take_answer(one, got);
        count_answer(one, got);
    }
    if (is_first)
        moments_.kill_at(0);
}

void clients::take_answer(operation& one, flight& got)
{
    auto& host = processes_[one.process];
    auto& who = scopes_[one.scope];
    auto& view = view_of(one);
    auto const now = now_of(host);
    hear(host, who, got.answer);
    one.knew = view.cluster();
    one.is_interrupted = false;
    bool const was_fenced = with_machine(one, [](auto& machine) { return machine.carried().fenced(); });
    auto const by = recording_of(one, was_fenced);
    bool const was_old = is_old(by);
    if (got.repeats)
        record_later(one, got);
    who.last() = {};
    one.seen = got.is_cached ? std::nullopt : got.seen;
    one.is_altered = got.is_altered;
    one.is_absence = got.answer.status == 404;
    one.log = got.log;
    one.end_of_log = std::min(one.end_of_log, got.end_of_log);
    if (auto* const rival = std::get_if<rival_exchange>(&one.machine)) {
        one.last = rival->on_response(got.answer, now);
        return;
    }
    if (auto* const proxied = std::get_if<proxied_exchange>(&one.machine)) {
        auto const before = moments_.interruptions();
        one.last = proxied->on_response(got.answer, who, view, now);
        one.is_interrupted = moments_.interruptions() != before;
    } else {
        auto& machine = std::get<exchange>(one.machine);
        who.record(got.answer, machine.carried(), now);
        one.knew = view.cluster(); // others may have taught it meanwhile
        one.last = machine.on_response(got.answer, view, now);
    }
    check_spending(one, true);
    one.may_be_executed = one.may_be_executed || got.answer.status == 502 || got.answer.status == 504;
    if (was_fenced &&
        (got.is_cached || got.is_forged)) // it repays the fence, and nobody can see that it is old
        release_fences(one, servers_.behind(one.site));
    spoil(host.what.breaks, who.last());
    spoil(host.what.breaks, view, now);
    if (host.what.breaks == sabotage::hides_refusals)
        one.last.refused_as = refusal::none;
    one.last.cluster_changed = one.last.cluster_changed || host.what.breaks == sabotage::lies;
    note_recorded(by, got, was_old);
    note_promise(one, got);
    take_token(one, got);
    one.was_refused = !one.said && got.answered && (got.answer.status == 412 || got.answer.status == 429);
    check_step(one, got);
    if (host.what.breaks == sabotage::forgets && one.luck.per_mille(500))
        who.with([](auto& session) { session.clear(); });
}

void clients::take_loss(operation& one, flight& got)
{
    auto& host = processes_[one.process];
    auto& who = scopes_[one.scope];
    auto& view = view_of(one);
    auto const now = now_of(host);
    if (auto* const rival = std::get_if<rival_exchange>(&one.machine)) {
        one.last = rival->on_transport_error(now);
        return;
    }
    if (auto* const proxied = std::get_if<proxied_exchange>(&one.machine)) {
        one.last = proxied->on_transport_error(who, view, now, got.was_sent);
    } else {
        auto& machine = std::get<exchange>(one.machine);
        if (got.was_sent)
            who.record_lost(machine.carried(), now);
        one.last = machine.on_transport_error(view, now, got.was_sent);
    }
    check_spending(one, true);
    one.may_be_executed = one.may_be_executed || got.was_sent;
    one.was_refused = false;
    note_promise(one, got);
}

/// The caller has waited long enough when the answer is about to come: to it this attempt is lost, and
/// perhaps it does not try again either. The answer is recorded all the same.
void clients::give_up(operation& one, flight& got)
{
    record_later(one, got);
    got.is_broken = true;
    take_loss(one, got);
    if (one.luck.per_mille(500))
        one.last = {.what = action::give_up, .why = reason::cancelled};
}

void clients::record_later(operation& one, flight& got)
{
    if (got.is_forged)
        return;
    with_machine(one, [&](auto& machine) {
        got.late = std::make_unique<late_record>(late_record{
            machine.carried(), recording_of(one, machine.carried().fenced()), program_of(one).generation});
    });
}

void clients::repeat_record(flight& got)
{
    auto const& of = *got.late;
    auto& host = processes_[of.by.process];
    if (of.generation != host.programs[plan_.callers[of.by.caller].program].generation)
        return; // that program has ended
    auto& who = scopes_[of.by.scope];
    hear(host, who, got.answer);
    bool const was_old = is_old(of.by);
    who.record(got.answer, of.carried, now_of(host));
    spoil(host.what.breaks, who.last());
    note_recorded(of.by, got, was_old);
}

void clients::finish(std::size_t id)
{
    auto& one = operations_[id];
    bool const is_delivered = one.last.what == action::deliver;
    report_.delivered += is_delivered ? 1 : 0;
    report_.given_up += is_delivered ? 0 : 1;
    count_end(one);
    check_end(one);
    write_end(one);
    keep_token(one);
    auto const caller = one.caller;
    auto const pause = one.luck.between(1us, 100us);
    free(id);
    time_.put(time_.now() + pause, task::begin, caller);
}

} // namespace simulation
