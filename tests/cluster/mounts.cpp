// SPDX-License-Identifier: BSL-1.0
// sys/mounts and sys/policies/acl: both live in the log like any key and reach a follower with its lag.
#include "answers.hpp"
#include "state.hpp"

#include <utility>

namespace cluster {

namespace {

std::string_view trimmed(std::string_view name)
{
    while (name.starts_with('/')) {
        name.remove_prefix(1);
    }
    while (name.ends_with('/')) {
        name.remove_suffix(1);
    }
    return name;
}

bool wants_version_one(nlohmann::json const& body)
{
    auto const options = body.find("options");
    if (options == body.end() || !options->is_object() || !options->contains("version")) {
        return true;
    }
    auto const& version = (*options)["version"];
    return version == "1" || version == 1;
}

/// The type of the mount that the body asks for, or the sentence of the 400.
std::pair<std::string, std::string> read_type(nlohmann::json const& body)
{
    bool const named = body.is_object() && body.contains("type") && body["type"].is_string();
    std::string type = named ? body["type"].get<std::string>() : std::string();
    if (type.empty()) {
        return {type, "backend type must be specified as a string"};
    }
    bool const known = type == "kv" || type == "generic" || type == "leases";
    if (!known || !wants_version_one(body)) {
        return {type, "plugin not found in the catalog: " + type};
    }
    return {type, {}};
}

} // namespace

reply model::state::mounts_path(std::size_t node, call& from, std::string_view rest)
{
    auto const& method = from.asked.method;
    const std::uint64_t at = sees(node, from.now);
    const std::string name(trimmed(rest));
    const std::string key = from.name_space + '/' + name;
    if (name.empty() && method == "GET") {
        nlohmann::json all = nlohmann::json::object();
        stored.mounts.each(key, at, [&](std::string_view path) {
            all[std::string(path) + '/'] = {
                {"type", stored.mounts.value_at(key + std::string(path), at)->type}};
        });
        return {logical_answer(request_id(), all.dump())};
    }
    mount const* there = name.empty() ? nullptr : stored.mounts.value_at(key, at);
    if (method == "GET" && !name.empty()) {
        return {there == nullptr
                    ? error_answer(400, "No secret engine mount at " + name + "/")
                    : logical_answer(request_id(), nlohmann::json{{"type", there->type}}.dump())};
    }
    bool const adds = method == "POST" || method == "PUT";
    if (name.empty() || (!adds && method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    reply done;
    std::optional<mount> next;
    if (adds) {
        auto [type, error] = read_type(from.body);
        error = there != nullptr && error.empty() ? "path is already in use at " + name + "/" : error;
        if (!error.empty()) {
            done.answer = error_answer(400, error);
            return done;
        }
        next = mount{"m" + std::to_string(log.newest().local + 1), type};
    }
    const position end = write(from.now);
    stored.mounts.put(key, std::move(next), end.local, log.oldest_visible(from.now));
    done.modified = true;
    done.answer = no_content();
    return done;
}

reply model::state::policies_path(std::size_t node, call& from, std::string_view rest)
{
    auto const& method = from.asked.method;
    const std::uint64_t at = sees(node, from.now);
    const std::string name(trimmed(rest));
    if (name.empty() && from.lists) {
        nlohmann::json keys = {"default", "root"};
        stored.policies.each("", at, [&](std::string_view each) { keys.push_back(each); });
        return {logical_answer(request_id(), nlohmann::json{{"keys", keys}}.dump())};
    }
    if (method == "GET") {
        policy const* found = stored.policies.value_at(name, at);
        return {found == nullptr
                    ? error_answer(404)
                    : logical_answer(request_id(),
                                     nlohmann::json{{"name", name}, {"policy", found->text}}.dump())};
    }
    bool const writes = method == "POST" || method == "PUT";
    if (name.empty() || (!writes && method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    std::optional<policy> next;
    if (writes) {
        bool const given =
            from.body.is_object() && from.body.contains("policy") && from.body["policy"].is_string();
        if (!given || from.body["policy"].get_ref<std::string const&>().empty()) {
            return {error_answer(400, "'policy' parameter not supplied or empty")};
        }
        auto parsed_policy = parse_policy(from.body["policy"].get<std::string>());
        if (!parsed_policy.value) {
            return {error_answer(400, parsed_policy.error)};
        }
        next = std::move(parsed_policy.value);
    }
    const position end = write(from.now);
    stored.policies.put(name, std::move(next), end.local, log.oldest_visible(from.now));
    reply done;
    done.modified = true;
    done.answer = no_content();
    return done;
}

} // namespace cluster
