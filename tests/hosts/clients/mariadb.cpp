// SPDX-License-Identifier: BSL-1.0
// MariaDB, whose plugin hashicorp_key_management reads keys with a token of its own: it never writes one.
#include "stage.hpp"

#include <doctest/doctest.h>

namespace {

using afterwrite::proxy_scope;

/// Keys are written and used at once, at this address; the tables must hold what was put into them.
nlohmann::json run_at(std::string const& address, std::string const& writer, std::string const& reader)
{
    auto seen = clients::run("mariadb_client.py",
                             {address, writer, reader, "4", AFTERWRITE_MARIADBD, AFTERWRITE_MARIADB,
                              AFTERWRITE_MARIADB_PLUGIN, AFTERWRITE_MARIADB_FOLDER});
    INFO(seen.dump());
    CHECK(seen["keys"] == 4);
    CHECK(seen["read_again"] == 4);
    CHECK(seen["in_clear"] == 0);
    CHECK(seen["errors"].empty());
    return seen;
}

} // namespace

TEST_CASE("MariaDB at a standby that lags misses keys, and goes on with old ones")
{
    clients::lagging_cluster nodes{cluster::dialect::vault};
    auto const seen = run_at(nodes.standby(), nodes.make_token(), nodes.make_token());
    CHECK(seen["missing"] > 0);
    CHECK(seen["old"] > 0);
}

TEST_CASE("MariaDB through the proxy has each key at once if its own token wrote it")
{
    clients::lagging_cluster nodes{cluster::dialect::vault};
    clients::front const proxy{nodes, proxy_scope::identity};
    auto const token = nodes.make_token();
    auto const seen = run_at(proxy.address(), token, token);
    CHECK(seen["missing"] == 0);
    CHECK(seen["old"] == 0);
    CHECK(nodes.has_lagged());
}

TEST_CASE("MariaDB has the keys that others wrote if the proxy keeps one state for all")
{
    clients::lagging_cluster nodes{cluster::dialect::vault};
    clients::front const proxy{nodes, proxy_scope::global};
    auto const seen = run_at(proxy.address(), nodes.make_token(), nodes.make_token());
    CHECK(seen["missing"] == 0);
    CHECK(seen["old"] == 0);
    CHECK(nodes.has_lagged());
}

TEST_CASE("MariaDB misses the keys that others wrote if the proxy keeps a state for each caller")
{
    clients::lagging_cluster nodes{cluster::dialect::vault};
    clients::front const proxy{nodes, proxy_scope::identity};
    auto const seen = run_at(proxy.address(), nodes.make_token(), nodes.make_token());
    CHECK(seen["missing"] > 0);
}
