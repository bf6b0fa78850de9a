// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/policy/replication_view.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"
#include "support/nodes.hpp"

#include <cstddef>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;

TEST_CASE("nothing is known at first but what configuration says")
{
    replication_view const view;
    CHECK(view.cluster().empty());
    CHECK(view.form() == dialect::unknown);
    CHECK(view.cluster_changes() == 0);
    CHECK(view.active_address().empty());
    CHECK(view.may_forward(at(0s)));
    CHECK(view.may_forward(time_point::min()));
    CHECK(replication_view(dialect::openbao).form() == dialect::openbao);
}

TEST_CASE("the cluster is the one that answered last, and a change of it is counted")
{
    replication_view view;
    view.learn(dialect::vault, cluster_id("a"));
    view.learn(dialect::vault, cluster_id("a"));
    CHECK(view.cluster() == "a");
    CHECK(view.form() == dialect::vault);
    CHECK(view.cluster_changes() == 0);
    view.learn(dialect::openbao, cluster_id("b"));
    CHECK(view.cluster() == "b");
    CHECK(view.form() == dialect::openbao);
    CHECK(view.cluster_changes() == 1);
}

TEST_CASE("a refusal to forward is remembered for ten minutes")
{
    replication_view view;
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK_FALSE(view.may_forward(at(0s)));
    CHECK_FALSE(view.may_forward(at(10min) - duration(1)));
    CHECK(view.may_forward(at(10min)));
}

TEST_CASE("another cluster may have another configuration")
{
    replication_view view;
    view.learn(dialect::vault, cluster_id("a"));
    view.missing().note_missing(capability::forwarding, at(0s));
    view.learn(dialect::vault, cluster_id("a"));
    CHECK_FALSE(view.may_forward(at(1s)));
    view.learn(dialect::vault, cluster_id("b"));
    CHECK(view.may_forward(at(1s)));
    CHECK(view.may_forward(time_point::min()));
}

namespace {

/// A view that has learned of all that it can.
replication_view taught()
{
    replication_view view(dialect::vault, cluster_id("a"));
    view.add_node("http://node");
    view.add_peer(cluster_id("peer"));
    open(view.nodes()[0].guard);
    view.nodes()[0].flight.answered({.required = {6, 0}}, at(0s));
    view.nodes()[0].failed(at(0s));
    view.nodes()[0].lag.landed(1ms, 2ms);
    view.nodes()[anywhere].flight.answered({.required = {7, 0}}, at(0s));
    view.lag().landed(1ms, 2ms);
    view.missing().note_missing(capability::await_state, at(0s));
    while (view.hopping().pays())
        view.hopping().hopped(false);
    while (view.budget().try_retry(at(0s)))
        ;
    return view;
}

} // namespace

TEST_CASE("what was learned of a cluster is forgotten when another one answers at its addresses")
{
    auto view = taught();
    view.learn(dialect::vault, cluster_id("b"));
    CHECK(view.nodes().size() == 1);
    CHECK(view.has_node("http://node"));
    CHECK_FALSE(view.nodes()[0].guard.is_open());
    CHECK_FALSE(view.nodes()[0].has({6, 0}));
    CHECK_FALSE(view.nodes()[0].has_failed(at(0s)));
    CHECK(view.nodes()[0].lag.samples() == 0);
    CHECK_FALSE(view.nodes()[anywhere].has({7, 0}));
    CHECK(view.lag().samples() == 0);
    CHECK(view.hopping() == node_hopping());
    CHECK(view.missing() == capabilities());
    CHECK(view.is_peer(cluster_id("peer"))); // that was declared
}

TEST_CASE("as long as the same cluster answers nothing is forgotten")
{
    auto view = taught();
    view.learn(dialect::vault, cluster_id("a"));
    CHECK(view.nodes()[0].has({6, 0}));
    CHECK(view.nodes()[anywhere].has({7, 0}));
    CHECK(view.lag().samples() == 1);
    CHECK_FALSE(view.hopping().pays());
    CHECK(view.missing().lacks(capability::await_state, at(0s)));
}

TEST_CASE("another cluster has no budget of its own: the requests are the same clients'")
{
    auto view = taught();
    view.learn(dialect::vault, cluster_id("b"));
    CHECK(view.budget().retries().left(at(0s)) == 0);
}

TEST_CASE("in another history of the same cluster only the positions are forgotten")
{
    auto view = taught();
    view.forget_positions();
    CHECK_FALSE(view.nodes()[0].has({6, 0}));
    CHECK_FALSE(view.nodes()[anywhere].has({7, 0}));
    CHECK(view.nodes()[0].guard.is_open());
    CHECK(view.nodes()[0].lag.samples() == 1);
    CHECK(view.lag().samples() == 1);
    CHECK_FALSE(view.hopping().pays());
    CHECK(view.cluster() == "a");
}

TEST_CASE("histories are counted: of a restored cluster, and of another one")
{
    replication_view view;
    CHECK(view.history() == 0);
    view.learn(dialect::vault, cluster_id("a"));
    view.learn(dialect::vault, cluster_id("a"));
    CHECK(view.history() == 0);
    view.learn(dialect::vault, cluster_id("b"));
    CHECK(view.history() == 1);
    view.forget_positions();
    CHECK(view.history() == 2);
}

