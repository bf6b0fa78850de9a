// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net.hpp"
#include "rounds.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>

namespace proxy {

using stream_socket = asio::basic_stream_socket<asio::generic::stream_protocol, executor>;
using tls_context = std::shared_ptr<asio::ssl::context>;

/// One connection, to a client or to a node: TCP or a unix socket, with TLS or without; and until when
/// whatever it does has to be done. One thread, one reader and one writer at a time.
class stream final : public watched {
public:
    /// `tls`: what `handshake` is made with; without it nothing is encrypted.
    stream(rounds& by, stream_socket socket, tls_context tls = {});

    [[nodiscard]] stream_socket& socket() noexcept { return socket_; }
    [[nodiscard]] bool is_open() const noexcept { return socket_.is_open(); }

    /// A new socket, not connected yet, in place of the one before.
    [[nodiscard]] error_code open(asio::generic::stream_protocol const& protocol);

    [[nodiscard]] bool is_secure() const noexcept { return tls_.has_value(); }
    [[nodiscard]] asio::ssl::stream<stream_socket&>& tls() noexcept { return *tls_; }

    [[nodiscard]] task<error_code> handshake(asio::ssl::stream_base::handshake_type side);

    /// At least one byte, or an error.
    [[nodiscard]] task<std::size_t> read_some(asio::mutable_buffer into_bytes, error_code& error);

    /// All of them, one behind the other.
    [[nodiscard]] task<error_code> write(std::string_view first, std::string_view second = {},
                                         std::string_view third = {});

    /// The same past TLS, to somebody who speaks none.
    [[nodiscard]] task<> write_plain(std::string_view bytes);

    /// Until there is something to read, without a buffer for it. Not with TLS.
    [[nodiscard]] task<error_code> readable();

    /// Until `go_on` is called, for what has to be there before it can be connected; or until it is closed:
    /// false, also where `go_on` is called by the time that the caller finds out.
    [[nodiscard]] task<bool> pause();
    void go_on() noexcept;

    /// How much `write` has got rid of since the beginning.
    [[nodiscard]] std::uint64_t written() const noexcept { return written_; }

    /// Nothing came in, and the other side is there: what is kept for later can be used. With TLS it has to
    /// try to read, since what came in may no longer be in the socket: so where this does not hold, bytes are
    /// lost.
    [[nodiscard]] bool is_quiet() noexcept;

    /// The other side has ended what it sends, or is gone.
    [[nodiscard]] bool has_hung_up() noexcept;

    void expire_at(instant when) noexcept { expires_ = when; }
    void expire_after(monotonic::duration span) noexcept { expires_ = monotonic::now() + span; }
    void expire_never() noexcept { expires_ = instant::max(); }
    [[nodiscard]] instant expires() const noexcept { return expires_; }
    [[nodiscard]] bool has_expired() const noexcept { return has_expired_; }

    /// Says that nothing more comes, and takes in what still does for a moment, so that the other side
    /// loses nothing of what was written.
    [[nodiscard]] task<> finish();

    /// At once. What is under way ends with an error.
    void close() noexcept;

    /// At once, and so that the other side sees that it was cut off.
    void cut() noexcept;

    void look(instant now) override;

private:
    [[nodiscard]] task<error_code> write_secure(std::string_view first, std::string_view second,
                                                std::string_view third);

    tls_context context_;
    stream_socket socket_;
    std::optional<asio::ssl::stream<stream_socket&>> tls_;
    asio::steady_timer* pause_ = nullptr; ///< under way
    instant expires_ = instant::max();
    std::uint64_t written_ = 0;
    bool has_expired_ = false;
    bool is_shaken_ = false;
    bool is_pause_cut_ = false; ///< closed since it began
};

} // namespace proxy
