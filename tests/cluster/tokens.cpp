// SPDX-License-Identifier: BSL-1.0
// auth/token: create, lookup, revoke. A token is part of the log and reaches a follower with its lag.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"

#include <algorithm>
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

std::string model::state::token_text(bool root, position end)
{
    // Vault writes hvs., OpenBao s. as long as its consistent tokens are off, which is their default.
    if (set.speaks == dialect::vault && set.consistent_tokens && !root) {
        return encode_consistent_token(random_letters(24), end.local, signer);
    }
    return (set.speaks == dialect::vault ? "hvs." : "s.") + random_letters(24);
}

reply model::state::issue_token(call const& from, new_token wanted)
{
    if (set.leases_used_up) {
        return {error_answer(429, "lease count quota exceeded")};
    }
    auto policies = with_default(std::move(wanted.policies));
    bool const root = has(policies, "root");
    token_record record{random_letters(24), std::move(policies), wanted.uses, root};
    const position end = write(from.now);
    const std::string token = wanted.id.empty() ? token_text(root, end) : wanted.id;
    const nlohmann::json auth = {
        {"client_token", token},       {"accessor", record.accessor},
        {"policies", record.policies}, {"token_policies", record.policies},
        {"metadata", wanted.metadata}, {"lease_duration", root ? 0 : default_lease_seconds},
        {"renewable", !root},          {"entity_id", ""},
        {"token_type", "service"},     {"orphan", wanted.orphan},
        {"num_uses", record.uses_left}};
    stored.tokens.put(token, std::move(record), end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    const std::string text = auth.dump();
    done.answer = logical_answer(request_id(), envelope{.auth = text});
    return done;
}

reply model::state::lookup_token(std::size_t node, call& from, std::string const& token)
{
    bool const root = token == set.root_token;
    token_record const* found = root ? nullptr : stored.tokens.value_at(token, sees(node, from.now));
    if (!root && found == nullptr) {
        return {error_answer(403, "bad token")};
    }
    const token_record shown = root ? token_record{"root-accessor", {"root"}, 0, true} : *found;
    const nlohmann::json data = {{"id", token},
                                 {"accessor", shown.accessor},
                                 {"policies", shown.policies},
                                 {"num_uses", shown.uses_left},
                                 {"type", "service"}};
    return {logical_answer(request_id(), data.dump())};
}

reply model::state::token_path(std::size_t node, call& from, std::string_view rest,
                               token_record const& caller)
{
    auto const& method = from.asked.method;
    bool const writes = method == "POST" || method == "PUT";
    bool const known = rest == "create" || rest == "lookup" || rest == "lookup-self" || rest == "revoke" ||
                       rest == "revoke-self";
    if (!known) {
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
    if (auto missing = token_ahead(node, token, from.now)) {
        return {std::move(*missing)}; // the one in the body is checked as the caller's own
    }
    if (rest.starts_with("lookup")) {
        return lookup_token(node, from, token);
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    const position end = write(from.now);
    stored.tokens.put(token, std::nullopt, end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    done.answer = no_content();
    return done;
}

} // namespace cluster
