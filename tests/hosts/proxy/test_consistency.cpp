// SPDX-License-Identifier: BSL-1.0
// What the proxy is for: clients that know nothing of consistency see their own writes, and wait for nobody
// else's. Beside each figure of it stands the same crowd without it.
#include "server.hpp"

#include "crowd.hpp"

#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

using namespace proxy_tests;
using afterwrite::enforce_consistency;
using afterwrite::proxy_scope;
using afterwrite::when_inconsistent;

namespace {

constexpr std::size_t identities = 200;

/// Reads in all; --soak asks for more.
std::size_t reads()
{
    char const* const more = std::getenv("AFTERWRITE_PROXY_READS");
    return more != nullptr ? std::stoul(more) : 10'000;
}

/// Performance standbys behind by 20 ms or so, and somebody who can log in for each of the crowd.
cluster::settings lagging(std::uint64_t seed)
{
    cluster::settings chosen;
    chosen.seed = seed;
    chosen.lag = cluster::parse_lag("lognormal:20ms,1").spec.value();
    chosen.allow_forwarding_via_header = true;
    for (std::size_t i = 0; i < identities; ++i)
        chosen.users.push_back({"user-" + std::to_string(i), "password", {"root"}});
    return chosen;
}

/// A proxy before a standby of its cluster.
struct proxied_cluster {
    proxied_cluster(cluster::settings const& chosen, afterwrite::proxy_policy const& policy)
        : nodes(chosen, counting()), lines({}, [](std::string const&) {}),
          front(before(nodes.address(1), policy), lines)
    {}

    [[nodiscard]] std::string address() const { return front.addresses().front(); }

    void land_everything()
    {
        nodes.with_model([](cluster::model& model, cluster::nanoseconds now) { model.drop_lag(now); });
    }

    std::atomic<std::size_t> reads_arrived{0}; ///< at any node, from outside
    cluster::http_server nodes;
    proxy::log lines;
    proxy::server front;

private:
    [[nodiscard]] cluster::http_options counting()
    {
        cluster::http_options counted;
        counted.on_request = [this](std::size_t, cluster::request const& asked) {
            reads_arrived += asked.method == "GET" ? 1 : 0;
            return cluster::nanoseconds{};
        };
        return counted;
    }

    [[nodiscard]] static proxy::settings before(std::string const& upstream,
                                                afterwrite::proxy_policy const& policy)
    {
        proxy::settings chosen;
        chosen.listeners.push_back({.address = "127.0.0.1:0"});
        chosen.upstream.address = upstream;
        chosen.policy = policy;
        return chosen;
    }
};

} // namespace

TEST_CASE("200 callers see what they have written; without enforcement many do not")
{
    auto const rounds = reads() / identities;
    for (bool const is_enforced : {true, false}) {
        proxied_cluster world(lagging(7),
                              {.consistency = {.enforce = is_enforced ? enforce_consistency::always
                                                                      : enforce_consistency::never,
                                               .when = when_inconsistent::retry_then_forward}});
        auto const seen =
            run_crowd({.address = world.address(),
                       .identities = identities,
                       .rounds = rounds,
                       .at_once = is_enforced ? 32U : 16U, // which sees more, and waits for nothing
                       .when_ready = [&] { world.land_everything(); }}); // tokens, too
        MESSAGE(std::string(is_enforced ? "enforced: " : "not enforced: ")
                << seen.stale << " stale of " << seen.reads << " reads, p50 " << seen.read_ms_p50
                << " ms, p99 " << seen.read_ms_p99 << " ms");
        CHECK_MESSAGE(seen.failed == 0, seen.failure);
        CHECK(seen.refused == 0);
        REQUIRE(seen.reads == rounds * identities);
        if (is_enforced)
            CHECK(seen.stale == 0);
        else
            CHECK(seen.stale * 10 >= seen.reads * 3);
    }
}

TEST_CASE("a write by one caller makes no other wait; with one scope for all it does")
{
    for (auto const scope : {proxy_scope::identity, proxy_scope::global}) {
        auto chosen = lagging(11);
        chosen.allow_forwarding_via_header =
            false; // so that who was answered once has found the node abreast
        proxied_cluster world(chosen, {.consistency = {.enforce = enforce_consistency::always,
                                                       .when = when_inconsistent::retry},
                                       .scope = scope});
        std::size_t arrived_before = 0;
        auto const seen = run_crowd({.address = world.address(),
                                     .identities = identities,
                                     .rounds = 20,
                                     .writers = identities / 2,
                                     .when_ready = [&] { arrived_before = world.reads_arrived; }});
        auto const arrived = world.reads_arrived - arrived_before;
        MESSAGE(to_string(scope) << " scope: " << arrived << " requests for " << seen.reads << " reads, p50 "
                                 << seen.read_ms_p50 << " ms, p99 " << seen.read_ms_p99 << " ms");
        CHECK_MESSAGE(seen.failed == 0, seen.failure);
        CHECK(seen.refused == 0);
        CHECK(seen.stale == 0);
        REQUIRE(seen.reads == identities / 2 * 20);
        if (scope == proxy_scope::identity)
            CHECK(arrived == seen.reads);
        else
            CHECK(arrived * 50 > seen.reads * 51); // twice as many, but fewer where all goes slowly
    }
}
