// SPDX-License-Identifier: BSL-1.0
// Auth mounts like Vault's userpass: users, and logins that make a token.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"

#include <utility>

namespace cluster {

namespace {

std::string_view behind(std::string_view path, std::string_view first)
{
    path.remove_prefix(first.size());
    return path;
}

bool writes(std::string_view method) { return method == "POST" || method == "PUT"; }

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
    auto const below = behind(path, root);
    for (auto const& each : set.auth_mounts) {
        if (below.starts_with(each) && below.substr(each.size()).starts_with('/')) {
            return auth_place{each, below.substr(each.size() + 1)};
        }
    }
    return std::nullopt;
}

reply model::state::login(std::size_t node, call const& from, auth_place const& place)
{
    if (!writes(from.asked.method)) {
        return {collected_error(405, "unsupported operation")};
    }
    const std::string password = body_text(from.body, "password");
    if (password.empty()) {
        return {collected_error(500, "missing password")}; // Vault's own choice of status
    }
    auto const name = behind(place.rest, "login/");
    user const* known =
        stored.users.value_at(user_key(place.mount, from.name_space, name), sees(node, from.now));
    if (known == nullptr || known->password != password) {
        return {error_answer(400, "invalid username or password")};
    }
    if (!writes_through(node, from.now)) {
        return elsewhere();
    }
    new_token wanted;
    wanted.policies = known->policies;
    wanted.orphan = true;
    wanted.metadata = {{"username", name}};
    return issue_token(from, std::move(wanted));
}

reply model::state::users_path(std::size_t node, call const& from, auth_place const& place)
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
    bool const adds = writes(from.asked.method);
    if (name.empty() || (!adds && from.asked.method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
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
    stored.users.put(key, std::move(next), end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    done.answer = no_content();
    return done;
}

} // namespace cluster
