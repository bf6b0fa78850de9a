// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: logins on a performance secondary, whose entity the primary makes; and how secondaries
// show what they are.
#include "codec.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

using nlohmann::json;

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view health = "Vault http/sys_health.go";
constexpr std::string_view status = "Vault api/replication_status.go";

void ann(settings& s)
{
    s.users = {{"ann", "secret", {"p"}}};
    add_secondary(s);
}

void at_once(settings& s)
{
    ann(s);
    s.secondaries[0].upstream_lag = {};
}

void disaster(settings& s)
{
    ann(s);
    s.secondaries[0].follows = replication_kind::disaster_recovery;
}

request login(std::string_view mount = "userpass", field_list more = {})
{
    return ask_as_nobody("POST", "auth/" + std::string(mount) + "/login/ann", std::move(more),
                         R"({"password":"secret"})");
}

void logged_in(scene& s)
{
    (void)s.emulated.handle(4, login(), s.now);
    s.emulated.drop_upstream_lag(s.now);
}

const std::vector<row> logins = {
    {.fact = "the first login writes the entity above and the token here: both halves are its own",
     .source = consistency,
     .tune = at_once,
     .node = 4,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/102:11"}},
     .log_end = 11,
     .secondary_end = position{102, 11}},
    {.fact = "… and it waits for the entity as for any write of the primary",
     .source = consistency,
     .tune = ann,
     .node = 4,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/101:11"}},
     .log_end = 11,
     .secondary_end = position{101, 10}},
    {.fact = "a later login finds the entity: only the token is written",
     .source = consistency,
     .tune = ann,
     .before = logged_in,
     .node = 4,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/103:11"}},
     .log_end = 11},
    {.fact = "a performance standby of the secondary does the same, and has the active node write the token",
     .source = consistency,
     .tune = ann,
     .before = logged_in,
     .node = 5,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/103:10"}},
     .served_by = 5},
    {.fact = "… and waits for the entity itself, if it is a new one",
     .source = consistency,
     .tune = at_once,
     .node = 5,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/102:11"}},
     .served_by = 5,
     .log_end = 11},
    {.fact = "the index of a login at a standby of the secondary is 412",
     .source = consistency,
     .tune = ann,
     .before = logged_in,
     .node = 5,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Index", "@1/101:11"}}),
     .status = 412,
     .body = stale},
    {.fact = "an auth mount that is local makes nothing above",
     .source = "Vault docs, enterprise/replication",
     .tune = ann,
     .node = 4,
     .asked = login("own"),
     .status = 200,
     .has = {{"X-Vault-Index", "@1/101:10"}},
     .log_end = 10},
    {.fact = "without the primary nobody new can log in",
     .source = "assumed: a failed RPC is an internal error",
     .tune =
         [](settings& s) {
             ann(s);
             s.secondaries[0].upstream_reachable = false;
         },
     .node = 4,
     .asked = login(),
     .status = 500,
     .log_end = 10,
     .secondary_end = position{100, 10}},
    {.fact = "… but whoever is known can",
     .source = consistency,
     .tune = ann,
     .before =
         [](scene& s) {
             logged_in(s);
             settings cut = s.emulated.chosen(1);
             cut.upstream_reachable = false;
             s.emulated.change(cut, 1);
         },
     .node = 4,
     .asked = login(),
     .status = 200},
    {.fact = "a user is shared: made at the secondary, written by the primary",
     .source = "Vault docs, enterprise/replication",
     .tune = ann,
     .node = 4,
     .asked = ask("POST", "auth/userpass/users/bob", {}, R"({"password":"x"})"),
     .status = 200,
     .log_end = 11},
    {.fact = "… in a local auth mount it is not",
     .source = "Vault docs, enterprise/replication",
     .tune = ann,
     .node = 4,
     .asked = ask("POST", "auth/own/users/bob", {}, R"({"password":"x"})"),
     .status = 204,
     .log_end = 10,
     .secondary_end = position{101, 10}},
};

