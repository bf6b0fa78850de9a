// SPDX-License-Identifier: BSL-1.0
// Entities: who logs in is known by the alias of the login, and the first login makes both.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"

#include <utility>

namespace cluster {

std::string model::state::known_entity(std::string const& alias, std::uint64_t at) const
{
    std::string const* found = stored.aliases.value_at(alias, at);
    return found == nullptr ? std::string() : *found;
}

std::string model::state::make_entity(std::string const& key, entity::alias alias, position end, reach how,
                                      nanoseconds now)
{
    entity fresh;
    fresh.id = request_id(); // any UUID will do
    fresh.name = "entity_" + random_letters(8);
    fresh.aliases.push_back(std::move(alias));
    std::string id = fresh.id;
    put(&stored_data::entities, id, std::optional{std::move(fresh)}, end, how, now);
    put(&stored_data::aliases, key, std::optional{id}, end, how, now);
    return id;
}

reply model::state::admit(std::size_t node, call& from, auth_place const& place, std::string const& alias,
                          new_token wanted)
{
    if (!writes_through(node, from.now)) {
        return elsewhere();
    }
    if (set.leases_used_up) {
        return issue_token(from, std::move(wanted));
    }
    const std::string key = user_key(place.mount, from.name_space, alias);
    const entity::alias who{std::string(place.mount), alias};
    const reach how = place.local ? reach::own : reach::shared;
    wanted.orphan = true;
    wanted.entity = known_entity(key, sees(node, from.now));
    position above{};
    if (wanted.entity.empty() && writes_above(how)) {
        reply made = at_primary(from.now, [&](state& primary, std::size_t) {
            reply done;
            wanted.entity = primary.known_entity(key, primary.log.newest().local);
            if (wanted.entity.empty()) {
                const position end = primary.write(from.now);
                wanted.entity = primary.make_entity(key, who, end, how, from.now);
                done.wrote = {end.local, 0};
            }
            return done;
        });
        if (made.answer.status != 0) {
            return made;
        }
        above = made.wrote;
    } else if (wanted.entity.empty()) {
        wanted.entity = known_entity(key, log.newest().local);
        if (wanted.entity.empty()) {
            // It goes into the entry of the token, which comes next.
            wanted.entity = make_entity(key, who, {log.newest().local + 1, 0}, how, from.now);
        }
    }
    reply done = issue_token(from, std::move(wanted));
    done.wrote.replicated = above.replicated;
    return done;
}

reply model::state::entities_path(std::size_t node, call& from, std::string_view rest)
{
    const std::uint64_t at = sees(node, from.now);
    const std::string id(rest.substr(rest.starts_with('/') ? 1 : 0));
    if (from.lists && id.empty()) {
        nlohmann::json keys = nlohmann::json::array();
        stored.entities.each("", at, [&](std::string_view each) { keys.push_back(each); });
        return {keys.empty() ? error_answer(404)
                             : logical_answer(request_id(), nlohmann::json{{"keys", keys}}.dump())};
    }
    entity const* known = stored.entities.value_at(id, at);
    if (from.asked.method == "GET" && !id.empty()) {
        if (known == nullptr) {
            return {error_answer(404)};
        }
        nlohmann::json aliases = nlohmann::json::array();
        for (auto const& each : known->aliases) {
            aliases.push_back({{"mount_path", "auth/" + each.mount + "/"}, {"name", each.name}});
        }
        const nlohmann::json data = {
            {"id", known->id}, {"name", known->name}, {"aliases", aliases}, {"policies", known->policies}};
        return {logical_answer(request_id(), data.dump())};
    }
    if (!from.writes() || id.empty()) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    if (writes_above(reach::shared)) {
        return at_primary(from.now, [&](state& primary, std::size_t there) {
            return primary.entities_path(there, from, rest);
        });
    }
    if (known == nullptr) {
        return {error_answer(400, "no entity found with id " + id)};
    }
    entity next = *known;
    next.policies = body_words(from.body, "policies").value_or(next.policies);
    const position end = write(from.now);
    put(&stored_data::entities, id, std::optional{std::move(next)}, end, reach::shared, from.now);
    reply done;
    done.wrote = {end.local, 0};
    done.answer = no_content();
    return done;
}

} // namespace cluster
