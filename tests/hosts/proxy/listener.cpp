// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"

#include "address.hpp"
#include "server.hpp"
#include "tls.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>

namespace proxy {

namespace {

constexpr int backlog = 1024;

[[noreturn]] void fail(std::string const& address, int why)
{
    throw setup_error("listener \"" + address +
                      "\": cannot listen there: " + std::generic_category().message(why));
}

/// Port and host of a socket as they were bound.
[[nodiscard]] std::string bound_address(int socket)
{
    sockaddr_storage at{};
    socklen_t size = sizeof at;
    char host[NI_MAXHOST] = {};
    char port[NI_MAXSERV] = {};
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    if (::getsockname(socket, address, &size) != 0 ||
        ::getnameinfo(address, size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) !=
            0)
        return {};
    return (at.ss_family == AF_INET6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

} // namespace

listener::listener(proxy::shared& all, listener_settings const& chosen) : all_(all), chosen_(chosen)
{
    if (chosen_.tls)
        tls_ = make_server_tls(*chosen_.tls);
    if (chosen_.kind == listener_settings::family::tcp)
        listen_tcp();
    else
        listen_unix();
}

listener::~listener()
{
    remove_file();
    if (socket_ >= 0)
        ::close(socket_);
}

/// While it is listened at: so nobody takes the file for one that a killed proxy has left.
void listener::remove_file()
{
    if (file_)
        proxy::remove_file(chosen_.address, *file_);
    file_.reset();
}

void listener::listen_tcp()
{
    host_and_port where;
    try {
        where = host_and_port::parse(chosen_.address);
    } catch (std::invalid_argument const& error) {
        throw setup_error(std::string("listener: ") + error.what());
    }
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (auto const why = ::getaddrinfo(where.host.c_str(), where.port.c_str(), &wanted, &found); why != 0)
        throw setup_error("listener \"" + chosen_.address + "\": " + ::gai_strerror(why));
    std::unique_ptr<addrinfo, void (*)(addrinfo*)> const held(found, ::freeaddrinfo);
    family_ = found->ai_family;
    socket_ = ::socket(family_, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int const yes = 1;
    (void)::setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (socket_ < 0 || ::bind(socket_, found->ai_addr, found->ai_addrlen) != 0 ||
        ::listen(socket_, backlog) != 0)
        fail(chosen_.address, errno);
    bound_ = bound_address(socket_);
}

void listener::listen_unix()
{
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    family_ = AF_UNIX;
    if (chosen_.address.empty() || chosen_.address.size() >= sizeof at.sun_path)
        throw setup_error("listener \"" + chosen_.address + "\": a path of 1 to " +
                          std::to_string(sizeof at.sun_path - 1) + " bytes is needed");
    std::memcpy(at.sun_path, chosen_.address.data(), chosen_.address.size());
    remove_stale_socket(chosen_.address);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket_ < 0 || ::bind(socket_, reinterpret_cast<sockaddr const*>(&at), sizeof at) != 0)
        fail(chosen_.address, errno);
    file_ = file_identity::of(chosen_.address);
    try {
        set_owner_and_mode(chosen_);
        if (::listen(socket_, backlog) != 0)
            fail(chosen_.address, errno);
    } catch (...) {
        remove_file();
        ::close(socket_);
        throw;
    }
}

std::string listener::address() const
{
    if (chosen_.kind == listener_settings::family::unix_socket)
        return "unix://" + chosen_.address;
    return (chosen_.tls ? "https://" : "http://") + bound_;
}

void listener::begin(asio::io_context& io, receiver to)
{
    acceptor_.emplace(io);
    acceptor_->assign(asio::generic::stream_protocol(family_, 0), std::exchange(socket_, -1));
    asio::co_spawn(io.get_executor(), accept(std::move(to)), asio::detached);
}

void listener::close()
{
    remove_file();
    acceptor_.reset(); // while its loop is there
}

tls_context listener::tls() const
{
    std::lock_guard const held(lock_);
    return tls_;
}

void listener::reload()
{
    if (!chosen_.tls)
        return;
    auto made = make_server_tls(*chosen_.tls);
    std::lock_guard const held(lock_);
    tls_ = std::move(made);
}

task<> listener::accept(receiver to)
{
    while (acceptor_) {
        error_code error;
        co_await acceptor_->async_wait(acceptor::wait_read, into(error));
        bool const is_done = !error && accept_all(to);
        if (is_done || !acceptor_)
            continue;
        asio::steady_timer pause(acceptor_->get_executor(), std::chrono::milliseconds(100));
        co_await pause.async_wait(into(error)); // no file is to be had: others must be closed first
    }
}

/// False: the system has no room for another one.
bool listener::accept_all(receiver const& to)
{
    for (;;) {
        int const socket =
            ::accept4(acceptor_->native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (socket < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return true;
        if (socket < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)) {
            all_.log.write_seldom(log_level::error, "no further connection can be accepted",
                                  {{"error", std::generic_category().message(errno)}});
            return false;
        }
        if (socket < 0)
            continue; // which concerns that one connection
        ++all_.counted.connections_accepted;
        if (all_.counted.connections_open >= all_.chosen.limits.max_connections) {
            ++all_.counted.connections_refused;
            ::close(socket);
            continue;
        }
        int const yes = 1;
        if (family_ != AF_UNIX)
            (void)::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        all_.note_opened();
        if (!hand_on(socket, to))
            return false;
    }
}

/// False: there is no memory for it. Whatever comes of one connection, the next ones are accepted.
bool listener::hand_on(int socket, receiver const& to) noexcept
{
    try {
        to(socket, family_, *this);
        return true;
    } catch (std::exception const&) {
        ++all_.counted.connections_refused;
        ::close(socket);
        all_.note_closed();
        return false;
    }
}

} // namespace proxy