TEST_CASE("what exchanges may cause is limited by the caller, and begins full")
{
    auto view = taught();
    view.limit({.retries = {.burst = 3}});
    CHECK(view.budget().retries().left(at(0s)) == 3);
    CHECK(view.budget().forwards().left(at(0s)) == retry_budget::forwards.burst);
    view.limit({});
    CHECK(view.budget().retries().left(at(0s)) == retry_budget::terms{}.burst);
}

TEST_CASE("a URL is reduced to its origin")
{
    static_assert(replication_view::origin_of("https://node:8200/v1/kv/foo?a=b") == "https://node:8200");
    CHECK(replication_view::origin_of("http://10.0.0.1:8200") == "http://10.0.0.1:8200");
    CHECK(replication_view::origin_of("HTTPS://Node/") == "HTTPS://Node");
    CHECK(replication_view::origin_of("http://[::1]:8200/v1") == "http://[::1]:8200");
    CHECK(replication_view::origin_of("http://node?list=true") == "http://node");
}

TEST_CASE("what is no URL of a node has no origin")
{
    for (std::string_view const url :
         {"", "node:8200", "/v1/kv/foo", "//node:8200/", "ftp://node", "http:/node", "http://", "https://",
          "http:///", "http://?", "http://user@node:8200", "http://node:8200@evil/", "http://node:8200#@evil",
          "http://no de", "http://node\r\nX: y", "http://node\x7f",
          "http://n\xc3\xb6"
          "de",
          "javascript:alert(1)"})
        CHECK(replication_view::origin_of(url).empty());
}

TEST_CASE("declared nodes are known by their origin, whatever its case and the path behind it")
{
    replication_view view;
    CHECK(view.add_node("https://Node-1:8200/"));
    CHECK(view.has_node("https://node-1:8200"));
    CHECK(view.has_node("HTTPS://NODE-1:8200/v1/kv/foo?x"));
    CHECK(view.add_node("https://node-1:8200/again"));
}

TEST_CASE("a stranger is no node, however alike it looks")
{
    replication_view view;
    REQUIRE(view.add_node("https://node:8200"));
    for (std::string_view const url :
         {"http://node:8200/", "https://node:8201/", "https://node/", "https://node:82000/",
          "https://node:8200.evil/", "https://evil/https://node:8200", "https://node:8200@evil/",
          "https://evil?https://node:8200", "https://node:8200\\@evil/", "https://node:8200%2eevil/",
          "https://node.:8200/", " https://node:8200", "", "/v1/kv/foo"})
        CHECK_FALSE(view.has_node(url));
}

TEST_CASE("what is no address, too long, or one too many is not declared")
{
    replication_view view;
    CHECK_FALSE(view.add_node(""));
    CHECK_FALSE(view.add_node("node:8200"));
    CHECK_FALSE(view.add_node(std::string("https://") + std::string(node_address::capacity - 7, 'a')));
    CHECK(view.add_node(std::string("https://") + std::string(node_address::capacity - 8, 'a')));
    for (std::size_t i = 1; i < replication_view::max_nodes; ++i)
        CHECK(view.add_node(std::string("http://node-") + std::to_string(i)));
    CHECK_FALSE(view.add_node("http://one-too-many"));
    CHECK_FALSE(view.has_node("http://one-too-many"));
    CHECK(view.add_node("http://node-1"));
}

TEST_CASE("to declare which node is active is to declare the node")
{
    replication_view view;
    CHECK(view.set_active_address("https://active:8200/v1/sys/leader"));
    CHECK(view.active_address() == "https://active:8200");
    CHECK(view.has_node("https://active:8200"));
    CHECK_FALSE(view.set_active_address("active:8200"));
    CHECK_FALSE(view.set_active_address(std::string("https://") + std::string(300, 'a')));
    CHECK(view.active_address() == "https://active:8200");
    CHECK(view.set_active_address(""));
    CHECK(view.active_address().empty());
    CHECK(view.has_node("https://active:8200"));
}

TEST_CASE("what a redirect told of the active node counts until that is forgotten, or another one declared")
{
    replication_view view;
    CHECK(view.set_active_address("https://declared"));
    CHECK_FALSE(view.learn_active_address("https://stranger"));
    CHECK(view.active_address() == "https://declared");
    CHECK(view.add_node("https://told"));
    CHECK(view.learn_active_address("https://told/v1/kv/foo"));
    CHECK(view.active_address() == "https://told");
    view.forget_told_active();
    CHECK(view.active_address() == "https://declared");
    CHECK(view.learn_active_address("https://told"));
    CHECK(view.set_active_address("https://next"));
    CHECK(view.active_address() == "https://next");
    view.forget_told_active();
    CHECK(view.active_address() == "https://next");
}

TEST_CASE("peers are declared, a few of them, and none is one by itself")
{
    replication_view view(dialect::vault, cluster_id("c"));
    CHECK_FALSE(view.is_peer(cluster_id("c")));
    CHECK_FALSE(view.is_peer(cluster_id("p0")));
    for (std::size_t i = 0; i < replication_view::max_peers; ++i)
        CHECK(view.add_peer(cluster_id("p" + std::to_string(i))));
    CHECK(view.add_peer(cluster_id("p0"))); // is one already
    CHECK_FALSE(view.add_peer(cluster_id("one too many")));
    CHECK(view.is_peer(cluster_id("p3")));
}
