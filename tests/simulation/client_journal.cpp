// SPDX-License-Identifier: BSL-1.0
// What is written down of the clients.
#include "clients.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace simulation {

using namespace afterwrite;

namespace {

std::string tag_of(operation const& one)
{
    return "caller " + std::to_string(one.caller) + " #" + std::to_string(one.number);
}

/// An index for people: the end of its cluster's id, and where it points.
std::string words_for(index_meaning const& meaning, std::string_view text)
{
    if (!meaning.is_known)
        return "?" + std::string(text.substr(0, 40));
    auto const id = meaning.cluster;
    auto words = ".." + std::string(id.substr(id.size() - std::min<std::size_t>(4, id.size()))) + ":" +
                 std::to_string(meaning.where.local);
    return meaning.is_vault ? words + "," + std::to_string(meaning.where.replicated) : words;
}

std::uint64_t time_of(nanoseconds at) { return static_cast<std::uint64_t>(at.count()); }

} // namespace

std::string clients::session_of(operation const& one) const
{
    return "s" + std::to_string(one.scope) + "." + std::to_string(one.session);
}

void clients::write_begin(operation& one) const
{
    auto const& here = servers_.at(one.site).name;
    bool const writes = one.what.writes != 0;
    journal_.note(time_.now(),
                  [&] { return tag_of(one) + " begins: " + words_for(one.what) + " at " + here; });
    one.in_history = 0;
    if (journal_.history == nullptr || !one.what.is_of_key())
        return; // a history knows what one key shows
    auto const store = servers_.log_at(one.site, one.what.key).store;
    auto const key = servers_.log_name(one.site, store) +
                     world::path_of(one.what.key).substr(std::string_view("/v1").size());
    one.in_history = writes ? journal_.history->invoke_write(time_of(time_.now()), session_of(one), key,
                                                             std::to_string(one.what.writes))
                            : journal_.history->invoke_read(time_of(time_.now()), session_of(one), key);
}

void clients::write_attempt(operation const& one, std::string_view address) const
{
    journal_.note(time_.now(), [&] {
        auto text = tag_of(one) + "   to " + std::string(address);
        for (auto const& [name, value] : one.asked.fields)
            if (name == "X-Vault-Index")
                text += "; index " + words_for(book_.read(value), value);
            else if (name == "X-Vault-Inconsistent" || name == "X-Vault-Forward")
                text += "; " + value;
        return text;
    });
}

void clients::write_answer(operation const& one, flight const& got) const
{
    journal_.note(time_.now(), [&] {
        auto text = tag_of(one) + "   ";
        text += got.is_broken ? std::string(got.was_sent ? "broken" : "no connection")
                              : std::to_string(got.answer.status);
        text += !got.is_broken && got.answer.status >= 400 ? " " + got.answer.body.substr(0, 120) : "";
        for (auto const& [name, value] : got.answer.fields)
            text += name == "X-Vault-Index" ? "; index " + words_for(book_.read(value), value) : "";
        text += got.executed ? "; executed at " + std::to_string(got.executed->position) : "";
        text += one.seen ? "; shows what was written at " + std::to_string(one.seen->shown.position) : "";
        text += got.is_cached ? "; out of a cache" : "";
        return text + " -> " + std::string(to_string(one.last.why));
    });
}

void clients::write_end(operation const& one) const
{
    journal_.note(time_.now(),
                  [&] { return tag_of(one) + " ends: " + std::string(to_string(one.last.why)); });
    if (one.in_history == 0)
        return;
    auto const given = one.is_binding ? history::promise::full : history::promise::unbinding;
    if (one.what.writes != 0 && one.wrote)
        return journal_.history->return_write(time_of(time_.now()), session_of(one), one.in_history,
                                              {one.wrote->epoch, one.wrote->position}, given);
    if (one.what.writes != 0 || one.last.what != action::deliver || !one.seen)
        return write_loss(one);
    auto const value = one.seen->value == 0 ? std::string(history::nothing) : std::to_string(one.seen->value);
    journal_.history->return_read(time_of(time_.now()), session_of(one), one.in_history,
                                  {one.seen->shown.epoch, one.seen->shown.position}, value,
                                  must_show(one) && !one.seen->is_hidden ? given
                                                                         : history::promise::unpromised);
}

void clients::write_loss(operation const& one) const
{
    if (one.in_history != 0)
        journal_.history->lost(time_of(time_.now()), session_of(one), one.in_history);
}

} // namespace simulation
