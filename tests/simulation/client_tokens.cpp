// SPDX-License-Identifier: BSL-1.0
// The tokens that logins make, and who has them.
#include "clients.hpp"
#include "index_texts.hpp"
#include "spoil.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace simulation {

using namespace afterwrite;

namespace {

/// The token in the body of an answer to a login.
std::string token_in(std::string_view body)
{
    constexpr std::string_view name = R"("client_token":")";
    auto const found = body.find(name);
    if (found == std::string_view::npos)
        return {};
    auto const first = found + name.size();
    return std::string(body.substr(first, body.find('"', first) - first));
}

} // namespace

/// Of each caller whose process has a store: the identity of its next token.
void clients::add_newborns()
{
    newest_tokens_.resize(servers_.sites());
    for (auto const& each : plan_.callers) {
        auto& host = processes_[each.process];
        newborn_of_.push_back(scopes_.size());
        if (host.store == nullptr || !host.what.logs_in)
            continue;
        host.scopes.push_back(scopes_.size());
        scopes_.emplace_back(*host.store, "nobody yet");
    }
}

/// A login has been answered: its caller has a token, and a store an identity of that name, for which another
/// one may have to make room.
void clients::take_token(operation const& one, flight const& got)
{
    if (one.what.what != deed::log_in || !got.executed || got.answer.status != 200)
        return;
    auto text = token_in(got.answer.body);
    if (text.empty())
        return;
    auto& host = processes_[one.process];
    if (host.store != nullptr) {
        host.has_floor = true;
        if (moments_.is_between())
            return; // whoever was interrupted may be the identity that would have to make room
        bring_up(scopes_[newborn_of_[one.caller]], host, got, text);
        spoil(host.what.breaks, scopes_[newborn_of_[one.caller]]);
    }
    spoil(host.what.breaks, scopes_[one.scope]);
    auto const& there = servers_.at(got.log.seen_from);
    auto const& chosen = servers_.model_of(there).chosen(there.which);
    bool const is_same = got.executed->epoch == truth_.epoch(got.log.store); // as when it was signed
    work_[one.caller].token = newest_tokens_[got.log.store] = std::make_shared<credential const>(
        credential{std::move(text), got.log.store, *got.executed, chosen.consistent_tokens,
                   is_same ? chosen.hmac_key : std::string()});
}

/// What the answer told is required of whoever comes with the token.
void clients::bring_up(scope& newborn, process const& host, flight const& got, std::string const& token)
{
    newborn = scope(*host.store, token);
    newborn.advance(now_of(host));
    bool is_told = false;
    for_each_text(got.answer, [&](std::string_view text) {
        auto const& meaning = book_.read(text);
        newborn.received.insert(meaning);
        if (!meaning.is_known)
            return;
        is_told = true;
        auto& naive = value_of(newborn.naive, meaning.cluster);
        naive.is_vault = meaning.is_vault;
        naive.join = join(naive.join, meaning.where);
        naive.since = now_of(host);
    });
    if (is_told && !got.is_altered)
        newborn.promised.bind(got.log, *got.executed);
}

/// Who was not told that a token is good has none any more.
void clients::keep_token(operation const& one)
{
    bool const is_good = one.last.what == action::deliver && one.seen && one.seen->value != 0;
    if (one.what.what != deed::ask || is_good)
        return;
    for (auto* const each : {&work_[one.caller].token, &newest_tokens_[one.site]})
        if (*each == one.what.token)
            each->reset();
}

/// Whether it has a token of a history that is no more: one that says so is refused until the new one is as
/// long, and any other is not known.
bool clients::has_lost_token(operation const& one) const
{
    auto const* const token = one.what.token.get();
    return token != nullptr && token->made.epoch != truth_.epoch(token->home);
}

void clients::check_token(operation const& one)
{
    auto const& there = servers_.at(one.log.seen_from);
    auto const& chosen = servers_.model_of(there).chosen(there.which);
    auto const& token = *one.what.token;
    bool const is_told = there.speaks == cluster::dialect::vault || chosen.unknown.stale_token_status == 412;
    bool const says_index = token.says_index && is_told && !has_lost_token(one);
    bool const is_legible = !token.says_index || token.key == chosen.hmac_key; // or else it is nobody's
    bool const is_judged = is_at_home(one, one.log) && !carries_unsigned(one.asked) && is_legible;
    auto const bound = is_judged ? one.promised.of(one.log) : version{};
    bool const is_promised = bound.epoch == one.seen->epoch && token.made <= bound;
    report_.checked_tokens += says_index || is_promised ? 1 : 0;
    check(invariant::tokens_are_good, one, invariant::of_token(*one.seen, bound, says_index));
}

} // namespace simulation
