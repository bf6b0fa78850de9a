// SPDX-License-Identifier: BSL-1.0
// Response wrapping: the answer is written and a token is given for it, so the answer carries an index.
#include "codec.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

constexpr std::string_view wrapping = "Vault docs, concepts/response-wrapping";
constexpr std::string_view wrap_go = "Vault vault/wrapping.go";
constexpr std::string_view handling = "Vault vault/request_handling.go";
constexpr std::string_view spent = R"({"errors":["wrapping token is not valid or does not exist"]})";
constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view first = R"({"lease_id":"","renewable":false,"lease_duration":2764800,)"
                                   R"("data":{"v":1},"wrap_info":null,"warnings":null,"auth":null})";
using line = std::pair<std::string, std::string>;
const line minute{"X-Vault-Wrap-TTL", "60s"};
const line own{"X-Vault-Token", "@token"};

void landed(scene& s)
{
    s.at_active("PUT", "kv/foo", R"({"v":1})");
    s.land();
}

/// The key is entry 11 and lands; what wraps it is entry 12 and does not.
void wrapped(scene& s)
{
    landed(s);
    auto const got = s.emulated.handle(0, ask("GET", "kv/foo", {minute}), s.now).answer;
    s.token = nlohmann::json::parse(got.body)["wrap_info"]["token"];
}

void wrapped_and_landed(scene& s)
{
    wrapped(s);
    s.land();
}

request wrapped_read(std::string_view lifetime) // of something that may not be there
{
    return ask("GET", "kv/foo", {{"X-Vault-Wrap-TTL", std::string(lifetime)}});
}

request unwrap(field_list more = {})
{
    more.push_back(own);
    return ask_as_nobody("POST", "sys/wrapping/unwrap", std::move(more));
}

const std::vector<row> both = {
    {.fact = "to wrap is a write, and answers an index though a read was asked for",
     .source = wrap_go,
     .before = landed,
     .asked = wrapped_read("60s"),
     .status = 200,
     .has = {{"X-Vault-Index", "@12:0"}},
     .log_end = 12},
    {.fact = "an error is not wrapped",
     .source = handling,
     .asked = wrapped_read("60s"),
     .status = 404,
     .body = empty,
     .lacks = {"X-Vault-Index"},
     .log_end = 10},
    {.fact = "an answer without a body is not wrapped",
     .source = handling,
     .asked = ask("PUT", "kv/foo", {minute}, R"({"v":1})"),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}},
     .log_end = 11},
    {.fact = "a lifetime of zero is none",
     .source = handling,
     .before = landed,
     .asked = wrapped_read("0"),
     .status = 200,
     .body = first,
     .log_end = 11},
    {.fact = "a lifetime that is none is 400",
     .source = "Vault http/logical.go",
     .before = landed,
     .asked = wrapped_read("soon"),
     .status = 400,
     .body = R"({"errors":["error parsing X-Vault-Wrap-TTL header: soon"]})",
     .log_end = 11},
    {.fact = "… a negative one too",
     .source = "Vault http/handler.go",
     .before = landed,
     .asked = wrapped_read("-1s"),
     .status = 400},
    {.fact = "the token unwraps the answer",
     .source = wrapping,
     .before = wrapped,
     .asked = unwrap(),
     .status = 200,
     .body = first,
     .log_end = 13},
    {.fact = "… once",
     .source = wrapping,
     .before =
         [](scene& s) {
             wrapped(s);
             (void)s.emulated.handle(
                 0, ask_as_nobody("POST", "sys/wrapping/unwrap", {{"X-Vault-Token", s.token}}), s.now);
         },
     .asked = unwrap(),
     .status = 400,
     .body = spent,
     .log_end = 13},
    {.fact = "… and does nothing else",
     .source = wrapping,
     .before = wrapped,
     .asked = ask_as_nobody("GET", "kv/foo", {own}),
     .status = 403,
     .log_end = 12},
    {.fact = "a standby hands it on: its use is counted",
     .source = handling,
     .before = wrapped_and_landed,
     .node = 1,
     .asked = unwrap(),
     .status = 200,
     .body = first,
     .served_by = 0},
    {.fact = "a standby that has not got the newborn takes it for spent",
     .source = wrap_go,
     .before = wrapped,
     .node = 1,
     .asked = unwrap(),
     .status = 400,
     .body = spent,
     .lacks = {"X-Vault-Index"},
     .served_by = 1,
     .log_end = 12},
    {.fact = "any other token unwraps nothing",
     .source = wrap_go,
     .asked = ask("POST", "sys/wrapping/unwrap"),
     .status = 400,
     .body = spent},
    {.fact = "to unwrap without a token is 403",
     .source = handling,
     .asked = ask_as_nobody("POST", "sys/wrapping/unwrap"),
     .status = 403},
    {.fact = "to unwrap is a write",
     .source = wrapping,
     .before = wrapped,
     .asked = ask_as_nobody("GET", "sys/wrapping/unwrap", {own}),
     .status = 405,
     .log_end = 12},
    {.fact = "sys/health is not wrapped",
     .source = "Vault http/sys_health.go",
     .asked = ask("GET", "sys/health", {minute}),
     .status = 200,
     .lacks = {"X-Vault-Index"},
     .log_end = 10},
};

