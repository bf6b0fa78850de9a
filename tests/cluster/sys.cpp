// SPDX-License-Identifier: BSL-1.0
// The paths outside the logical layer, and the replication status: no token, no index check of Vault's.
#include "answers.hpp"
#include "state.hpp"
#include "target.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace cluster {

namespace {

std::string text_of(bool value) { return value ? "true" : "false"; }

/// Go's strconv.ParseBool, and the empty text as false.
std::optional<bool> read_bool(std::string_view text)
{
    constexpr std::array yes = {"1", "t", "T", "TRUE", "true", "True"};
    constexpr std::array no = {"", "0", "f", "F", "FALSE", "false", "False"};
    for (const std::string_view word : yes) {
        if (word == text) {
            return true;
        }
    }
    for (const std::string_view word : no) {
        if (word == text) {
            return false;
        }
    }
    return std::nullopt;
}

/// The status for each state of a node, as the query changes it (Vault http/sys_health.go).
struct health_codes {
    int sealed = 503;
    int active = 200;
    int standby = 429;
    int performance_standby = 473;
    int disaster_secondary = 472;
    bool bad = false;
};

void read_code(std::string_view query, std::string_view name, int& code, bool& bad)
{
    auto const text = parameter(query, name);
    if (!text) {
        return;
    }
    auto const value = parse_decimal(*text);
    bad = bad || !value || *value < 100 || *value > 999;
    code = bad ? code : static_cast<int>(*value);
}

health_codes read_codes(std::string_view query)
{
    health_codes codes;
    int unused = 0; // never uninitialised; yet a bad value is an error
    read_code(query, "uninitcode", unused, codes.bad);
    read_code(query, "drsecondarycode", codes.disaster_secondary, codes.bad);
    read_code(query, "sealedcode", codes.sealed, codes.bad);
    read_code(query, "standbycode", codes.standby, codes.bad);
    read_code(query, "activecode", codes.active, codes.bad);
    read_code(query, "performancestandbycode", codes.performance_standby, codes.bad);
    auto const standby = parameter(query, "standbyok");
    auto const performance = parameter(query, "perfstandbyok");
    auto const standby_ok = read_bool(standby.value_or("0"));
    auto const performance_ok = read_bool(performance.value_or("0"));
    codes.bad = codes.bad || !standby_ok || !performance_ok;
    codes.standby = standby_ok.value_or(false) ? codes.active : codes.standby;
    codes.performance_standby = performance_ok.value_or(false) ? codes.active : codes.performance_standby;
    return codes;
}

reply unlogical(response answer)
{
    reply done;
    done.logical = false;
    done.answer = std::move(answer);
    return done;
}

} // namespace

reply model::state::health(std::size_t node, call const& from)
{
    if (from.asked.method != "GET" && from.asked.method != "HEAD") {
        return unlogical(error_answer(405));
    }
    const health_codes codes = read_codes(from.query);
    if (codes.bad) {
        return unlogical(error_answer(400));
    }
    bool const vault = set.speaks == dialect::vault;
    bool const sealed = is_sealed(node, from.now);
    bool const standby = role_of(node, from.now) != role::active;
    // OpenBao's standbys serve reads without being called performance standbys.
    bool const performance = vault && role_of(node, from.now) == role::performance_standby;
    int status = codes.active;
    if (sealed) {
        status = codes.sealed;
    } else if (stands_by_for_disaster()) {
        status = codes.disaster_secondary;
    } else if (standby) {
        status = performance ? codes.performance_standby : codes.standby;
    }
    std::string body =
        R"({"initialized":true,"sealed":)" + text_of(sealed) + R"(,"standby":)" + text_of(standby);
    if (vault) {
        body += R"(,"performance_standby":)" + text_of(performance);
        body += R"(,"replication_performance_mode":")" + mode_text(replication_kind::performance);
        body += R"(","replication_dr_mode":")" + mode_text(replication_kind::disaster_recovery) + '"';
    }
    body += R"(,"server_time_utc":)" + std::to_string(epoch_seconds + from.now.count() / 1'000'000'000);
    body += vault ? R"(,"version":"1.17.0+ent")" : R"(,"version":"2.7.0")";
    if (!sealed) {
        body += R"(,"cluster_name":)" + json_string(set.cluster_name);
        body += R"(,"cluster_id":)" + json_string(set.cluster_id);
    }
    if (vault && !sealed && !standby && log.newest().local > 0) {
        body += R"(,"last_wal":)" + std::to_string(log.newest().local);
    }
    return unlogical(plain_json(status, body + '}'));
}