const std::vector<row> shown = {
    {.fact = "sys/health of a secondary tells its mode and its own cluster",
     .source = health,
     .tune = ann,
     .node = 4,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 200,
     .body = R"({"initialized":true,"sealed":false,"standby":false,"performance_standby":false,)"
             R"("replication_performance_mode":"secondary","replication_dr_mode":"disabled",)"
             R"("server_time_utc":1790000000,"version":"1.17.0+ent","cluster_name":"emulated-1",)"
             R"("cluster_id":"9b1d0c52-7e3f-4a68-8d10-000000000001","last_wal":100})"},
    {.fact = "a standby of a secondary is one like any other",
     .source = health,
     .tune = ann,
     .node = 5,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 473},
    {.fact = "the leader of a secondary is its own",
     .source = "Vault http/sys_leader.go",
     .tune = ann,
     .node = 5,
     .asked = ask_as_nobody("GET", "sys/leader"),
     .status = 200,
     .body = R"({"ha_enabled":true,"is_self":false,"leader_address":"http://node-4:8200",)"
             R"("leader_cluster_address":"http://node-4:8200",)"
             R"("performance_standby":true,"performance_standby_last_remote_wal":100,)"
             R"("raft_committed_index":100,"raft_applied_index":100})"},
    {.fact = "the status of a primary",
     .source = status,
     .tune = ann,
     .asked = ask_as_nobody("GET", "sys/replication/performance/status"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"mode":"primary",)"
             R"("ssct_generation_counter":0,"cluster_id":"replication-656d756c61746564",)"
             R"("state":"running","last_performance_wal":10},"wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "the status of a secondary: the id of the whole, and what it has of the primary's log",
     .source = status,
     .tune = ann,
     .node = 4,
     .asked = ask_as_nobody("GET", "sys/replication/performance/status"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"mode":"secondary",)"
             R"("ssct_generation_counter":0,"cluster_id":"replication-656d756c61746564",)"
             R"("state":"stream-wals","last_performance_wal":100,"last_remote_wal":10},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a cluster that replicates nothing",
     .source = status,
     .asked = ask_as_nobody("GET", "sys/replication/status"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"dr":{"mode":"disabled"},)"
             R"("performance":{"mode":"disabled"}},"wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a DR secondary: sys/health is 472",
     .source = health,
     .tune = disaster,
     .node = 4,
     .asked = ask_as_nobody("GET", "sys/health"),
     .status = 472},
    {.fact = "… at its standbys too",
     .source = health,
     .tune = disaster,
     .node = 5,
     .asked = ask_as_nobody("GET", "sys/health?standbyok=true&perfstandbyok=true"),
     .status = 472},
    {.fact = "… and drsecondarycode",
     .source = health,
     .tune = disaster,
     .node = 4,
     .asked = ask_as_nobody("GET", "sys/health?drsecondarycode=299"),
     .status = 299},
    {.fact = "a DR secondary serves no client: read",
     .source = "Vault docs, enterprise/replication",
     .tune = disaster,
     .node = 4,
     .asked = ask("GET", "kv/foo"),
     .status = 400,
     .body = R"({"errors":["path disabled in replication DR secondary mode"]})",
     .lacks = {"X-Vault-Index"}},
    {.fact = "… write",
     .source = "Vault docs, enterprise/replication",
     .tune = disaster,
     .node = 5,
     .asked = ask("PUT", "kv/foo", {}, R"({"v":1})"),
     .status = 400,
     .log_end = 10},
    {.fact = "… login",
     .source = "Vault docs, enterprise/replication",
     .tune = disaster,
     .node = 4,
     .asked = login(),
     .status = 400,
     .log_end = 10},
    {.fact = "… but its replication status",
     .source = status,
     .tune = disaster,
     .node = 4,
     .asked = ask_as_nobody("GET", "sys/replication/dr/status"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"mode":"secondary",)"
             R"("ssct_generation_counter":0,"cluster_id":"replication-656d756c61746564",)"
             R"("state":"stream-wals","last_dr_wal":10,"last_remote_wal":10},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
};

} // namespace

TEST_CASE("Vault: logins on a performance secondary") { check_rows(dialect::vault, logins); }

TEST_CASE("Vault: secondaries show what they are") { check_rows(dialect::vault, shown); }

TEST_CASE("Vault: an answer may tell of its two halves in two lines (switch)")
{
    settings set = usual_settings(dialect::vault);
    at_once(set);
    set.secondaries[0].unknown.answers = answer_lines::one_for_each_half;
    scene place(set);
    auto const got = place.emulated.handle(4, login(), place.now).answer;
    auto const lines = all_fields(got.fields, "X-Vault-Index");
    REQUIRE(lines.size() == 2);
    CHECK(lines[0] == place.expand("@1/102:0"));
    CHECK(lines[1] == place.expand("@1/0:11"));
    auto const plain = place.emulated.handle(4, ask("PUT", "kv/foo", {}, R"({"v":1})"), place.now).answer;
    CHECK(all_fields(plain.fields, "X-Vault-Index").size() == 1); // only one half was written
}

TEST_CASE("Vault: the entity of a login is the same one in both clusters")
{
    settings set = usual_settings(dialect::vault);
    ann(set);
    scene place(set);
    auto const entity = [&](std::size_t node) {
        auto result = place.emulated.handle(node, login(), place.now);
        while (result.held) {
            place.now = result.until;
            result = place.emulated.resume(result.id, place.now);
        }
        return json::parse(result.answer.body)["auth"]["entity_id"].get<std::string>();
    };
    std::string const first = entity(4);
    CHECK(entity(4) == first); // it has not come back yet: the primary is asked again, and knows
    CHECK(entity(0) == first);
    place.land();
    CHECK(entity(5) == first);
    CHECK(place.emulated.newest().local == 12); // one entity, and the token of the login at the primary
}