const std::vector<row> vault = {
    {.fact = "a performance standby wraps what it has read itself; the active node writes",
     .source = "Vault vault/wrapping.go, forwardWrapRequest",
     .before = landed,
     .node = 1,
     .asked = wrapped_read("60s"),
     .status = 200,
     .has = {{"X-Vault-Index", "@12:0"}},
     .served_by = 1,
     .log_end = 12},
    {.fact = "the newborn's index at a lagging standby is 412",
     .source = handling,
     .before = wrapped,
     .node = 1,
     .asked = unwrap({{"X-Vault-Index", "@12:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "a consistent newborn is 412 without an index",
     .source = "Vault vault/token_store.go, checkSSCTokenInternal",
     .tune = [](settings& s) { s.consistent_tokens = true; },
     .before = wrapped,
     .node = 1,
     .asked = unwrap(),
     .status = 412,
     .body = stale},
    {.fact = "what is unwrapped is a raw body, and carries no index though it was a write",
     .source = "Vault http/logical.go, respondRaw",
     .before = wrapped,
     .asked = unwrap(),
     .status = 200,
     .lacks = {"X-Vault-Index"},
     .log_end = 13},
    {.fact = "the lifetime is looked at before the index",
     .source = "Vault http/logical.go, buildLogicalRequest",
     .before = wrapped,
     .node = 1,
     .asked = ask("GET", "kv/foo", {{"X-Vault-Wrap-TTL", "soon"}, {"X-Vault-Index", "@12:0"}}),
     .status = 400},
};

const std::vector<row> openbao = {
    {.fact = "a standby hands on what is to be wrapped",
     .source = "OpenBao docs, concepts/consistency",
     .before = landed,
     .node = 1,
     .asked = wrapped_read("60s"),
     .status = 200,
     .has = {{"X-Vault-Index", "@12:0"}},
     .served_by = 0,
     .log_end = 12},
    {.fact = "the newborn's index at a lagging standby is 429",
     .source = "OpenBao internal/http/index.go",
     .before = wrapped,
     .node = 1,
     .asked = unwrap({{"X-Vault-Index", "@12:0"}}),
     .status = 429,
     .body = empty},
    {.fact = "what is unwrapped carries an index",
     .source = "OpenBao internal/http/logical.go",
     .before = wrapped,
     .asked = unwrap(),
     .status = 200,
     .has = {{"X-Vault-Index", "@13:0"}}},
};

} // namespace

TEST_CASE("response wrapping in both dialects")
{
    check_rows(dialect::vault, both);
    check_rows(dialect::openbao, both);
}

TEST_CASE("Vault: response wrapping") { check_rows(dialect::vault, vault); }

TEST_CASE("OpenBao: response wrapping") { check_rows(dialect::openbao, openbao); }

TEST_CASE("a login wrapped, and unwrapped by another")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        settings set = usual_settings(speaks);
        set.users = {{"ann", "secret", {"p"}}};
        scene place(set);
        auto const login = ask_as_nobody("POST", "auth/userpass/login/ann", {{"X-Vault-Wrap-TTL", "90"}},
                                         R"({"password":"secret"})");
        auto const got = place.emulated.handle(0, login, place.now).answer;
        CHECK(field_or_empty(got.fields, "X-Vault-Index") == place.expand("@12:0"));
        auto const outer = nlohmann::json::parse(got.body);
        auto const& info = outer["wrap_info"];
        CHECK(outer["auth"].is_null());
        CHECK(outer["data"].is_null());
        CHECK(info["ttl"] == 90);
        CHECK(info["creation_path"] == "auth/userpass/login/ann");
        CHECK(info["creation_time"] == "2026-09-21T14:13:20Z");
        CHECK(info["accessor"].get<std::string>().size() == 24);

        const std::string body = nlohmann::json{{"token", info["token"]}}.dump();
        auto const unwrap_as = [&](std::string_view token) {
            const field_list as = {{"X-Vault-Token", std::string(token)}};
            return place.emulated.handle(0, ask_as_nobody("PUT", "sys/wrapping/unwrap", as, body), place.now)
                .answer;
        };
        CHECK(unwrap_as("unknown").status == 403);
        place.make_token(); // its policies do not name the path: Vault's default policy does
        auto const inner = nlohmann::json::parse(unwrap_as(place.token).body);
        CHECK(inner["auth"]["accessor"] == info["wrapped_accessor"]);
        CHECK(inner["auth"]["client_token"] != info["token"]);
        CHECK(unwrap_as(place.token).body == spent);
    }
}
