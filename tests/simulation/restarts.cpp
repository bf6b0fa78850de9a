// SPDX-License-Identifier: BSL-1.0
// Programs that end, and what becomes of what they knew.
#include "faults.hpp"

#include <afterwrite/session/portable_session.hpp>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

hmac_key const key("what signs the sessions that are left behind");

void damage(std::string& text, dice& luck)
{
    if (text.empty())
        return;
    if (luck.per_mille(500)) {
        text.resize(luck.below(text.size()));
    } else {
        auto& letter = text[luck.below(text.size())];
        letter = letter == 'A' ? 'B' : 'A';
    }
}

/// Nothing is known of when it heard what it knows.
void begin_anew(followed_histories& all)
{
    for (auto& [of, each] : all) {
        each.proofs = 0;
        each.proved = each.began = {};
    }
}
/// A store takes times that are less than a minute ahead for those of other threads: where its clock went
/// back, nothing is older than another thing for as long.
void begin_anew(scope& who, process const& host)
{
    begin_anew(who.followed);
    for (auto& [of, each] : who.naive) {
        each.settled = each.marked = each.newest = {};
        each.turned = who.is_of_store() ? std::max(host.latest, host.clock_began + std::chrono::minutes(1))
                                        : time_point();
    }
}

} // namespace

left_behind faults::save(process const& host)
{
    left_behind left;
    for (auto const number : host.scopes) {
        auto const& who = clients_.scopes()[number];
        left.names.push_back(who.name());
        left.promised.push_back(who.promised);
        left.naive.push_back(who.naive);
        left.followed.push_back(who.followed);
        if (who.is_of_store())
            continue;
        auto text = who.with([](auto const& session) { return export_session(session, key); });
        if (!text)
            report_.fail(invariant::nothing_is_forgotten, time_.now(), "a session cannot be handed on");
        left.texts.push_back(text.value_or(std::string()));
    }
    left.followed_by_store = host.followed;
    if (host.store != nullptr) {
        auto const bytes = host.store->block.bytes();
        left.block.assign(bytes.begin(), bytes.end());
    }
    return left;
}

void faults::restart(std::size_t number, fault kind, left_behind& left, dice& luck)
{
    auto& host = clients_.processes()[number];
    bool const goes_on = kind == fault::restarted || kind == fault::clock_began_anew; // with all that it had
    clients_.abandon(number, std::nullopt, goes_on);
    host.followed.clear();
    if (host.store != nullptr)
        load_store(host, kind, left, luck);
    else
        load_sessions(host, kind, left, luck);
    clients_.set_up(host);
}

void faults::load_sessions(process& host, fault kind, left_behind& left, dice& luck)
{
    for (std::size_t i = 0; i < host.scopes.size(); ++i) {
        auto& who = clients_.scopes()[host.scopes[i]];
        scope fresh(who.is_shared(), who.options());
        fresh.received = std::move(who.received);
        who = std::move(fresh);
        if (left.texts.empty())
            continue;
        auto const from = kind == fault::restarted_foreign ? luck.below(host.scopes.size()) : i;
        auto text = left.texts[from];
        auto const whole = text;
        if (kind == fault::restarted_corrupt)
            damage(text, luck);
        auto const now = clients_.now_of(host);
        bool const is_read =
            who.with([&](auto& session) { return import_session(session, text, now, key).has_value(); });
        if (auto const wrong = invariant::of_loading(is_read, text == whole && !text.empty()))
            report_.fail(invariant::nothing_is_forgotten, time_.now(), "of a session: " + *wrong);
        if (!is_read)
            continue; // it was told so
        who.promised = left.promised[from];
        who.naive = left.naive[from];
        who.followed = left.followed[from];
        begin_anew(who, host);
        if (from != i) {
            auto const& other = clients_.scopes()[host.scopes[from]];
            who.received.insert(other.received);
        }
        clients_.check_kept(host, who);
    }
}

void faults::load_store(process& host, fault kind, left_behind& left, dice& luck)
{
    auto const forget = [&] {
        for (auto const number : host.scopes) {
            clients_.scopes()[number].promised.release();
            clients_.scopes()[number].naive.clear();
        }
        host.store.reset();
        clients_.set_up(host);
        for (auto const number : host.scopes)
            clients_.scopes()[number].move_to(*host.store);
    };
    if (left.block.empty())
        return forget();
    auto bytes = host.store->block.bytes();
    std::copy(left.block.begin(), left.block.end(), bytes.begin());
    if (kind == fault::restarted_corrupt)
        for (auto flips = 1 + luck.below(200); flips > 0; --flips)
            bytes[luck.below(bytes.size())] ^= std::byte{1} << luck.below(8);
    auto secret = support::store_key;
    if (kind == fault::restarted_foreign)
        secret.first ^= 1;
    auto attached = store_type::store_type::attach(bytes, secret, host.store->store.options());
    if (kind !=
        fault::restarted_corrupt) // a store takes up what is left of a damaged one, and fences the rest
        if (auto const wrong = invariant::of_loading(attached.has_value(), kind != fault::restarted_foreign))
            report_.fail(invariant::nothing_is_forgotten, time_.now(), "of a store: " + *wrong);
    if (!attached) // it was told so
        return forget();
    host.store->store = *attached;
    host.followed = left.followed_by_store;
    begin_anew(host.followed);
    for (std::size_t i = 0; i < host.scopes.size(); ++i) {
        auto& who = clients_.scopes()[host.scopes[i]];
        who.rename(left.names[i]);
        who.promised = left.promised[i];
        who.naive = left.naive[i];
        begin_anew(who, host);
        if (kind == fault::restarted_corrupt) // fences may stand for it, which do not bind a secondary
            who.promised.release_copies();
        clients_.check_kept(host, who);
    }
    host.was_damaged = host.was_damaged || kind == fault::restarted_corrupt;
}

/// The clock leaps, so that all fences end that stand by now: of what is in memory, and of what a restart is
/// to find.
void faults::leap(std::size_t number, dice& luck)
{
    auto& host = clients_.processes()[number];
    host.ahead += host.what.options.fence_time + luck.between(2s, 1h);
    clients_.end_fences(host);
    for (auto& each : lasting_) {
        if (each.site != number)
            continue;
        for (auto& promised : each.left.promised)
            host.may_be_fences() ? promised.release() : promised.release_fences();
        if (host.may_be_fences())
            each.left.naive.assign(each.left.naive.size(), {});
    }
}

/// Identities that nobody has heard of come, write once, and are never seen again.
void faults::crowd(process& host, dice& luck)
{
    host.has_floor = true;
    auto const now = clients_.now_of(host);
    auto const& there = servers_.at(servers_.behind(0));
    auto& model = servers_.model_of(there);
    for (auto left = 20 + luck.below(200); left > 0; --left) {
        auto const text = model.index_text(model.newest(there.which), there.which);
        host.store->store.of(std::to_string(luck.next()), now).record(text, now);
        host.received.insert(clients_.book().read(text));
        auto& oldest = host.followed[there.id].oldest;
        oldest = oldest.value_or(clients_.changes_of(there.id));
    }
    for (auto const number : host.scopes)
        clients_.check_kept(host, clients_.scopes()[number]);
}

} // namespace simulation
