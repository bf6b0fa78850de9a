// SPDX-License-Identifier: BSL-1.0
#include "probe/run.hpp"

#include "support.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>

using namespace probe_tests;

TEST_CASE("on an embedded cluster only `none` returns stale reads")
{
    for (std::string const form : {"vault", "openbao"}) {
        CAPTURE(form);
        auto const seen = measure({"--dialect", form, "--reads", "60", "--clients", "20", "--seed", "7"});
        CHECK(seen.size() == (form == "vault" ? 6 : 7));
        for (auto const& each : seen) {
            auto const& name = each.first;
            auto const& policy = each.second;
            CAPTURE(name);
            CHECK(policy["reads"] == 60);
            CHECK(policy["failed"] == 0);
            if (name != "none")
                CHECK(policy["stale"] == 0);
            if (name != "fail")
                CHECK(policy["refused"] == 0);
            CHECK(policy["p99_ms"] >= policy["p50_ms"]);
        }
    }
}

TEST_CASE("with standbys that never catch up each policy shows what it is")
{
    for (std::string const form : {"vault", "openbao"}) {
        CAPTURE(form);
        auto const seen =
            measure({"--dialect", form, "--reads", "60", "--clients", "20", "--seed", "7", "--lag",
                     "constant:1h", "--policy", "none", "--policy", "fail", "--policy", "forward"});
        // Every read at a standby is stale, and which those are the seed decides.
        std::uint64_t const stale = seen.at("none")["stale"];
        CHECK(stale >= 18);
        CHECK(seen.at("none")["active_share"] == doctest::Approx((60.0 - static_cast<double>(stale)) / 60.0));
        CHECK(seen.at("fail")["stale"] == 0);
        CHECK(seen.at("fail")["refused"] == stale);
        CHECK(seen.at("fail")["requests_per_read"] == 1);
        CHECK(seen.at("forward")["stale"] == 0);
        CHECK(seen.at("forward")["refused"] == 0);
        CHECK(seen.at("forward")["requests_per_read"] == 1);
        CHECK(seen.at("forward")["active_share"] == 1);
    }
}

TEST_CASE("at an embedded secondary only `none` returns stale reads")
{
    auto const seen = measure({"--topology", "secondary", "--reads", "60", "--clients", "20", "--seed", "7"});
    CHECK(seen.size() == 6);
    for (auto const& each : seen) {
        auto const& name = each.first;
        auto const& policy = each.second;
        CAPTURE(name);
        CHECK(policy["reads"] == 60);
        CHECK(policy["failed"] == 0);
        if (name != "none")
            CHECK(policy["stale"] == 0);
        if (name != "fail" && name != "vault-go") // which gives up after three refusals
            CHECK(policy["refused"] == 0);
    }
}

TEST_CASE("behind a primary that is far away even the active node of the secondary is stale")
{
    arguments const given = {"--topology", "secondary", "--reads", "6",           "--clients", "6",
                             "--seed",     "7",         "--lag",   "constant:1h", "--policy",  "none"};
    auto const done = run(given); // each write waits for two seconds
    CHECK(done.status == probe::status_ran);
    CHECK(says(done.out, "Vault secondary, which has its primary write"));
    auto const seen = measure(given);
    CHECK(seen.at("none")["stale"] == 6);
    CHECK(seen.at("none")["active_share"] > 0);
}

TEST_CASE("vault-go waits a second at least before it asks again")
{
    cluster::http_server server(never_in_sync());
    std::jthread const releasing([&server](std::stop_token const& stop) {
        while (refusals(server) == 0 && !stop.stop_requested())
            std::this_thread::yield();
        catch_up(server);
    });
    auto const seen = measure({"--address", server.address(1), "--address", server.address(2), "--token",
                               "root", "--policy", "vault-go", "--reads", "1"})
                          .at("vault-go");
    CHECK(refusals(server) > 0);
    CHECK(seen["requests_per_read"] > 1);
    if (seen["refused"] == 0) // or the machine stood still for three seconds
        CHECK(seen["p50_ms"] >= 1000);
}

TEST_CASE("the same seed reads the same keys in the same order")
{
    arguments const given = {"--policy", "none",  "--reads",     "40",     "--clients",
                             "1",        "--lag", "constant:1h", "--seed", "11"};
    CHECK(measure(given).at("none")["stale"] == measure(given).at("none")["stale"]);
}

TEST_CASE("a measurement without stale reads says that it proves nothing")
{
    auto const done = run({"--policy", "none", "--reads", "20", "--clients", "2", "--lag", "none"});
    CHECK(done.status == probe::status_ran);
    CHECK(says(done.out, "proves nothing"));
    auto const telling =
        run({"--policy", "none", "--reads", "60", "--clients", "2", "--lag", "constant:1h", "--seed", "7"});
    CHECK(telling.status == probe::status_ran);
    CHECK(!says(telling.out, "proves nothing"));
    CHECK(says(telling.out, "allow_forwarding_via_header on"));
    auto const usual = run({"--policy", "none", "--reads", "60", "--clients", "2"});
    CHECK(usual.status == probe::status_ran);
    CHECK(says(usual.out, "lognormal:20ms,1"));
    CHECK(says(usual.out, "of the reads were stale"));
}

