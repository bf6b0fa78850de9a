// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/declared_nodes.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstddef>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;

TEST_CASE("nodes are numbered in the order in which they were declared")
{
    declared_nodes nodes;
    CHECK(nodes.size() == 0);
    CHECK(nodes.add("https://a:8200") == 0);
    CHECK(nodes.add("https://b:8200/v1/sys/health") == 1);
    CHECK(nodes.size() == 2);
    CHECK(nodes.address(0) == "https://a:8200");
    CHECK(nodes.address(1) == "https://b:8200");
}

TEST_CASE("to declare a node again changes nothing")
{
    declared_nodes nodes;
    nodes.add("https://a:8200");
    nodes.add("https://b:8200");
    nodes[1].failed(at(0s));
    CHECK(nodes.add("HTTPS://B:8200/") == 1);
    CHECK(nodes.size() == 2);
    CHECK(nodes.address(1) == "https://b:8200");
    CHECK(nodes[1].has_failed(at(0s)));
}

TEST_CASE("a node is found by any URL that leads there")
{
    declared_nodes nodes;
    CHECK(nodes.find("https://a:8200") == anywhere);
    nodes.add("https://a:8200");
    nodes.add("https://b:8200");
    CHECK(nodes.find("https://A:8200") == 0);
    CHECK(nodes.find("https://B:8200/v1/kv/foo?list=true") == 1);
    CHECK(nodes.find("https://b:8201") == anywhere);
    CHECK(nodes.find("https://b") == anywhere);
    CHECK(nodes.find("") == anywhere);
    CHECK(nodes.find("/v1/kv/foo") == anywhere);
}

TEST_CASE("what is no address, too long, or one node too many is no node")
{
    declared_nodes nodes;
    CHECK(nodes.add("") == anywhere);
    CHECK(nodes.add("a:8200") == anywhere);
    CHECK(nodes.add("https://" + std::string(265, 'a')) == anywhere);
    CHECK(nodes.size() == 0);
    CHECK(nodes.add("https://" + std::string(264, 'a')) == 0);
    for (std::size_t i = 1; i < 16; ++i)
        CHECK(nodes.add("https://n" + std::to_string(i)) == i);
    CHECK(nodes.add("https://one-too-many") == anywhere);
    CHECK(nodes.add("https://n7") == 7);
    CHECK(nodes.size() == declared_nodes::max_nodes);
}

TEST_CASE("anywhere has no address, and yet something is known of whoever answers there")
{
    declared_nodes nodes;
    nodes.add("https://a");
    CHECK(nodes.address(anywhere).empty());
    CHECK(nodes.address(1).empty());
    nodes[anywhere].flight.answered({.required = {7, 0}}, at(0s));
    CHECK(nodes[anywhere].has({7, 0}));
    CHECK_FALSE(nodes[0].has({7, 0}));
    nodes[0].failed(at(0s));
    CHECK_FALSE(nodes[anywhere].has_failed(at(0s)));
}

TEST_CASE("a node that is declared later begins with nothing known")
{
    declared_nodes nodes;
    nodes[3].flight.answered({.required = {7, 0}}, at(0s)); // no such node: anywhere
    for (auto const* name : {"http://a", "http://b", "http://c", "http://d"})
        nodes.add(name);
    CHECK_FALSE(nodes[3].has({7, 0}));
    CHECK(nodes[anywhere].has({7, 0}));
}

TEST_CASE("each is visited once, and anywhere with them")
{
    declared_nodes nodes;
    nodes.add("http://a");
    nodes.add("http://b");
    int visited = 0;
    nodes.for_each([&visited](node_knowledge& node) {
        ++visited;
        node.failed(at(0s));
    });
    CHECK(visited == 3);
    for (node_number const which : {node_number{0}, node_number{1}, anywhere})
        CHECK(nodes[which].has_failed(at(0s)));
    CHECK_FALSE(nodes[0].has_failed(at(1s)));
}

TEST_CASE("a number that no node has yet means anywhere")
{
    declared_nodes nodes;
    auto const& seen = nodes;
    nodes.add("https://n");
    for (duration lag = 250us; lag < 20min; lag += lag / 8)
        nodes[0].lag.landed(lag, lag);
    for (std::size_t i = 1; i <= declared_nodes::max_nodes; ++i) {
        auto const next = static_cast<node_number>(i);
        CHECK(&nodes[next] == &nodes[anywhere]);
        CHECK(&seen[next] == &seen[anywhere]);
        CHECK(seen.address(next).empty());
        nodes.add("https://n" + std::to_string(i));
        nodes[next].failed(at(0s));
    }
}

TEST_CASE("an address is what stands before a path or a question, and has a host")
{
    constexpr std::string_view longer = "https://abc";
    CHECK(declared_nodes::origin_of(longer.substr(0, 10)) == "https://ab");
    CHECK(declared_nodes::origin_of("https://a/b") == "https://a");
    CHECK(declared_nodes::origin_of("https://a?b") == "https://a");
    for (std::string_view const url : {"https://", "https:///a", "https://?a", "https://a b", "https://a\x7f",
                                       "https://a#b", "https://a@b", "https://a\xc3\xa9"}) {
        CAPTURE(url);
        CHECK(declared_nodes::origin_of(url).empty());
    }
}
