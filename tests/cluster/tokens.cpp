// SPDX-License-Identifier: BSL-1.0
// auth/token: create, lookup, renew, revoke. A token is part of the log and reaches a follower with its lag.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"
#include "token_codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cluster {

namespace {

bool has(std::vector<std::string> const& list, std::string const& name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

/// Sorted, and with Vault's default policy, which every token but those of root gets.
std::vector<std::string> with_default(std::vector<std::string> names)
{
    if (!has(names, "default") && !has(names, "root")) {
        names.emplace_back("default");
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool within(std::vector<std::string> const& names, token_record const& parent)
{
    return parent.root || std::all_of(names.begin(), names.end(), [&](std::string const& name) {
               return name == "default" || has(parent.policies, name);
           });
}

} // namespace

reply model::state::create_token(std::size_t node, call& from, token_record const& caller)
{
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    new_token wanted;
    wanted.policies = body_words(from.body, "policies").value_or(caller.policies); // else its parent's
    if (!within(wanted.policies, caller)) {
        return {error_answer(400, "child policies must be subset of parent")};
    }
    wanted.id = body_text(from.body, "id");
    if (from.body.is_object() && from.body.contains("num_uses") &&
        from.body["num_uses"].is_number_unsigned()) {
        wanted.uses = from.body["num_uses"].get<std::uint64_t>();
    }
    return issue_token(from, std::move(wanted));
}

token_check model::state::look_ahead(std::size_t node, std::string_view token, nanoseconds now)
{
    // Vault vault/token_store.go, checkSSCTokenInternal: the text itself says what the node must have.
    auto const read = read_token(set.speaks, token, signer);
    token_check check{read.token.id, std::nullopt};
    if (read.what == token_reading::kind::bad) {
        check.ends = reply{error_answer(403, "permission denied")};
    }
    bool const standby = role_of(node, now) == role::performance_standby;
    bool const vault = set.speaks == dialect::vault;
    bool const skips = vault ? standby && set.stores != storage::raft : set.stores == storage::other;
    if (read.what != token_reading::kind::consistent || skips || read.token.epoch < generation) {
        return check;
    }
    auto const wanted = parse_storage_text(vault ? storage::raft : set.stores, read.token.local_index);
    if (!wanted || satisfied(node, {{{*wanted, 0}}, {}, false}, now)) {
        return check;
    }
    if (vault && standby && set.allow_forwarding_via_token == "new_token") {
        check.ends = elsewhere();
    } else if (vault) {
        check.ends = reply{error_answer(412, "required index state not present")};
    } else if (set.unknown.stale_token_status == 412) {
        check.ends = reply{error_answer(412, "SSCT token referenced a newer index than present locally")};
    } else {
        check.ends = reply{error_answer(403, "permission denied")};
    }
    return check;
}

minted model::state::mint_token(bool root, position end)
{
    // Vault writes hvs., OpenBao s. as long as its consistent tokens are off, which is their default.
    bool const vault = set.speaks == dialect::vault;
    bool const carries = set.consistent_tokens && !root;
    std::string id = (vault || carries ? "hvs." : "s.") + random_letters(24);
    if (!carries) {
        return {id, id};
    }
    const std::string index = storage_text(vault ? storage::raft : set.stores, end.local);
    return {encode_consistent_token(set.speaks, {id, index, generation}, signer), id};
}

reply model::state::issue_token(call const& from, new_token wanted)
{
    if (set.leases_used_up) {
        return {error_answer(429, "lease count quota exceeded")};
    }
    auto policies = with_default(std::move(wanted.policies));
    bool const root = has(policies, "root");
    token_record record{random_letters(24), std::move(policies), wanted.uses, root, wanted.entity};
    const position end = write(from.now);
    const minted token = wanted.id.empty() ? mint_token(root, end) : minted{wanted.id, wanted.id};
    const nlohmann::json auth = {
        {"client_token", token.text},  {"accessor", record.accessor},
        {"policies", record.policies}, {"token_policies", record.policies},
        {"metadata", wanted.metadata}, {"lease_duration", root ? 0 : default_lease_seconds},
        {"renewable", !root},          {"entity_id", record.entity},
        {"token_type", "service"},     {"orphan", wanted.orphan},
        {"num_uses", record.uses_left}};
    put(&stored_data::tokens, token.id, std::optional{std::move(record)}, end, reach::own, from.now);
    reply done;
    done.wrote = {end.local, 0};
    const std::string text = auth.dump();
    done.answer = logical_answer(request_id(), envelope{.auth = text});
    return done;
}

reply model::state::lookup_token(std::size_t node, call& from, std::string const& token,
                                 std::string const& id)
{
    bool const root = id == set.root_token;
    token_record const* found = root ? nullptr : stored.tokens.value_at(id, sees(node, from.now));
    if (!root && found == nullptr) {
        return {error_answer(403, "bad token")};
    }
    const token_record shown = root ? token_record{"root-accessor", {"root"}, 0, true, {}} : *found;
    const nlohmann::json data = {{"id", token},
                                 {"accessor", shown.accessor},
                                 {"policies", shown.policies},
                                 {"num_uses", shown.uses_left},
                                 {"entity_id", shown.entity},
                                 {"type", "service"}};
    return {logical_answer(request_id(), data.dump())};
}

reply model::state::renew_token(call const& from, std::string const& token, std::string const& id)
{
    token_record const* found = stored.tokens.value_at(id, log.newest().local);
    if (found == nullptr) {
        return {error_answer(403, "bad token")};
    }
    // The text stays, and with it the index that it carries: a renewal does not raise it.
    const nlohmann::json auth = {{"client_token", token},
                                 {"accessor", found->accessor},
                                 {"policies", found->policies},
                                 {"lease_duration", default_lease_seconds},
                                 {"renewable", true}};
    const position end = write(from.now);
    put(&stored_data::tokens, id, std::optional{*found}, end, reach::own, from.now);
    reply done;
    done.wrote = {end.local, 0};
    const std::string text = auth.dump();
    done.answer = logical_answer(request_id(), envelope{.auth = text});
    return done;
}

reply model::state::revoke_token(call const& from, std::string const& id)
{
    const position end = write(from.now);
    put(&stored_data::tokens, id, std::optional<token_record>{}, end, reach::own, from.now);
    reply done;
    done.wrote = {end.local, 0};
    done.answer = no_content();
    return done;
}

reply model::state::token_path(std::size_t node, call& from, std::string_view rest,
                               token_record const& caller)
{
    auto const& method = from.asked.method;
    bool const writes = method == "POST" || method == "PUT";
    constexpr std::array known = {"create",     "lookup", "lookup-self",   "renew",
                                  "renew-self", "revoke", "revoke-orphan", "revoke-self"};
    if (std::find(known.begin(), known.end(), rest) == known.end()) {
        return {collected_error(404, "unsupported path")};
    }
    bool const reads_self = rest == "lookup-self" && method == "GET";
    if (!writes && !reads_self) {
        return {collected_error(405, "unsupported operation")};
    }
    if (rest == "create") {
        return create_token(node, from, caller);
    }
    bool const self = rest.ends_with("-self");
    const std::string token = self ? from.token : body_text(from.body, "token");
    if (token.empty()) {
        return {error_answer(400, "missing token ID")};
    }
    auto check = look_ahead(node, token, from.now); // the one in the body is checked as the caller's own
    if (check.ends) {
        counted[node].refused += check.ends->answer.status == 412 ? 1 : 0;
        return std::move(*check.ends);
    }
    if (rest.starts_with("lookup")) {
        return lookup_token(node, from, token, check.id);
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    return rest.starts_with("renew") ? renew_token(from, token, check.id) : revoke_token(from, check.id);
}

} // namespace cluster
