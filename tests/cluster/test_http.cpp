// SPDX-License-Identifier: BSL-1.0
#include "http_client.hpp"
#include "rows.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <doctest/doctest.h>

#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

settings slow(dialect speaks)
{
    settings set;
    set.speaks = speaks;
    set.performance_standbys = 2;
    set.plain_standbys = 1;
    set.lag.shape = lag_shape::constant;
    set.lag.typical = 1h;
    set.consistency_max_index_wait = 60s;
    return set;
}

std::string index_of(response const& answer)
{
    return std::string(field_or_empty(answer.fields, "X-Vault-Index"));
}

/// Waits until the node holds so many requests; the serving thread needs its moment.
void wait_until_held(http_server& server, std::size_t count)
{
    for (std::size_t held = count + 1; held != count; std::this_thread::yield()) {
        server.with_model([&](model& emulated, nanoseconds) { held = emulated.held_count(); });
    }
}

std::string raw(http_server const& server, std::string_view bytes)
{
    asio::io_context loop;
    asio::ip::tcp::socket socket(loop);
    socket.connect(http_client::endpoint(server, 0));
    error_code error;
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()), error);
    std::string answer;
    asio::read(socket, asio::dynamic_buffer(answer), error);
    CHECK(error == asio::error::eof);
    return answer;
}

} // namespace

void http_client::send(request const& asked)
{
    http::request<http::string_body> message;
    message.method_string(asked.method);
    message.target(asked.target);
    message.version(11);
    message.set(http::field::host, "127.0.0.1");
    for (auto const& [name, value] : asked.fields) {
        message.insert(name, value);
    }
    message.body() = asked.body;
    message.prepare_payload();
    http::write(socket_, message);
}

