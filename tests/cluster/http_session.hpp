// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "http_server.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <cstddef>
#include <map>
#include <memory>
#include <unordered_set>

namespace cluster {

/// One open connection, whether with TLS or not, as the server sees it.
class connection {
public:
    virtual ~connection() = default;

    /// Closes the socket; what is pending ends by itself.
    virtual void close() = 0;

    /// Arms the timer of the request that is held anew: its time may have changed.
    virtual void arm() = 0;
};

/// What the connections of all nodes share; used in the serving thread only.
struct serving {
    explicit serving(settings chosen, http_options given);

    [[nodiscard]] nanoseconds now() const { return std::chrono::steady_clock::now() - started; }

    /// Arms the timers of held requests anew if the model says that their times have changed.
    void look_at_held();

    /// Another cluster behind the same doors; `other` becomes the one that was there.
    void exchange(model& other);

    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    http_options options;
    model emulated;
    std::uint64_t wake_changes = 0;
    std::unordered_set<connection*> open;
    std::map<ticket, connection*> held; ///< whose request each held one is
    boost::asio::ssl::context tls{boost::asio::ssl::context::tls_server};
    boost::asio::io_context loop{1}; ///< last: its handlers own the connections, which use the rest
};

/// Starts to serve a connection to node `node`; it lives until the client or the server closes it.
void serve_connection(serving& shared, boost::asio::ip::tcp::socket socket, std::size_t node);

} // namespace cluster
