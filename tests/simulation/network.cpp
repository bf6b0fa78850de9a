// SPDX-License-Identifier: BSL-1.0
#include "network.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace simulation {

using namespace std::chrono_literals;

bool weather::strikes(fault kind, std::size_t site, nanoseconds now, dice& luck)
{
    auto& all = of_[static_cast<std::size_t>(kind)];
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (all[i].until <= now) {
            all[i--] = all.back();
            all.pop_back();
        } else if (all[i].site == site && luck.per_mille(all[i].per_mille)) {
            ++struck[kind];
            return true;
        }
    }
    return false;
}

flight& network::add()
{
    if (unused_.empty()) {
        unused_.push_back(flights_.size());
        flights_.emplace_back();
    }
    auto& made = flights_[unused_.back()];
    flight fresh;
    fresh.asked.fields.swap(made.asked.fields); // those of the next request take over their memory
    made = std::move(fresh);
    made.is_used = true;
    return made;
}

void network::release(std::size_t id)
{
    flights_[id].is_used = false;
    unused_.push_back(id);
}

void network::send(std::size_t operation, std::size_t site, std::size_t address, errand const& what,
                   cluster::request const& asked, dice luck)
{
    auto& one = add();
    auto const id = unused_.back();
    unused_.pop_back();
    one.operation = operation;
    one.attempt = ++attempts_;
    one.site = site;
    one.address = address;
    one.what = what;
    one.asked = asked;
    one.luck = luck;
    auto const now = time_.now();
    auto& draw = one.luck;
    if (auto const cut = cut_.find({site, address}); cut != cut_.end() && cut->second > now) {
        ++sky_.struck[fault::unreachable];
        return break_off(id, 1ms, false);
    }
    if (sky_.strikes(fault::lost_request, site, now, draw))
        return break_off(id, draw.between(1ms, 200ms));
    time_.put(now + draw.between(50us, 600us), task::arrive, id);
    if (sky_.strikes(fault::doubled_request, site, now, draw)) {
        auto& copy = add();
        auto const shadow = unused_.back();
        unused_.pop_back();
        auto& original = flights_[id];
        copy.operation = original.operation;
        copy.attempt = original.attempt;
        copy.site = site;
        copy.address = address;
        copy.what = what;
        copy.asked = asked;
        copy.luck = dice(original.luck.next());
        copy.is_shadow = true; // a proxy that sends it twice at once, and takes one of the answers
        if (what.writes == 0)
            copy.address = copy.luck.below(servers_.addresses(site).size());
        time_.put(now + 40us, task::arrive, shadow);
    }
}

void network::arrive(std::size_t id)
{
    auto& one = flights_[id];
    if (one.is_appended)
        return commit(id);
    one.node = servers_.node_at(one.site, one.address);
    if (answer_instead(id) || crash(id, true))
        return;
    one.log = servers_.log_at(servers_.behind(one.site), one.what.key);
    if (append(id))
        return;
    auto const before = one.what.writes != 0 ? servers_.end_of(one.log, time_.now()) : 0;
    auto result = servers_.model(one.node.model).handle(one.node.node, one.asked, time_.now());
    if (one.what.writes != 0)
        note_execution(one, before);
    settle(id, std::move(result));
    look_at_held();
}

void network::wake(std::size_t id)
{
    auto& one = flights_[id];
    auto& there = servers_.model(servers_.at(one.log.seen_from).model);
    if (!one.is_used || !one.held || one.armed != time_.now())
        return; // answered already, or put off
    if (auto const until = there.held_until(*one.held); until && *until > time_.now())
        return;
    if (!one.executed) // its cluster may have become a primary meanwhile
        one.log = servers_.log_at(one.log.seen_from, one.what.key);
    auto const before = one.what.writes != 0 ? servers_.end_of(one.log, time_.now()) : 0;
    auto result = there.resume(*one.held, time_.now());
    std::erase(held_, id);
    one.held.reset();
    if (one.what.writes != 0)
        note_execution(one, before);
    settle(id, std::move(result));
    look_at_held();
}

void network::settle(std::size_t id, cluster::outcome result)
{
    auto& one = flights_[id];
    if (result.held) {
        if (!one.had_in_vain)
            one.had_in_vain = servers_.model(one.node.model).applied(one.node.node, time_.now());
        one.held = result.id;
        one.armed = std::max(result.until, time_.now());
        held_.push_back(id);
        return time_.put(one.armed, task::wake, id);
    }
    one.answer = std::move(result.answer);
    one.had = result.note.seen;
    one.answered = time_.now();
    auto const& there = servers_.at(one.log.seen_from);
    one.end_of_log = servers_.model_of(there).newest(there.which).local;
    one.forwarding_was_off = !servers_.model_of(there).chosen(there.which).allow_forwarding_via_header;
    one.claimed = servers_.model(one.node.model).claimed(result.note.served_by, time_.now());
    if (one.answer.status == 412 || one.answer.status == 429) {
        auto& model = servers_.model(one.node.model);
        bool const was_held = one.had_in_vain.has_value(); // and so woken by the index itself
        bool const is_cached = one.answer.status == 429 && !was_held;
        one.looked_at =
            is_cached ? model.looked_at(one.node.node) : model.claimed(one.node.node, time_.now());
        one.had = model.applied(one.node.node, time_.now());
        one.had_in_vain = one.had_in_vain.value_or(one.had);
    }
    finish(id);
}

