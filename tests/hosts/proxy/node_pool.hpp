// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "address.hpp"
#include "incoming.hpp"
#include "name_lookup.hpp"
#include "shared.hpp"
#include "stream.hpp"

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace proxy {

/// A connection to a node, and what came in over it.
struct node_link {
    node_link(rounds& by, stream_socket socket, tls_context tls, std::size_t max_head)
        : bytes(by, std::move(socket), std::move(tls)), in(bytes, max_head)
    {}

    stream bytes;
    incoming in;
    instant kept_since{}; ///< in the pool
};

/// One node, as one worker knows it: its connections that are kept for later.
class node {
public:
    /// `ask`: what the name of its host stands for.
    node(shared& all, rounds& by, asio::io_context& io, std::string_view address,
         name_lookup::function ask = ask_system);

    [[nodiscard]] node_place const& place() const noexcept { return place_; }
    [[nodiscard]] std::string const& host_field() const noexcept { return host_field_; }

    /// Logs that it gave no answer; but a node that is down is not told of with each request.
    void warn(std::string_view trouble);

    /// A connection that was kept and still stands; null if there is none.
    [[nodiscard]] std::unique_ptr<node_link> take();

    /// One that is not connected yet.
    [[nodiscard]] std::unique_ptr<node_link> open() const;

    /// Connects it, within the time that the stream was given.
    [[nodiscard]] task<error_code> connect(node_link& with);

    /// For a later request, if there is room.
    void keep(std::unique_ptr<node_link> link);

    /// Closes those that were kept for too long, or that the node has closed.
    void sweep(instant now);

    void close_all() { kept_.clear(); }

private:
    [[nodiscard]] task<error_code> connect_to(stream& with,
                                              asio::generic::stream_protocol::endpoint to) const;
    [[nodiscard]] task<error_code> connect_by_name(stream& with);

    shared& all_;
    rounds& by_;
    asio::io_context& io_;
    node_place place_;
    std::string host_field_;
    std::optional<asio::generic::stream_protocol::endpoint> endpoint_; ///< where no name has to be resolved
    name_lookup names_;
    asio::generic::stream_protocol::endpoint last_good_{}; ///< of those that the name has stood for
    std::vector<std::unique_ptr<node_link>> kept_;
    instant warned_{};
    std::uint64_t unsaid_ = 0; ///< troubles since
};

/// The nodes that a worker knows. One thread.
class node_pool final : public watched {
public:
    node_pool(shared& all, rounds& by, asio::io_context& io);

    /// `address`: as declared; empty: wherever the proxy is bound to.
    [[nodiscard]] node& at(std::string_view address);

    void look(instant now) override;
    void close_all();

private:
    shared& all_;
    rounds& by_;
    asio::io_context& io_;
    std::vector<std::unique_ptr<node>> nodes_; ///< few
    instant swept_{};
};

} // namespace proxy
