// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "model.hpp"
#include "tls.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cluster {

/// What belongs to the sockets and not to the model.
struct http_options {
    nanoseconds forward_delay{};     ///< an answer is sent so much later for each hop between nodes behind it
    std::optional<tls_identity> tls; ///< with it the nodes speak https

    /// Sees each request as it comes in, in the serving thread; the answer is sent so much later as it says.
    std::function<nanoseconds(std::size_t node, request const& asked)> on_request{};
};

/// The cluster on real sockets: one port of 127.0.0.1 a node, chosen by the system. One thread serves
/// all nodes; virtual time is the time since the construction.
class http_server {
public:
    explicit http_server(settings chosen, http_options options = {});

    /// Closes every connection, held requests included, and joins the thread.
    ~http_server();
    http_server(http_server const&) = delete;
    http_server& operator=(http_server const&) = delete;

    /// `http://127.0.0.1:PORT` of the node (`https://…` with TLS).
    [[nodiscard]] std::string address(std::size_t node) const;
    [[nodiscard]] unsigned short port(std::size_t node) const;
    [[nodiscard]] std::size_t node_count() const;

    /// Time since the construction: the model's clock.
    [[nodiscard]] nanoseconds now() const;

    /// Runs `f` on the model in the serving thread and waits for it; not to be called from within `f`.
    void with_model(std::function<void(model&, nanoseconds now)> const& f);

    /// Another cluster behind the same ports from now on; returns the one that was there. It needs as many
    /// nodes (else std::invalid_argument). Connections stay open, as behind a load balancer, but for those
    /// with a held request: they are closed without an answer. Not to be called from within `with_model`.
    model replace_model(model other);

    /// A copy of the node's counters.
    [[nodiscard]] node_counters counters(std::size_t node);

    /// Connections that are open now.
    [[nodiscard]] std::size_t connections();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace cluster
