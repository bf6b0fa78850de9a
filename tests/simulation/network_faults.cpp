// SPDX-License-Identifier: BSL-1.0
// What becomes of a request and its answer on a bad way.
#include "network.hpp"

#include "cluster/codec.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>

namespace simulation {

using namespace std::chrono_literals;

namespace {

cluster::response plain(int status, std::string body)
{
    return {.status = status, .fields = {}, .body = std::move(body)};
}

bool is_index(std::pair<std::string, std::string> const& field) { return field.first == "X-Vault-Index"; }

std::string draw_garbage(dice& luck)
{
    switch (luck.below(4)) {
    case 0: return "?garbage\x01\x7f";
    case 1: return "djE6Y2x1c3Rlcjo="; // begins as an index of Vault
    case 2: return "eyJjbHVzdGVyIjo";  // begins as one of OpenBao
    default: return std::string(1 + luck.below(40), '%');
    }
}

/// The same cluster, at another place of its log; well formed, but not what the server wrote.
std::string forge(index_meaning const& genuine, dice& luck)
{
    auto where = genuine.where;
    where.local += luck.per_mille(500) ? luck.below(1000) : 0;
    where.local -= std::min(where.local, luck.below(100));
    if (!genuine.is_vault)
        return cluster::encode_openbao_index(
            {std::string(genuine.cluster),
             genuine.is_lsn ? cluster::lsn_text(where.local) : std::to_string(where.local)});
    return cluster::encode_vault_index({std::string(genuine.cluster), where},
                                       cluster::hmac_signer("another key"));
}

} // namespace

void spoil(std::string& text, fault kind, index_book& book, dice& luck)
{
    auto const& genuine = book.read(text);
    switch (kind) {
    case fault::truncated: text.resize(text.size() - 1 - luck.below(text.size() - 1)); break;
    case fault::huge: text += std::string(250 + luck.below(5000), 'A'); return;
    case fault::forged: text = forge(genuine, luck); return;
    default: text = draw_garbage(luck); return;
    }
    if (book.read(text).is_known) // a signature was cut off: that would be another fault
        text = draw_garbage(luck);
}

/// Whether something on the way answers, or another answer was given before.
bool network::answer_instead(std::size_t id)
{
    auto& one = flights_[id];
    auto const now = time_.now();
    if (sky_.strikes(fault::throttled, one.site, now, one.luck)) {
        one.answer = plain(429, R"({"errors":["request path \"kv\": rate limit quota exceeded"]})");
        deliver_at(id, now + 100us);
        return true;
    }
    if (one.luck.per_mille(500) && sky_.strikes(fault::bad_gateway, one.site, now, one.luck)) {
        one.answer = plain(502, "bad gateway");
        deliver_at(id, now + 100us);
        return true;
    }
    if (one.what.writes != 0 || !sky_.strikes(fault::old_cache, one.site, now, one.luck))
        return false;
    auto const found = cache_.find({one.site, one.asked.target});
    if (found == cache_.end())
        return false;
    one.answer = found->second;
    one.is_cached = true;
    deliver_at(id, now + 100us);
    return true;
}

bool network::crash(std::size_t id, bool before)
{
    auto& one = flights_[id];
    auto const& there = servers_.at(servers_.behind(one.site));
    bool const is_due = crash_ && crash_->second == before && crash_->first == servers_.behind(one.site) &&
                        one.what.writes != 0 && one.node.node == there.leader;
    if (!is_due || (!before && !one.executed))
        return false;
    ++sky_.struck[before ? fault::crashed_before : fault::crashed_after];
    crash_.reset();
    elect_another(servers_.behind(one.site), one.luck, one.luck.between(5ms, 800ms));
    break_off(id, 1ms);
    look_at_held();
    return true;
}

void network::elect_another(std::size_t of, dice& luck, nanoseconds gap)
{
    auto const& there = servers_.at(of);
    auto const old = std::find(there.nodes.begin(), there.nodes.end(), there.leader) - there.nodes.begin();
    auto const next = 1 + luck.below(there.nodes.size() - 1);
    servers_.elect(of, static_cast<std::size_t>(old) + next, time_.now(), gap);
}

/// A node has answered: what becomes of that on its way back.
void network::finish(std::size_t id)
{
    auto& one = flights_[id];
    auto const now = time_.now();
    auto& luck = one.luck;
    note_sight(one);
    if (crash(id, false))
        return;
    if (one.is_shadow)
        return release(id);
    if (sky_.strikes(fault::lost_answer, one.site, now, luck))
        return break_off(id, luck.between(1ms, 200ms));
    if (sky_.strikes(fault::bad_gateway, one.site, now, luck)) {
        one.answer = plain(502, "bad gateway");
        one.seen.reset();
        return deliver_at(id, now + 100us);
    }
    if (has_cache_ && one.what.writes == 0 && one.answer.status == 200)
        cache_[{one.site, one.asked.target}] = one.answer;
    spoil_index(one);
    one.repeats = sky_.strikes(fault::doubled_answer, one.site, now, luck);
    bool const is_late = sky_.strikes(fault::late_answer, one.site, now, luck);
    deliver_at(id, now + (is_late ? luck.between(3ms, 300ms) : luck.between(50us, 600us)));
}

void network::spoil_index(flight& one)
{
    auto& fields = one.answer.fields;
    auto const found = std::find_if(fields.begin(), fields.end(), is_index);
    if (found == fields.end())
        return;
    auto const strikes = [&](fault kind) { return sky_.strikes(kind, one.site, time_.now(), one.luck); };
    if (strikes(fault::stripped)) {
        dropped_at_.insert(one.site);
        std::erase_if(fields, is_index);
        one.is_altered = true;
        return;
    }
    for (auto const kind : {fault::truncated, fault::garbled, fault::huge, fault::forged})
        if (strikes(kind)) {
            spoil(found->second, kind, book_, one.luck);
            dropped_at_.insert(one.site);
            one.is_altered = true;
            one.is_forged = kind == fault::forged;
            one.is_huge = kind == fault::huge;
            return;
        }
    auto const text_of = [&](std::size_t of) {
        auto const& there = servers_.at(of);
        auto& model = servers_.model_of(there);
        return model.index_text(model.newest(there.which), there.which);
    };
    if (one.attempt > forgotten_) {
        auto& older = older_[one.log.seen_from];
        one.is_joined = !older.empty() && strikes(fault::joined);
        auto const more = one.is_joined ? ", " + older : std::string();
        older = found->second;
        found->second += more;
    }
    if (strikes(fault::foreign_line)) {
        mixed_at_.insert(one.site);
        fields.emplace_back("X-Vault-Index", text_of(servers_.stranger()));
    }
}

void network::break_off(std::size_t id, nanoseconds after, bool sent)
{
    flights_[id].is_broken = true;
    flights_[id].was_sent = sent;
    deliver_at(id, time_.now() + after);
}

void network::deliver_at(std::size_t id, nanoseconds when)
{
    if (flights_[id].is_shadow)
        return release(id);
    time_.put(when, task::deliver, id);
}

} // namespace simulation
