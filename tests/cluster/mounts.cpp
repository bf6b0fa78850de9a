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

bool is_true(nlohmann::json const& body, char const* name)
{
    auto const found = body.is_object() ? body.find(name) : body.end();
    return found != body.end() && *found == true;
}

/// 1 or 2; 0 for a version that there is not.
int version_in(nlohmann::json const& body)
{
    auto const options = body.find("options");
    if (options == body.end() || !options->is_object() || !options->contains("version")) {
        return 1;
    }
    auto const& version = (*options)["version"];
    bool const one = version == "1" || version == 1;
    return one ? 1 : (version == "2" || version == 2 ? 2 : 0);
}

/// The mount that the body asks for, without an id, or the sentence of the 400.
std::pair<mount, std::string> read_mount(nlohmann::json const& body)
{
    bool const named = body.is_object() && body.contains("type") && body["type"].is_string();
    std::string type = named ? body["type"].get<std::string>() : std::string();
    if (type.empty()) {
        return {{}, "backend type must be specified as a string"};
    }
    int const version = type == "kv-v2" ? 2 : version_in(body);
    type = type == "kv-v2" ? "kv" : type;
    bool const keeps = type == "kv" || type == "generic";
    if ((!keeps && type != "leases") || version == 0 || (version == 2 && !keeps)) {
        return {{}, "plugin not found in the catalog: " + type};
    }
    return {mount{{}, type, version == 2, is_true(body, "local")}, {}};
}

nlohmann::json description_of(mount const& one)
{
    nlohmann::json text = {{"type", one.type}};
    if (one.type == "kv") {
        text["options"] = {{"version", one.versioned ? "2" : "1"}};
    }
    text["local"] = one.local;
    return text;
}

} // namespace

reply model::state::mount_details(std::size_t node, call const& from, std::string_view name)
{
    // Asked for with or without a path behind the mount (sys/internal/ui/mounts), or for the mount alone
    // (sys/mounts/…/tune): clients learn here which version of KV it is.
    std::string_view rest = trimmed(name);
    for (;;) {
        auto const* found =
            stored.mounts.value_at(from.name_space + '/' + std::string(rest), sees(node, from.now));
        if (found != nullptr) {
            auto data = description_of(*found);
            data["path"] = std::string(rest) + '/';
            data["default_lease_ttl"] = default_lease_seconds;
            data["max_lease_ttl"] = default_lease_seconds;
            return {logical_answer(request_id(), data.dump())};
        }
        auto const slash = rest.rfind('/');
        if (slash == std::string_view::npos) {
            return {
                error_answer(403, "preflight capability check returned 403, please ensure client's policies "
                                  "grant access to path \"" +
                                      std::string(trimmed(name)) + "/\"")};
        }
        rest = rest.substr(0, slash);
    }
}

reply model::state::mounts_path(std::size_t node, call& from, std::string_view rest)
{
    auto const& method = from.asked.method;
    const std::uint64_t at = sees(node, from.now);
    const std::string name(trimmed(rest));
    const std::string key = from.name_space + '/' + name;
    if (name.empty() && method == "GET") {
        nlohmann::json all = nlohmann::json::object();
        stored.mounts.each(key, at, [&](std::string_view path) {
            all[std::string(path) + '/'] =
                description_of(*stored.mounts.value_at(key + std::string(path), at));
        });
        return {with_data_on_top(logical_answer(request_id(), all.dump()))};
    }
    constexpr std::string_view tune = "/tune";
    if (method == "GET" && name.ends_with(tune)) {
        auto details = mount_details(node, from, std::string_view{name}.substr(0, name.size() - tune.size()));
        if (details.answer.status == 200) {
            details.answer = with_data_on_top(std::move(details.answer));
        }
        return details;
    }
    mount const* there = name.empty() ? nullptr : stored.mounts.value_at(key, at);
    if (method == "GET" && !name.empty()) {
        return {there == nullptr
                    ? error_answer(400, "No secret engine mount at " + name + "/")
                    : with_data_on_top(logical_answer(request_id(), description_of(*there).dump()))};
    }
    bool const adds = from.writes();
    if (name.empty() || (!adds && method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    auto [next, error] = adds ? read_mount(from.body) : std::pair<mount, std::string>();
    bool const local = adds ? next.local : there != nullptr && there->local;
    const reach how = local ? reach::own : reach::shared;
    if (error.empty() && writes_above(how)) {
        return at_primary(from.now, [&](state& primary, std::size_t leads) {
            return primary.mounts_path(leads, from, rest);
        });
    }
    error = adds && there != nullptr && error.empty() ? "path is already in use at " + name + "/" : error;
    if (!error.empty()) {
        return {error_answer(400, error)};
    }
    next.id = set.cluster_name + "-" + std::to_string(log.newest().local + 1);
    const position end = write(from.now);
    put(&stored_data::mounts, key, adds ? std::optional{next} : std::nullopt, end, how, from.now);
    reply done;
    done.wrote = {end.local, 0};
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
    bool const writes = from.writes();
    if (name.empty() || (!writes && method != "DELETE")) {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writable(node, from.now)) {
        return elsewhere();
    }
    if (writes_above(reach::shared)) {
        return at_primary(from.now, [&](state& primary, std::size_t leads) {
            return primary.policies_path(leads, from, rest);
        });
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
    put(&stored_data::policies, name, std::move(next), end, reach::shared, from.now);
    reply done;
    done.wrote = {end.local, 0};
    done.answer = no_content();
    return done;
}

} // namespace cluster
