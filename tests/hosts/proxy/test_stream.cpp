// SPDX-License-Identifier: BSL-1.0
#include "stream.hpp"

#include "front.hpp"
#include "scratch_folder.hpp"
#include "scripted_node.hpp"

#include "cluster/tls.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <string>

#include <unistd.h>

using namespace proxy_tests;

namespace {

namespace asio = boost::asio;

/// A node with TLS that says to each request what `answer` makes of it, in one record.
class secure_node {
public:
    secure_node(scratch_folder const& folder, std::function<std::string(std::string const&)> answer)
        : node_([this, answer = std::move(answer)](node_connection& with) { talk(with.fd(), answer); })
    {
        auto const made = cluster::make_self_signed();
        certificate = folder.write("cert.pem", made.certificate);
        tls_.use_certificate_chain_file(certificate);
        tls_.use_private_key_file(folder.write("key.pem", made.key), asio::ssl::context::pem);
    }

    [[nodiscard]] std::string address() const { return "https" + node_.address().substr(4); }

    std::string certificate;

private:
    void talk(int fd, std::function<std::string(std::string const&)> const& answer)
    {
        asio::io_context context;
        asio::ip::tcp::socket socket(context, asio::ip::tcp::v4(), ::dup(fd));
        asio::ssl::stream<asio::ip::tcp::socket&> secure(socket, tls_);
        boost::system::error_code error;
        secure.handshake(asio::ssl::stream_base::server, error);
        for (std::string bytes; !error; bytes.clear()) {
            asio::read_until(secure, asio::dynamic_buffer(bytes), "\r\n\r\n", error);
            if (!error)
                asio::write(secure, asio::buffer(answer(bytes)), error);
        }
    }

    asio::ssl::context tls_{asio::ssl::context::tls_server};
    scripted_node node_;
};

/// An answer without a body, of so many bytes: as many as are read in one go, for what lies behind them to
/// stay where TLS keeps it.
[[nodiscard]] std::string answer_of_size(std::size_t size)
{
    std::string const start = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Pad: ";
    return start + std::string(size - start.size() - 4, 'p') + "\r\n\r\n";
}

} // namespace

TEST_CASE("what a node with TLS says without being asked is nobody's answer, wherever it lies")
{
    for (std::size_t const size : {1024u, 4096u, 8192u}) {
        CAPTURE(size);
        scratch_folder const folder;
        secure_node node(folder, [size](std::string const& asked) {
            return asked.starts_with("GET /v1/first") ? answer_of_size(size) + answer("200 OK", "injected")
                                                      : answer("200 OK", "mine");
        });
        auto chosen = before(node.address());
        chosen.upstream.ca_cert = node.certificate;
        front proxy(chosen);
        auto client = proxy.client();
        for (int i = 0; i < 3; ++i) {
            CHECK(client.ask(request("GET", "/v1/first", "X-Vault-Token: a\r\n")).status() == 200);
            CHECK(client.ask(request("GET", "/v1/second", "X-Vault-Token: b\r\n")).body == "mine");
        }
        CHECK(proxy.counted().upstream_connections == 4); // what is sound is kept
    }
}
