// SPDX-License-Identifier: BSL-1.0
#include "codec.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace cluster {

namespace {

using namespace std::chrono_literals;

nlohmann::json comparable(std::string_view text)
{
    auto json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_object()) {
        json.erase("request_id");
    }
    return json;
}

void check_answer(scene const& place, row const& each, response const& got)
{
    CHECK(got.status == each.status);
    if (each.body && each.body->starts_with('{')) {
        CHECK(comparable(got.body) == comparable(*each.body));
    } else if (each.body) {
        CHECK(got.body == *each.body);
    }
    for (auto const& line : each.has) {
        auto const& name = line.first; // clang 14 captures no structured binding, and CAPTURE is a lambda
        auto const& value = line.second;
        CAPTURE(name);
        CHECK(field_or_empty(got.fields, name) == place.expand(value));
        CHECK(all_fields(got.fields, name).size() == 1);
    }
    for (auto const name : each.lacks) {
        CAPTURE(name);
        CHECK(find_field(got.fields, name) == nullptr);
    }
}

} // namespace

response scene::at_active(std::string_view method, std::string_view path, std::string_view body)
{
    return emulated.handle(*emulated.active(now), ask(method, path, {}, body), now).answer;
}

void scene::make_token()
{
    at_active("PUT", "sys/policies/acl/p",
              R"({"policy":"path \"kv/*\" { capabilities = [\"create\", \"update\", \"read\"] }"})");
    auto const made = at_active("POST", "auth/token/create", R"({"policies":["p"]})");
    token = nlohmann::json::parse(made.body)["auth"]["client_token"];
}

std::string scene::expand(std::string_view text) const
{
    auto const& set = emulated.chosen();
    bool const vault = set.speaks == dialect::vault;
    if (text == "@foreign") {
        const hmac_signer signer(set.hmac_key);
        return vault ? encode_vault_index({"elsewhere", {1, 0}}, signer)
                     : encode_openbao_index({"elsewhere", "1"});
    }
    if (text == "@forged") {
        return encode_vault_index({set.cluster_id, {1, 0}}, hmac_signer("another key"));
    }
    if (text == "@token") {
        return token;
    }
    if (!text.starts_with('@')) {
        return std::string(text);
    }
    text.remove_prefix(1);
    auto const slash = text.find('/');
    auto const which = slash == std::string_view::npos ? std::optional{std::uint64_t{0}}
                                                       : parse_decimal(text.substr(0, slash));
    text.remove_prefix(slash == std::string_view::npos ? 0 : slash + 1);
    auto const colon = text.find(':');
    auto const local = parse_decimal(text.substr(0, colon));
    auto const replicated = parse_decimal(text.substr(colon + 1));
    REQUIRE(which);
    REQUIRE(local);
    REQUIRE(replicated);
    return emulated.index_text({*local, *replicated}, *which);
}

settings usual_settings(dialect speaks)
{
    settings set;
    set.speaks = speaks;
    set.performance_standbys = 2;
    set.plain_standbys = 1;
    set.first_index = 10;
    set.lag.shape = lag_shape::constant;
    set.lag.typical = 1h;
    return set;
}

void add_secondary(settings& set)
{
    set.auth_mounts = {"userpass", "own"};
    set.local_mounts = {"secret", "own"};
    settings second = secondary_of(set);
    second.first_index = 100;
    second.upstream_lag = set.lag;
    set.secondaries = {second};
}

request ask(std::string_view method, std::string_view path, field_list more, std::string_view body)
{
    more.emplace_back("X-Vault-Token", "root");
    return ask_as_nobody(method, path, std::move(more), body);
}

request ask_as_nobody(std::string_view method, std::string_view path, field_list more, std::string_view body)
{
    return {std::string(method), "/v1/" + std::string(path), std::move(more), std::string(body)};
}

void check_rows(dialect speaks, std::vector<row> const& rows)
{
    for (row const& each : rows) {
        CAPTURE(each.fact);
        CAPTURE(each.source);
        settings set = usual_settings(speaks);
        if (each.tune != nullptr) {
            each.tune(set);
        }
        scene place(set);
        if (each.before != nullptr) {
            each.before(place);
        }
        request asked = each.asked;
        for (auto& [name, value] : asked.fields) {
            value = place.expand(value);
        }
        outcome result = place.emulated.handle(each.node, asked, place.now);
        while (result.held) {
            place.now = result.until;
            result = place.emulated.resume(result.id, place.now);
        }
        check_answer(place, each, result.answer);
        if (each.served_by) {
            CHECK(result.note.served_by == *each.served_by);
        }
        if (each.log_end) {
            CHECK(place.emulated.newest().local == *each.log_end);
        }
        if (each.secondary_end) {
            CHECK(place.emulated.newest(1) == *each.secondary_end);
        }
    }
    CHECK_FALSE(rows.empty());
}

TEST_CASE("what a row writes as a placeholder is an index of its dialect")
{
    scene const vault(usual_settings(dialect::vault));
    hmac_signer const signer(vault.emulated.chosen().hmac_key);
    auto const own = decode_vault_index(vault.expand("@7:3"), &signer).index;
    REQUIRE(own);
    CHECK(own->cluster == vault.emulated.chosen().cluster_id);
    CHECK(own->where == position{7, 3});
    auto const foreign = decode_vault_index(vault.expand("@foreign"), &signer).index;
    REQUIRE(foreign);
    CHECK(foreign->cluster == "elsewhere");
    CHECK_FALSE(decode_vault_index(vault.expand("@forged"), &signer).index);
    CHECK(vault.expand("plain text") == "plain text");

    scene const openbao(usual_settings(dialect::openbao));
    auto const opaque = decode_openbao_index(openbao.expand("@7:0")).index;
    REQUIRE(opaque);
    CHECK(opaque->value == "7");
}

} // namespace cluster
