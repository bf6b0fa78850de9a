// SPDX-License-Identifier: BSL-1.0
// Token, policy, route: what happens to a request once its headers have let it pass.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"
#include "token_codec.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
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
    return path == "auth/token/lookup-self" || path == "auth/token/revoke-self" ||
           path == "auth/token/renew-self" || path == unwrap_path ||
           path.starts_with("sys/internal/ui/mounts/");
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

std::optional<reply> model::state::outside(std::size_t node, call const& from)
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
    constexpr std::string_view replication = "sys/replication/";
    if (set.speaks == dialect::vault && from.path.starts_with(replication)) {
        auto const which = from.path.substr(replication.size());
        if (which == "status" || which == "performance/status" || which == "dr/status") {
            return replication_status(node, which);
        }
    }
    return std::nullopt;
}

reply model::state::dispatch(std::size_t node, call& from)
{
    if (auto done = outside(node, from)) {
        return std::move(*done);
    }
    if (auto bad = take_in(from)) {
        return {std::move(*bad)};
    }
    if (!commits(node, from)) {
        return {error_answer(500, "leadership lost while committing log")}; // hashicorp/raft api.go
    }
    reply done = checked(node, from);
    return from.wrap_seconds > 0 ? wrap(node, from, std::move(done)) : done;
}

reply model::state::checked(std::size_t node, call& from)
{
    auto const place = find_auth(from.decoded);
    from.token = std::string(token_of(from.asked));
    auto check = look_ahead(node, from.token, from.now);
    from.token_id = check.id;
    if (place && place->logs_in()) {
        // Whatever token comes with it counts for nothing, but where new tokens are forwarded.
        return check.ends && check.ends->forward ? elsewhere() : login(node, from, *place);
    }
    if (check.ends) {
        counted[node].refused += check.ends->answer.status == 412 ? 1 : 0;
        return std::move(*check.ends);
    }
    std::string const& token = from.token_id;
    if (from.decoded == unwrap_path && !token.empty() && body_text(from.body, "token").empty()) {
        return unwrap(node, from, token); // its only use, which is not counted once more
    }
    const std::uint64_t at = sees(node, from.now);
    static const token_record whole_power{"root-accessor", {"root"}, 0, true, {}};
    bool const is_root = token == set.root_token;
    token_record const* found = is_root ? &whole_power : stored.tokens.value_at(token, at);
    if (token.empty() || found == nullptr) {
        return {error_answer(403, "permission denied")};
    }
    if (found->uses_left > 0 && !writable(node, from.now)) {
        return elsewhere(); // to count a use is a write
    }
    std::optional<token_record> kept; // since what follows may write tokens
    token_record const& caller = is_root ? whole_power : kept.emplace(*found);
    if (!allowed(caller, from, at)) {
        return {collected_error(403, "permission denied")};
    }
    const position used = caller.uses_left > 0 ? use_token(caller, from) : position{};
    reply done = routed(node, from, caller);
    done.wrote.local = std::max(done.wrote.local, used.local);
    return done;
}

bool model::state::allowed(token_record const& caller, call const& from, std::uint64_t at) const
{
    if (caller.root || own_affair(from.path)) {
        return true;
    }
    std::vector<policy const*> known;
    auto const add = [&](std::vector<std::string> const& all) {
        for (auto const& name : all) {
            if (auto const* found = stored.policies.value_at(name, at)) {
                known.push_back(found); // one that has not landed yet allows nothing
            }
        }
    };
    add(caller.policies);
    if (entity const* bearer = stored.entities.value_at(caller.entity, at)) {
        add(bearer->policies);
    }
    return (capabilities_at(known, from.decoded) & (from.lists ? may_list : needed(from.asked.method))) != 0;
}

position model::state::use_token(token_record const& record, call const& from)
{
    const position end = write(from.now);
    std::optional<token_record> rest;
    if (record.uses_left > 1) {
        rest = record;
        --rest->uses_left;
    }
    put(&stored_data::tokens, from.token_id, std::move(rest), end, reach::own, from.now);
    return end;
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
        return unwrap(node, from, read_token(set.speaks, body_text(from.body, "token"), signer).token.id);
    }
    if (is_below(path, "identity/entity/id")) {
        return entities_path(node, from, path.substr(std::string_view{"identity/entity/id"}.size()));
    }
    constexpr std::string_view shown = "sys/internal/ui/mounts/";
    if (path.starts_with(shown)) {
        return mount_details(node, from, path.substr(shown.size()));
    }
    if (path == "sys/storage/raft/snapshot" && from.asked.method == "GET") {
        reply done;
        done.raw = true;
        done.answer = {200, {{"Content-Type", "application/gzip"}}, "a snapshot"};
        return done;
    }
    if (path == "sys/leases/lookup") {
        return lookup_lease(node, from);
    }
    if (path.starts_with("sys/") || path.starts_with("auth/") || path.starts_with("identity/")) {
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
