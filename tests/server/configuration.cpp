// SPDX-License-Identifier: BSL-1.0
#include "server/configuration.hpp"

namespace server {

namespace {

std::string port_text(unsigned short port) { return "\"127.0.0.1:" + std::to_string(port) + "\""; }

} // namespace

std::string configuration_of(std::span<place const> nodes, std::size_t which)
{
    auto const& own = nodes[which];
    std::string text = "storage \"raft\" {\n"
                       "  path = \"" +
                       (own.folder / "data").string() +
                       "\"\n"
                       "  node_id = \"" +
                       own.name +
                       "\"\n"
                       "  performance_multiplier = 1\n"; // elections after one second, not five
    if (which != 0)
        text += "  retry_join {\n    leader_api_addr = \"" + nodes.front().address() + "\"\n  }\n";
    text += "}\n"
            "listener \"tcp\" {\n"
            "  address = " +
            port_text(own.api) +
            "\n"
            "  cluster_address = " +
            port_text(own.cluster) +
            "\n"
            "  tls_disable = true\n"
            "  consistency_max_index_wait = \"2s\"\n" // or it would hold no request for `await-state`
            "}\n"
            "api_addr = \"" +
            own.address() +
            "\"\n"
            // The leader sends the log to where this says, and that is the relay.
            "cluster_addr = \"https://127.0.0.1:" +
            std::to_string(own.link) + "\"\n";
    return text;
}

} // namespace server
