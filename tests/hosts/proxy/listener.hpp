// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shared.hpp"
#include "socket_file.hpp"
#include "stream.hpp"

#include <boost/asio/basic_socket_acceptor.hpp>

#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace proxy {

/// One address at which the proxy listens.
class listener {
public:
    /// setup_error: nobody can listen there.
    listener(proxy::shared& all, listener_settings const& chosen);

    ~listener();
    listener(listener const&) = delete;
    listener& operator=(listener const&) = delete;

    [[nodiscard]] listener_settings const& chosen() const noexcept { return chosen_; }

    /// `http://HOST:PORT`, `https://...` or `unix:///PATH`.
    [[nodiscard]] std::string address() const;

    /// Hands each connection on, as a socket of the system's, until `close`. In the thread of `io`.
    using receiver = std::function<void(int socket, int family, listener const& from)>;
    void begin(asio::io_context& io, receiver to);

    /// Takes its socket file away, if it has one, unless somebody else has put another one there. In the
    /// thread of `io`.
    void close();

    /// What connections that come now are encrypted with; null: nothing. Any thread.
    [[nodiscard]] tls_context tls() const;

    /// Reads the certificate anew; setup_error if that cannot be done. Any thread.
    void reload();

private:
    using acceptor = asio::basic_socket_acceptor<asio::generic::stream_protocol, executor>;

    [[nodiscard]] task<> accept(receiver to);
    [[nodiscard]] bool accept_all(receiver const& to);
    [[nodiscard]] bool hand_on(int socket, receiver const& to) noexcept;
    void listen_tcp();
    void listen_unix();
    void remove_file();

    proxy::shared& all_;
    listener_settings const chosen_;
    int socket_ = -1; ///< until the acceptor has it
    int family_ = 0;
    std::optional<file_identity> file_; ///< of a unix socket
    std::string bound_;                 ///< HOST:PORT
    std::optional<acceptor> acceptor_;
    mutable std::mutex lock_;
    tls_context tls_;
};

} // namespace proxy
