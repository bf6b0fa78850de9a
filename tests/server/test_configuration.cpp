// SPDX-License-Identifier: BSL-1.0
#include "server/configuration.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace {

std::vector<server::place> const nodes = {
    {.name = "node-1", .folder = "/run/one", .api = 1001, .cluster = 1002, .link = 1003},
    {.name = "node-2", .folder = "/run/two", .api = 2001, .cluster = 2002, .link = 2003},
};

} // namespace

TEST_CASE("the first node joins nobody")
{
    CHECK(server::configuration_of(nodes, 0) == R"(storage "raft" {
  path = "/run/one/data"
  node_id = "node-1"
  performance_multiplier = 1
}
listener "tcp" {
  address = "127.0.0.1:1001"
  cluster_address = "127.0.0.1:1002"
  tls_disable = true
  consistency_max_index_wait = "2s"
}
api_addr = "http://127.0.0.1:1001"
cluster_addr = "https://127.0.0.1:1003"
)");
}

TEST_CASE("another one joins the first, and is reached by other nodes through its relay")
{
    CHECK(server::configuration_of(nodes, 1) == R"(storage "raft" {
  path = "/run/two/data"
  node_id = "node-2"
  performance_multiplier = 1
  retry_join {
    leader_api_addr = "http://127.0.0.1:1001"
  }
}
listener "tcp" {
  address = "127.0.0.1:2001"
  cluster_address = "127.0.0.1:2002"
  tls_disable = true
  consistency_max_index_wait = "2s"
}
api_addr = "http://127.0.0.1:2001"
cluster_addr = "https://127.0.0.1:2003"
)");
}
