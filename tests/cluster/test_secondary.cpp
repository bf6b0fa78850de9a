// SPDX-License-Identifier: BSL-1.0
// Clusters that follow another one, in the course of time: lag, waits, histories.
#include "rows.hpp"
#include "virtual_time.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <stdexcept>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

lag_spec lag(std::string_view text) { return parse_lag(text).spec.value(); }

settings two_clusters(std::string_view upstream, std::string_view inside)
{
    settings set = usual_settings(dialect::vault);
    set.lag = lag(inside);
    add_secondary(set);
    set.secondaries[0].upstream_lag = lag(upstream);
    return set;
}

request put(std::uint64_t value) { return ask("PUT", "kv/foo", {}, nlohmann::json{{"v", value}}.dump()); }

request get(std::string_view index = {})
{
    return index.empty() ? ask("GET", "kv/foo")
                         : ask("GET", "kv/foo", {{"X-Vault-Index", std::string(index)}});
}

std::string index_of(response const& answer)
{
    return std::string(field_or_empty(answer.fields, "X-Vault-Index"));
}

} // namespace

TEST_CASE("a write of the primary comes to the secondary, and there to its standbys, each with its lag")
{
    model emulated(two_clusters("constant:50ms", "constant:5ms"));
    virtual_time time(emulated);
    auto const status = [&](std::size_t node) {
        return emulated.handle(node, get(), time.now()).answer.status;
    };
    CHECK(time.ask(0, put(1)).status == 204);
    time.run_until(5ms);
    CHECK(status(1) == 200);
    CHECK(status(4) == 404);
    time.run_until(50ms);
    CHECK(status(4) == 200);
    CHECK(status(5) == 404);
    time.run_until(55ms);
    CHECK(status(5) == 200);
    CHECK(emulated.applied(5, time.now()) == position{101, 11});
    CHECK(emulated.applied(1, time.now()) == position{11, 0});
}

TEST_CASE("a write waits until it has come back, or as long as is configured")
{
    for (auto const upstream : {"constant:50ms", "constant:3s"}) {
        CAPTURE(upstream);
        bool const soon = std::string_view(upstream) == "constant:50ms";
        model emulated(two_clusters(upstream, "none"));
        virtual_time time(emulated);
        auto const got = time.ask(5, put(1));
        CHECK(time.now() == (soon ? nanoseconds(50ms) : nanoseconds(2s)));
        CHECK(got.status == (soon ? 204 : 200));
        CHECK((got.body.find("Timeout hit while waiting") == std::string::npos) == soon);
        CHECK(index_of(got) == emulated.index_text({soon ? 101U : 100U, 11}, 1));
        CHECK(emulated.counters(5).forwarded == 1);
        CHECK(emulated.counters(4).served == 1);
        CHECK(emulated.counters(4).held == 0); // an answer waits here, and no request
        CHECK(time.ask(0, get()).status == 200);
    }
}

TEST_CASE("whoever goes away while his answer waits has written nevertheless")
{
    model emulated(two_clusters("constant:1h", "none"));
    auto const result = emulated.handle(4, put(7), 0ms);
    REQUIRE(result.held);
    emulated.cancel(result.id);
    CHECK(emulated.held_count() == 0);
    CHECK(emulated.newest().local == 11);
    CHECK(emulated.resume(result.id, 3s).answer.status == 0);
    CHECK(emulated.handle(0, get(), 0ms).answer.body.find(R"({"v":7})") != std::string::npos);
}

TEST_CASE("a node that holds requests wakes when the primary's entry has come through both logs")
{
    settings set = two_clusters("constant:50ms", "constant:5ms");
    set.secondaries[0].unknown.hold_before_412 = 10s;
    model emulated(set);
    virtual_time time(emulated);
    CHECK(time.ask(0, put(1)).status == 204);
    CHECK(time.ask(5, get(emulated.index_text({100, 11}, 1))).status == 200);
    CHECK(time.now() == nanoseconds(55ms));
    CHECK(emulated.counters(5).held == 1);
    // One that is not even written yet, and comes while somebody waits for it.
    time.after(100ms, [&] { time.send(0, put(2), [](auto const&, auto const&) {}); });
    CHECK(time.ask(5, get(emulated.index_text({100, 12}, 1))).status == 200);
    CHECK(time.now() == nanoseconds(210ms));
    CHECK(time.ask(5, get(emulated.index_text({100, 13}, 1))).status == 412);
    CHECK(time.now() == nanoseconds(10s + 210ms));
}

