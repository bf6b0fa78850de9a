// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_tls.hpp>

#include "beast_peer.hpp"
#include "support.hpp"

#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

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

/// A connection with TLS, and its other end, whose bytes a test chooses. Without certificates.
struct secure_pair {
    using local = boost::asio::local::stream_protocol;

    secure_pair() : other(context, server)
    {
        local::socket mine(context);
        boost::asio::local::connect_pair(mine, other.next_layer());
        using generic = boost::asio::generic::stream_protocol::socket;
        stream = std::make_unique<afterwrite::beast_tls::stream>(
            afterwrite::detail::beast_stream(generic(std::move(mine))), client);
        int shaken = 0;
        auto const count = [&shaken](boost::system::error_code error) { shaken += error ? 0 : 1; };
        stream->async_handshake(ssl::stream_base::client, count);
        other.async_handshake(ssl::stream_base::server, count);
        context.run();
        REQUIRE(shaken == 2);
    }

    static ssl::context anonymous(ssl::context::method side)
    {
        ssl::context made(side);
        SSL_CTX_set_max_proto_version(made.native_handle(), TLS1_2_VERSION);
        SSL_CTX_set_cipher_list(made.native_handle(), "aNULL:@SECLEVEL=0");
        return made;
    }

    void say(std::string_view record) { boost::asio::write(other, boost::asio::buffer(record)); }

    boost::asio::io_context context;
    ssl::context client = anonymous(ssl::context::tls_client);
    ssl::context server = anonymous(ssl::context::tls_server);
    ssl::stream<local::socket> other;
    std::unique_ptr<afterwrite::beast_tls::stream> stream;
};

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

TEST_CASE("a connection with TLS is used again only if nothing is left in any layer of it")
{
    using connections = afterwrite::detail::beast_connections<afterwrite::beast_tls>;
    auto const is_used_again = [](std::string_view record, std::string_view torn) {
        secure_pair pair;
        pair.say(record);
        if (!torn.empty())
            boost::asio::write(pair.other.next_layer(), boost::asio::buffer(torn));
        char answer[4];
        boost::asio::read(*pair.stream, boost::asio::buffer(answer));
        CHECK(std::string_view(answer, 4) == "mine");
        connections kept;
        kept.keep("a", std::move(pair.stream), 8);
        return kept.take("a", 1h) != nullptr;
    };
    CHECK(is_used_again("mine", ""));
    CHECK_FALSE(is_used_again("mine, and another's", ""));
    CHECK_FALSE(is_used_again("mine", "\x17\x03\x03")); // how a further record begins
}
