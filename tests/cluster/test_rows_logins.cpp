// SPDX-License-Identifier: BSL-1.0
// Logins: a token is born in an answer, and with it the index that the token needs.
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view denied_text = R"({"errors":["permission denied"]})";
constexpr std::string_view wrong = R"({"errors":["invalid username or password"]})";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view userpass = "Vault docs, API, auth/userpass";
constexpr std::string_view consistency = "Vault docs, enterprise/consistency";
constexpr std::string_view password = R"({"password":"secret"})";
using line = std::pair<std::string, std::string>;
const line own{"X-Vault-Token", "@token"};

void ann(settings& s) { s.users = {{"ann", "secret", {"p"}}}; }

void ann_consistent(settings& s)
{
    ann(s);
    s.consistent_tokens = true;
}

request login(field_list more = {}, std::string_view body = password, std::string_view name = "ann")
{
    return ask_as_nobody("POST", "auth/userpass/login/" + std::string(name), std::move(more), body);
}

/// The policy is entry 11 and lands; the login is entry 12 and does not.
void log_in(scene& s)
{
    s.at_active("PUT", "sys/policies/acl/p",
                R"({"policy":"path \"kv/*\" { capabilities = [\"create\", \"update\", \"read\"] }"})");
    s.land();
    auto const born = s.emulated.handle(0, login(), s.now).answer;
    s.token = nlohmann::json::parse(born.body)["auth"]["client_token"];
}

void new_user(scene& s)
{
    s.at_active("POST", "auth/userpass/users/bob", R"({"password":"secret","token_policies":"p"})");
}

const std::vector<row> both = {
    {.fact = "a login writes a token, and answers the index of it",
     .source = consistency,
     .tune = ann,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .log_end = 11},
    {.fact = "PUT does the same",
     .source = userpass,
     .tune = ann,
     .asked = ask_as_nobody("PUT", "auth/userpass/login/ann", {}, password),
     .status = 200,
     .log_end = 11},
    {.fact = "a plain standby hands a login on",
     .source = "Vault docs, concepts/ha",
     .tune = ann,
     .node = 3,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
    {.fact = "a wrong password is 400 without an index, and nothing is written",
     .source = userpass,
     .tune = ann,
     .asked = login({}, R"({"password":"guess"})"),
     .status = 400,
     .body = wrong,
     .lacks = {"X-Vault-Index"},
     .log_end = 10},
    {.fact = "an unknown user reads the same",
     .source = userpass,
     .tune = ann,
     .asked = login({}, password, "eve"),
     .status = 400,
     .body = wrong},
    {.fact = "a login without a password is 500",
     .source = "Vault builtin/credential/userpass/path_login.go",
     .tune = ann,
     .asked = login({}, ""),
     .status = 500,
     .body = R"({"errors":["1 error occurred:\n\t* missing password\n\n"]})"},
    {.fact = "to log in is a write by its method",
     .source = userpass,
     .tune = ann,
     .asked = ask_as_nobody("GET", "auth/userpass/login/ann"),
     .status = 405},
    {.fact = "where no auth mount is, a token is missing",
     .source = "Vault vault/request_handling.go",
     .tune = ann,
     .asked = ask_as_nobody("POST", "auth/ldap/login/ann", {}, password),
     .status = 403,
     .body = denied_text},
    {.fact = "without an index a lagging standby does not know the newborn token",
     .source = "hashicorp/vault issues on logins; Vault docs, enterprise/consistency",
     .tune = ann,
     .before = log_in,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {own}),
     .status = 403,
     .body = denied_text,
     .served_by = 1},
    {.fact = "the active node knows it",
     .source = consistency,
     .tune = ann,
     .before = log_in,
     .asked = ask_as_nobody("GET", "kv/foo", {own}),
     .status = 404,
     .body = empty},
    {.fact = "the standby knows it once it has landed",
     .source = consistency,
     .tune = ann,
     .before =
         [](scene& s) {
             log_in(s);
             s.land();
         },
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {own, {"X-Vault-Index", "@12:0"}}),
     .status = 404,
     .body = empty,
     .served_by = 1},
    {.fact = "a user who has just been made cannot log in at a lagging standby of Vault's, nor of OpenBao's",
     .source = consistency,
     .before = new_user,
     .node = 1,
     .asked = login({}, password, "bob"),
     .status = 400,
     .body = wrong,
     .served_by = 1},
    {.fact = "the lease-count quota counts logins",
     .source = "Vault vault/quotas",
     .tune =
         [](settings& s) {
             ann(s);
             s.leases_used_up = true;
         },
     .asked = login(),
     .status = 429,
     .body = R"({"errors":["lease count quota exceeded"]})",
     .log_end = 10},
};