TEST_CASE("during a merkle sync no index is judged; whoever brings one waits for its end")
{
    settings set = two_clusters("constant:50ms", "constant:5ms");
    set.secondaries[0].syncing = {{10ms, 1s, 0}};
    model emulated(set);
    virtual_time time(emulated);
    CHECK(time.ask(0, put(1)).status == 204);
    CHECK(time.ask(5, get(emulated.index_text({100, 11}, 1))).status == 412); // it has not begun
    time.run_until(20ms);
    CHECK(time.ask(5, get()).status == 404);
    CHECK(time.now() == nanoseconds(20ms));
    CHECK(time.ask(5, get(emulated.index_text({100, 11}, 1))).status == 200);
    CHECK(time.now() == nanoseconds(1s));
    CHECK(time.ask(5, get(emulated.index_text({100, 99}, 1))).status == 412);
    CHECK(time.now() == nanoseconds(1s));
}

TEST_CASE("reads that bring the index of their write are never stale at any node of the secondary")
{
    for (auto const wait : {nanoseconds(0), nanoseconds(2s)}) {
        settings set = two_clusters("lognormal:20ms,1", "lognormal:20ms,1");
        set.secondaries[0].best_effort_wal_wait_duration = wait;
        model emulated(set);
        virtual_time time(emulated);
        random_source random(5);
        std::uint64_t stale = 0;
        std::uint64_t refused = 0;
        for (std::uint64_t value = 1; value <= 300; ++value) {
            auto const written = time.ask(4 + random.next() % 4, put(value));
            REQUIRE(written.status < 300);
            auto const node = 4 + random.next() % 3;
            auto const with = time.ask(node, get(index_of(written)));
            std::string const expected = nlohmann::json{{"v", value}}.dump();
            CHECK((with.status == 412 || with.body.find(expected) != std::string::npos));
            refused += with.status == 412 ? 1 : 0;
            answer_note note;
            auto const without = time.ask(node, get(), &note);
            bool const old = without.body.find(expected) == std::string::npos;
            CHECK(note.newest == !old);
            stale += old ? 1 : 0;
            time.run_until(time.now() + 100ms);
        }
        CHECK(refused > 0);
        CHECK(stale > 0);
        CHECK(emulated.counters(4).stale_reads + emulated.counters(5).stale_reads +
                  emulated.counters(6).stale_reads ==
              stale);
    }
}

TEST_CASE("a secondary elects its own nodes, and goes on with what has arrived")
{
    model emulated(two_clusters("constant:10ms", "constant:1h"));
    virtual_time time(emulated);
    time.ask(0, put(1));
    time.run_until(20ms);
    emulated.elect(6, time.now());
    CHECK(emulated.active(time.now(), 1) == 6U);
    CHECK(emulated.active(time.now()) == 0U);
    CHECK(emulated.role_of(4, time.now()) == role::performance_standby);
    CHECK(time.ask(6, get()).status == 200);
    CHECK(time.ask(4, put(2)).status == 204);
    CHECK(emulated.counters(4).forwarded == 1);
    CHECK(emulated.newest(1) == position{102, 12});
    CHECK(time.ask(5, get()).status == 404);
    emulated.seal(6, time.now(), time.now() + 1s);
    CHECK(time.ask(5, put(3)).status == 503);
    CHECK(emulated.newest().local == 12);
}

TEST_CASE("several clusters follow one: their nodes, their ids, their shares of the log")
{
    settings set = usual_settings(dialect::vault);
    set.local_mounts = {"secret"};
    set.secondaries = {secondary_of(set), secondary_of(set, replication_kind::disaster_recovery, 2),
                       secondary_of(set, replication_kind::performance, 3)};
    model emulated(set);
    CHECK(emulated.cluster_count() == 4);
    CHECK(emulated.node_count() == 16);
    CHECK(emulated.first_node(3) == 12);
    CHECK_FALSE(emulated.is_secondary(0));
    CHECK(emulated.is_secondary(2));
    CHECK(emulated.chosen(1).cluster_id != emulated.chosen(3).cluster_id);
    CHECK_THROWS_AS((void)emulated.handle(16, get(), 0ms), std::out_of_range);
    (void)emulated.handle(0, put(1), 0ms);
    (void)emulated.handle(0, ask("PUT", "secret/own", {}, R"({"v":1})"), 0ms);
    emulated.advance(3, 0ms);
    CHECK(emulated.applied(0, 0ms) == position{15, 0});
    CHECK(emulated.applied(4, 0ms) == position{14, 15}); // its own log began at 10; one entry was not for it
    CHECK(emulated.applied(8, 0ms) == position{15, 0});  // the primary's log, all of it
    CHECK(emulated.applied(12, 0ms) == position{14, 15});
    CHECK(emulated.handle(12, get(), 0ms).answer.status == 200);
}

TEST_CASE("clusters of OpenBao do not follow each other")
{
    settings set = usual_settings(dialect::openbao);
    add_secondary(set);
    CHECK_THROWS_AS(model{set}, std::invalid_argument);
}
