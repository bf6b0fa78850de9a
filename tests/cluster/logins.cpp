// SPDX-License-Identifier: BSL-1.0
// Auth mounts like Vault's userpass and jwt: who may log in, and logins that make a token.
#include "answers.hpp"
#include "body.hpp"
#include "jwt.hpp"
#include "state.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

namespace {

std::string_view behind(std::string_view path, std::string_view first)
{
    path.remove_prefix(first.size());
    return path;
}

/// What follows the mount in `path`; nothing if it lies elsewhere.
std::optional<std::string_view> below(std::string_view path, std::string_view mount)
{
    bool const inside = path.starts_with(mount) && path.substr(mount.size()).starts_with('/');
    return inside ? std::optional{path.substr(mount.size() + 1)} : std::nullopt;
}

} // namespace

std::string user_key(std::string_view mount, std::string_view name_space, std::string_view name)
{
    return std::string(mount) + ':' + std::string(name_space) + ':' + std::string(name);
}

std::optional<auth_place> model::state::find_auth(std::string_view path) const
{
    constexpr std::string_view root = "auth/";
    if (!path.starts_with(root)) {
        return std::nullopt;
    }
    path = behind(path, root);
    for (auto const& each : set.auth_mounts) {
        if (auto const rest = below(path, each)) {
            return auth_place{each, *rest, nullptr, is_local(each)};
        }
    }
    for (auto const& each : set.jwt_mounts) {
        if (auto const rest = below(path, each.path)) {
            return auth_place{each.path, *rest, &each, is_local(each.path)};
        }
    }
    return std::nullopt;
}

reply model::state::login(std::size_t node, call& from, auth_place const& place)
{
    if (!from.writes()) {
        return {collected_error(405, "unsupported operation")};
    }
    return place.jwt != nullptr ? login_by_jwt(node, from, place) : login_by_password(node, from, place);
}

reply model::state::login_by_password(std::size_t node, call& from, auth_place const& place)
{
    const std::string password = body_text(from.body, "password");
    if (password.empty()) {
        return {collected_error(500, "missing password")}; // Vault's own choice of status
    }
    const std::string name(behind(place.rest, "login/"));
    user const* known =
        stored.users.value_at(user_key(place.mount, from.name_space, name), sees(node, from.now));
    if (known == nullptr || known->password != password) {
        return {error_answer(400, "invalid username or password")};
    }
    new_token wanted;
    wanted.policies = known->policies;
    wanted.metadata = {{"username", name}};
    return admit(node, from, place, name, std::move(wanted));
}

reply model::state::login_by_jwt(std::size_t node, call& from, auth_place const& place)
{
    const std::string name = body_text(from.body, "role");
    if (name.empty()) {
        return {error_answer(400, "missing role")};
    }
    auto const& roles = place.jwt->roles;
    auto const asked =
        std::find_if(roles.begin(), roles.end(), [&](jwt_role const& each) { return each.name == name; });
    if (asked == roles.end()) {
        return {error_answer(400, "role \"" + name + "\" could not be found")};
    }
    const std::string text = body_text(from.body, "jwt");
    if (text.empty()) {
        return {error_answer(400, "missing token")};
    }
    const std::int64_t seconds = epoch_seconds + from.now.count() / 1'000'000'000;
    auto const claims = read_jwt(text, place.jwt->key, seconds);
    if (!claims.error.empty()) {
        return {error_answer(400, "error validating token: " + claims.error)};
    }
    if (!is_meant_for(claims.value, asked->audience)) {
        return {error_answer(400, "error validating token: invalid audience (aud) claim")};
    }
    const std::string alias = body_text(claims.value, asked->user_claim);
    if (alias.empty()) {
        return {error_answer(400, "claim \"" + asked->user_claim + "\" not found in token")};
    }
    new_token wanted;
    wanted.policies = asked->policies;
    wanted.metadata = {{"role", name}};
    return admit(node, from, place, alias, std::move(wanted));
}

reply model::state::users_path(std::size_t node, call& from, auth_place const& place)
{
    constexpr std::string_view folder = "users/";
    auto const name = place.rest.starts_with(folder) ? behind(place.rest, folder) : std::string_view{};
    const std::string key = user_key(place.mount, from.name_space, name);
    const std::uint64_t at = sees(node, from.now);
    user const* known = stored.users.value_at(key, at);
    if (from.lists && name.empty()) {
        nlohmann::json keys = nlohmann::json::array();
        stored.users.each(key, at, [&](std::string_view each) { keys.push_back(each); });
        return {keys.empty() ? error_answer(404)
                             : logical_answer(request_id(), nlohmann::json{{"keys", keys}}.dump())};
    }
    if (from.asked.method == "GET" && !name.empty()) {
        return {known == nullptr
                    ? error_answer(404)
                    : logical_answer(request_id(), nlohmann::json{{"policies", known->policies},
                                                                  {"token_policies", known->policies}}
                                                       .dump())};
    }
    bool const adds = from.writes();
    if (name.empty() || (!adds && from.asked.method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    const reach how = place.local ? reach::own : reach::shared;
    if (writes_above(how)) {
        return at_primary(from.now, [&](state& primary, std::size_t there) {
            return primary.users_path(there, from, place);
        });
    }
    std::optional<user> next;
    if (adds) {
        next = known == nullptr ? user{std::string(name), {}, {}} : *known;
        const std::string password = body_text(from.body, "password");
        next->password = password.empty() ? next->password : password;
        if (next->password.empty()) {
            return {error_answer(400, "missing password")};
        }
        auto policies = body_words(from.body, "token_policies");
        policies = policies ? policies : body_words(from.body, "policies");
        next->policies = policies.value_or(next->policies);
    }
    const position end = write(from.now);
    put(&stored_data::users, key, std::move(next), end, how, from.now);
    reply done;
    done.wrote = {end.local, 0};
    done.answer = no_content();
    return done;
}

} // namespace cluster
