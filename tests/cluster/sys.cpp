// SPDX-License-Identifier: BSL-1.0
// The paths outside the logical layer, and the replication status: no token, no index check of Vault's.
#include "answers.hpp"
#include "state.hpp"
#include "target.hpp"

#include <array>

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
    int unused = 0; // never uninitialised, never a DR secondary; yet a bad value is an error
    for (auto const name : {"uninitcode", "drsecondarycode"}) {
        read_code(query, name, unused, codes.bad);
    }
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

reply outside(response answer)
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
        return outside(error_answer(405));
    }
    const health_codes codes = read_codes(from.query);
    if (codes.bad) {
        return outside(error_answer(400));
    }
    bool const vault = set.speaks == dialect::vault;
    bool const sealed = is_sealed(node, from.now);
    bool const standby = role_of(node, from.now) != role::active;
    // OpenBao's standbys serve reads without being called performance standbys.
    bool const performance = vault && role_of(node, from.now) == role::performance_standby;
    int status = codes.active;
    if (sealed) {
        status = codes.sealed;
    } else if (standby) {
        status = performance ? codes.performance_standby : codes.standby;
    }
    std::string body =
        R"({"initialized":true,"sealed":)" + text_of(sealed) + R"(,"standby":)" + text_of(standby);
    if (vault) {
        body += R"(,"performance_standby":)" + text_of(performance);
        body += R"(,"replication_performance_mode":"disabled","replication_dr_mode":"disabled")";
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
    return outside(plain_json(status, body + '}'));
}

reply model::state::leader(std::size_t node, call const& from)
{
    if (from.asked.method != "GET") {
        return outside(error_answer(405));
    }
    if (is_sealed(node, from.now)) {
        return outside(error_answer(503, "Vault is sealed"));
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
    return outside(plain_json(200, body + '}'));
}

reply model::state::seal_status(std::size_t node, call const& from)
{
    if (from.asked.method != "GET") {
        return outside(error_answer(405));
    }
    bool const sealed = is_sealed(node, from.now);
    std::string body = R"({"type":"shamir","initialized":true,"sealed":)" + text_of(sealed);
    if (!sealed) {
        body += R"(,"cluster_name":)" + json_string(set.cluster_name);
        body += R"(,"cluster_id":)" + json_string(set.cluster_id);
    }
    return outside(plain_json(200, body + '}'));
}

reply model::state::replication_status(std::size_t node)
{
    const position where = log.visible(node, latest);
    // Its cluster_id names the replication set and is not the one of sys/health.
    std::string data = R"({"cluster_id":"replication-)" + to_hex(set.cluster_name) + R"(","mode":)";
    data += where.replicated > 0 ? R"("secondary")" : R"("primary")";
    data += R"(,"last_performance_wal":)" + std::to_string(where.local);
    data += R"(,"last_remote_wal":)" + std::to_string(where.replicated);
    data += R"(,"ssct_generation_counter":0,"state":"running"})";
    return {logical_answer(request_id(), data)};
}

} // namespace cluster
