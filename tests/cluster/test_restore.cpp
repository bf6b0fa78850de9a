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

TEST_CASE("a snapshot can be restored under another id: whoever knew the cluster meets a stranger")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        scene place(usual_settings(speaks));
        place.at_active("PUT", "kv/foo", R"({"v":1})");
        auto const saved = place.emulated.take_snapshot();
        auto const known = place.expand("@11:0");
        auto const id = place.emulated.chosen().cluster_id;
        place.at_active("PUT", "kv/foo", R"({"v":2})");
        place.emulated.restore(saved, place.now, model::identity::another);
        CHECK(place.emulated.chosen().cluster_id != id);
        CHECK(place.emulated.newest() == position{11, 0});
        auto const read = [&](std::string const& index) {
            return place.emulated.handle(1, ask("GET", "kv/foo", {{"X-Vault-Index", index}}), place.now)
                .answer;
        };
        CHECK(read(known).status == (speaks == dialect::vault ? 412 : 200)); // OpenBao passes it over
        CHECK(read(place.expand("@11:0")).status == 200);
        CHECK(read(place.expand("@11:0")).body.find(R"("v":1)") != std::string::npos);
        CHECK(read(place.expand("@12:0")).status == (speaks == dialect::vault ? 412 : 429));
    }
}

TEST_CASE("a restore empties the secondary: it gets what the primary shares, and begins anew with another id")
{
    settings set = usual_settings(dialect::vault);
    add_secondary(set);
    set.secondaries[0].unknown.hold_before_412 = 1s;
    scene place(set);
    auto const at_secondary = [&](std::string_view method, std::string_view path,
                                  std::string_view body = {}) {
        return place.emulated.handle(4, ask(method, path, {}, body), place.now).answer;
    };
    place.at_active("PUT", "kv/foo", R"({"v":1})");
    place.at_active("PUT", "secret/primary", R"({"v":1})");
    auto const saved = place.emulated.take_snapshot();
    place.at_active("PUT", "kv/late", R"({"v":2})");
    place.land();
    CHECK(at_secondary("PUT", "secret/own", R"({"v":3})").status == 204);
    CHECK(at_secondary("GET", "kv/late").status == 200);
    auto const id = place.emulated.chosen(1).cluster_id;
    auto const ahead = place.expand("@1/200:0");
    auto const waits = place.emulated.handle(5, ask("GET", "kv/foo", {{"X-Vault-Index", ahead}}), place.now);
    REQUIRE(waits.held);

    place.emulated.restore(saved, place.now);
    auto const waited = place.emulated.resume(waits.id, place.now);
    CHECK_FALSE(waited.held);
    CHECK(waited.answer.status == 503);
    CHECK(place.emulated.chosen(1).cluster_id != id);
    CHECK(place.emulated.newest(1) == position{12, 12});
    for (std::size_t node : {std::size_t{4}, std::size_t{5}}) {
        auto const status = [&](std::string_view path) {
            return place.emulated.handle(node, ask("GET", path), place.now).answer.status;
        };
        CHECK(status("kv/foo") == 200);
        CHECK(status("kv/late") == 404);
        CHECK(status("secret/own") == 404);
        CHECK(status("secret/primary") == 404); // local to the primary
    }
    CHECK(at_secondary("PUT", "secret/own", R"({"v":4})").status == 204); // its local mounts are there
    place.at_active("PUT", "kv/foo", R"({"v":5})");
    place.land();
    CHECK(at_secondary("GET", "kv/foo").body.find(R"("v":5)") != std::string::npos);
    CHECK(place.emulated.newest(1) == position{14, 13});
}

TEST_CASE(
    "a restore copies everything to a cluster for disasters, which keeps its primary's id if it has that")
{
    for (bool const is_namesake : {false, true}) {
        settings set = usual_settings(dialect::vault);
        add_secondary(set);
        set.secondaries[0].follows = replication_kind::disaster_recovery;
        if (is_namesake) {
            set.secondaries[0].cluster_id = set.cluster_id;
        }
        scene place(set);
        place.at_active("PUT", "secret/foo", R"({"v":1})");
        auto const saved = place.emulated.take_snapshot();
        place.at_active("PUT", "secret/foo", R"({"v":2})");
        place.land();
        place.emulated.restore(saved, place.now, model::identity::another);
        CHECK((place.emulated.chosen(1).cluster_id == place.emulated.chosen(0).cluster_id) == is_namesake);
        place.emulated.promote(1, place.now);
        CHECK(place.emulated.newest(1) == position{11, 0});
        auto const read = place.emulated.handle(4, ask("GET", "secret/foo"), place.now).answer;
        CHECK(read.body.find(R"("v":1)") != std::string::npos);
    }
}
