// SPDX-License-Identifier: BSL-1.0
// Mounts of type `leases`, like Vault's database secrets: a read makes a secret and a lease, hence it writes.
#include "answers.hpp"
#include "body.hpp"
#include "state.hpp"

namespace cluster {

reply model::state::make_lease(std::size_t node, call const& from, std::string_view rest)
{
    constexpr std::string_view folder = "creds/";
    if (!rest.starts_with(folder) || rest.size() == folder.size()) {
        return {collected_error(404, "unsupported path")};
    }
    if (from.lists || from.asked.method != "GET") {
        return {collected_error(405, "unsupported operation")};
    }
    if (!writes_through(node, from.now)) {
        return elsewhere();
    }
    if (set.leases_used_up) {
        return {error_answer(429, "lease count quota exceeded")};
    }
    const std::string id = from.decoded + '/' + random_letters(24);
    const nlohmann::json data = {{"username", "v-" + random_letters(8)}, {"password", random_letters(20)}};
    const position end = write(from.now);
    put(&stored_data::leases, id, std::optional{lease{from.now}}, end, reach::own, from.now);
    const std::string text = data.dump();
    reply done;
    done.wrote = {end.local, 0};
    done.answer = logical_answer(
        request_id(),
        envelope{.data = text, .lease_id = id, .lease_seconds = default_lease_seconds, .renewable = true});
    return done;
}

reply model::state::lookup_lease(std::size_t node, call const& from)
{
    if (from.asked.method != "POST" && from.asked.method != "PUT") {
        return {collected_error(405, "unsupported operation")};
    }
    const std::string id = body_text(from.body, "lease_id");
    if (id.empty()) {
        return {error_answer(400, "lease_id must be specified")};
    }
    lease const* known = stored.leases.value_at(id, sees(node, from.now));
    if (known == nullptr) {
        return {error_answer(400, "invalid lease")};
    }
    const nanoseconds end = known->issued + std::chrono::seconds(default_lease_seconds);
    const nlohmann::json data = {
        {"id", id},
        {"issue_time", time_text(known->issued)},
        {"expire_time", time_text(end)},
        {"last_renewal", nullptr},
        {"renewable", true},
        {"ttl", std::chrono::duration_cast<std::chrono::seconds>(end - from.now).count()}};
    return {logical_answer(request_id(), data.dump())};
}

} // namespace cluster
