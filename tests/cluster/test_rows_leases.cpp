// SPDX-License-Identifier: BSL-1.0
// Secrets that a read makes: a GET that writes, and answers an index.
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view leases = "Vault docs, API, sys/leases";
constexpr std::string_view unknown = R"({"errors":["invalid lease"]})";

void database(settings& s) { s.lease_mounts = {"db"}; }

const request creds = ask("GET", "db/creds/reader");

const std::vector<row> both = {
    {.fact = "a read that makes a lease carries an index",
     .source = consistency,
     .tune = database,
     .asked = creds,
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .log_end = 11},
    {.fact = "a plain standby hands it on",
     .source = "Vault docs, concepts/ha",
     .tune = database,
     .node = 3,
     .asked = creds,
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
    {.fact = "such a mount can be made",
     .source = "Vault docs, API, sys/mounts",
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team/db", R"({"type":"leases"})"); },
     .asked = ask("GET", "team/db/creds/x"),
     .status = 200,
     .has = {{"X-Vault-Index", "@12:0"}}},
    {.fact = "… and is not there yet at a lagging standby",
     .source = consistency,
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team/db", R"({"type":"leases"})"); },
     .node = 1,
     .asked = ask("GET", "team/db/creds/x"),
     .status = 404,
     .lacks = {"X-Vault-Index"}},
    {.fact = "to write there is not possible",
     .source = "Vault docs, API, databases",
     .tune = database,
     .asked = ask("PUT", "db/creds/reader", {}, R"({"v":1})"),
     .status = 405,
     .log_end = 10},
    {.fact = "a role needs a name",
     .source = "Vault docs, API, databases",
     .tune = database,
     .asked = ask("GET", "db/creds/"),
     .status = 404,
     .log_end = 10},
    {.fact = "policies guard it",
     .source = "Vault docs, concepts/policies",
     .tune = database,
     .before = [](scene& s) { s.make_token(); },
     .asked = ask_as_nobody("GET", "db/creds/reader", {{"X-Vault-Token", "@token"}}),
     .status = 403,
     .log_end = 12},
    {.fact = "the lease-count quota is 429",
     .source = "Vault vault/quotas",
     .tune =
         [](settings& s) {
             database(s);
             s.leases_used_up = true;
         },
     .asked = creds,
     .status = 429,
     .body = R"({"errors":["lease count quota exceeded"]})",
     .log_end = 10},
    {.fact = "a lease that nobody made is invalid",
     .source = leases,
     .asked = ask("PUT", "sys/leases/lookup", {}, R"({"lease_id":"db/creds/reader/none"})"),
     .status = 400,
     .body = unknown},
    {.fact = "a lease has an id",
     .source = leases,
     .asked = ask("PUT", "sys/leases/lookup", {}, "{}"),
     .status = 400,
     .body = R"({"errors":["lease_id must be specified"]})"},
    {.fact = "to look up is a write by its method",
     .source = leases,
     .asked = ask("GET", "sys/leases/lookup"),
     .status = 405},
};

const std::vector<row> vault = {
    {.fact = "a performance standby answers itself; the active node writes the lease",
     .source = consistency,
     .tune = database,
     .node = 1,
     .asked = creds,
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 1,
     .log_end = 11},
};

const std::vector<row> openbao = {
    {.fact = "a standby hands it on",
     .source = "OpenBao docs, concepts/consistency",
     .tune = database,
     .node = 1,
     .asked = creds,
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
};

} // namespace

TEST_CASE("secrets that a read makes")
{
    check_rows(dialect::vault, both);
    check_rows(dialect::openbao, both);
}

TEST_CASE("Vault: where secrets are made") { check_rows(dialect::vault, vault); }

TEST_CASE("OpenBao: where secrets are made") { check_rows(dialect::openbao, openbao); }

TEST_CASE("a lease is a fresh one, and a standby has it when it has landed")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        settings set = usual_settings(speaks);
        database(set);
        scene place(set);
        auto const made = nlohmann::json::parse(place.emulated.handle(1, creds, place.now).answer.body);
        const std::string id = made["lease_id"];
        CHECK(id.starts_with("db/creds/reader/"));
        CHECK(made["renewable"] == true);
        CHECK(made["lease_duration"] == 2764800);
        CHECK(made["data"]["username"] != made["data"]["password"]);
        auto const next = nlohmann::json::parse(place.emulated.handle(0, creds, place.now).answer.body);
        CHECK(next["lease_id"] != id);
        CHECK(next["data"]["username"] != made["data"]["username"]);

        const std::string body = nlohmann::json{{"lease_id", id}}.dump();
        auto const look = [&](std::size_t node, field_list more = {}) {
            auto const asked = ask("PUT", "sys/leases/lookup", std::move(more), body);
            return place.emulated.handle(node, asked, place.now).answer;
        };
        auto const found = nlohmann::json::parse(look(0).body)["data"];
        CHECK(found["id"] == id);
        CHECK(found["ttl"] == 2764800);
        CHECK(found["issue_time"] == "2026-09-21T14:13:20Z");
        CHECK(found["expire_time"] == "2026-10-23T14:13:20Z");
        CHECK(look(1).status == 400);
        CHECK(look(1).body == unknown);
        const field_list index = {{"X-Vault-Index", place.expand("@11:0")}};
        CHECK(look(1, index).status == (speaks == dialect::vault ? 412 : 429));
        place.land();
        place.now += std::chrono::milliseconds(5); // OpenBao looks at an index that is so old at most
        CHECK(look(1, index).status == 200);
    }
}
