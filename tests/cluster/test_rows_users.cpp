// SPDX-License-Identifier: BSL-1.0
// Both dialects: who can log in.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view userpass = "Vault docs, API, auth/userpass";
constexpr std::string_view password = R"({"password":"secret"})";

void ann(settings& s) { s.users = {{"ann", "secret", {"p"}}}; }

void new_user(scene& s)
{
    s.at_active("POST", "auth/userpass/users/bob", R"({"password":"secret","token_policies":"p"})");
}

const std::vector<row> users = {
    {.fact = "a user made is a write",
     .source = userpass,
     .asked = ask("POST", "auth/userpass/users/bob", {}, password),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}}},
    {.fact = "a user needs a password",
     .source = userpass,
     .asked = ask("POST", "auth/userpass/users/bob", {}, R"({"policies":["p"]})"),
     .status = 400,
     .body = R"({"errors":["missing password"]})"},
    {.fact = "users are listed",
     .source = userpass,
     .tune = ann,
     .before = new_user,
     .asked = ask("LIST", "auth/userpass/users"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"keys":["ann","bob"]},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a user is read without the password",
     .source = userpass,
     .before = new_user,
     .asked = ask("GET", "auth/userpass/users/bob"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,)"
             R"("data":{"policies":["p"],"token_policies":["p"]},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a deleted user cannot log in",
     .source = userpass,
     .before =
         [](scene& s) {
             new_user(s);
             s.at_active("DELETE", "auth/userpass/users/bob");
         },
     .asked = ask_as_nobody("POST", "auth/userpass/login/bob", {}, password),
     .status = 400,
     .body = R"({"errors":["invalid username or password"]})"},
    {.fact = "users are guarded by policies",
     .source = userpass,
     .tune = ann,
     .before = [](scene& s) { s.make_token(); },
     .asked = ask_as_nobody("GET", "auth/userpass/users/ann", {{"X-Vault-Token", "@token"}}),
     .status = 403},
    {.fact = "another password ends the old one",
     .source = userpass,
     .before =
         [](scene& s) {
             new_user(s);
             s.at_active("PUT", "auth/userpass/users/bob", R"({"password":"other"})");
         },
     .asked = ask_as_nobody("POST", "auth/userpass/login/bob", {}, password),
     .status = 400},
    {.fact = "other policies leave the password",
     .source = userpass,
     .before =
         [](scene& s) {
             new_user(s);
             s.at_active("PUT", "auth/userpass/users/bob", R"({"policies":["q","r"]})");
         },
     .asked = ask_as_nobody("POST", "auth/userpass/login/bob", {}, password),
     .status = 200,
     .has = {{"X-Vault-Index", "@13:0"}}},
    {.fact = "an empty list is 404",
     .source = userpass,
     .asked = ask("LIST", "auth/userpass/users"),
     .status = 404},
    {.fact = "a namespace has its own users",
     .source = "Vault docs, enterprise/namespaces",
     .tune = ann,
     .asked = ask_as_nobody("POST", "auth/userpass/login/ann", {{"X-Vault-Namespace", "team"}}, password),
     .status = 400},
    {.fact = "a standby hands a new user on",
     .source = userpass,
     .node = 1,
     .asked = ask("POST", "auth/userpass/users/bob", {}, password),
     .status = 204,
     .has = {{"X-Vault-Index", "@11:0"}},
     .served_by = 0},
};

} // namespace

TEST_CASE("users")
{
    check_rows(dialect::vault, users);
    check_rows(dialect::openbao, users);
}
