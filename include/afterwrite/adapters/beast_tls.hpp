// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/beast_connections.hpp>
#include <afterwrite/adapters/beast_transport.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/asio/ssl/verify_mode.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

#include <openssl/ssl.h>

#include <memory>

// needs exceptions: Boost.Beast does.

// The transports with TLS, for those who have OpenSSL.
//
//     boost::asio::ssl::context trusted{boost::asio::ssl::context::tls_client};
//     trusted.set_default_verify_paths();
//     afterwrite::beast_tls_transport vault{"https://10.0.0.1:8200", trusted};

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Connections with TLS, by a context of the caller's, which must outlive them: authorities, versions and the
/// client's certificate are set there. The node's certificate is always verified, whatever the context's
/// verify mode, and must be for the name, or the IP address, that the node's address says.
struct beast_tls {
    using stream = boost::beast::ssl_stream<detail::beast_stream>;
    static constexpr bool is_tls = true;

    beast_tls(boost::asio::ssl::context& by) noexcept : context(&by) {}

    template <class Executor>
    [[nodiscard]] std::unique_ptr<stream> make(Executor const& executor,
                                               detail::beast_place const& place) const
    {
        namespace ssl = boost::asio::ssl;
        auto made = std::make_unique<stream>(executor, *context);
        boost::beast::error_code is_name;
        boost::asio::ip::make_address(place.host, is_name);
        if (is_name) // RFC 6066, 3: names alone are indicated
            SSL_set_tlsext_host_name(made->native_handle(), place.host.c_str());
        made->set_verify_mode(ssl::verify_peer);
        made->set_verify_callback(ssl::host_name_verification(place.host));
        return made;
    }

    /// A part of a record is something to read as well.
    [[nodiscard]] static bool is_quiet(stream& of)
    {
        return detail::has_nothing_to_read(of) && SSL_has_pending(of.native_handle()) == 0;
    }

    template <class Handler>
    static void async_handshake(stream& with, Handler&& handler)
    {
        with.async_handshake(boost::asio::ssl::stream_base::client, std::forward<Handler>(handler));
    }

    boost::asio::ssl::context* context;
};

/// See `beast_transport` and `beast_async_transport`.
using beast_tls_transport = basic_beast_transport<beast_tls>;
using beast_tls_async_transport = basic_beast_async_transport<beast_tls>;

} // namespace afterwrite::inline AFTERWRITE_VERSION
