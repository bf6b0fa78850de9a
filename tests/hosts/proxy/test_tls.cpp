// SPDX-License-Identifier: BSL-1.0
// TLS on both sides: a proxy that speaks it to its node stands before one that speaks it to its clients.
#include "tls.hpp"

#include "front.hpp"
#include "scratch_folder.hpp"
#include "scripted_node.hpp"

#include "cluster/tls.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <doctest/doctest.h>

#include <string>
#include <utility>

using namespace proxy_tests;

namespace {

namespace asio = boost::asio;

/// A proxy with a certificate of its own, before a node without.
struct secure_world {
    secure_world() { write(cluster::make_self_signed()); }

    void write(cluster::tls_identity const& made)
    {
        tls.cert_file = folder.write("cert.pem", made.certificate);
        tls.key_file = folder.write("key.pem", made.key);
    }

    [[nodiscard]] proxy::settings behind_tls() const
    {
        auto chosen = before(node.address());
        chosen.listeners.front().tls = tls;
        return chosen;
    }

    /// Plain HTTP for the test, TLS to `to`, which is trusted.
    [[nodiscard]] proxy::settings trusting(std::string const& to) const
    {
        auto chosen = before(to);
        chosen.upstream.ca_cert = tls.cert_file;
        chosen.upstream.timeout = std::chrono::seconds(2);
        return chosen;
    }

    scratch_folder folder;
    listening_node node;
    proxy::listener_tls tls;
};

/// Whether a handshake with a node that has this certificate succeeds, if it is expected to be `host`.
[[nodiscard]] bool is_trusted_as(proxy::listener_tls const& tls, std::string const& host)
{
    asio::io_context context(1);
    proxy::rounds rounds;
    asio::basic_stream_socket<asio::local::stream_protocol, proxy::executor> one(context);
    asio::basic_stream_socket<asio::local::stream_protocol, proxy::executor> other(context);
    asio::local::connect_pair(one, other);
    proxy::stream node(rounds, std::move(one), proxy::make_server_tls(tls));
    proxy::upstream_settings chosen;
    chosen.ca_cert = tls.cert_file;
    proxy::stream client(rounds, std::move(other), proxy::make_client_tls(chosen));
    if (proxy::expect_host(client, host, true))
        return false;
    bool is_trusted = false;
    auto const shake = [&](proxy::stream& with,
                           asio::ssl::stream_base::handshake_type side) -> proxy::task<> {
        auto const error = co_await with.handshake(side);
        if (&with == &client)
            is_trusted = !error;
        if (error)
            with.close();
    };
    asio::co_spawn(context.get_executor(), shake(node, asio::ssl::stream_base::server), asio::detached);
    asio::co_spawn(context.get_executor(), shake(client, asio::ssl::stream_base::client), asio::detached);
    context.run();
    return is_trusted;
}

[[nodiscard]] int status_through(proxy::settings const& chosen)
{
    front plain(chosen);
    return plain.client().ask(request("PUT", "/v1/a", "Connection: close\r\n", "body")).status();
}

} // namespace

