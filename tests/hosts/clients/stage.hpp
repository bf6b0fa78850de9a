// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/http_server.hpp"
#include "hosts/proxy/log.hpp"
#include "hosts/proxy/server.hpp"

#include <afterwrite/policy/proxy_policy.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace clients {

/// A cluster whose two standbys lag 100 ms, with the mounts `kv` (version 1) and `versions` (version 2), and
/// a user `alice`, password `secret`, whose tokens carry their index and may do everything.
class lagging_cluster {
public:
    explicit lagging_cluster(cluster::dialect speaks);

    /// The node that clients know, as they would behind a load balancer that sends them all to one place.
    [[nodiscard]] std::string standby() const { return nodes_.address(1); }
    [[nodiscard]] std::vector<std::string> nodes() const;

    /// Whether that node had to refuse, or to hold, a request for want of its state.
    [[nodiscard]] bool has_lagged();

    /// A token that may do everything, and that every node has.
    [[nodiscard]] std::string make_token();

private:
    cluster::response write(std::string const& path, std::string body);

    cluster::http_server nodes_;
};

/// The proxy before that standby, which it is to make consistent; `nodes`, if any, are declared to it.
class front {
public:
    front(lagging_cluster const& behind, afterwrite::proxy_scope scope, std::vector<std::string> nodes = {});

    [[nodiscard]] std::string address() const { return server_.addresses().front(); }

private:
    proxy::log log_;
    proxy::server server_;
};

/// Runs a program of this folder with Python. What it prints must be one JSON object, and it must end with 0;
/// else std::runtime_error. It does not outlive this one.
nlohmann::json run(std::string_view program, std::vector<std::string> arguments);

} // namespace clients
