// SPDX-License-Identifier: BSL-1.0
// What the text of a token says: consistent tokens of both dialects, and what a node does with them.
#include "token_codec.hpp"
#include "token_rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

constexpr std::string_view stale = R"({"errors":["required index state not present"]})";
constexpr std::string_view denied = R"({"errors":["permission denied"]})";
constexpr std::string_view store = "Vault vault/token_store.go, checkSSCTokenInternal";

void forwarding(settings& s)
{
    consistent(s);
    s.allow_forwarding_via_token = "new_token";
    s.users = {{"ann", "secret", {"p"}}};
}

const std::vector<row> vault = {
    {.fact = "new_token: a standby that lacks the token forwards instead of 412",
     .source = "Vault docs, configuration/replication",
     .tune = forwarding,
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 404,
     .served_by = 0},
    {.fact = "… also where the token counts for nothing",
     .source = store,
     .tune = forwarding,
     .before = make_token,
     .node = 1,
     .asked = ask_as_nobody("POST", "auth/userpass/login/ann", {own}, R"({"password":"secret"})"),
     .status = 200,
     .served_by = 0},
    {.fact = "… and a token that is there is served here",
     .source = store,
     .tune = forwarding,
     .before = make_token_and_land,
     .node = 1,
     .asked = with(),
     .status = 404,
     .served_by = 1},
    {.fact = "the index of the client goes before: 412",
     .source = "Vault docs, FAQ on consistent tokens",
     .tune = forwarding,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@12:0"}}),
     .status = 412,
     .body = stale},
    {.fact = "another word than new_token forwards nothing",
     .source = "Vault docs, configuration/replication",
     .tune =
         [](settings& s) {
             forwarding(s);
             s.allow_forwarding_via_token = "always";
         },
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 412},
    {.fact = "a performance standby on Consul does not look at the token's index",
     .source = "hashicorp/vault pull request 15879",
     .tune = consistent_on_other_storage,
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 403,
     .body = denied},
    {.fact = "what looks like one and is damaged is 403",
     .source = store,
     .tune = consistent,
     .before = [](scene& s) { s.token = "hvs.CAESIHRdIJd9b93hZ1EpLs8PZK5e7y2k1H0VAaDwup_pXUXnGh4KHGh2"; },
     .asked = with(),
     .status = 403,
     .body = denied},
    {.fact = "a renewal writes and answers its index",
     .source = "Vault docs, API, auth/token",
     .tune = consistent,
     .before = make_token,
     .asked = ask_as_nobody("POST", "auth/token/renew-self", {own}),
     .status = 200,
     .has = {{"X-Vault-Index", "@13:0"}}},
    {.fact = "a token that nobody made cannot be renewed",
     .source = "Vault docs, API, auth/token",
     .asked = ask("POST", "auth/token/renew", {}, R"({"token":"hvs.none"})"),
     .status = 403},
};

const std::vector<row> openbao = {
    {.fact = "a standby that lacks the token's index answers 412 (default)",
     .source = "OpenBao docs, configuration; the code of its review says 403: a switch",
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 412,
     .body = R"({"errors":["SSCT token referenced a newer index than present locally"]})",
     .lacks = {"X-Vault-Index", "Retry-After"}},
    {.fact = "… or 403 (switch)",
     .source = "OpenBao pull request 3839, request_handling.go",
     .tune =
         [](settings& s) {
             consistent(s);
             s.unknown.stale_token_status = 403;
         },
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 403,
     .body = denied},
    {.fact = "… with LSNs as well",
     .source = "OpenBao internal/vault/tokens/token.proto",
     .tune =
         [](settings& s) {
             consistent(s);
             s.stores = storage::postgresql;
         },
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 412},
    {.fact = "the index of the request is looked at first",
     .source = "OpenBao internal/http/index.go",
     .tune = consistent,
     .before = make_token,
     .node = 1,
     .asked = with({{"X-Vault-Index", "@12:0"}}),
     .status = 429},
    {.fact = "the active node has what it made",
     .source = "OpenBao docs, concepts/consistency",
     .tune = consistent,
     .before = make_token,
     .asked = with(),
     .status = 404},
    {.fact = "storage without an index: every index counts as seen, and the token is not known here",
     .source = "OpenBao internal/vault/storage_index.go",
     .tune = consistent_on_other_storage,
     .before = make_token,
     .node = 1,
     .asked = with(),
     .status = 403,
     .body = denied},
};

std::string const key = "6a1f7d0e-8c5b-4a57-9c1e-0123456789ab";
std::string const id = "hvs.ABCDEFGHIJKLMNOPQRSTUVWX";