TEST_CASE("requests and answers go through TLS, over connections that are kept")
{
    secure_world world;
    front secure(world.behind_tls());
    front plain(world.trusting(secure.address()));
    CHECK(secure.address().starts_with("https://127.0.0.1:"));
    auto client = plain.client();
    for (int i = 0; i < 5; ++i)
        CHECK(client.ask(request("GET", "/v1/a")).status() == 200);
    CHECK(client.ask(request("PUT", "/v1/a", {}, std::string(500'000, 'x'))).status() == 200);
    CHECK(world.node.requests.last().ends_with(std::string(500'000, 'x')));
    CHECK(plain.counted().upstream_connections == 1);
    CHECK(secure.counted().connections_accepted == 1);
}

TEST_CASE("a long answer through TLS")
{
    scratch_folder const folder;
    auto const made = cluster::make_self_signed();
    listening_node node(answer("200 OK", std::string(1'000'000, 'y')));
    auto chosen = before(node.address());
    chosen.listeners.front().tls = proxy::listener_tls{.cert_file = folder.write("c", made.certificate),
                                                       .key_file = folder.write("k", made.key)};
    front secure(chosen);
    auto outer = before(secure.address());
    outer.upstream.ca_cert = folder / "c";
    front plain(outer);
    auto client = plain.client();
    CHECK(client.ask(request("GET", "/v1/a")).body == std::string(1'000'000, 'y'));
}

TEST_CASE("a node is only spoken to if its certificate is known, and of its name")
{
    secure_world world;
    front secure(world.behind_tls());
    auto chosen = world.trusting(secure.address());
    CHECK(status_through(chosen) == 200);
    chosen.upstream.tls_server_name = "localhost";
    CHECK(status_through(chosen) == 200);
    chosen.upstream.tls_server_name = "vault.example";
    CHECK(status_through(chosen) == 503);
    chosen.upstream.tls_skip_verify = true;
    CHECK(status_through(chosen) == 200);
    chosen = world.trusting("https://localhost:" + secure.address().substr(secure.address().rfind(':') + 1));
    CHECK(status_through(chosen) == 200);
    chosen.upstream.ca_cert = world.folder.write("other.pem", cluster::make_self_signed().certificate);
    CHECK(status_through(chosen) == 503);
    chosen.upstream.ca_cert.clear();
    CHECK(status_through(chosen) == 503);
}

TEST_CASE("whatever a node is called, somebody looks whose certificate it has")
{
    secure_world const world; // whose certificate is for 127.0.0.1 and localhost
    for (std::string const host : {"127.0.0.1", "localhost"})
        CHECK_MESSAGE(is_trusted_as(world.tls, host), host);
    for (std::string const& host :
         {std::string("127.0.0.2"), std::string("::1"), std::string("::1%lo"), std::string("::1%1"),
          std::string("fe80::1%eth0"), std::string("fe80::1%"), std::string("vault.example"),
          std::string("localhost.example"), std::string("local\0host", 10),
          std::string("localhost\0.example", 18)})
        CHECK_MESSAGE(!is_trusted_as(world.tls, host), host);
}

TEST_CASE("a listener may want certificates of its clients")
{
    secure_world world;
    auto const mine = cluster::make_self_signed();
    auto const cert = world.folder.write("mine.pem", mine.certificate);
    auto const key = world.folder.write("mine.key", mine.key);
    world.tls.client_ca_file = cert;
    world.tls.require_and_verify_client_cert = true;
    front secure(world.behind_tls());
    auto chosen = world.trusting(secure.address());
    CHECK(status_through(chosen) == 502);
    chosen.upstream.client_cert = cert;
    chosen.upstream.client_key = key;
    CHECK(status_through(chosen) == 200);
}

TEST_CASE("a certificate is read anew, for connections to come; a broken one is not taken")
{
    secure_world world;
    front secure(world.behind_tls());
    auto before_it = world.trusting(secure.address());
    before_it.upstream.ca_cert = world.folder.write("first.pem", world.folder.read("cert.pem"));
    front kept(before_it);
    auto client = kept.client();
    CHECK(client.ask(request("GET", "/v1/a")).status() == 200);
    world.write(cluster::make_self_signed());
    CHECK(status_through(before_it) == 200); // it was not asked for yet
    CHECK(secure.server.reload());
    CHECK(status_through(before_it) == 503);
    CHECK(status_through(world.trusting(secure.address())) == 200);
    CHECK(client.ask(request("GET", "/v1/a")).status() == 200); // over the connection that was there
    world.folder.write("cert.pem", "no certificate");
    CHECK_FALSE(secure.server.reload());
    CHECK(secure.lines.has("a certificate stays as it was"));
}

TEST_CASE("HTTP at a listener with TLS is told so, and nobody else is harmed")
{
    secure_world world;
    front secure(world.behind_tls());
    auto client = secure.client();
    auto const got = client.ask(request("GET", "/v1/a"));
    CHECK(got.status() == 400);
    CHECK(got.body.find("HTTPS") != std::string::npos);
    CHECK(secure.lines.has("HTTP without TLS"));
    auto garbage = secure.client();
    garbage.send(std::string(1000, '\x01'));
    (void)garbage.is_closed();
    CHECK(status_through(world.trusting(secure.address())) == 200);
}

TEST_CASE("a handshake that comes to no end is cut off in time")
{
    secure_world world;
    auto chosen = world.behind_tls();
    chosen.limits.header_timeout = std::chrono::milliseconds(200);
    front secure(chosen);
    auto client = secure.client();
    client.send("\x16\x03\x01");
    (void)client.is_closed();
    CHECK(world.node.requests.all().empty());
}

TEST_CASE("what cannot be used is said before anything begins")
{
    secure_world world;
    auto const refused = [&](proxy::settings const& chosen) -> std::string {
        try {
            front const never(chosen);
        } catch (proxy::setup_error const& error) {
            return error.what();
        }
        return {};
    };
    auto chosen = world.behind_tls();
    auto const missing = world.folder / "nothing.pem";
    chosen.listeners.front().tls->cert_file = missing;
    CHECK(refused(chosen).starts_with("tls_cert_file \"" + missing + "\" cannot be used: "));
    chosen = world.behind_tls();
    chosen.listeners.front().tls->key_file = world.folder.write("k.pem", cluster::make_self_signed().key);
    CHECK(refused(chosen).find("tls_key_file") != std::string::npos);
    chosen = world.trusting("https://127.0.0.1:1");
    chosen.upstream.ca_cert = world.folder.write("empty.pem", "");
    CHECK(refused(chosen).starts_with("ca_cert "));
    chosen = before("ftp://127.0.0.1");
    CHECK(refused(chosen).find("ftp://127.0.0.1") != std::string::npos);
}
