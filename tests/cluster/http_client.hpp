// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <cstddef>

namespace cluster {

/// One connection of a client that waits for each answer. Its members stand in test_http.cpp; they throw
/// boost::system::system_error.
class http_client {
public:
    http_client(http_server const& server, std::size_t node) { socket_.connect(endpoint(server, node)); }

    /// Where the node is reached.
    [[nodiscard]] static boost::asio::ip::tcp::endpoint endpoint(http_server const& server, std::size_t node)
    {
        return {boost::asio::ip::address_v4::loopback(), server.port(node)};
    }

    void send(request const& asked);
    response receive();

    response ask(request const& asked)
    {
        send(asked);
        return receive();
    }

private:
    boost::asio::io_context loop_;
    boost::asio::ip::tcp::socket socket_{loop_};
    boost::beast::flat_buffer buffer_;
};

} // namespace cluster
