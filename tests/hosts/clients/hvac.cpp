// SPDX-License-Identifier: BSL-1.0
// Python's client of Vault, as Debian has it, which knows nothing of indices.
#include "stage.hpp"

#include <doctest/doctest.h>

namespace {

using cluster::dialect;

nlohmann::json run_at(std::string const& address)
{
    auto seen = clients::run("hvac_client.py", {address, "alice", "secret", "4"});
    INFO(seen.dump());
    CHECK(seen["reads"] == 4 * 4);
    CHECK(seen["errors"].empty());
    return seen;
}

void check_consistent(std::string const& address)
{
    auto const seen = run_at(address);
    CHECK(seen["stale"] == 0);
    CHECK(seen["refused"] == 0);
}

} // namespace

TEST_CASE("hvac at a standby that lags reads old values, and its new tokens are refused")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        clients::lagging_cluster const nodes{speaks};
        auto const seen = run_at(nodes.standby());
        CHECK(seen["stale"] > 0);
        CHECK(seen["refused"] > 0);
    }
}

TEST_CASE("hvac through the proxy sees what it wrote, and is never refused")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        clients::lagging_cluster nodes{speaks};
        clients::front const proxy{nodes, afterwrite::proxy_scope::identity};
        check_consistent(proxy.address());
        CHECK(nodes.has_lagged());
    }
}

TEST_CASE("hvac through the proxy, which knows all nodes, sees what it wrote")
{
    for (auto const speaks : {dialect::vault, dialect::openbao}) {
        clients::lagging_cluster const nodes{speaks};
        clients::front const proxy{nodes, afterwrite::proxy_scope::identity, nodes.nodes()};
        check_consistent(proxy.address());
    }
}