struct vector_row {
    dialect speaks;
    std::string index;
    std::uint32_t epoch;
    std::string text;
};

const std::vector<vector_row> vectors = {
    {dialect::vault, "0", 0,
     "hvs.CAESIHRdIJd9b93hZ1EpLs8PZK5e7y2k1H0VAaDwup_pXUXnGh4KHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1g"},
    {dialect::vault, "300", 0,
     "hvs.CAESIOf6frcizywv6QlIggeHtEc47r9-zFLMPTMnL-3TR_4cGiEKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1gQrAI"},
    {dialect::vault, "123456789", 2,
     "hvs.CAESIJUcPCZ9yLvf8-0ETSJcCZsLmkyjOa_DXHcD1ytuB2ZEGiUKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1gQlZrvOhg"
     "C"},
    {dialect::openbao, "300", 0,
     "hvs.CAESIPvQ7L7xQmlQspU2b8fUwTEsDp9P_zOuNbSR-ya8foksGiQKHGh2cy5BQkNERUZHSElKS0xNTk9QUVJTVFVWV1iSAwMzMD"
     "A"},
};

} // namespace

TEST_CASE("Vault: what a node makes of tokens") { check_rows(dialect::vault, vault); }

TEST_CASE("OpenBao: tokens that carry an index") { check_rows(dialect::openbao, openbao); }

TEST_CASE("consistent tokens are written and read as in the known examples")
{
    hmac_signer const signer(key);
    for (auto const& each : vectors) {
        CAPTURE(each.text);
        CHECK(encode_consistent_token(each.speaks, {id, each.index, each.epoch}, signer) == each.text);
        auto const read = read_token(each.speaks, each.text, signer);
        CHECK(read.what == token_reading::kind::consistent);
        CHECK(read.token.id == id);
        CHECK(read.token.local_index == each.index);
        CHECK(read.token.epoch == each.epoch);
        CHECK(read_token(each.speaks, each.text, hmac_signer("another")).what == token_reading::kind::bad);
    }
}

TEST_CASE("which texts are tokens that carry an index")
{
    using kind = token_reading::kind;
    hmac_signer const signer(key);
    auto const read = [&](std::string const& text) { return read_token(dialect::vault, text, signer); };
    for (std::string const text :
         {"", "root", "hvs.", "hvs.ABCDEFGHIJKLMNOPQRSTUVWX", "hvs.ABCDEFGHIJKLMNOPQRSTUVWX.12345",
          "s.ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"}) {
        CAPTURE(text);
        CHECK(read(text).what == kind::plain);
        CHECK(read(text).token.id == text);
    }
    std::string const known = vectors[1].text;
    CHECK(read(known + "=").what == kind::plain); // no base64 without padding: it is taken as it is
    CHECK(read(known.substr(0, 90)).what == kind::bad);
    std::string changed = known;
    changed[60] = changed[60] == 'A' ? 'B' : 'A';
    CHECK(read(changed).what == kind::bad);
    auto const most =
        encode_consistent_token(dialect::vault, {id, "18446744073709551615", 4294967295U}, signer);
    CHECK(read(most).token.local_index == "18446744073709551615");
    CHECK(read(most).token.epoch == 4294967295U);
}

TEST_CASE("Vault: a consistent token in the body is checked too, whatever is done with it")
{
    settings set = usual_settings(dialect::vault);
    consistent(set);
    scene place(set);
    place.make_token();
    std::uint64_t refused = 0;
    for (auto const path : {"auth/token/lookup", "auth/token/renew", "auth/token/revoke-orphan"}) {
        CAPTURE(path);
        auto const asked = ask("POST", path, {}, R"({"token":")" + place.token + R"("})");
        CHECK(place.emulated.handle(1, asked, place.now).answer.status == 412);
        CHECK(place.emulated.handle(0, asked, place.now).answer.status < 300);
        CHECK(place.emulated.counters(1).refused == ++refused);
    }
}

TEST_CASE("Vault: a renewed token carries the index of its making")
{
    settings set = usual_settings(dialect::vault);
    consistent(set);
    scene place(set);
    place.make_token();
    place.land();
    auto const renewed =
        place.at_active("POST", "auth/token/renew", nlohmann::json{{"token", place.token}}.dump());
    CHECK(renewed.status == 200);
    CHECK(nlohmann::json::parse(renewed.body)["auth"]["client_token"] == place.token);
    auto const read = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", place.token}});
    CHECK(place.emulated.handle(1, read, place.now).answer.status == 404); // not 412, though the renewal lags
}
