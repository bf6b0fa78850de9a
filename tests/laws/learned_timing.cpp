// SPDX-License-Identifier: BSL-1.0
// Whole exchanges under the default policy, against nodes that lag in virtual time: how long they wait, when
// they ask the active node, and what they cost while a node is behind.
#include <afterwrite/decision/exchange.hpp>

#include <doctest/doctest.h>

#include "support/lagging_world.hpp"

#include <algorithm>
#include <string>

using namespace afterwrite;
using namespace support;

namespace {

/// What is waited for after a first refusal, if no read tries out less.
duration wait_for(lagging_world& servers, bool may_forward = true)
{
    return estimate_lag(servers.known().lag, servers.view.lag(), 1, may_forward).wait;
}

} // namespace

// -----------------------------------------------------------------------------------------------------------
// Waits

TEST_CASE("a lag of 5 ms is waited for with less than 10 ms, for ever, and nobody is forwarded")
{
    lagging_world servers;
    servers.lag(5ms);
    for (int i = 0; i < 2000; ++i) {
        CHECK(servers.read_once(20ms).took() < 20ms);
        CHECK(wait_for(servers) < 10ms);
    }
    CHECK(median_of(servers.reads()) >= 5ms);
    CHECK(median_of(servers.reads()) < 6250us);
    CHECK(servers.forwarded == 0);
    CHECK(servers.nodes[0].log.size() < 5000);
}

TEST_CASE("a lag that rises to 200 ms and falls again is followed within a hundred reads")
{
    for (bool const may_forward : {false, true}) {
        CAPTURE(may_forward);
        lagging_world servers;
        servers.policy.when = may_forward ? when_inconsistent::retry_then_forward : when_inconsistent::retry;
        for (auto const lag : {5ms, 200ms, 5ms, 200ms, 5ms}) {
            servers.lag(lag);
            servers.read_each(6s, may_forward ? 200 : 100); // of what is forwarded nothing is learned
            if (lag == 5ms)
                CHECK(wait_for(servers, may_forward) < 10ms);
            else
                CHECK(wait_for(servers, may_forward) >= 150ms);
            CHECK(wait_for(servers, may_forward) <= 250ms);
        }
    }
}

TEST_CASE("a read that waits alone does not wait for the probe of another one that was answered long ago")
{
    lagging_world servers;
    servers.policy.when = when_inconsistent::retry;
    servers.lag(200ms);
    servers.read_each(20ms, 100);
    CHECK(median_of(servers.reads()) < 350ms);
    for (auto const& read : servers.reads())
        CHECK(read.took() < 700ms);
}

// -----------------------------------------------------------------------------------------------------------
// The breaker, and what forwards may cost

TEST_CASE("after five escalations the first attempt may be forwarded already, but for one a second")
{
    lagging_world servers;
    servers.lag(1h);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(servers.known().guard.is_open());
        auto const& slow = servers.read_once(20ms);
        CHECK(slow.took() >= 100ms);
        CHECK(slow.log.front() == "0 first_attempt: 1 index");
        CHECK(slow.log.back().ends_with("forwarding: 1 index, forward-active-node"));
    }
    CHECK(servers.known().guard.is_open());

    int probes = 0;
    auto const opened = servers.now();
    while (servers.now() < opened + 20s) {
        auto const& read = servers.read_once(20ms);
        bool const is_probe = read.log.front() == "0 first_attempt: 1 index";
        probes += is_probe ? 1 : 0;
        if (!is_probe)
            CHECK(read.log == lines{"0 first_attempt: 1 index, forward-active-node"});
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() <= (is_probe ? 260ms : 3ms));
    }
    CHECK(probes >= 17);
    CHECK(probes <= 22);
}

TEST_CASE("the first probe that the node answers closes the breaker")
{
    lagging_world servers;
    servers.lag(1h);
    servers.read_each(20ms, 100);
    REQUIRE(servers.known().guard.is_open());
    servers.lag(0ms);
    servers.read_each(20ms, 60);
    CHECK_FALSE(servers.known().guard.is_open());
    auto const before = servers.nodes[0].log.size();
    auto const& reads = servers.read_each(20ms, 100);
    CHECK(median_of(reads) == 1ms);
    CHECK(servers.nodes[0].log.size() - before == 100);
    CHECK(servers.nodes[0].log.back() == "1 index");
}

TEST_CASE("forwards have a budget; where it is used up a read waits on, says so, and still ends")
{
    lagging_world servers;
    servers.lag(1h);
    servers.view.limit({.forwards = nothing});
    auto const& read = servers.read_once();
    CHECK(servers.forwarded == 0);
    CHECK(read.last.what == action::give_up);
    CHECK(read.last.why == reason::deadline_passed);
    CHECK(read.took() >= 15s);
    CHECK(count_of(read.log, "over_budget") > 0);
    CHECK(count_of(read.log, "forward") == 0);
    CHECK(read.log.size() < 60);

    servers.view.limit({.forwards = {.percent_of_reads = 0, .per_second = 0, .burst = 2}});
    servers.read_each(20ms, 4);
    CHECK(servers.forwarded == 2);
}

