// SPDX-License-Identifier: BSL-1.0
#include "listener.hpp"

#include "address.hpp"
#include "server.hpp"
#include "socket_file.hpp"
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
    if (socket_ >= 0)
        ::close(socket_);
    if (has_file_)
        ::unlink(chosen_.address.c_str());
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
    has_file_ = true;
    try {
        set_owner_and_mode(chosen_);
        if (::listen(socket_, backlog) != 0)
            fail(chosen_.address, errno);
    } catch (...) {
        ::unlink(chosen_.address.c_str());
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
    error_code ignored;
    if (acceptor_)
        acceptor_->close(ignored);
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
    while (acceptor_->is_open()) {
        error_code error;
        co_await acceptor_->async_wait(acceptor::wait_read, into(error));
        if (error || !acceptor_->is_open())
            co_return;
        if (accept_all(to))
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
            all_.log.error("no further connection can be accepted",
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
        to(socket, family_, *this);
    }
}

} // namespace proxy
