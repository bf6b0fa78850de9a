// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_tls.hpp>

#include "beast_peer.hpp"
#include "support.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include <sys/socket.h>

// Connections that succeed are in tests/end_to_end/beast.cpp, whose cluster has certificates.

namespace {

namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using namespace std::chrono_literals;
using afterwrite::beast_reply;
using afterwrite::beast_tls_transport;
using afterwrite::detail::beast_place;
using request = http::request<http::string_body>;

std::string with_tls(std::string const& address) { return "https" + address.substr(4); }

beast_reply ask(beast_tls_transport& vault)
{
    request what{http::verb::put, "/v1/kv/foo", 11};
    return vault(what, {});
}

} // namespace

TEST_CASE("a connection verifies the node, whatever the context says, and names it if it has a name")
{
    boost::asio::io_context context;
    ssl::context trusted{ssl::context::tls_client};
    trusted.set_verify_mode(ssl::verify_none);
    afterwrite::beast_tls const security{trusted};
    auto const by_name = security.make(context.get_executor(), beast_place::of("https://vault:8200").value());
    CHECK(SSL_get_verify_mode(by_name->native_handle()) == SSL_VERIFY_PEER);
    CHECK(std::string(SSL_get_servername(by_name->native_handle(), TLSEXT_NAMETYPE_host_name)) == "vault");
    auto const by_number = security.make(context.get_executor(), beast_place::of("https://[::1]").value());
    CHECK(SSL_get_verify_mode(by_number->native_handle()) == SSL_VERIFY_PEER);
    CHECK(SSL_get_servername(by_number->native_handle(), TLSEXT_NAMETYPE_host_name) == nullptr);
}

TEST_CASE("a node that does not answer the handshake is waited for until the timeout, and nothing was sent")
{
    scripted::loopback_socket silent;
    REQUIRE(::listen(silent.fd(), 1) == 0); // connections are made, and nobody looks at them
    ssl::context trusted{ssl::context::tls_client};
    beast_tls_transport vault{with_tls(silent.address()), trusted, {.connect_timeout = 20ms}};
    auto const reply = ask(vault);
    CHECK_FALSE(reply);
    CHECK(reply.error() == boost::beast::error::timeout);
    CHECK(reply.is_unsent());

    vault.set_options({.timeout = 20ms});
    CHECK(ask(vault).is_unsent());
}

TEST_CASE("a node without TLS is an error before anything was sent")
{
    scripted::server node([](auto const&, auto) { return scripted::answer("200 OK"); });
    ssl::context trusted{ssl::context::tls_client};
    beast_tls_transport vault{node.address(), trusted};
    CHECK(ask(vault).error() == boost::asio::error::operation_not_supported);
    vault.set_address("unix:/run/vault.sock");
    CHECK(ask(vault).error() == boost::asio::error::operation_not_supported);
    CHECK(node.requests().empty());

    scripted::refusing_address const nobody;
    vault.set_address(with_tls(nobody.address()));
    CHECK(ask(vault).error() == boost::asio::error::connection_refused);
    CHECK(ask(vault).is_unsent());
}