reply model::state::leader(std::size_t node, call const& from)
{
    if (from.asked.method != "GET") {
        return unlogical(error_answer(405));
    }
    if (is_sealed(node, from.now)) {
        return unlogical(error_answer(503, "Vault is sealed"));
    }
    bool const vault = set.speaks == dialect::vault;
    bool const self = role_of(node, from.now) == role::active;
    bool const performance = vault && role_of(node, from.now) == role::performance_standby;
    auto const leads = active(from.now);
    const std::string address = leads ? addresses[*leads] : std::string();
    const std::uint64_t local = log.received(node, from.now).local;
    std::string body = R"({"ha_enabled":true,"is_self":)" + text_of(self);
    body += R"(,"leader_address":)" + json_string(address) + R"(,"leader_cluster_address":)" +
            json_string(address);
    if (vault) {
        body += R"(,"performance_standby":)" + text_of(performance);
        body += R"(,"performance_standby_last_remote_wal":)" + std::to_string(performance ? local : 0);
    }
    if (vault && self && local > 0) {
        body += R"(,"last_wal":)" + std::to_string(local);
    }
    if (set.stores == storage::raft) {
        body += R"(,"raft_committed_index":)" + std::to_string(local);
        body += R"(,"raft_applied_index":)" + std::to_string(log.visible(node, from.now).local);
    }
    return unlogical(plain_json(200, body + '}'));
}

reply model::state::seal_status(std::size_t node, call const& from)
{
    if (from.asked.method != "GET") {
        return unlogical(error_answer(405));
    }
    bool const sealed = is_sealed(node, from.now);
    std::string body = R"({"type":"shamir","initialized":true,"sealed":)" + text_of(sealed);
    if (!sealed) {
        body += R"(,"cluster_name":)" + json_string(set.cluster_name);
        body += R"(,"cluster_id":)" + json_string(set.cluster_id);
    }
    return unlogical(plain_json(200, body + '}'));
}

std::string model::state::mode_text(replication_kind kind) const
{
    if (upstream != nullptr && set.follows == kind) {
        return "secondary";
    }
    bool const leads = std::any_of(followers.begin(), followers.end(),
                                   [&](state const* each) { return each->set.follows == kind; });
    bool const led = was_promoted && set.follows == kind;
    bool const unseen = kind == replication_kind::performance && log.newest().replicated > 0 && !was_promoted;
    if (upstream == nullptr && unseen) {
        return "secondary"; // of a primary that is not here
    }
    return leads || led ? "primary" : "disabled";
}

reply model::state::replication_status(std::size_t node, std::string_view which)
{
    const position where = log.visible(node, latest);
    state const& root = upstream == nullptr ? *this : *upstream;
    auto const part = [&](replication_kind kind) {
        nlohmann::json data = {{"mode", mode_text(kind)}, {"ssct_generation_counter", generation}};
        if (data["mode"] == "disabled") {
            return nlohmann::json{{"mode", "disabled"}};
        }
        bool const performance = kind == replication_kind::performance;
        // This id names the replication set and is not the one of sys/health.
        data["cluster_id"] = "replication-" + to_hex(root.set.cluster_name);
        data["state"] = data["mode"] == "primary" ? "running" : "stream-wals";
        data[performance ? "last_performance_wal" : "last_dr_wal"] = where.local;
        if (data["mode"] == "secondary") {
            data["last_remote_wal"] = performance ? where.replicated : where.local;
        }
        return data;
    };
    const nlohmann::json performance = part(replication_kind::performance);
    const nlohmann::json disaster = part(replication_kind::disaster_recovery);
    if (which == "status") {
        const nlohmann::json both = {{"performance", performance}, {"dr", disaster}};
        return {logical_answer(request_id(), both.dump())};
    }
    return {logical_answer(request_id(), (which.starts_with("dr") ? disaster : performance).dump())};
}

} // namespace cluster
