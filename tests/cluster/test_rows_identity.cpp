// SPDX-License-Identifier: BSL-1.0
// Who has logged in: entities and aliases, policies of an entity, and logins by JWT.
#include "answers.hpp"
#include "jwt.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

using nlohmann::json;

constexpr std::string_view identity = "Vault docs, API, identity/entity";
constexpr std::string_view jwt_docs = "Vault docs, API, auth/jwt";
std::string const secret = "a secret that both sides share";

json claims(char const* subject = "app", std::int64_t valid_for = 60)
{
    return {{"sub", subject}, {"aud", json::array({"vault", "others"})}, {"exp", epoch_seconds + valid_for}};
}

void jwt(settings& s)
{
    s.jwt_mounts = {
        {"ci/jwt",
         secret,
         {{"build", "vault", "sub", {"p"}}, {"anybody", "", "sub", {}}, {"mail", "", "email", {}}}}};
}

request log_in(json const& body) { return ask_as_nobody("POST", "auth/ci/jwt/login", {}, body.dump()); }

request with_role(std::string const& role, json const& what, std::string const& key = secret)
{
    return log_in({{"role", role}, {"jwt", make_jwt(what, key)}});
}

std::string error(std::string const& text) { return json{{"errors", {text}}}.dump(); }

std::vector<row> jwt_rows()
{
    static std::string const late = error("error validating token: token is expired (exp)");
    static std::string const early = error("error validating token: token not valid yet (nbf)");
    static std::string const forged =
        error("error validating token: no known key successfully validated the token signature");
    static std::string const others = error("error validating token: invalid audience (aud) claim");
    json not_yet = claims();
    not_yet["nbf"] = epoch_seconds + 30;
    json elsewhere = claims();
    elsewhere["aud"] = "others";
    return {
        {.fact = "a login by JWT makes a token, and answers its index",
         .source = jwt_docs,
         .tune = jwt,
         .asked = with_role("build", claims()),
         .status = 200,
         .has = {{"X-Vault-Index", "@11:0"}},
         .log_end = 11},
        {.fact = "a role without an audience takes any",
         .source = jwt_docs,
         .tune = jwt,
         .asked = with_role("anybody", elsewhere),
         .status = 200},
        {.fact = "no role",
         .source = jwt_docs,
         .tune = jwt,
         .asked = log_in({{"jwt", "x"}}),
         .status = 400,
         .body = R"({"errors":["missing role"]})"},
        {.fact = "an unknown role",
         .source = jwt_docs,
         .tune = jwt,
         .asked = with_role("deploy", claims()),
         .status = 400,
         .body = R"({"errors":["role \"deploy\" could not be found"]})"},
        {.fact = "no token",
         .source = jwt_docs,
         .tune = jwt,
         .asked = log_in({{"role", "build"}}),
         .status = 400,
         .body = R"({"errors":["missing token"]})"},
        {.fact = "a token that is none",
         .source = jwt_docs,
         .tune = jwt,
         .asked = log_in({{"role", "build"}, {"jwt", "a.b"}}),
         .status = 400,
         .body = R"({"errors":["error validating token: malformed jwt"]})"},
        {.fact = "a token of another key",
         .source = jwt_docs,
         .tune = jwt,
         .asked = with_role("build", claims(), "another secret"),
         .status = 400,
         .body = forged,
         .log_end = 10},
        {.fact = "a token whose time is over",
         .source = "RFC 7519, 4.1.4",
         .tune = jwt,
         .asked = with_role("build", claims("app", -1)),
         .status = 400,
         .body = late},
        {.fact = "a token whose time has not come",
         .source = "RFC 7519, 4.1.5",
         .tune = jwt,
         .asked = with_role("build", not_yet),
         .status = 400,
         .body = early},
        {.fact = "a token for somebody else",
         .source = "RFC 7519, 4.1.3",
         .tune = jwt,
         .asked = with_role("build", elsewhere),
         .status = 400,
         .body = others},
        {.fact = "the claim that names the user must be there",
         .source = jwt_docs,
         .tune = jwt,
         .asked = with_role("mail", claims()),
         .status = 400,
         .body = R"({"errors":["claim \"email\" not found in token"]})"},
        {.fact = "to log in is a write by its method",
         .source = jwt_docs,
         .tune = jwt,
         .asked = ask_as_nobody("GET", "auth/ci/jwt/login"),
         .status = 405},
        {.fact = "what is not its login needs a token",
         .source = jwt_docs,
         .tune = jwt,
         .asked = ask_as_nobody("GET", "auth/ci/jwt/role/build"),
         .status = 403},
        {.fact = "an entity that nobody is",
         .source = identity,
         .asked = ask("GET", "identity/entity/id/none"),
         .status = 404,
         .body = R"({"errors":[]})"},
        {.fact = "no entities, no list",
         .source = identity,
         .asked = ask("LIST", "identity/entity/id"),
         .status = 404},
        {.fact = "an entity that is not there cannot be changed",
         .source = identity,
         .asked = ask("POST", "identity/entity/id/none", {}, R"({"policies":"p"})"),
         .status = 400,
         .log_end = 10},
    };
}

