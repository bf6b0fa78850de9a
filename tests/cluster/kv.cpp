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
    for (auto slash = path.rfind('/'); slash != std::string_view::npos; slash = path.rfind('/', slash - 1)) {
        auto const name = path.substr(0, slash);
        mount const* found = mounts.value_at(std::string(space) + '/' + std::string(name), at);
        // The mounts of the beginning are in every namespace, each with its own keys.
        if (found == nullptr && !space.empty()) {
            found = mounts.value_at('/' + std::string(name), 0);
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

reply model::state::key_value(std::size_t node, call& from)
{
    auto const& method = from.asked.method;
    const std::uint64_t at = sees(node, from.now);
    bool const reads = method == "GET" || method == "LIST";
    const place found = find_place(stored.mounts, from.name_space, from.decoded, at);
    reply done;
    done.read = reads;
    if (found.where == nullptr) {
        auto const newest = find_place(stored.mounts, from.name_space, from.decoded, log.newest().local);
        done.newest = newest.where == nullptr;
        done.answer =
            error_answer(404, "no handler for route \"" + from.decoded + "\". route entry not found.");
        return done;
    }
    if (found.where->type == "leases") {
        return make_lease(node, from, found.rest);
    }
    const std::string key = found.where->id + ':' + from.name_space + ':' + std::string(found.rest);
    if (from.lists) {
        const std::string keys = list_keys(stored.values, key, at);
        done.newest = at == log.newest().local || keys == list_keys(stored.values, key, log.newest().local);
        done.answer =
            keys.empty() ? error_answer(404) : logical_answer(request_id(), R"({"keys":[)" + keys + "]}");
        return done;
    }
    if (reads) {
        std::string const* value = stored.values.value_at(key, at);
        done.newest = !stored.values.changed_after(key, at);
        done.answer = value == nullptr ? error_answer(404)
                                       : logical_answer(request_id(), *value, default_lease_seconds);
        return done;
    }
    bool const writes = method == "POST" || method == "PUT";
    if (found.rest.empty() || (!writes && method != "DELETE")) {
        done.answer = collected_error(405, "unsupported operation");
        return done;
    }
    if (writes && (!from.body.is_object() || from.body.empty())) {
        done.answer = error_answer(400, "missing data fields");
        return done;
    }
    if (!writable(node, from.now)) {
        done.forward = true;
        return done;
    }
    const position end = write(from.now);
    auto text = writes
                    ? std::optional{from.body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)}
                    : std::nullopt;
    stored.values.put(key, std::move(text), end.local, log.oldest_visible(from.now));
    done.modified = true;
    done.answer = no_content();
    return done;
}

} // namespace cluster
