// SPDX-License-Identifier: BSL-1.0
// Both dialects: KV version 1, mounts, policies, tokens.
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;

namespace {

constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view kv = "Vault docs, API, KV version 1";
constexpr std::string_view mounts = "Vault docs, API, sys/mounts";

void some_keys(scene& s)
{
    for (auto const path : {"kv/a/x", "kv/a/y", "kv/b", "kv/c/d/e", "secret/z"}) {
        s.at_active("PUT", path, R"({"v":1})");
    }
}

const std::vector<row> kv_rows = {
    {.fact = "LIST puts the slash that is left out",
     .source = "Vault http/logical.go",
     .before = some_keys,
     .asked = ask("LIST", "kv"),
     .status = 200},
    {.fact = "LIST gives keys and folders once each",
     .source = kv,
     .before = some_keys,
     .asked = ask("LIST", "kv/"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"keys":["a/","b","c/"]},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "GET with list=true is LIST",
     .source = kv,
     .before = some_keys,
     .asked = ask("GET", "kv/a?list=true"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"keys":["x","y"]},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "an empty list is 404", .source = kv, .asked = ask("LIST", "kv/"), .status = 404, .body = empty},
    {.fact = "a deleted key is not listed",
     .source = kv,
     .before =
         [](scene& s) {
             some_keys(s);
             s.at_active("DELETE", "kv/a/x");
             s.at_active("DELETE", "kv/a/y");
         },
     .asked = ask("LIST", "kv/a/"),
     .status = 404,
     .body = empty},
    {.fact = "to delete what is not there is fine",
     .source = kv,
     .asked = ask("DELETE", "kv/none"),
     .status = 204,
     .body = ""},
    {.fact = "an empty write is 400",
     .source = kv,
     .asked = ask("PUT", "kv/foo"),
     .status = 400,
     .body = R"({"errors":["missing data fields"]})"},
    {.fact = "JSON that is no object is 400",
     .source = "Vault http/logical.go",
     .asked = ask("PUT", "kv/foo", {}, "[1]"),
     .status = 400},
    {.fact = "PATCH is not known to version 1",
     .source = kv,
     .asked = ask("PATCH", "kv/foo", {}, R"({"v":1})"),
     .status = 405,
     .body = R"({"errors":["1 error occurred:\n\t* unsupported operation\n\n"]})"},
    {.fact = "paths are percent-decoded",
     .source = "Go net/url",
     .before = some_keys,
     .asked = ask("GET", "kv/%61/x"),
     .status = 200},
    {.fact = "keys of one mount are not those of another",
     .source = kv,
     .before = some_keys,
     .asked = ask("GET", "kv/z"),
     .status = 404,
     .body = empty},
    {.fact = "a namespace has its own keys",
     .source = "Vault docs, enterprise/namespaces",
     .before = some_keys,
     .asked = ask("GET", "kv/b", {{"X-Vault-Namespace", "/team/"}}),
     .status = 404,
     .body = empty},
    {.fact = "outside /v1/ there is nothing",
     .source = "Vault http/handler.go",
     .asked = {"GET", "/v2/kv/foo", {{"X-Vault-Token", "root"}}, ""},
     .status = 404,
     .body = empty},
    {.fact = "an unknown path of the system",
     .source = "Vault vault/router.go",
     .asked = ask("GET", "sys/nothing"),
     .status = 404,
     .body = R"({"errors":["1 error occurred:\n\t* unsupported path\n\n"]})"},
    {.fact = "no mount, no route",
     .source = "Vault vault/router.go",
     .asked = ask("GET", "team/a"),
     .status = 404,
     .body = R"({"errors":["no handler for route \"team/a\". route entry not found."]})"},
};

const std::vector<row> system_rows = {
    {.fact = "a mount can be used",
     .source = mounts,
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team", R"({"type":"kv"})"); },
     .asked = ask("PUT", "team/a", {}, R"({"v":1})"),
     .status = 204},
    {.fact = "a mount of several segments",
     .source = mounts,
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/a/b", R"({"type":"kv"})"); },
     .asked = ask("PUT", "a/b/c", {}, R"({"v":1})"),
     .status = 204},
    {.fact = "what a mount is stands on top as well",
     .source = "Vault http/logical.go, injectDataIntoTopLevel",
     .asked = ask("GET", "sys/mounts/kv"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,)"
             R"("data":{"local":false,"options":{"version":"1"},"type":"kv"},)"
             R"("wrap_info":null,"warnings":null,"auth":null,)"
             R"("local":false,"options":{"version":"1"},"type":"kv"})"},
    {.fact = "a path in use is 400",
     .source = mounts,
     .asked = ask("POST", "sys/mounts/kv", {}, R"({"type":"kv"})"),
     .status = 400,
     .body = R"({"errors":["path is already in use at kv/"]})"},
    {.fact = "a mount needs a type",
     .source = mounts,
     .asked = ask("POST", "sys/mounts/team", {}, "{}"),
     .status = 400},
    {.fact = "an unmounted path is gone",
     .source = mounts,
     .before = [](scene& s) { s.at_active("DELETE", "sys/mounts/kv"); },
     .asked = ask("GET", "kv/a"),
     .status = 404},
    {.fact = "a mount made anew is empty",
     .source = mounts,
     .before =
         [](scene& s) {
             some_keys(s);
             s.at_active("DELETE", "sys/mounts/kv");
             s.at_active("POST", "sys/mounts/kv", R"({"type":"kv"})");
         },
     .asked = ask("GET", "kv/b"),
     .status = 404,
     .body = empty},
    {.fact = "a policy can be read back",
     .source = "Vault docs, API, sys/policies",
     .before =
         [](scene& s) {
             s.at_active("PUT", "sys/policies/acl/p", R"({"policy":"path \"a\" { capabilities = [] }"})");
         },
     .asked = ask("GET", "sys/policies/acl/p"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,)"
             R"("data":{"name":"p","policy":"path \"a\" { capabilities = [] }"},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a policy that is none is 400",
     .source = "Vault docs, API, sys/policies",
     .asked = ask("PUT", "sys/policies/acl/p", {}, R"({"policy":"path"})"),
     .status = 400},
    {.fact = "a revoked token is unknown",
     .source = "Vault docs, API, auth/token",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["root"]})");
             s.at_active("POST", "auth/token/revoke", R"({"token":"t"})");
         },
     .asked = ask_as_nobody("GET", "kv/a", {{"X-Vault-Token", "t"}}),
     .status = 403},
    {.fact = "the last use of a token is the last",
     .source = "Vault docs, concepts/tokens",
     .before =
         [](scene& s) {
             s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["root"],"num_uses":1})");
             (void)s.emulated.handle(0, ask_as_nobody("GET", "kv/a", {{"X-Vault-Token", "t"}}), s.now);
         },
     .asked = ask_as_nobody("GET", "kv/a", {{"X-Vault-Token", "t"}}),
     .status = 403},
    {.fact = "auth/token/lookup-self needs no policy",
     .source = "Vault docs, concepts/policies: default",
     .before = [](scene& s) { s.at_active("POST", "auth/token/create", R"({"id":"t","policies":["p"]})"); },
     .asked = ask_as_nobody("GET", "auth/token/lookup-self", {{"X-Vault-Token", "t"}}),
     .status = 200},
};

} // namespace

TEST_CASE("KV version 1 and routes")
{
    check_rows(dialect::vault, kv_rows);
    check_rows(dialect::openbao, kv_rows);
}

TEST_CASE("mounts, policies and tokens")
{
    check_rows(dialect::vault, system_rows);
    check_rows(dialect::openbao, system_rows);
}
