// SPDX-License-Identifier: BSL-1.0
// Token, policy, route: what happens to a request once its headers have let it pass.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace cluster {

namespace {

constexpr std::string_view unwrap_path = "sys/wrapping/unwrap";

std::string_view token_of(request const& asked)
{
    auto const token = field_or_empty(asked.fields, "X-Vault-Token");
    if (!token.empty()) {
        return token;
    }
    constexpr std::string_view bearer = "Bearer ";
    auto const authorization = field_or_empty(asked.fields, "Authorization");
    return authorization.starts_with(bearer) ? authorization.substr(bearer.size()) : std::string_view{};
}

unsigned needed(std::string_view method)
{
    if (method == "GET" || method == "HEAD") {
        return may_read;
    }
    if (method == "POST" || method == "PUT") {
        return may_create | may_update;
    }
    if (method == "DELETE") {
        return may_delete;
    }
    return method == "LIST" ? may_list : may_patch;
}

// What Vault's built-in default policy lets every token do to itself.
bool own_affair(std::string_view path)
{
    return path == "auth/token/lookup-self" || path == "auth/token/revoke-self" || path == unwrap_path;
}

bool is_below(std::string_view path, std::string_view root)
{
    return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

} // namespace

std::optional<response> model::state::take_in(call& from) const
{
    if (from.taken_in) {
        return std::nullopt;
    }
    from.taken_in = true;
    auto const& method = from.asked.method;
    bool const with_body = method == "POST" || method == "PUT" || method == "PATCH";
    if (with_body && !from.asked.body.empty()) {
        from.body = nlohmann::json::parse(from.asked.body, nullptr, false);
        if (!from.body.is_null() && !from.body.is_object()) {
            return error_answer(400, from.body.is_discarded() ? "failed to parse JSON input: invalid JSON"
                                                              : "failed to parse JSON input: not an object");
        }
    }
    auto const lifetime = field_or_empty(from.asked.fields, "X-Vault-Wrap-TTL");
    if (lifetime.empty()) {
        return std::nullopt;
    }
    // Go's parseutil.ParseDurationSecond: a plain number is seconds.
    auto const plain = parse_decimal(lifetime);
    auto const span = plain ? std::nullopt : parse_duration(lifetime);
    if (!plain && !span) {
        return error_answer(400, "error parsing X-Vault-Wrap-TTL header: " + std::string(lifetime));
    }
    from.wrap_seconds = plain.value_or(span ? static_cast<std::uint64_t>(span->count() / 1'000'000'000) : 0);
    return std::nullopt;
}

reply model::state::dispatch(std::size_t node, call& from)
{
    if (from.path == "sys/health") {
        return health(node, from);
    }
    if (from.path == "sys/leader") {
        return leader(node, from);
    }
    if (from.path == "sys/seal-status") {
        return seal_status(node, from);
    }
    if (from.path == "sys/replication/performance/status" && set.speaks == dialect::vault) {
        return replication_status(node);
    }
    if (auto bad = take_in(from)) {
        return {std::move(*bad)};
    }
    reply done = checked(node, from);
    return from.wrap_seconds > 0 ? wrap(node, from, std::move(done)) : done;
}

reply model::state::checked(std::size_t node, call& from)
{
    auto const place = find_auth(from.decoded);
    if (place && place->rest.starts_with("login/")) {
        return login(node, from, *place); // whatever token comes with it is not looked at
    }
    from.token = std::string(token_of(from.asked));
    std::string const& token = from.token;
    if (auto missing = token_ahead(node, token, from.now)) {
        return {std::move(*missing)};
    }
    if (from.decoded == unwrap_path && !token.empty() && body_text(from.body, "token").empty()) {
        return unwrap(node, from, token); // its only use, which is not counted once more
    }
    const std::uint64_t at = sees(node, from.now);
    const token_record whole_power{"root-accessor", {"root"}, 0, true};
    token_record const* found = token == set.root_token ? &whole_power : stored.tokens.value_at(token, at);
    if (token.empty() || found == nullptr) {
        return {error_answer(403, "permission denied")};
    }
    if (found->uses_left > 0 && !writable(node, from.now)) {
        return elsewhere(); // to count a use is a write
    }
    const token_record caller = *found; // what follows may write tokens
    if (!allowed(caller, from, at)) {
        return {collected_error(403, "permission denied")};
    }
    reply counted_use;
    if (caller.uses_left > 0) {
        use_token(token, caller, counted_use, from.now);
    }
    reply done = routed(node, from, caller);
    done.modified = done.modified || counted_use.modified;
    return done;
}

std::optional<response> model::state::token_ahead(std::size_t node, std::string_view token, nanoseconds now)
{
    // Vault vault/token_store.go, checkSSCTokenInternal: the text itself says what the node must have.
    auto const made = set.speaks == dialect::vault ? consistent_token_index(token, signer) : std::nullopt;
    if (!made || satisfied(node, {{{*made, 0}}, {}, false}, now)) {
        return std::nullopt;
    }
    ++counted[node].refused;
    return error_answer(412, "required index state not present");
}

bool model::state::allowed(token_record const& caller, call const& from, std::uint64_t at) const
{
    if (caller.root || own_affair(from.path)) {
        return true;
    }
    std::vector<policy const*> known;
    for (auto const& name : caller.policies) {
        if (auto const* found = stored.policies.value_at(name, at)) {
            known.push_back(found); // one that has not landed yet allows nothing
        }
    }
    return (capabilities_at(known, from.decoded) & (from.lists ? may_list : needed(from.asked.method))) != 0;
}

void model::state::use_token(std::string const& token, token_record const& record, reply& done,
                             nanoseconds now)
{
    const position end = write(now);
    std::optional<token_record> rest;
    if (record.uses_left > 1) {
        rest = record;
        --rest->uses_left;
    }
    stored.tokens.put(token, std::move(rest), end.local, log.oldest_visible(now));
    done.modified = true;
}

reply model::state::routed(std::size_t node, call& from, token_record const& caller)
{
    const std::string_view path = from.decoded;
    if (is_below(path, "sys/mounts")) {
        return mounts_path(node, from, path.substr(std::string_view{"sys/mounts"}.size()));
    }
    if (is_below(path, "sys/policies/acl")) {
        return policies_path(node, from, path.substr(std::string_view{"sys/policies/acl"}.size()));
    }
    if (path.starts_with("auth/token/")) {
        return token_path(node, from, path.substr(std::string_view{"auth/token/"}.size()), caller);
    }
    if (auto const place = find_auth(path); place && is_below(place->rest, "users")) {
        return users_path(node, from, *place);
    }
    if (path == unwrap_path) {
        return unwrap(node, from, body_text(from.body, "token"));
    }
    if (path == "sys/leases/lookup") {
        return lookup_lease(node, from);
    }
    if (path.starts_with("sys/") || path.starts_with("auth/")) {
        return {collected_error(404, "unsupported path")};
    }
    return key_value(node, from);
}

std::string model::state::request_id()
{
    constexpr std::string_view digits = "0123456789abcdef";
    std::string id(36, '-');
    std::uint64_t bits = 0;
    for (std::size_t at = 0; at < id.size(); ++at) {
        if (at % 16 == 0) {
            bits = names.next();
        }
        if (at != 8 && at != 13 && at != 18 && at != 23) {
            id[at] = digits[bits & 15U];
            bits >>= 4U;
        }
    }
    return id;
}

std::string model::state::random_letters(std::size_t count)
{
    constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string text;
    std::generate_n(std::back_inserter(text), count, [&] { return letters[names.next() % letters.size()]; });
    return text;
}

} // namespace cluster