const std::vector<row> vault = {
    {.fact = "a performance standby answers a login itself; the active node writes the token",
     .source = consistency,
     .tune = ann,
     .node = 1,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 1,
     .log_end = 11},
    {.fact = "… the replicated half is what the standby has of the primary's log",
     .source = "Vault vault/request_handling.go",
     .tune = ann,
     .before = [](scene& s) { s.emulated.receive_upstream(3, s.now); },
     .node = 1,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@14:0"}}},
    {.fact = "… and at the active node what that has",
     .source = "Vault vault/request_handling.go",
     .tune = ann,
     .before = [](scene& s) { s.emulated.receive_upstream(3, s.now); },
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@14:3"}}},
    {.fact = "the newborn's index at a lagging standby is 412",
     .source = consistency,
     .tune = ann,
     .before = log_in,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {own, {"X-Vault-Index", "@12:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "the index is looked at before the password",
     .source = "Vault http/logical.go",
     .before = new_user,
     .node = 1,
     .asked = login({{"X-Vault-Index", "@11:0"}}, password, "bob"),
     .status = 412,
     .body = stale},
    {.fact = "a consistent newborn is 412 without an index",
     .source = "Vault vault/token_store.go, checkSSCTokenInternal",
     .tune = ann_consistent,
     .before = log_in,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {own}),
     .status = 412,
     .body = stale},
    {.fact = "a login does not look at the token that comes with it",
     .source = "Vault vault/token_store.go, checkSSCTokenInternal",
     .tune = ann_consistent,
     .before = log_in,
     .node = 1,
     .asked = login({own}),
     .status = 200,
     .served_by = 1},
    {.fact = "without an active node there is no login",
     .source = "Vault http/handler.go",
     .tune =
         [](settings& s) {
             ann(s);
             s.no_active = {{nanoseconds{0}, std::chrono::seconds(1), 0}};
         },
     .node = 1,
     .asked = login(),
     .status = 503,
     .log_end = 10},
};

const std::vector<row> openbao = {
    {.fact = "a standby hands a login on",
     .source = "OpenBao docs, concepts/consistency",
     .tune = ann,
     .node = 1,
     .asked = login(),
     .status = 200,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0,
     .log_end = 11},
    {.fact = "the newborn's index at a lagging standby is 429",
     .source = "OpenBao internal/http/index.go",
     .tune = ann,
     .before = log_in,
     .node = 1,
     .asked = ask_as_nobody("GET", "kv/foo", {own, {"X-Vault-Index", "@12:0"}}),
     .status = 429,
     .body = empty,
     .has = {{"Retry-After", "1"}}},
    {.fact = "the index is looked at before the password",
     .source = "OpenBao internal/http/index.go",
     .before = new_user,
     .node = 1,
     .asked = login({{"X-Vault-Index", "@11:0"}}, password, "bob"),
     .status = 429},
};

} // namespace

TEST_CASE("logins of both dialects")
{
    check_rows(dialect::vault, both);
    check_rows(dialect::openbao, both);
}

TEST_CASE("Vault: logins") { check_rows(dialect::vault, vault); }

TEST_CASE("OpenBao: logins") { check_rows(dialect::openbao, openbao); }

TEST_CASE("what a login answers, and that its token is one")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        settings set = usual_settings(speaks);
        set.auth_mounts = {"team/people"};
        ann(set);
        scene place(set);
        auto const asked = ask_as_nobody("POST", "auth/team/people/login/ann", {}, password);
        auto const got = place.emulated.handle(0, asked, place.now).answer;
        auto const auth = nlohmann::json::parse(got.body)["auth"];
        place.token = auth["client_token"];
        CHECK(place.token.starts_with(speaks == dialect::vault ? "hvs." : "s."));
        CHECK(place.token.size() < 35); // too short for one that carries an index
        CHECK(auth["accessor"].get<std::string>().size() == 24);
        CHECK(auth["policies"] == nlohmann::json{"default", "p"});
        CHECK(auth["metadata"] == nlohmann::json{{"username", "ann"}});
        CHECK(auth["orphan"] == true);
        auto const self = ask_as_nobody("GET", "auth/token/lookup-self", {{"X-Vault-Token", place.token}});
        CHECK(place.emulated.handle(0, self, place.now).answer.status == 200);
        CHECK(place.emulated.handle(0, asked, place.now).answer.body.find(place.token) == std::string::npos);
    }
}
