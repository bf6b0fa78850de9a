// SPDX-License-Identifier: BSL-1.0
// A proxy before a cluster, over real connections.
#include "server.hpp"

#include "front.hpp"
#include "wire_client.hpp"

#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace proxy_tests;

namespace {

/// Performance standbys that are behind by so much.
[[nodiscard]] cluster::settings lagging_by(std::string const& lag)
{
    cluster::settings chosen;
    chosen.lag = cluster::parse_lag(lag).spec.value();
    return chosen;
}

constexpr std::string_view root = "X-Vault-Token: root\r\n";

} // namespace

TEST_CASE("a client that knows nothing of consistency reads what it has written")
{
    cluster::http_server nodes(lagging_by("constant:200ms"));
    front proxy(before(nodes.address(1)));
    auto client = proxy.client();
    for (int round = 1; round <= 5; ++round) {
        auto const value = R"({"value":")" + std::to_string(round) + R"("})";
        CHECK(client.ask(request("PUT", "/v1/secret/foo", root, value)).status() == 204);
        auto const read = client.ask(request("GET", "/v1/secret/foo", root));
        CHECK(read.status() == 200);
        CHECK(read.body.find(value) != std::string::npos);
    }
    CHECK(proxy.counted().connections_accepted == 1);
    CHECK(proxy.counted().requests == 10);
    CHECK(proxy.counted().attempts > 10);
    CHECK(proxy.counted().upstream_connections == 1);
    CHECK_FALSE(proxy.lines.has("root"));
}