void network::look_at_held()
{
    for (std::size_t i = 0; i < servers_.models(); ++i) {
        auto& there = servers_.model(i);
        if (wakes_[i] == there.wake_changes())
            continue;
        wakes_[i] = there.wake_changes();
        for (auto const id : held_) {
            auto& one = flights_[id];
            if (servers_.at(one.log.seen_from).model != i)
                continue;
            auto const until = there.held_until(*one.held);
            if (!until || *until == one.armed)
                continue;
            one.armed = std::max(*until, time_.now());
            time_.put(one.armed, task::wake, id);
        }
    }
}

/// What the model has done by now, whatever it will answer.
void network::note_execution(flight& one, std::uint64_t before)
{
    auto const after = servers_.end_of(one.log, time_.now());
    if (after == before)
        return;
    if (!one.is_shadow)
        ++executions_[one.what.writes];
    if (one.what.what == deed::log_in)
        one.executed = truth_.logged_in(one.log.store, one.what.writes, after);
    else
        one.executed = truth_.executed(one.log.store, one.what.key, one.what.writes, after,
                                       one.what.what == deed::remove);
}

// -----------------------------------------------------------------------------------------------------------
// An active node that dies between the append and the commit

bool network::begin_dying(std::size_t store)
{
    if (dying_)
        return false;
    dying_ = store;
    return true;
}

bool network::append(std::size_t id)
{
    auto const& one = flights_[id];
    if (one.what.writes == 0 || dying_ != one.log.store)
        return false;
    appended_.push_back(id);
    return true;
}

void network::die(fault kind, dice& luck)
{
    auto const of = *std::exchange(dying_, std::nullopt);
    auto const appended = std::exchange(appended_, {});
    auto const gap = luck.between(5ms, 800ms);
    elect_another(of, luck, gap);
    auto const count = appended.size();
    auto const kept = count == 0 ? 0 : luck.below(count) + (kind == fault::crashed_kept ? 1 : 0);
    for (std::size_t i = 0; i < count; ++i) {
        flights_[appended[i]].is_appended = i < kept;
        if (i < kept)
            time_.put(time_.now() + gap, task::arrive, appended[i]); // what comes then comes after it
        else
            break_off(appended[i], luck.between(1ms, 200ms));
    }
    sky_.struck[fault::crashed_lost] += kept < count ? 1 : 0;
}

/// The next active node has it in its log, and makes it so.
void network::commit(std::size_t id)
{
    auto& one = flights_[id];
    auto const& there = servers_.at(one.log.seen_from);
    bool const is_lost = is_gone(one.node, one.log.seen_from) || // or a primary of its own meanwhile
                         servers_.log_at(one.log.seen_from, one.what.key) != one.log;
    if (is_lost) {
        ++sky_.struck[fault::crashed_lost];
        return break_off(id, one.luck.between(1ms, 200ms));
    }
    auto& model = servers_.model_of(there);
    auto const before = servers_.end_of(one.log, time_.now());
    auto const result = model.handle(there.leader, one.asked, time_.now());
    if (result.held)
        model.cancel(result.id);
    note_execution(one, before);
    sky_.struck[fault::crashed_kept] += one.executed ? 1 : 0;
    break_off(id, one.luck.between(1ms, 200ms));
    look_at_held();
}

bool network::is_gone(node_place const& node, std::size_t site) const
{
    auto const& nodes = servers_.at(site).nodes;
    return std::find(nodes.begin(), nodes.end(), node.node) == nodes.end();
}

void network::bury_nodes(dice& luck)
{
    std::erase_if(held_, [&](std::size_t id) {
        auto& one = flights_[id];
        if (!is_gone(one.node, one.log.seen_from))
            return false;
        servers_.model(one.node.model).cancel(*one.held);
        one.held.reset();
        break_off(id, luck.between(1ms, 200ms));
        return true;
    });
    for (auto const id : std::exchange(appended_, {}))
        break_off(id, luck.between(1ms, 200ms));
}

void network::heal()
{
    cut_.clear();
    crash_.reset();
    sky_.close_all();
}

} // namespace simulation
