// SPDX-License-Identifier: BSL-1.0
#include "virtual_time.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace cluster {

bool virtual_time::later::operator()(event const& left, event const& right) const
{
    return left.at != right.at ? left.at > right.at : left.order > right.order;
}

virtual_time::virtual_time(model& driven) : model_(driven) {}

nanoseconds virtual_time::now() const { return now_; }

void virtual_time::at(nanoseconds when, action f)
{
    events_.push({std::max(when, now_), order_++, std::move(f)});
}

void virtual_time::after(nanoseconds delay, action f) { at(now_ + delay, std::move(f)); }

void virtual_time::send(std::size_t node, request asked, on_answer done, nanoseconds one_way)
{
    after(one_way, [this, node, asked = std::move(asked), done = std::move(done), one_way] {
        finish(model_.handle(node, asked, now_), one_way, done);
        look_at_waiting();
    });
}

response virtual_time::ask(std::size_t node, request const& asked, answer_note* note)
{
    std::optional<response> got;
    send(node, asked, [&](response const& answer, answer_note const& about) {
        got = answer;
        if (note != nullptr) {
            *note = about;
        }
    });
    while (!got && step(nanoseconds::max())) {
    }
    return got.value_or(response{});
}

std::uint64_t virtual_time::run()
{
    std::uint64_t events = 0;
    while (step(nanoseconds::max())) {
        ++events;
    }
    return events;
}

std::uint64_t virtual_time::run_until(nanoseconds end)
{
    std::uint64_t events = 0;
    while (step(end)) {
        ++events;
    }
    now_ = std::max(now_, end);
    return events;
}

bool virtual_time::step(nanoseconds end)
{
    if (events_.empty() || events_.top().at > end) {
        return false;
    }
    // The queue hands out const references only, and the event must be out before it can add others.
    event next = events_.top();
    events_.pop();
    now_ = next.at;
    next.run();
    return true;
}

void virtual_time::finish(outcome result, nanoseconds one_way, on_answer const& done)
{
    if (result.held) {
        waiting_.push_back({result.id, result.until, one_way, done});
        at(result.until, [this, id = result.id] { try_resume(id); });
        return;
    }
    if (one_way == nanoseconds{0}) {
        done(result.answer, result.note);
        return;
    }
    after(one_way, [done, result = std::move(result)] { done(result.answer, result.note); });
}

void virtual_time::try_resume(ticket id)
{
    auto const found =
        std::find_if(waiting_.begin(), waiting_.end(), [&](waiting const& one) { return one.id == id; });
    auto const until = model_.held_until(id);
    if (found == waiting_.end() || !until || *until > now_) {
        return; // answered already, or put off: then another event comes
    }
    const waiting one = *found;
    waiting_.erase(found);
    finish(model_.resume(id, now_), one.one_way, one.done);
    look_at_waiting();
}

void virtual_time::look_at_waiting()
{
    if (wake_changes_ == model_.wake_changes()) {
        return;
    }
    wake_changes_ = model_.wake_changes();
    for (auto& one : waiting_) {
        auto const until = model_.held_until(one.id);
        if (until && *until != one.armed) {
            one.armed = *until;
            at(*until, [this, id = one.id] { try_resume(id); });
        }
    }
}

} // namespace cluster
