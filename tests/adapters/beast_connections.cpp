// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_connections.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;
using afterwrite::detail::beast_place;
using afterwrite::detail::beast_stream;
using connections = afterwrite::detail::beast_connections<afterwrite::detail::beast_plain>;

/// A connection, and its other end.
struct pair {
    explicit pair(boost::asio::io_context& context) : other(context)
    {
        boost::asio::local::stream_protocol::socket mine(context);
        boost::asio::local::connect_pair(mine, other);
        stream =
            std::make_unique<beast_stream>(boost::asio::generic::stream_protocol::socket(std::move(mine)));
    }

    std::unique_ptr<beast_stream> stream;
    boost::asio::local::stream_protocol::socket other;
};

std::string shown(std::string_view address)
{
    auto const place = beast_place::of(address);
    if (!place)
        return "none";
    if (!place->path.empty())
        return place->path + " " + place->authority;
    return place->host + " " + std::to_string(place->port) + (place->is_tls ? " tls " : " ") +
           place->authority;
}

} // namespace

TEST_CASE("an address leads to a name or a number and a port, or to a path")
{
    CHECK(shown("http://10.0.0.1:8200") == "10.0.0.1 8200 10.0.0.1:8200");
    CHECK(shown("https://vault:8200/") == "vault 8200 tls vault:8200");
    CHECK(shown("HTTPS://Vault") == "Vault 443 tls Vault");
    CHECK(shown("http://vault/v1") == "vault 80 vault");
    CHECK(shown("http://[::1]:8200") == "::1 8200 [::1]:8200");
    CHECK(shown("https://[fe80::1]") == "fe80::1 443 tls [fe80::1]");
    CHECK(shown("unix:/run/vault.sock") == "/run/vault.sock localhost");
    CHECK(shown("unix:///run/vault.sock") == "/run/vault.sock localhost");
    CHECK(shown("unix:" + std::string(103, 'x')).size() == 103 + 10);
}

TEST_CASE("what is no address leads nowhere")
{
    for (std::string const& bad :
         {std::string(), std::string("vault:8200"), std::string("http://"), std::string("http://:8200"),
          std::string("http://vault:"), std::string("http://vault:x"), std::string("http://vault:80x"),
          std::string("http://vault:-1"), std::string("http://vault:65536"), std::string("http://vault:1:2"),
          std::string("http://::1"), std::string("http://[::1"), std::string("http://[]:1"),
          std::string("http://[::1]8200"), std::string("http://a@b"), std::string("ftp://vault"),
          std::string("unix:"), std::string("unix://"), "unix:" + std::string(104, 'x')})
        CHECK_MESSAGE(shown(bad) == "none", bad);
}

TEST_CASE("kept connections are taken by their address, the last one first")
{
    boost::asio::io_context context;
    connections kept;
    CHECK(kept.take("a", 1h) == nullptr);
    pair one(context);
    pair two(context);
    pair three(context);
    auto const* const first = one.stream.get();
    auto const* const last = three.stream.get();
    kept.keep("a", std::move(one.stream), 8);
    kept.keep("b", std::move(two.stream), 8);
    kept.keep("a", std::move(three.stream), 8);
    CHECK(kept.take("a", 1h).get() == last);
    CHECK(kept.take("a", 1h).get() == first);
    CHECK(kept.take("a", 1h) == nullptr);
    CHECK(kept.take("b", 1h) != nullptr);
}

TEST_CASE("of too many the first goes, and what waited too long is not used again")
{
    boost::asio::io_context context;
    connections kept;
    pair one(context);
    pair two(context);
    kept.keep("a", std::move(one.stream), 1);
    kept.keep("b", std::move(two.stream), 1);
    CHECK(kept.take("a", 1h) == nullptr);
    CHECK(kept.take("b", -1s) == nullptr);
    CHECK(kept.take("b", 1h) == nullptr);
    char byte = 0;
    boost::system::error_code error;
    one.other.read_some(boost::asio::buffer(&byte, 1), error);
    CHECK(error == boost::asio::error::eof);

    pair three(context);
    kept.keep("a", std::move(three.stream), 0);
    CHECK(kept.take("a", 1h) == nullptr);
}

TEST_CASE("a connection that has ended, or says what nobody asked for, is not used again")
{
    boost::asio::io_context context;
    connections kept;
    pair ended(context);
    pair open(context);
    pair talking(context);
    auto const* const expected = open.stream.get();
    kept.keep("a", std::move(open.stream), 8);
    kept.keep("a", std::move(ended.stream), 8);
    kept.keep("a", std::move(talking.stream), 8);
    ended.other.close();
    boost::asio::write(talking.other, boost::asio::buffer("x", 1));
    CHECK(kept.take("a", 1h).get() == expected);
    CHECK(kept.take("a", 1h) == nullptr);
}

TEST_CASE("without TLS there is no handshake, and its end is not told at once")
{
    boost::asio::io_context context;
    auto const stream = afterwrite::detail::beast_plain{}.make(context.get_executor(), beast_place{});
    bool is_done = false;
    afterwrite::detail::beast_plain::async_handshake(*stream, [&](boost::system::error_code error) {
        CHECK_FALSE(error);
        is_done = true;
    });
    CHECK_FALSE(is_done);
    context.run();
    CHECK(is_done);
}
