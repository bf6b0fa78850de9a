// SPDX-License-Identifier: BSL-1.0
// What a restore does to all that is stored, to what is under way and to what waits.
#include "rows.hpp"
#include "virtual_time.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;
using namespace std::chrono_literals;

TEST_CASE("everything that is stored goes back, and the snapshot can be restored once more")
{
    settings set = usual_settings(dialect::vault);
    set.lease_mounts = {"db"};
    scene place(set);
    auto const status = [&](request const& asked) {
        return place.emulated.handle(1, asked, place.now).answer.status;
    };
    place.at_active("PUT", "kv/old", R"({"v":1})");
    place.make_token();
    const std::string old_token = place.token;
    auto const saved = place.emulated.take_snapshot();
    auto const kept = place.emulated.kept_versions();
    for (int round = 0; round < 2; ++round) {
        place.make_token();
        place.at_active("DELETE", "kv/old");
        place.at_active("DELETE", "sys/policies/acl/p");
        place.at_active("POST", "sys/mounts/team", R"({"type":"kv"})");
        place.at_active("POST", "auth/userpass/users/bob", R"({"password":"secret"})");
        auto const made = place.at_active("GET", "db/creds/reader");
        const std::string lease = nlohmann::json::parse(made.body)["lease_id"];
        auto const wrap = ask("GET", "sys/mounts", {{"X-Vault-Wrap-TTL", "60s"}});
        auto const outer = place.emulated.handle(0, wrap, place.now).answer;
        const std::string paper = nlohmann::json::parse(outer.body)["wrap_info"]["token"];

        place.emulated.restore(saved, place.now);
        CHECK(place.emulated.kept_versions() == kept);
        CHECK(status(ask_as_nobody("GET", "kv/old", {{"X-Vault-Token", old_token}})) == 200);
        CHECK(status(ask_as_nobody("GET", "kv/old", {{"X-Vault-Token", place.token}})) == 403);
        CHECK(status(ask("GET", "sys/mounts/team")) == 400);
        CHECK(status(ask("GET", "auth/userpass/users/bob")) == 404);
        CHECK(status(ask("PUT", "sys/leases/lookup", {}, nlohmann::json{{"lease_id", lease}}.dump())) == 400);
        CHECK(status(ask_as_nobody("PUT", "sys/wrapping/unwrap", {{"X-Vault-Token", paper}})) == 400);
    }
}

TEST_CASE("what was under way does not land after a restore; new entries have their own lag")
{
    settings set = usual_settings(dialect::vault);
    model emulated(set);
    auto const saved = emulated.take_snapshot();
    (void)emulated.handle(0, ask("PUT", "kv/foo", {}, R"({"v":1})"), 0ms); // would land in an hour
    emulated.restore(saved, 5ms);
    set.lag.typical = 10ms;
    emulated.set_lag(set.lag);
    emulated.stall(1, 0ms, 1h);
    CHECK(emulated.newest() == position{10, 0});
    CHECK(emulated.applied(2, 20ms) == position{10, 0});
    (void)emulated.handle(0, ask("PUT", "kv/bar", {}, R"({"v":1})"), 20ms);
    CHECK(emulated.applied(2, 29ms) == position{10, 0});
    CHECK(emulated.applied(2, 30ms) == position{11, 0});
    CHECK(emulated.applied(1, 30ms) == position{10, 0});
}

TEST_CASE("a request that waits for a lost index is judged at its end, or when the new history is there")
{
    for (bool const reached : {false, true}) {
        settings set = usual_settings(dialect::openbao);
        set.consistency_max_index_wait = 1s;
        set.lag.typical = 100ms;
        model emulated(set);
        virtual_time time(emulated);
        auto const saved = emulated.take_snapshot();
        auto const written = time.ask(0, ask("PUT", "kv/foo", {}, R"({"v":1})"));
        const field_list wait = {
            {"X-Vault-Index", std::string(field_or_empty(written.fields, "X-Vault-Index"))},
            {"X-Vault-Inconsistent", "await-state"}};
        int status = 0;
        nanoseconds end{};
        time.send(1, ask("GET", "kv/foo", wait), [&](response const& got, answer_note const&) {
            status = got.status;
            end = time.now();
        });
        time.run_until(50ms);
        emulated.restore(saved, time.now());
        time.look_at_waiting();
        if (reached) {
            time.after(150ms, [&] {
                time.send(0, ask("PUT", "kv/bar", {}, R"({"v":2})"), [](auto const&, auto const&) {});
            });
        }
        time.run();
        CHECK(status == (reached ? 404 : 429)); // met by a write that is another one
        CHECK(end == (reached ? 300ms : 1s));
        CHECK(emulated.held_count() == 0);
        CHECK(emulated.counters(1).held == 1); // and was not woken for the entry that is no more
    }
}

TEST_CASE("a snapshot brings id, keys and tokens along into another cluster")
{
    scene from(usual_settings(dialect::vault));
    from.at_active("PUT", "kv/foo", R"({"v":1})");
    from.make_token();
    auto const saved = from.emulated.take_snapshot();
    settings set = usual_settings(dialect::vault);
    set.cluster_id = "another";
    set.hmac_key = "another key";
    set.root_token = "another root";
    set.first_index = 500;
    scene into(set);
    const field_list as_root = {{"X-Vault-Token", "another root"}};
    auto const write = ask_as_nobody("PUT", "kv/bar", as_root, R"({"v":1})");
    CHECK(into.emulated.handle(0, write, into.now).answer.status == 204);
    const std::string foreign = into.expand("@11:0");
    auto const guarded = ask("GET", "kv/foo", {{"X-Vault-Index", from.expand("@13:0")}});
    CHECK(into.emulated.handle(1, guarded, into.now).answer.status == 412); // for now it is of no one
    into.emulated.restore(saved, into.now);
    CHECK(into.emulated.handle(0, write, into.now).answer.status == 403);
    CHECK(into.emulated.newest() == position{13, 0});
    CHECK(into.expand("@13:0") == from.expand("@13:0"));
    auto const read = [&](std::string const& index) {
        const field_list with = {{"X-Vault-Token", from.token}, {"X-Vault-Index", index}};
        return into.emulated.handle(1, ask_as_nobody("GET", "kv/foo", with), into.now).answer.status;
    };
    CHECK(read(from.expand("@13:0")) == 200);
    CHECK(read(from.expand("@14:0")) == 412);
    CHECK(read(foreign) == 412);
    CHECK(into.at_active("GET", "kv/bar").status == 404);
    auto const health = into.at_active("GET", "sys/health");
    CHECK(health.body.find(from.emulated.chosen().cluster_id) != std::string::npos);
}