response http_client::receive()
{
    http::response<http::string_body> message;
    http::read(socket_, buffer_, message);
    response got{static_cast<int>(message.result_int()), {}, message.body()};
    for (auto const& field : message) {
        got.fields.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    return got;
}

TEST_CASE("http: write, stale read, 412, catch up, on connections that stay open")
{
    http_server server(slow(dialect::vault));
    http_client active(server, 0);
    http_client standby(server, 1);
    auto const written = active.ask(ask("PUT", "kv/foo", {}, R"({"v":1})"));
    CHECK(written.status == 204);
    CHECK(standby.ask(ask("GET", "kv/foo")).status == 404);
    auto const guarded = ask("GET", "kv/foo", {{"X-Vault-Index", index_of(written)}});
    CHECK(standby.ask(guarded).status == 412);
    server.with_model([](model& emulated, nanoseconds now) { emulated.drop_lag(now); });
    CHECK(standby.ask(guarded).status == 200);
    CHECK(active.ask(ask("LIST", "kv")).body.find(R"("keys":["foo"])") != std::string::npos);
    CHECK(active.ask(ask("HEAD", "sys/health")).status == 200);
    CHECK(server.counters(1).received == 3);
    CHECK(server.connections() == 2);
}

TEST_CASE("http: a redirect names the port of the active node")
{
    auto set = slow(dialect::vault);
    set.standbys_redirect = true;
    http_server server(set);
    auto const got = http_client(server, 3).ask(ask("GET", "kv/foo"));
    CHECK(got.status == 307);
    CHECK(field_or_empty(got.fields, "Location") == server.address(0) + "/v1/kv/foo");
}

TEST_CASE("http: a held request is answered when its entry lands")
{
    http_server server(slow(dialect::openbao));
    http_client standby(server, 1);
    auto const written = http_client(server, 0).ask(ask("PUT", "kv/foo", {}, R"({"v":1})"));
    standby.send(ask("GET", "kv/foo",
                     {{"X-Vault-Index", index_of(written)}, {"X-Vault-Inconsistent", "await-state"}}));
    wait_until_held(server, 1);
    server.with_model([](model& emulated, nanoseconds now) { emulated.drop_lag(now); });
    CHECK(standby.receive().status == 200);
    CHECK(standby.ask(ask("GET", "kv/foo")).status == 200);
}

TEST_CASE("http: a client that goes away takes its held request along")
{
    http_server server(slow(dialect::openbao));
    auto const written = http_client(server, 0).ask(ask("PUT", "kv/foo", {}, R"({"v":1})"));
    {
        http_client standby(server, 1);
        standby.send(ask("GET", "kv/foo",
                         {{"X-Vault-Index", index_of(written)}, {"X-Vault-Inconsistent", "await-state"}}));
        wait_until_held(server, 1);
    }
    wait_until_held(server, 0);
}

TEST_CASE("http: the server stops with a request held and connections open")
{
    std::optional<http_server> server(std::in_place, slow(dialect::openbao));
    http_client idle(*server, 2);
    http_client standby(*server, 1);
    auto const written = http_client(*server, 0).ask(ask("PUT", "kv/foo", {}, R"({"v":1})"));
    standby.send(ask("GET", "kv/foo",
                     {{"X-Vault-Index", index_of(written)}, {"X-Vault-Inconsistent", "await-state"}}));
    wait_until_held(*server, 1);
    server.reset();
    CHECK_THROWS(standby.receive()); // closed, and not answered at the end of its wait
}

TEST_CASE("http: another cluster behind the same ports, and back")
{
    http_server server(slow(dialect::openbao));
    http_client active(server, 0);
    http_client standby(server, 1);
    http_client waiting(server, 2);
    auto const write_and_wait = [&](http_client& reader) {
        auto const index = index_of(active.ask(ask("PUT", "kv/foo", {}, R"({"v":1})")));
        reader.send(
            ask("GET", "kv/foo", {{"X-Vault-Index", index}, {"X-Vault-Inconsistent", "await-state"}}));
        wait_until_held(server, 1);
        return index;
    };
    auto const land = [](model& emulated, nanoseconds now) { emulated.drop_lag(now); };
    (void)write_and_wait(standby);
    server.with_model(land);
    CHECK(standby.receive().status == 200);
    const std::string index = write_and_wait(waiting);
    auto other = slow(dialect::openbao);
    other.cluster_id = "another";
    other.first_index = 1000;
    model first = server.replace_model(model(other));
    CHECK(first.held_count() == 0);
    CHECK_THROWS(waiting.receive()); // neither cluster answers it
    CHECK(standby.ask(ask("GET", "sys/seal-status")).body.find("another") != std::string::npos);
    CHECK(active.ask(ask("GET", "sys/leader")).body.find(server.address(0)) != std::string::npos);
    // The index of the first cluster counts as none here, and the answer's is of the other.
    auto const guarded = ask("GET", "kv/foo", {{"X-Vault-Index", index}});
    CHECK(standby.ask(guarded).status == 404);
    CHECK(write_and_wait(standby) == model(other).index_text({1001, 0}));
    server.with_model(land);
    CHECK(standby.receive().status == 200);
    (void)server.replace_model(std::move(first));
    CHECK(standby.ask(guarded).status == 429);
    other.performance_standbys = 7;
    CHECK_THROWS_AS((void)server.replace_model(model(other)), std::invalid_argument);
    CHECK(active.ask(ask("GET", "kv/foo")).status == 200);
}

TEST_CASE("http: a restore while requests are held")
{
    http_server server(slow(dialect::openbao));
    http_client active(server, 0);
    http_client standby(server, 1);
    snapshot saved;
    server.with_model([&](model& emulated, nanoseconds) { saved = emulated.take_snapshot(); });
    auto const written = active.ask(ask("PUT", "kv/foo", {}, R"({"v":1})"));
    standby.send(ask("GET", "kv/foo",
                     {{"X-Vault-Index", index_of(written)}, {"X-Vault-Inconsistent", "await-state"}}));
    wait_until_held(server, 1);
    server.with_model([&](model& emulated, nanoseconds now) { emulated.restore(saved, now); });
    CHECK(index_of(active.ask(ask("PUT", "kv/bar", {}, R"({"v":1})"))) == index_of(written));
    server.with_model([](model& emulated, nanoseconds now) { emulated.drop_lag(now); });
    CHECK(standby.receive().status == 404);
}

TEST_CASE("http: a hop between nodes can be made to cost time")
{
    http_options options;
    options.forward_delay = 30ms;
    http_server server(slow(dialect::vault), options);
    http_client standby(server, 1);
    auto const start = std::chrono::steady_clock::now();
    CHECK(standby.ask(ask("PUT", "kv/foo", {}, R"({"v":1})")).status == 204);
    CHECK(std::chrono::steady_clock::now() - start >= 30ms);
}

TEST_CASE("http: what is no HTTP, too long a header, too big a body")
{
    http_server server(slow(dialect::vault));
    CHECK(raw(server, "what?\r\n\r\n").find("HTTP/1.1 400") == 0);
    CHECK(raw(server, "GET /v1/sys/health HTTP/1.1\r\nX: " + std::string(70000, 'x') + "\r\n\r\n")
              .find("HTTP/1.1 431") == 0);
    CHECK(raw(server, "PUT /v1/kv/foo HTTP/1.1\r\nContent-Length: 40000000\r\n\r\n{").find("HTTP/1.1 413") ==
          0);
    CHECK(raw(server, "GET /v1/sys/health HTTP/1.1\r\nConnection: close\r\n\r\n").find("HTTP/1.1 200") == 0);
}

TEST_CASE("http: TLS with a certificate made on the spot")
{
    http_options options;
    options.tls = make_self_signed();
    http_server server(slow(dialect::vault), options);
    CHECK(server.address(0).starts_with("https://127.0.0.1:"));
    asio::io_context loop;
    asio::ssl::context trust(asio::ssl::context::tls_client);
    trust.add_certificate_authority(asio::buffer(options.tls->certificate));
    trust.set_verify_mode(asio::ssl::verify_peer);
    beast::ssl_stream<asio::ip::tcp::socket> stream(loop, trust);
    stream.set_verify_callback(asio::ssl::host_name_verification("127.0.0.1"));
    stream.next_layer().connect(http_client::endpoint(server, 0));
    stream.handshake(asio::ssl::stream_base::client);
    http::request<http::empty_body> message(http::verb::get, "/v1/sys/health", 11);
    http::write(stream, message);
    beast::flat_buffer buffer;
    http::response<http::string_body> got;
    http::read(stream, buffer, got);
    CHECK(got.result_int() == 200);
    error_code ignored;
    stream.shutdown(ignored);
}
