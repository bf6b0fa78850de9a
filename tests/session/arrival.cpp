// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/arrival.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace support;
using verdict = lineage::verdict;

namespace {

cluster_demand demand_of_ten()
{
    cluster_demand demand(cluster_id("c"), dialect::vault);
    demand.record({10, 0}, vault("c", 10, 0));
    return demand;
}

} // namespace

TEST_CASE("a consistent answer is recorded and changes nothing else")
{
    auto demand = demand_of_ten();
    recorded total;
    CHECK(detail::follow(verdict::consistent, demand, {}, total));
    CHECK(total == recorded{});
    CHECK(demand.position() == wal_position{10, 0});
    CHECK_FALSE(demand.fenced());
}

TEST_CASE("what is outdated is not recorded, what is suspected is, and both fence their cluster")
{
    auto demand = demand_of_ten();
    recorded total;
    CHECK_FALSE(detail::follow(verdict::outdated, demand, {}, total));
    CHECK(total == recorded{.outdated = 1});
    CHECK(demand.fenced());

    auto other = demand_of_ten();
    CHECK(detail::follow(verdict::suspected, other, {}, total));
    CHECK(total == recorded{.suspected = 1, .outdated = 1});
    CHECK(other.fenced());
    CHECK(other.holds(vault("c", 10, 0)));
}

TEST_CASE("what is certain begins a new epoch, and is reported with what was lost")
{
    for (auto const on : {on_regression::reset_and_forward, on_regression::fail, on_regression::reset}) {
        CAPTURE(to_string(on));
        auto demand = demand_of_ten();
        demand.fence();
        regression report;
        CHECK_FALSE(static_cast<bool>(report));
        recorded total;
        CHECK(
            detail::follow(verdict::confirmed, demand, {.now = at(5s), .on = on, .report = &report}, total));
        CHECK(total == recorded{.regressed = 1});
        CHECK(demand.size() == 0);
        CHECK(demand.history().epoch() == 1);
        CHECK(demand.fenced() == (on != on_regression::reset));
        CHECK(demand.has_regressed() == (on == on_regression::fail));
        CHECK(static_cast<bool>(report));
        CHECK(report.lost.holds(vault("c", 10, 0)));
        CHECK(report.found.cluster() == cluster_id("c"));
        CHECK(report.found.history().epoch() == 1);
        CHECK(report.found.size() == 0); // a refusal tells no more
        CHECK(report.at == at(5s));

        auto unreported = demand_of_ten();
        CHECK(detail::follow(verdict::confirmed, unreported, {.now = at(5s), .on = on}, total));
        CHECK(total == recorded{.regressed = 2});
        CHECK(unreported.history().epoch() == 1);
        CHECK(unreported.fenced() == (on != on_regression::reset));
    }
}

TEST_CASE("of what came by another way nothing is known, and on a regression reads go to the active node")
{
    arrival const how;
    CHECK(how.carried == nullptr);
    CHECK(how.now == time_point::min());
    CHECK(how.on == on_regression::reset_and_forward);
    CHECK(how.report == nullptr);
}

TEST_CASE("an answer is judged by what its request had carried of the cluster, or else by its time")
{
    auto demand = demand_of_ten();
    auto& history = demand.history();
    history.note({10, 0}, at(0s));
    history.advance(at(1s));
    auto const carried = demand;
    attempt_facts const facts{.was_checked = true};
    detail::evidence const with{&carried, facts, at(1s)};
    CHECK(with.judge(history, {10, 0}, at(2s)) == verdict::consistent);
    CHECK(with.judge(history, {9, 0}, at(2s)) == verdict::suspected);
    CHECK(with.judge(history, {9, 0}, at(3s)) == verdict::confirmed);
    history.begin_epoch(at(3s));
    CHECK(with.judge(history, {99, 0}, at(4s)) == verdict::outdated);
    CHECK(detail::evidence{nullptr, facts, at(2s)}.judge(history, {99, 0}, at(4s)) == verdict::outdated);
    CHECK(detail::evidence{nullptr, facts, at(3s)}.judge(history, {1, 0}, at(4s)) == verdict::consistent);
}

TEST_CASE("who speaks for an answer")
{
    using witness = lineage::witness;
    CHECK(detail::witness_of({}) == witness::none);
    CHECK(detail::witness_of({.was_checked = true}) == witness::checked);
    CHECK(detail::witness_of({.is_read = true, .was_checked = true}) == witness::none);
    CHECK(detail::witness_of({.is_read = true, .asked_active_node = true}) == witness::active);
    CHECK(detail::witness_of({.was_checked = true, .asked_active_node = true}) == witness::active);
    CHECK(detail::witness_of({.is_read = true}) == witness::none);
}

TEST_CASE("an exchanged storage counts otherwise: nothing that was settled is compared with it")
{
    cluster_demand demand(cluster_id("c"), dialect::openbao);
    demand.record(decode_index(openbao("c", "1000"))->openbao, openbao("c", "1000"), nullptr);
    demand.history().note({1000, 0}, at(0s));
    CHECK(detail::position_in(demand, *decode_index(openbao("c", "5"))) == wal_position{5, 0});
    auto settled = demand.history(); // what can be compared leaves it as it is
    settled.advance(at(1s));
    CHECK(settled.settled() == wal_position{1000, 0});
    CHECK_FALSE(detail::position_in(demand, *decode_index(openbao("c", "0/5"))).has_value());
    demand.history().advance(at(1s));
    CHECK(demand.history().settled() == wal_position{});
}

TEST_CASE("what an index repays")
{
    auto const repays = [](std::string const& index, attempt_facts const& sent) {
        return detail::is_newer_than_losses(*decode_index(index), sent);
    };
    CHECK(repays(vault("c", 1, 0), {}));
    CHECK_FALSE(repays(vault("c", 0, 2), {}));
    CHECK_FALSE(repays(vault("c", 1, 1), {.asked_active_node = true}));
    CHECK_FALSE(repays(openbao("c", "1"), {}));
    CHECK(repays(openbao("c", "1"), {.asked_active_node = true}));
}
