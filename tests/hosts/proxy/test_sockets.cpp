// SPDX-License-Identifier: BSL-1.0
// Where a proxy listens.
#include "listener.hpp"

#include "front.hpp"
#include "scratch_folder.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <boost/asio/post.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <new>
#include <string>

using namespace proxy_tests;

namespace {

[[nodiscard]] proxy::settings at_file(std::string const& path, std::string const& upstream)
{
    auto chosen = before(upstream);
    chosen.listeners = {{.kind = proxy::listener_settings::family::unix_socket, .address = path}};
    return chosen;
}

[[nodiscard]] std::string refused(proxy::settings const& chosen)
{
    try {
        front const never(chosen);
    } catch (proxy::setup_error const& error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_CASE("a unix socket on either side")
{
    scratch_folder const folder;
    listening_node node;
    auto inner = at_file(folder / "inner", node.address());
    inner.listeners.front().socket_mode = "0600";
    inner.listeners.front().socket_user = std::to_string(::getuid());
    inner.listeners.front().socket_group = std::to_string(::getgid());
    {
        front behind(inner);
        front proxy(at_file(folder / "outer", behind.address()));
        CHECK(proxy.address() == "unix://" + (folder / "outer"));
        struct stat what {};
        REQUIRE(::stat((folder / "inner").c_str(), &what) == 0);
        CHECK((what.st_mode & 0777) == 0600);
        auto client = proxy.client();
        for (int i = 0; i < 3; ++i)
            CHECK(client.ask(request("PUT", "/v1/a", {}, "body")).status() == 200);
        CHECK(behind.counted().connections_accepted == 1);
    }
    CHECK_FALSE(std::filesystem::exists(folder / "inner"));
    CHECK_FALSE(std::filesystem::exists(folder / "outer"));
}

TEST_CASE("what a killed proxy has left is taken away, but nothing else")
{
    scratch_folder const folder;
    auto const path = folder / "socket";
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    int const left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    REQUIRE(::bind(left, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    ::close(left);
    listening_node node;
    auto const chosen = at_file(path, node.address());
    front proxy(chosen);
    CHECK(proxy.client().ask(request("GET", "/v1/a")).status() == 200);
    CHECK(refused(chosen).find("somebody listens there already") != std::string::npos);
    CHECK(proxy.client().ask(request("GET", "/v1/a")).status() == 200);
    CHECK(refused(at_file(folder.write("file", "text"), node.address())).find("no socket") !=
          std::string::npos);
    CHECK(std::filesystem::exists(folder / "file"));
}

TEST_CASE("a file that somebody else has put there meanwhile stays")
{
    scratch_folder const folder;
    listening_node node;
    {
        front proxy(at_file(folder / "socket", node.address()));
        std::filesystem::rename(folder / "socket", folder / "moved");
        folder.write("socket", "another one's");
        CHECK(proxy.server.drain());
    }
    CHECK(folder.read("socket") == "another one's");
}

TEST_CASE("whatever comes of one connection, the next one is accepted")
{
    auto const chosen = before("http://127.0.0.1:1");
    kept_lines lines;
    proxy::log log(lines.settings(), lines.sink());
    proxy::shared all(chosen, log, {});
    proxy::listener at(all, chosen.listeners.front());
    proxy::asio::io_context io;
    int count = 0;
    at.begin(io, [&](int socket, int, proxy::listener const&) {
        if (++count == 1)
            throw std::bad_alloc();
        ::close(socket);
        all.note_closed();
        proxy::asio::post(io, [&at] { at.close(); });
    });
    wire_client first(at.address());
    wire_client second(at.address());
    io.run();
    CHECK(count == 2);
    CHECK(first.is_closed());
    CHECK(all.counted.connections_open == 0);
}

TEST_CASE("several listeners, and addresses that are none")
{
    listening_node node;
    auto chosen = before(node.address());
    chosen.listeners.push_back({.address = "[::1]:0"});
    chosen.listeners.push_back({.address = "localhost:0"});
    front proxy(chosen);
    auto const all = proxy.server.addresses();
    REQUIRE(all.size() == 3);
    CHECK(all[0].starts_with("http://127.0.0.1:"));
    CHECK(all[1].starts_with("http://[::1]:"));
    CHECK(wire_client(all[0]).ask(request("GET", "/v1/a")).status() == 200);
    auto taken = before(node.address());
    taken.listeners.front().address = all[0].substr(7);
    CHECK(refused(taken).find(all[0].substr(7)) != std::string::npos);
    for (auto const* const address : {"nowhere", "127.0.0.1:65536", "::1:80", ":8200", "127.0.0.1:x"}) {
        CAPTURE(address);
        taken.listeners.front().address = address;
        CHECK(refused(taken).find(address) != std::string::npos);
    }
    auto const path = std::string(200, 'x');
    CHECK(refused(at_file(path, node.address())).find(path) != std::string::npos);
}
