// SPDX-License-Identifier: BSL-1.0
// Vault Enterprise: tokens that carry the index of their making (server-side consistent tokens), their quota.
#include "token_codec.hpp"
#include "token_rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view store = "Vault vault/token_store.go, checkSSCTokenInternal";

void consistent_and_forwarding(settings& s)
{
    consistent(s);
    s.allow_forwarding_via_header = true;
}

const std::vector<row> tokens = {
    {.fact = "a standby that lacks the token's index answers 412, though no index was sent",
     .source = store,
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 412,
     .body = stale,
     .lacks = {"X-Vault-Index", "Retry-After"},
     .served_by = 1},
    {.fact = "… for a write too, and nothing is written",
     .source = store,
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = ask_as_nobody("PUT", "kv/foo", {own}, R"({"v":1})"),
     .status = 412,
     .body = stale,
     .log_end = 12},
    {.fact = "… with an index that is there",
     .source = store,
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@10:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "X-Vault-Inconsistent looks at the index only",
     .source = "Vault http/handler.go",
     .tune = consistent_and_forwarding,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Inconsistent", "forward-active-node"}}),
     .status = 412,
     .body = stale,
     .served_by = 1},
    {.fact = "X-Vault-Forward helps",
     .source = "Vault http/handler.go",
     .tune = consistent_and_forwarding,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Forward", "active-node"}}),
     .status = 404,
     .served_by = 0},
    {.fact = "the active node has what it made",
     .source = store,
     .tune = consistent,
     .before = make_token,
     .asked = with(),
     .status = 404},
    {.fact = "a standby serves it once the entry has landed",
     .source = store,
     .tune = consistent,
     .before = make_token_and_land,
     .node = 1,
     .asked = with(),
     .status = 404,
     .served_by = 1},
    {.fact = "the index of the request is looked at first",
     .source = "Vault http/logical.go",
     .tune = consistent_and_forwarding,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@12:0"}, {"X-Vault-Inconsistent", "forward-active-node"}}),
     .status = 404,
     .served_by = 0},
    {.fact = "paths without authentication do not look at it",
     .source = store,
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = ask_as_nobody("GET", "sys/health", {own}),
     .status = 473},
    {.fact = "a token of another key is none",
     .source = store,
     .tune = consistent,
     .before =
         [](scene& s) {
             s.token =
                 encode_consistent_token(dialect::vault, {"hvs.x", "99", 0}, hmac_signer("another key"));
         },
     .node = 1,
     .asked = with(),
     .status = 403,
     .body = R"({"errors":["permission denied"]})"},
    {.fact = "without the switch the standby merely does not know the token",
     .source = "Vault docs, enterprise/consistency",
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 403,
     .body = R"({"errors":["permission denied"]})"},
    {.fact = "the lease-count quota is 429 and no staleness",
     .source = "Vault vault/quotas",
     .tune = [](settings& s) { s.leases_used_up = true; },
     .asked = ask("POST", "auth/token/create", {}, R"({"policies":["p"]})"),
     .status = 429,
     .body = R"({"errors":["lease count quota exceeded"]})",
     .lacks = {"Retry-After", "X-Vault-Index"},
     .log_end = 10},
};

} // namespace

TEST_CASE("Vault: tokens that carry an index, and their quota") { check_rows(dialect::vault, tokens); }

TEST_CASE("Vault: which tokens carry an index")
{
    settings set = usual_settings(dialect::vault);
    consistent(set);
    scene place(set);
    hmac_signer const signer(set.hmac_key);
    place.make_token();
    CHECK(place.token.starts_with("hvs."));
    CHECK(place.token.size() >= 4 + 91);
    CHECK(read_token(dialect::vault, place.token, signer).token.local_index == "12");
    CHECK(read_token(dialect::vault, place.token, signer).token.epoch == 0);
    // Tokens of root and those with an id of the caller's choice carry none: the standby does not know them.
    place.at_active("POST", "auth/token/create", R"({"id":"hvs.own","policies":["p"]})");
    auto const own_id = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", "hvs.own"}});
    CHECK(place.emulated.handle(1, own_id, place.now).answer.status == 403);
    auto const root = place.at_active("POST", "auth/token/create", R"({"policies":["root"]})");
    CHECK(root.body.find(R"("client_token":"hvs.)") != std::string::npos);
    CHECK(root.body.size() < 500);
}

TEST_CASE("Vault: a consistent token in the body is checked too")
{
    settings set = usual_settings(dialect::vault);
    consistent(set);
    scene place(set);
    place.make_token();
    for (auto const path : {"auth/token/lookup", "auth/token/revoke"}) {
        CAPTURE(path);
        auto const asked = ask("POST", path, {}, R"({"token":")" + place.token + R"("})");
        CHECK(place.emulated.handle(1, asked, place.now).answer.status == 412);
        CHECK(place.emulated.handle(0, asked, place.now).answer.status < 300);
    }
    CHECK(place.emulated.counters(1).refused == 2);
}