TEST_CASE("while the breaker is open forwards are free, unless the caller has set a cap")
{
    for (bool const is_capped : {false, true}) {
        CAPTURE(is_capped);
        lagging_world servers;
        servers.lag(1h);
        servers.policy.limit.timeout = 300ms;
        servers.view.limit({.forwards = {.percent_of_reads = 0, .per_second = 0, .burst = 5}});
        servers.read_each(20ms, 5);
        REQUIRE(servers.known().guard.is_open());
        CHECK(servers.forwarded == 5);
        if (is_capped)
            servers.view.limit({.forwards_while_open = retry_budget::terms{
                                    .percent_of_reads = 0, .per_second = 10, .burst = 10}});
        auto const begun = servers.now();
        for (int i = 0; i < 1000; ++i)
            servers.begin(begun + i * 10ms);
        servers.run();
        CHECK(std::all_of(servers.reads().begin(), servers.reads().end(),
                          [](reading const& one) { return one.has_ended(); }));
        if (is_capped)
            CHECK(servers.forwarded - 5 <= 10 + 10 * 11);
        else
            CHECK(servers.forwarded - 5 >= 990); // the others are probes
        CHECK(servers.forwarded - 5 >= 100);
    }
}

// -----------------------------------------------------------------------------------------------------------
// Retries that the cluster's budget does not allow

TEST_CASE("the first retry is free; each one over the budget comes later, and none comes without a wait")
{
    lagging_world servers;
    servers.lag(1h);
    servers.policy = {.when = when_inconsistent::retry, .limit = {.timeout = 5s}};
    servers.view.limit({.retries = nothing});
    for (int i = 0; i < 20; ++i) {
        auto const& read = servers.read_once(10s);
        CHECK(read.last.why == reason::deadline_passed);
        REQUIRE(read.log.size() > 4);
        CHECK(read.log.size() < 40);
        CHECK(std::stoi(read.log[1]) <= 6); // 5 ms and the way, a tenth more or less
        CHECK(count_of({read.log[1]}, " waiting") == 1);
        auto before = 0;
        for (std::size_t k = 1; k + 1 < read.log.size(); ++k) { // the last is sent at the deadline
            auto const sent = std::stoi(read.log[k]);
            if (k > 1) {
                CHECK(count_of({read.log[k]}, "over_budget") == 1);
                CHECK(sent - before >= 45);
            }
            before = sent;
        }
    }
}

TEST_CASE("with a budget, a crowd that waits for a node sends little more than it may")
{
    lagging_world servers;
    servers.lag(1h);
    servers.policy = {.when = when_inconsistent::retry, .limit = {.timeout = 2s}};
    for (int i = 0; i < 1000; ++i)
        servers.begin(servers.now() + i * 5ms);
    servers.run();
    for (auto const& read : servers.reads())
        CHECK(read.last.why == reason::deadline_passed);
    CHECK(servers.nodes[0].log.size() < 2500);
}

// -----------------------------------------------------------------------------------------------------------
// OpenBao

TEST_CASE("OpenBao holds the first attempt, so a short lag costs one request")
{
    lagging_world servers(dialect::openbao);
    servers.lag(10ms);
    for (int i = 0; i < 100; ++i) {
        auto const& read = servers.read_once(20ms);
        CHECK(read.log == lines{"0 first_attempt: 1 index, await-state + fail"});
        CHECK(read.took() <= 11ms);
    }
    CHECK(servers.forwarded == 0);
}

TEST_CASE("OpenBao forwards what it held in vain under the same rule and budget as any other forward")
{
    lagging_world servers(dialect::openbao);
    servers.lag(1h);
    auto const& slow = servers.read_once();
    CHECK(slow.last.why == reason::answered);
    CHECK(slow.log.front() == "0 first_attempt: 1 index, await-state + fail");
    CHECK(slow.log.back().ends_with("forwarding: 1 index, forward-active-node"));
    for (std::size_t i = 1; i + 1 < slow.log.size(); ++i)
        CHECK(slow.log[i].ends_with("waiting: 1 index, fail"));
    CHECK(slow.took() >= 100ms);
    CHECK(slow.took() < 150ms);
    servers.read_each(20ms, 4);
    CHECK(servers.known().guard.is_open());
    CHECK(servers.read_once(20ms).log == lines{"0 first_attempt: 1 index, forward-active-node"});

    lagging_world poor(dialect::openbao);
    poor.lag(300ms);
    poor.view.limit({.forwards = nothing});
    auto const& read = poor.read_once();
    CHECK(read.last.why == reason::answered);
    CHECK(read.took() >= 300ms);
    CHECK(count_of(read.log, "forward") == 0);
    CHECK(count_of(read.log, "over_budget") > 0);
}