TEST_CASE("reads can be pinned to the node that was written through")
{
    // The standby forwards each write that comes to it, and serves each read that comes to it.
    cluster::http_server server(lagging());
    for (bool const is_pinned : {true, false}) {
        CAPTURE(is_pinned);
        std::uint64_t written_there = 0;
        for (int seed = 1; seed <= 8; ++seed) {
            CAPTURE(seed);
            server.with_model([](cluster::model& model, cluster::nanoseconds) { model.reset_counters(); });
            arguments given = {"--address", server.address(0),   "--address", server.address(1), "--token",
                               "root",      "--policy",          "none",      "--reads",         "1",
                               "--seed",    std::to_string(seed)};
            if (is_pinned)
                given.emplace_back("--pin");
            auto const done = run(given);
            CHECK_MESSAGE(done.status == probe::status_ran, done.err);
            CHECK(says(done.out, "(--pin)") == is_pinned);
            auto const standby = server.counters(1);
            CHECK(standby.forwarded + (is_pinned ? 0 : standby.reads) <= 1);
            CHECK(standby.reads == (is_pinned ? standby.forwarded : 1 - standby.forwarded));
            written_there += standby.forwarded;
        }
        CHECK(written_there > 0);
        CHECK(written_there < 8);
    }
}

TEST_CASE("a real cluster is measured in both dialects, and nothing is left behind")
{
    for (auto const form : {cluster::dialect::vault, cluster::dialect::openbao}) {
        cluster::http_server server(never_in_sync(form));
        ask(server, "PUT", "/v1/secret/theirs", R"({"v":"1"})");
        arguments const given = at(server, {"--reads", "30", "--clients", "10", "--seed", "7"});
        auto const with = [&given](arguments more) {
            more.insert(more.end(), given.begin(), given.end());
            return measure(more);
        };
        auto const lost = with({"--policy", "none", "--policy", "forward"});
        CHECK(lost.at("none")["stale"] > 0);
        CHECK(lost.at("none")["active_share"].is_null());
        CHECK(lost.at("forward")["stale"] == 0);
        catch_up(server);
        auto const seen = with({"--policy", "retry"});
        CHECK(seen.at("retry")["stale"] == 0);
        CHECK(seen.at("retry")["failed"] == 0);
        CHECK(says(ask(server, "LIST", "/v1/secret/").body, R"(["theirs"])"));
        ask(server, "DELETE", "/v1/secret/theirs");
        CHECK(is_empty(server, "secret"));
    }
}

TEST_CASE("one address may stand for all nodes")
{
    cluster::http_server server(lagging());
    auto const done =
        run({"--address", server.address(1), "--policy", "retry", "--reads", "5"}, {{"VAULT_TOKEN", "root"}});
    CHECK_MESSAGE(done.status == probe::status_ran, done.err);
    CHECK(says(done.out, "another connection"));
    CHECK(is_empty(server, "secret"));
}

TEST_CASE("a stale read under a policy that promises consistency is status 1")
{
    cluster::settings broken = lagging(cluster::dialect::openbao);
    broken.replay_lag = std::chrono::hours(1); // the nodes claim what their readers cannot see yet
    broken.stores = cluster::storage::postgresql;
    cluster::http_server server(broken);
    auto const done =
        run(at(server, {"--policy", "retry", "--reads", "20", "--clients", "4", "--seed", "7"}));
    CHECK(done.status == probe::status_stale);
    CHECK(says(done.err, "promises consistency"));
    CHECK(says(done.out, "retry"));
    CHECK(run(at(server, {"--policy", "none", "--reads", "5"})).status == probe::status_ran);
}

TEST_CASE("a cluster without an index is measured, and said to have none")
{
    cluster::settings settings = lagging(cluster::dialect::openbao);
    settings.stores = cluster::storage::other;
    settings.performance_standbys = 0;
    cluster::http_server server(settings);
    auto const done = run(at(server, {"--policy", "none", "--policy", "retry", "--reads", "5"}));
    CHECK_MESSAGE(done.status == probe::status_ran, done.err);
    CHECK(says(done.out, "answer no X-Vault-Index"));
}

TEST_CASE("Ctrl-C ends it early, and the keys are removed")
{
    cluster::http_server server(never_in_sync());
    std::jthread const interrupting([&server](std::stop_token const& stop) {
        for (; refusals(server) == 0; std::this_thread::yield())
            if (stop.stop_requested())
                return;
        std::raise(SIGINT);
    });
    auto const seen = measure(at(server, {"--policy", "retry", "--reads", "100000", "--clients", "4"}),
                              probe::status_interrupted);
    CHECK(seen.at("retry")["reads"] < 100000);
    CHECK(is_empty(server, "secret"));
}
