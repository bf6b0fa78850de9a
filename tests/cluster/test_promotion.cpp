// SPDX-License-Identifier: BSL-1.0
// Secondaries that become primaries: what is lost, which indices still mean something, and the generation of
// tokens.
#include "rows.hpp"
#include "token_codec.hpp"
#include "virtual_time.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

const request get = ask("GET", "kv/foo");

request put(int value) { return ask("PUT", "kv/foo", {}, nlohmann::json{{"v", value}}.dump()); }

settings with(replication_kind kind)
{
    settings set = usual_settings(dialect::vault);
    set.consistent_tokens = true;
    add_secondary(set);
    set.secondaries[0].follows = kind;
    return set;
}

int generation(model& emulated, std::size_t node)
{
    auto const asked = ask_as_nobody("GET", "sys/replication/performance/status");
    auto const other = ask_as_nobody("GET", "sys/replication/dr/status");
    for (auto const& each : {asked, other}) {
        auto const data = nlohmann::json::parse(emulated.handle(node, each, 0ms).answer.body)["data"];
        if (data["mode"] != "disabled") {
            return data["ssct_generation_counter"];
        }
    }
    return -1;
}

} // namespace

TEST_CASE("a DR secondary is promoted: it serves what has arrived, and nothing else")
{
    scene place(with(replication_kind::disaster_recovery));
    place.emulated.handle(0, put(1), place.now);
    place.land();
    place.emulated.handle(0, put(2), place.now); // under way for an hour
    CHECK(place.emulated.handle(4, get, place.now).answer.status == 400);
    place.emulated.promote(1, place.now);
    CHECK_FALSE(place.emulated.is_secondary(1));
    auto const read = place.emulated.handle(4, get, place.now).answer;
    CHECK(read.body.find(R"("data":{"v":1})") != std::string::npos);
    // Its log goes on where it stood, so the number of the lost entry is given to another one.
    auto const written = place.emulated.handle(4, put(3), place.now).answer;
    CHECK(written.status == 204);
    CHECK(field_or_empty(written.fields, "X-Vault-Index") == place.expand("@1/12:0"));
    CHECK(place.emulated.newest().local == 12);
    place.land();
    CHECK(place.emulated.handle(4, get, place.now).answer.body.find(R"("data":{"v":3})") !=
          std::string::npos);
    auto const health = place.emulated.handle(4, ask_as_nobody("GET", "sys/health"), place.now).answer;
    CHECK(health.status == 200);
    CHECK(health.body.find(R"("replication_dr_mode":"primary")") != std::string::npos);
}

TEST_CASE("an index of the old primary is another cluster's at a promoted DR secondary")
{
    scene place(with(replication_kind::disaster_recovery));
    place.emulated.handle(0, put(1), place.now);
    place.land();
    place.emulated.promote(1, place.now);
    auto const asked = ask("GET", "kv/foo", {{"X-Vault-Index", place.expand("@11:0")}});
    CHECK(place.emulated.handle(4, asked, place.now).answer.status == 412);
    settings lenient = place.emulated.chosen(1);
    lenient.unknown.foreign_cluster = unusable_line::ignored;
    place.emulated.change(lenient, 1);
    CHECK(place.emulated.handle(4, asked, place.now).answer.status == 200);
}

TEST_CASE("promotion for a disaster makes the indices of older tokens meaningless")
{
    scene place(with(replication_kind::disaster_recovery));
    place.make_token(); // entries 11 and 12
    place.emulated.drop_upstream_lag(place.now);
    auto const standby = [&](std::string const& token) {
        auto const asked = ask_as_nobody("GET", "kv/foo", {{"X-Vault-Token", token}});
        return place.emulated.handle(5, asked, place.now).answer.status;
    };
    CHECK(generation(place.emulated, 0) == 0);
    place.emulated.promote(1, place.now);
    CHECK(generation(place.emulated, 4) == 1);
    CHECK(generation(place.emulated, 0) == -1); // the old one has lost its only follower
    CHECK(standby(place.token) == 403); // not 412: its index is not looked at, and the token is not here yet
    auto const made =
        place.emulated.handle(4, ask("POST", "auth/token/create", {}, R"({"policies":["p"]})"), place.now);
    std::string const young = nlohmann::json::parse(made.answer.body)["auth"]["client_token"];
    hmac_signer const signer(place.emulated.chosen(1).hmac_key);
    CHECK(read_token(dialect::vault, young, signer).token.epoch == 1);
    CHECK(standby(young) == 412);
    place.land();
    CHECK(standby(place.token) == 404);
    CHECK(standby(young) == 404);
}

TEST_CASE("a promoted performance secondary writes itself, and its tokens keep their generation")
{
    scene place(with(replication_kind::performance));
    place.emulated.handle(0, put(1), place.now);
    place.land();
    place.emulated.promote(1, place.now);
    CHECK(generation(place.emulated, 4) == 0);
    auto const written = place.emulated.handle(4, put(2), place.now).answer;
    CHECK(written.status == 204);
    CHECK(field_or_empty(written.fields, "X-Vault-Index") == place.expand("@1/102:11"));
    CHECK(place.emulated.newest().local == 11);
    place.emulated.handle(0, put(3), place.now);
    place.land();
    auto const read = place.emulated.handle(4, get, place.now);
    CHECK(read.answer.body.find(R"("data":{"v":2})") != std::string::npos);
    CHECK(read.note.newest);
    auto const health = place.emulated.handle(4, ask_as_nobody("GET", "sys/health"), place.now).answer;
    CHECK(health.body.find(R"("replication_performance_mode":"primary")") != std::string::npos);
    place.emulated.promote(1, place.now); // once more: nothing
    CHECK(place.emulated.newest(1) == position{102, 11});
}

TEST_CASE("an index of before the promotion may demand what never arrives (hashicorp/vault issue 24400)")
{
    for (bool const checks : {true, false}) {
        CAPTURE(checks);
        settings set = with(replication_kind::performance);
        set.secondaries[0].unknown.primary_checks_replicated = checks;
        model emulated(set);
        virtual_time time(emulated);
        auto const written = time.ask(4, put(1)); // after two seconds, and with a warning
        CHECK(written.status == 200);
        std::string const index(field_or_empty(written.fields, "X-Vault-Index"));
        auto const again = ask("PUT", "kv/foo", {{"X-Vault-Index", index}}, R"({"v":2})");
        CHECK(time.ask(4, again).status == 412);
        emulated.promote(1, time.now());
        emulated.drop_lag(time.now());
        CHECK(time.ask(4, again).status == (checks ? 412 : 204));
        CHECK(time.ask(4, get).status == (checks ? 404 : 200)); // the write went to the old primary alone
    }
}

TEST_CASE("whoever waits for the old primary is answered when his time is over")
{
    settings set = with(replication_kind::performance);
    set.secondaries[0].unknown.hold_before_412 = 1s;
    model emulated(set);
    virtual_time time(emulated);
    int status = 0;
    time.send(5, ask("GET", "kv/foo", {{"X-Vault-Index", emulated.index_text({100, 11}, 1)}}),
              [&](response const& got, auto const&) { status = got.status; });
    int written = 0;
    time.send(4, put(1), [&](response const& got, auto const&) { written = got.status; });
    time.run_until(500ms);
    emulated.promote(1, time.now());
    time.look_at_waiting();
    time.run();
    CHECK(status == 412);
    CHECK(written == 204); // no longer a secondary: there is nothing to warn of
    CHECK(emulated.held_count() == 0);
}
