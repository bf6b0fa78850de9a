// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/choose_node.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"
#include "support/nodes.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>

using namespace afterwrite;
using namespace support;

namespace {

constexpr required_position nothing{};
constexpr required_position six = wal_position{6, 0};
constexpr required_position unordered = wal_position{};

void lags(node_knowledge& node, duration much, std::uint32_t samples = replication_lag::enough)
{
    for (std::uint32_t i = 0; i < samples; ++i)
        node.lag.landed(much - much / 10, much);
}

/// How many of 3000 reads go to each.
std::array<int, 3> shares(declared_nodes const& nodes, required_position const& required, duration when = 0s)
{
    std::array<int, 3> count{};
    std::mt19937_64 random(3);
    for (int i = 0; i < 3000; ++i)
        ++count.at(choose_node(nodes, required, at(when), random()));
    return count;
}

} // namespace

TEST_CASE("a node is judged by what it has shown of late")
{
    node_knowledge node;
    CHECK(judge_node(node, six, at(0s)) == likelihood::unknown);
    node.refused({5, 0}, at(0s));
    CHECK(judge_node(node, six, at(0s)) == likelihood::lacking);
    CHECK(judge_node(node, six, at(100ms)) == likelihood::unknown);
    CHECK(judge_node(node, wal_position{4, 0}, at(0s)) == likelihood::unknown);
    node.flight.answered({.required = {6, 0}}, at(0s));
    CHECK(judge_node(node, six, at(0s)) == likelihood::certain);
    node.failed(at(0s));
    CHECK(judge_node(node, six, at(0s)) == likelihood::unreachable);
    CHECK(judge_node(node, six, at(1s)) == likelihood::certain);
}

TEST_CASE("behind an open breaker there is no hope, but for the read that is to show")
{
    node_knowledge node;
    node.flight.answered({.required = {5, 0}}, at(0s));
    open(node.guard); // the next probe is due after 900 ms
    CHECK(judge_node(node, six, at(0s)) == likelihood::hopeless);
    CHECK(judge_node(node, wal_position{5, 0}, at(0s)) == likelihood::hopeless);
    CHECK(judge_node(node, six, at(899ms)) == likelihood::hopeless);
    CHECK(judge_node(node, six, at(900ms)) == likelihood::certain);
    CHECK(node.guard.begin(at(900ms), 0) == breaker::mode::probe);
    CHECK(judge_node(node, six, at(900ms)) == likelihood::hopeless);
}

TEST_CASE("to a read that requires nothing all nodes are the same that can be reached")
{
    node_knowledge node;
    open(node.guard);
    node.refused({5, 0}, at(0s));
    CHECK(judge_node(node, nothing, at(0s)) == likelihood::unknown);
    node.failed(at(0s));
    CHECK(judge_node(node, nothing, at(0s)) == likelihood::unreachable);
}

TEST_CASE("what has no order rules no node out for what it has or lacked")
{
    node_knowledge node;
    auto const judged = judge_node(node, unordered, at(0s));
    node.refused({5, 0}, at(0s));
    CHECK(judge_node(node, unordered, at(0s)) == judged);
    node.flight.answered({.required = {9, 9}}, at(0s));
    CHECK(judge_node(node, unordered, at(0s)) == judged);
    open(node.guard);
    CHECK(judge_node(node, unordered, at(0s)) == likelihood::hopeless);
}

TEST_CASE("a node for which reads wait already, and one asks for all, is stalled for who has to wait")
{
    node_knowledge node;
    single_flight::reader first{.required = {5, 0}};
    CHECK(node.flight.refused(first, at(0s), at(200ms), 0) == at(200ms));
    CHECK(judge_node(node, six, at(0s), true) == likelihood::stalled);
    CHECK(judge_node(node, six, at(0s)) == likelihood::unknown); // the active node can answer for it
    CHECK(judge_node(node, nothing, at(0s), true) == likelihood::unknown);

    auto nodes = three_nodes();
    nodes[0] = node;
    for (bool const must_wait : {true, false}) {
        int first_ones = 0;
        std::mt19937_64 random(3);
        for (int i = 0; i < 300; ++i)
            first_ones += choose_node(nodes, six, at(0s), random(), must_wait) == 0 ? 1 : 0;
        CHECK((first_ones > 0) == !must_wait);
    }
    CHECK(shares(nodes, six)[0] > 900); // nobody has to wait unless it is said
    node.flight.answered(first, at(200ms));
    CHECK(judge_node(node, six, at(200ms), true) == likelihood::unknown);
}

TEST_CASE("of no nodes none is chosen")
{
    declared_nodes const nodes;
    CHECK(choose_node(nodes, six, at(0s), 1) == anywhere);
    CHECK(choose_other_node(nodes, anywhere, anywhere, six, at(0s)) == anywhere);
}

TEST_CASE("the likeliest node is chosen, whatever the dice say")
{
    auto nodes = three_nodes();
    nodes[1].flight.answered({.required = {6, 0}}, at(0s));
    CHECK(shares(nodes, six) == std::array{0, 3000, 0});
    nodes[1].failed(at(0s));
    nodes[0].refused({6, 0}, at(0s));
    CHECK(shares(nodes, six) == std::array{0, 0, 3000});
    nodes[2].failed(at(0s));
    CHECK(shares(nodes, six) == std::array{3000, 0, 0}); // it lacked it, but somebody has to be asked
    nodes[0].failed(at(0s));
    for (int const share : shares(nodes, six))
        CHECK(share > 900);
}

