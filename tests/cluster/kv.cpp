// SPDX-License-Identifier: BSL-1.0
// KV version 1: read, write, delete, list (Vault docs, API, KV secrets engine version 1).
#include "answers.hpp"
#include "state.hpp"

#include <utility>

namespace cluster {

namespace {

/// A mount and what of the path lies below it.
struct place {
    mount const* where = nullptr;
    std::string_view rest;
};

/// The longest mount that the path lies below, as a node at `at` sees the mounts.
place find_place(versioned_store<mount> const& mounts, std::string_view space, std::string_view path,
                 std::uint64_t at)
{
    const std::string whole = std::string(space).append("/").append(path);
    for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/', slash - 1)) {
        auto const name = std::string_view{whole}.substr(0, space.size() + 1 + slash);
        mount const* found = mounts.value_at(name, at);
        // The mounts of the beginning are in every namespace, each with its own keys.
        if (found == nullptr && !space.empty()) {
            found = mounts.value_at(name.substr(space.size()), 0);
        }
        if (found != nullptr) {
            return {found, path.substr(slash + 1)};
        }
        if (slash == 0) {
            break;
        }
    }
    return {};
}

std::string list_keys(versioned_store<std::string> const& values, std::string const& prefix, std::uint64_t at)
{
    std::string keys;
    std::string last;
    values.each(prefix, at, [&](std::string_view rest) {
        const auto slash = rest.find('/');
        std::string name(slash == std::string_view::npos ? rest : rest.substr(0, slash + 1));
        if (name != last) {
            keys += keys.empty() ? "" : ",";
            keys += json_string(name);
            last = std::move(name);
        }
    });
    return keys;
}

} // namespace

bool model::state::is_newest_route(std::string_view space, std::string_view path) const
{
    bool const here = find_place(stored.mounts, space, path, log.newest().local).where != nullptr;
    auto const* above = upstream;
    return !here && (above == nullptr || above->is_newest_route(space, path));
}

reply model::state::key_value(std::size_t node, call& from)
{
    const std::uint64_t at = sees(node, from.now);
    bool const reads = from.asked.method == "GET" || from.asked.method == "LIST";
    const place found = find_place(stored.mounts, from.name_space, from.decoded, at);
    if (found.where == nullptr) {
        reply done;
        done.read = reads;
        done.newest = is_newest_route(from.name_space, from.decoded);
        done.answer =
            error_answer(404, "no handler for route \"" + from.decoded + "\". route entry not found.");
        return done;
    }
    const mount where = *found.where; // what follows may write mounts of other clusters
    if (where.type == "leases") {
        return make_lease(node, from, found.rest);
    }
    return where.versioned ? versioned(node, from, where, found.rest)
                           : unversioned(node, from, where, found.rest);
}

reply model::state::list_values(std::size_t node, call const& from, std::string const& prefix, reach how)
{
    const position seen = log.visible(node, from.now);
    const std::string keys = list_keys(stored.values, prefix, seen.local);
    state const& home = writes_above(how) ? *upstream : *this;
    reply done;
    done.read = true;
    done.newest = keys == list_keys(home.stored.values, prefix, home.log.newest().local);
    done.answer =
        keys.empty() ? error_answer(404) : logical_answer(request_id(), R"({"keys":[)" + keys + "]}");
    return done;
}

reply model::state::unversioned(std::size_t node, call& from, mount const& where, std::string_view rest)
{
    auto const& method = from.asked.method;
    const reach how = where.local ? reach::own : reach::shared;
    const std::string key = where.id + ':' + from.name_space + ':' + std::string(rest);
    if (from.lists) {
        return list_values(node, from, key, how);
    }
    reply done;
    if (method == "GET") {
        const position seen = log.visible(node, from.now);
        std::string const* value = stored.values.value_at(key, seen.local);
        done.read = true;
        done.newest = is_newest(&stored_data::values, key, seen, how);
        done.answer = value == nullptr ? error_answer(404)
                                       : logical_answer(request_id(), *value, default_lease_seconds);
        return done;
    }
    bool const writes = from.writes();
    if (rest.empty() || (!writes && method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (writes && (!from.body.is_object() || from.body.empty())) {
        return {error_answer(400, "missing data fields")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    if (writes_above(how)) {
        return at_primary(from.now,
                          [&](state& primary, std::size_t there) { return primary.key_value(there, from); });
    }
    const position end = write(from.now);
    auto text = writes
                    ? std::optional{from.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}
                    : std::nullopt;
    put(&stored_data::values, key, std::move(text), end, how, from.now);
    done.wrote = {end.local, 0};
    done.answer = no_content();
    return done;
}

} // namespace cluster