/// Logs in, and returns the `auth` of the answer.
json auth_of(scene& place, request const& asked, std::size_t node = 0)
{
    auto const got = place.emulated.handle(node, asked, place.now).answer;
    REQUIRE(got.status == 200);
    return json::parse(got.body)["auth"];
}

} // namespace

TEST_CASE("logins by JWT, in both dialects")
{
    check_rows(dialect::vault, jwt_rows());
    check_rows(dialect::openbao, jwt_rows());
}

TEST_CASE("a JWT of an RSA key, and none of a secret in its place")
{
    auto const pair = make_jwt_keys();
    auto const good = make_jwt(claims(), pair.private_key);
    CHECK(read_jwt(good, pair.public_key, epoch_seconds).error.empty());
    CHECK(read_jwt(good, pair.public_key, epoch_seconds).value["sub"] == "app");
    CHECK_FALSE(read_jwt(good, make_jwt_keys().public_key, epoch_seconds).error.empty());
    // The public key as a shared secret: the algorithm is not the token's to choose.
    CHECK(read_jwt(make_jwt(claims(), secret), pair.public_key, epoch_seconds).error ==
          "unexpected signing algorithm");
    for (auto const& broken : std::vector<std::string>{"", ".", "..", "...", "a.b.c", good + ".x"}) {
        CAPTURE(broken);
        CHECK(read_jwt(broken, pair.public_key, epoch_seconds).error == "malformed jwt");
    }
}

TEST_CASE("the first login makes an entity, later ones find it, by each of several nodes")
{
    settings set = usual_settings(dialect::vault);
    set.users = {{"ann", "secret", {"p"}}, {"bob", "secret", {}}};
    jwt(set);
    scene place(set);
    auto const ann = ask_as_nobody("POST", "auth/userpass/login/ann", {}, R"({"password":"secret"})");
    auto const bob = ask_as_nobody("POST", "auth/userpass/login/bob", {}, R"({"password":"secret"})");
    auto const first = auth_of(place, ann);
    std::string const id = first["entity_id"];
    CHECK(id.size() == 36);
    CHECK(auth_of(place, ann)["entity_id"] == id);
    CHECK(auth_of(place, ann, 1)["entity_id"] == id); // which lags, and asks the active node
    CHECK(auth_of(place, bob)["entity_id"] != id);
    CHECK(auth_of(place, with_role("build", claims("ann")))["entity_id"] != id); // an alias of another mount

    auto const shown = json::parse(place.at_active("GET", "identity/entity/id/" + id).body)["data"];
    CHECK(shown["aliases"] == json::array({{{"mount_path", "auth/userpass/"}, {"name", "ann"}}}));
    CHECK(json::parse(place.at_active("LIST", "identity/entity/id").body)["data"]["keys"].size() == 3);
    auto const lookup =
        ask_as_nobody("GET", "auth/token/lookup-self", {{"X-Vault-Token", first["client_token"]}});
    CHECK(json::parse(place.emulated.handle(0, lookup, place.now).answer.body)["data"]["entity_id"] == id);
    // A standby does not know it yet.
    CHECK(place.emulated.handle(1, ask("GET", "identity/entity/id/" + id), place.now).answer.status == 404);
}

TEST_CASE("policies of an entity count for its tokens, and lag like any other")
{
    settings set = usual_settings(dialect::vault);
    set.users = {{"ann", "secret", {}}};
    scene place(set);
    auto const ann = ask_as_nobody("POST", "auth/userpass/login/ann", {}, R"({"password":"secret"})");
    auto const auth = auth_of(place, ann);
    auto const read = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", auth["client_token"]}});
    place.at_active("PUT", "sys/policies/acl/p",
                    R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})");
    place.land();
    CHECK(place.emulated.handle(1, read, place.now).answer.status == 403);
    auto const changed = place.at_active("POST", "identity/entity/id/" + auth["entity_id"].get<std::string>(),
                                         R"({"policies":["p"]})");
    CHECK(changed.status == 204);
    CHECK(place.emulated.handle(0, read, place.now).answer.status == 404);
    CHECK(place.emulated.handle(1, read, place.now).answer.status == 403);
    place.land();
    CHECK(place.emulated.handle(1, read, place.now).answer.status == 404);
}