TEST_CASE("a node whose breaker is open keeps its share, and no more")
{
    auto nodes = three_nodes();
    open(nodes[0].guard);
    nodes[1].flight.answered({.required = {6, 0}}, at(0s));
    auto const share = shares(nodes, six);
    CHECK(share[0] > 900);
    CHECK(share[0] < 1100);
    CHECK(share[1] == 3000 - share[0]);
    nodes[1] = {};
    for (node_number const lacking : {node_number{1}, node_number{2}})
        nodes[lacking].refused({6, 0}, at(0s));
    for (int const each : shares(nodes, six))
        CHECK(each > 900);
    nodes[0].failed(at(0s));
    CHECK(shares(nodes, six)[0] == 0);
}

TEST_CASE("of the reads of a node whose breaker is open one in sixteen goes to another one that may have it")
{
    auto nodes = three_nodes();
    open(nodes[0].guard);
    for (std::uint64_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
        auto const random = 3 * sixteenth << 16; // draws node 0
        CHECK((choose_node(nodes, six, at(0s), random) == 0) == (sixteenth != 0));
    }
}

TEST_CASE("a node whose breaker waits for a probe gets the next read, and then its share again")
{
    auto nodes = three_nodes();
    open(nodes[1].guard);
    for (std::uint64_t random = 0; random < 100; ++random)
        CHECK(choose_node(nodes, six, at(900ms), random) == 1);
    CHECK(nodes[1].guard.begin(at(900ms), 0) == breaker::mode::probe);
    for (int const share : shares(nodes, six, 900ms))
        CHECK(share > 900);
}

TEST_CASE("among nodes of which nothing is known the reads are spread evenly")
{
    auto nodes = three_nodes();
    for (auto const& required : {nothing, six, unordered})
        for (int const share : shares(nodes, required)) {
            CHECK(share > 900);
            CHECK(share < 1100);
        }
}

TEST_CASE("among equals the node that lags less gets more of the reads, and none gets all or nothing")
{
    auto nodes = three_nodes();
    lags(nodes[0], 20ms);
    lags(nodes[1], 5ms);
    lags(nodes[2], 80ms);
    auto const share = shares(nodes, six); // 5, 3 and 1 of 9
    CHECK(share[1] > 1567);
    CHECK(share[1] < 1767);
    CHECK(share[0] > 900);
    CHECK(share[0] < 1100);
    CHECK(share[2] > 233);
    CHECK(share[2] < 433);
    for (int const each : shares(nodes, nothing)) // it matters to nobody
        CHECK(each > 900);
}

TEST_CASE("of two nodes the better one gets three of four reads, whichever it is")
{
    for (node_number const better : {node_number{0}, node_number{1}}) {
        declared_nodes nodes;
        nodes.add("http://a");
        nodes.add("http://b");
        lags(nodes[better], 5ms);
        lags(nodes[static_cast<node_number>(1 - better)], 20ms);
        auto const share = shares(nodes, six);
        CHECK(share[better] > 2150);
        CHECK(share[better] < 2350);
    }
}

TEST_CASE("lag is compared once enough is known of both")
{
    for (auto const& [known, unknown] : {std::pair{20ms, 5ms}, {5ms, 20ms}}) {
        auto nodes = three_nodes();
        lags(nodes[0], known);
        lags(nodes[1], unknown, replication_lag::enough - 1);
        for (int const share : shares(nodes, six))
            CHECK(share > 900);
    }
}

TEST_CASE("after a refusal it is the next node's turn, round and round")
{
    auto const nodes = three_nodes();
    CHECK(choose_other_node(nodes, 0, 0, six, at(0s)) == 1);
    CHECK(choose_other_node(nodes, 1, 1, six, at(0s)) == 2);
    CHECK(choose_other_node(nodes, 2, 2, six, at(0s)) == 0);
    CHECK(choose_other_node(nodes, 1, 0, six, at(0s)) == 2);
    CHECK(choose_other_node(nodes, 0, 1, six, at(0s)) == 2); // nor the one where it was before
}

TEST_CASE("a hop skips who lacked it, who cannot be reached, and who has an open breaker")
{
    auto nodes = three_nodes();
    nodes[1].refused({6, 0}, at(0s));
    CHECK(choose_other_node(nodes, 0, 0, six, at(0s)) == 2);
    nodes[2].failed(at(0s));
    CHECK(choose_other_node(nodes, 0, 0, six, at(0s)) == anywhere);
    CHECK(choose_other_node(nodes, 0, 0, six, at(100ms)) == 1);
    open(nodes[1].guard);
    CHECK(choose_other_node(nodes, 0, 0, six, at(100ms)) == anywhere);
    CHECK(choose_other_node(nodes, 0, 0, six, at(900ms)) == anywhere); // a hop is no probe
    CHECK(choose_other_node(nodes, 0, 0, six, at(1s)) == 2);
}

TEST_CASE("from the only node there is nowhere to go")
{
    declared_nodes nodes;
    nodes.add("http://a");
    CHECK(choose_other_node(nodes, 0, 0, six, at(0s)) == anywhere);
    nodes.add("http://b");
    CHECK(choose_other_node(nodes, 0, 1, six, at(0s)) == anywhere);
    CHECK(choose_other_node(nodes, 0, 0, six, at(0s)) == 1);
}
