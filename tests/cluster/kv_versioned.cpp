// SPDX-License-Identifier: BSL-1.0
// KV version 2 (Vault docs, API, KV secrets engine version 2). A secret is one JSON text in the log: its
// versions, and the number of the newest.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"
#include "target.hpp"

#include <optional>
#include <utility>

namespace cluster {

namespace {

using nlohmann::json;

constexpr std::uint64_t usual_versions = 10; // kept of a secret that says nothing else

/// What a call does to a secret: the answer, and if it changes something, all of the secret thereafter (null:
/// it is gone).
struct effect {
    response answer;
    bool changes = false;
    json next;
};

effect refuse(int status, std::string_view text) { return {error_answer(status, text), false, {}}; }

std::optional<std::uint64_t> number_in(json const& from, char const* name)
{
    auto const found = from.is_object() ? from.find(name) : from.end();
    bool const is_number = found != from.end() && found->is_number_unsigned();
    return is_number ? std::optional{found->get<std::uint64_t>()} : std::nullopt;
}

json fresh_secret(std::string const& moment)
{
    return {{"current", 0},
            {"created", moment},
            {"updated", moment},
            {"max_versions", 0},
            {"cas_required", false},
            {"custom_metadata", nullptr},
            {"versions", json::object()}};
}

/// What answers tell of one version.
json about(json const& secret, std::uint64_t number)
{
    auto const& one = secret["versions"][std::to_string(number)];
    return {{"created_time", one["created"]},
            {"custom_metadata", secret["custom_metadata"]},
            {"deletion_time", one["deleted"]},
            {"destroyed", one["destroyed"]},
            {"version", number}};
}

void forget_oldest(json& secret)
{
    auto const most = secret["max_versions"].get<std::uint64_t>();
    auto const current = secret["current"].get<std::uint64_t>();
    auto const kept = most == 0 ? usual_versions : most;
    auto& versions = secret["versions"];
    for (std::uint64_t old = current; old-- > 0;) {
        if (current - old >= kept && versions.erase(std::to_string(old)) == 0) {
            break;
        }
    }
}

effect write_data(json const& old, json const& body, std::string const& request, std::string const& moment)
{
    auto const data = body.is_object() ? body.find("data") : body.end();
    if (data == body.end() || !data->is_object()) {
        return refuse(400, "no data provided");
    }
    json next = old.is_null() ? fresh_secret(moment) : old;
    auto const current = next["current"].get<std::uint64_t>();
    auto const cas = number_in(body.value("options", json()), "cas");
    if (!cas && next["cas_required"] == true) {
        return refuse(400, "check-and-set parameter required for this call");
    }
    if (cas && *cas != current) {
        return refuse(400, "check-and-set parameter did not match the current version");
    }
    next["current"] = current + 1;
    next["updated"] = moment;
    next["versions"][std::to_string(current + 1)] = {
        {"data", *data}, {"created", moment}, {"deleted", ""}, {"destroyed", false}};
    forget_oldest(next);
    return {logical_answer(request, about(next, current + 1).dump()), true, next};
}

/// Deletes, undeletes or destroys versions; those that are not there are passed over.
effect mark_versions(json const& old, std::vector<std::uint64_t> const& numbers, std::string_view what,
                     std::string const& moment)
{
    if (old.is_null()) {
        return {no_content(), false, {}};
    }
    json next = old;
    for (auto const number : numbers) {
        auto const found = next["versions"].find(std::to_string(number));
        if (found == next["versions"].end() || (*found)["destroyed"] == true) {
            continue;
        }
        if (what == "destroy") {
            (*found)["destroyed"] = true;
            (*found)["data"] = nullptr;
        } else {
            (*found)["deleted"] = what == "delete" ? moment : "";
        }
    }
    return {no_content(), true, next};
}

effect write_metadata(json const& old, json const& body, std::string const& moment)
{
    json next = old.is_null() ? fresh_secret(moment) : old;
    next["max_versions"] = number_in(body, "max_versions").value_or(next["max_versions"]);
    if (body.is_object() && body.contains("cas_required") && body["cas_required"].is_boolean()) {
        next["cas_required"] = body["cas_required"];
    }
    if (body.is_object() && body.contains("custom_metadata")) {
        next["custom_metadata"] = body["custom_metadata"];
    }
    return {no_content(), true, next};
}

std::vector<std::uint64_t> numbers_in(json const& body)
{
    std::vector<std::uint64_t> numbers;
    auto const found = body.is_object() ? body.find("versions") : body.end();
    if (found != body.end() && found->is_array()) {
        for (auto const& each : *found) {
            auto const text = each.is_string() ? each.get<std::string>() : each.dump();
            numbers.push_back(parse_decimal(text).value_or(0));
        }
    }
    return numbers;
}

/// The change that a request to `folder` asks for; nothing if it cannot be asked there.
std::optional<effect> change_of(json const& old, call const& from, std::string_view folder,
                                std::string const& request)
{
    const std::string moment = time_text(from.now);
    bool const deletes = from.asked.method == "DELETE";
    if (folder == "data" && from.writes()) {
        return write_data(old, from.body, request, moment);
    }
    if (folder == "data" && deletes) {
        auto const newest = old.is_null() ? 0 : old["current"].get<std::uint64_t>();
        return mark_versions(old, {newest}, "delete", moment);
    }
    if (folder == "metadata" && from.writes()) {
        return write_metadata(old, from.body, moment);
    }
    if (folder == "metadata" && deletes) {
        return effect{no_content(), true, {}};
    }
    if ((folder == "delete" || folder == "undelete" || folder == "destroy") && from.writes()) {
        auto const numbers = numbers_in(from.body);
        return numbers.empty() ? refuse(400, "No version number provided")
                               : mark_versions(old, numbers, folder, moment);
    }
    return std::nullopt;
}

response read_data(json const& secret, call const& from, std::string const& request)
{
    auto const asked = parse_decimal(parameter(from.query, "version").value_or("0")).value_or(0);
    auto const number = secret.is_null() || asked != 0 ? asked : secret["current"].get<std::uint64_t>();
    if (secret.is_null() || !secret["versions"].contains(std::to_string(number))) {
        return error_answer(404);
    }
    auto const& one = secret["versions"][std::to_string(number)];
    bool const gone = one["destroyed"] == true || one["deleted"] != "";
    const json data = {{"data", gone ? json() : one["data"]}, {"metadata", about(secret, number)}};
    response answer = logical_answer(request, data.dump());
    answer.status = gone ? 404 : 200; // a version that is deleted still tells of itself
    return answer;
}

response read_metadata(json const& secret, std::string const& request)
{
    if (secret.is_null()) {
        return error_answer(404);
    }
    json versions = json::object();
    for (auto const& [number, one] : secret["versions"].items()) {
        versions[number] = {{"created_time", one["created"]},
                            {"deletion_time", one["deleted"]},
                            {"destroyed", one["destroyed"]}};
    }
    const json data = {{"current_version", secret["current"]},
                       {"created_time", secret["created"]},
                       {"updated_time", secret["updated"]},
                       {"max_versions", secret["max_versions"]},
                       {"cas_required", secret["cas_required"]},
                       {"custom_metadata", secret["custom_metadata"]},
                       {"versions", versions}};
    return logical_answer(request, data.dump());
}

response no_such_folder(std::string const& request)
{
    response answer = logical_answer(request, "null");
    add_warning(answer, request,
                "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API "
                "endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation.");
    answer.status = 404;
    return answer;
}

} // namespace

reply model::state::versioned(std::size_t node, call& from, mount const& where, std::string_view rest)
{
    auto const slash = rest.find('/');
    auto const folder = rest.substr(0, slash);
    auto const path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
    const reach how = where.local ? reach::own : reach::shared;
    const std::string key = where.id + ':' + from.name_space + ':' + std::string(path);
    if (from.lists && folder == "metadata") {
        return list_values(node, from, key, how);
    }
    const position seen = log.visible(node, from.now);
    std::string const* text = stored.values.value_at(key, seen.local);
    const json old = text == nullptr ? json() : json::parse(*text);
    reply done;
    if (from.asked.method == "GET" && !path.empty() && (folder == "data" || folder == "metadata")) {
        done.read = true;
        done.newest = is_newest(&stored_data::values, key, seen, how);
        done.answer =
            folder == "data" ? read_data(old, from, request_id()) : read_metadata(old, request_id());
        return done;
    }
    auto wanted = path.empty() ? std::nullopt : change_of(old, from, folder, request_id());
    if (!wanted) {
        bool const known = folder == "data" || folder == "metadata" || folder == "delete" ||
                           folder == "undelete" || folder == "destroy";
        return {known ? collected_error(405, "unsupported operation") : no_such_folder(request_id())};
    }
    if (!writable(node, from.now)) {
        return elsewhere(); // and the active node judges by what it has
    }
    if (writes_above(how)) {
        return at_primary(from.now,
                          [&](state& primary, std::size_t there) { return primary.key_value(there, from); });
    }
    done.answer = std::move(wanted->answer);
    if (wanted->changes) {
        const position end = write(from.now);
        auto next = wanted->next.is_null() ? std::nullopt : std::optional{wanted->next.dump()};
        put(&stored_data::values, key, std::move(next), end, how, from.now);
        done.wrote = {end.local, 0};
    }
    return done;
}

} // namespace cluster
