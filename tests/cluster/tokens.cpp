// SPDX-License-Identifier: BSL-1.0
// auth/token: create, lookup, revoke. A token is part of the log and reaches a follower with its lag.
#include "answers.hpp"
#include "state.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

namespace {

constexpr long default_lease_seconds = 2764800;

reply elsewhere()
{
    reply done;
    done.forward = true;
    return done;
}

bool has(std::vector<std::string> const& list, std::string const& name)
{
    return std::find(list.begin(), list.end(), name) != list.end();
}

std::string body_text(nlohmann::json const& body, char const* name)
{
    bool const there = body.is_object() && body.contains(name) && body[name].is_string();
    return there ? body[name].get<std::string>() : std::string();
}

/// The policies that the body asks for; those of the parent if it names none.
std::vector<std::string> wanted_policies(nlohmann::json const& body, token_record const& parent)
{
    if (!body.is_object() || !body.contains("policies") || !body["policies"].is_array()) {
        return parent.policies;
    }
    std::vector<std::string> names;
    for (auto const& each : body["policies"]) {
        if (each.is_string()) {
            names.push_back(each.get<std::string>());
        }
    }
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
    auto const names_wanted = wanted_policies(from.body, caller);
    if (!within(names_wanted, caller)) {
        return {error_answer(400, "child policies must be subset of parent")};
    }
    if (set.leases_used_up) {
        return {error_answer(429, "lease count quota exceeded")};
    }
    token_record record{random_letters(24), names_wanted, 0, has(names_wanted, "root")};
    if (from.body.is_object() && from.body.contains("num_uses") &&
        from.body["num_uses"].is_number_unsigned()) {
        record.uses_left = from.body["num_uses"].get<std::uint64_t>();
    }
    const position end = write(from.now);
    // Vault writes hvs., OpenBao s. as long as its consistent tokens are off, which is their default.
    std::string token = body_text(from.body, "id");
    if (token.empty() && set.speaks == dialect::vault && set.consistent_tokens && !record.root) {
        token = encode_consistent_token(random_letters(24), end.local, signer);
    } else if (token.empty()) {
        token = (set.speaks == dialect::vault ? "hvs." : "s.") + random_letters(24);
    }
    const nlohmann::json auth = {
        {"client_token", token},       {"accessor", record.accessor},
        {"policies", record.policies}, {"token_policies", record.policies},
        {"metadata", nullptr},         {"lease_duration", record.root ? 0 : default_lease_seconds},
        {"renewable", !record.root},   {"entity_id", ""},
        {"token_type", "service"},     {"orphan", false},
        {"num_uses", record.uses_left}};
    tokens.put(token, std::move(record), end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    done.answer = logical_answer(request_id(), "null", 0, auth.dump());
    return done;
}

reply model::state::lookup_token(std::size_t node, call& from, std::string const& token)
{
    bool const root = token == set.root_token;
    token_record const* found = root ? nullptr : tokens.value_at(token, sees(node, from.now));
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
    tokens.put(token, std::nullopt, end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    done.answer = no_content();
    return done;
}

} // namespace cluster
