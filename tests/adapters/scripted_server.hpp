// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace scripted {

/// A request as its bytes came in.
struct received {
    std::string head; ///< without the empty line
    std::string body;

    [[nodiscard]] std::string method() const { return head.substr(0, head.find(' ')); }

    [[nodiscard]] std::string target() const
    {
        auto const from = head.find(' ') + 1;
        return head.substr(from, head.find(' ', from) - from);
    }

    /// The values of all fields of that name, in order.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const
    {
        std::vector<std::string> found;
        for (std::size_t at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at)) {
            at += 2;
            auto const line = std::string_view(head).substr(at, head.find("\r\n", at) - at);
            auto const colon = line.find(':');
            if (colon == name.size() && is_same(line.substr(0, colon), name)) {
                auto const first = line.find_first_not_of(' ', colon + 1);
                found.emplace_back(first == std::string_view::npos ? std::string_view{} : line.substr(first));
            }
        }
        return found;
    }

private:
    static bool is_same(std::string_view a, std::string_view b)
    {
        for (std::size_t i = 0; i < a.size(); ++i)
            if ((a[i] | 0x20) != (b[i] | 0x20))
                return false;
        return true;
    }
};

/// A socket of 127.0.0.1 whose port the system chooses.
class loopback_socket {
public:
    loopback_socket() : fd_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* const address = reinterpret_cast<sockaddr*>(&at);
        if (fd_ < 0 || ::bind(fd_, address, size) != 0 || ::getsockname(fd_, address, &size) != 0)
            throw std::runtime_error("no port of 127.0.0.1 is to be had");
        port_ = ntohs(at.sin_port);
    }
    ~loopback_socket() { ::close(fd_); }
    loopback_socket(loopback_socket const&) = delete;
    loopback_socket& operator=(loopback_socket const&) = delete;

    [[nodiscard]] int fd() const { return fd_; }
    [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    int fd_;
    std::uint16_t port_ = 0;
};

/// An address that refuses connections as long as this lives: its port is taken, but nobody listens.
using refusing_address = loopback_socket;

/// Answers each connection with the bytes that its script says, then closes it; no bytes, no answer. One
/// thread serves; it ends with the object, whatever the clients do.
class server {
public:
    using script = std::function<std::string(received const& request, std::size_t number)>;

    explicit server(script answer) : answer_(std::move(answer))
    {
        if (::listen(listener_.fd(), 64) != 0 || ::pipe(wake_) != 0)
            throw std::runtime_error("no scripted server is to be had");
        thread_ = std::thread([this] { serve(); });
    }

    ~server()
    {
        ::close(wake_[1]); // which makes the other end readable
        thread_.join();
        ::close(wake_[0]);
    }
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    [[nodiscard]] std::string address() const { return listener_.address(); }

    [[nodiscard]] std::vector<received> requests() const
    {
        std::lock_guard const held(lock_);
        return requests_;
    }

private:
    /// False: it is time to end.
    [[nodiscard]] bool wait_for(int fd, short what) const
    {
        pollfd both[] = {{fd, what, 0}, {wake_[0], POLLIN, 0}};
        while (::poll(both, 2, -1) < 0) {
        }
        return both[1].revents == 0;
    }

    void serve()
    {
        while (wait_for(listener_.fd(), POLLIN)) {
            int const connection = ::accept(listener_.fd(), nullptr, nullptr);
            if (connection < 0)
                continue;
            converse(connection);
            ::close(connection);
        }
    }

    void converse(int connection)
    {
        received request;
        std::string bytes;
        auto const more = [&] {
            char buffer[65536];
            if (!wait_for(connection, POLLIN))
                return false;
            auto const size = ::recv(connection, buffer, sizeof buffer, 0);
            if (size > 0)
                bytes.append(buffer, static_cast<std::size_t>(size));
            return size > 0;
        };
        auto end = bytes.find("\r\n\r\n");
        for (; end == std::string::npos; end = bytes.find("\r\n\r\n"))
            if (!more())
                return;
        request.head = bytes.substr(0, end);
        auto const length = request.values("Content-Length");
        std::size_t const size = length.empty() ? 0 : std::stoul(length.front());
        if (!request.values("Expect").empty() && !send_all(connection, "HTTP/1.1 100 Continue\r\n\r\n"))
            return;
        while (bytes.size() < end + 4 + size)
            if (!more())
                return;
        request.body = bytes.substr(end + 4);
        std::size_t number = 0;
        {
            std::lock_guard const held(lock_);
            number = requests_.size();
            requests_.push_back(request);
        }
        if (send_all(connection, answer_(request, number)))
            drain(connection);
    }

    [[nodiscard]] bool send_all(int connection, std::string_view bytes) const
    {
        while (!bytes.empty()) {
            if (!wait_for(connection, POLLOUT))
                return false;
            auto const sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent < 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// Until the client closes too, so that nothing it still has to read is lost.
    void drain(int connection) const
    {
        ::shutdown(connection, SHUT_WR);
        char buffer[4096];
        while (wait_for(connection, POLLIN) && ::recv(connection, buffer, sizeof buffer, 0) > 0) {
        }
    }

    loopback_socket listener_;
    script answer_;
    int wake_[2] = {-1, -1};
    mutable std::mutex lock_;
    std::vector<received> requests_;
    std::thread thread_; // last, so that all it uses is there before it and after it
};

/// An answer with a length, after which the connection is closed.
inline std::string answer(std::string_view status, std::string_view fields = {}, std::string_view body = {})
{
    return "HTTP/1.1 " + std::string(status) +
           "\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           std::string(fields) + "\r\n" + std::string(body);
}

/// How Vault says that it is behind.
inline std::string stale()
{
    return answer("412 Precondition Failed", {}, R"({"errors":["required index state not present"]})");
}

} // namespace scripted
