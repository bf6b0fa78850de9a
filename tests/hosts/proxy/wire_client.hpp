// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace proxy_tests {

/// An answer as its bytes came in.
struct wire_answer {
    std::string head; ///< without the empty line; empty: none came
    std::string body;
    bool is_whole = false; ///< it came to its end, as it told that itself

    [[nodiscard]] int status() const { return head.size() < 12 ? 0 : std::stoi(head.substr(9, 3)); }

    /// The values of all fields of that name, in order.
    [[nodiscard]] std::vector<std::string> values(std::string_view name) const
    {
        std::vector<std::string> found;
        for (auto at = head.find("\r\n"); at != std::string::npos; at = head.find("\r\n", at + 2)) {
            auto const line = std::string_view(head).substr(at + 2, head.find("\r\n", at + 2) - at - 2);
            auto const colon = line.find(':');
            if (colon == name.size() && ::strncasecmp(line.data(), name.data(), colon) == 0)
                found.emplace_back(line.substr(std::min(colon + 2, line.size())));
        }
        return found;
    }

    [[nodiscard]] std::string value(std::string_view name) const
    {
        auto const all = values(name);
        return all.empty() ? std::string() : all.front();
    }
};

/// A client that says exactly the bytes it is told to. Waits ten seconds for anything at most.
class wire_client {
public:
    explicit wire_client(std::string const& address)
    {
        if (address.starts_with("unix://"))
            open_unix(address.substr(7));
        else
            open_tcp(static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    }
    ~wire_client() { close(); }
    wire_client(wire_client const&) = delete;
    wire_client& operator=(wire_client const&) = delete;

    [[nodiscard]] int fd() const { return fd_; }

    void close()
    {
        if (fd_ >= 0)
            ::close(fd_);
        fd_ = -1;
    }

    void end_of_sending() const { ::shutdown(fd_, SHUT_WR); }

    /// False: the other side does not take them.
    bool send(std::string_view bytes) const
    {
        while (!bytes.empty()) {
            auto const sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0)
                return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }

    /// The next answer; 1xx are passed over. `answers_head`: it has no body, whatever its fields say.
    [[nodiscard]] wire_answer receive(bool answers_head = false)
    {
        wire_answer got;
        for (;;) {
            auto end = bytes_.find("\r\n\r\n");
            for (; end == std::string::npos; end = bytes_.find("\r\n\r\n"))
                if (!more())
                    return got;
            got.head = take(end + 4).substr(0, end);
            if (got.status() >= 200 || got.status() == 0)
                break;
        }
        bool const has_no_body = answers_head || got.status() == 204 || got.status() == 304;
        if (has_no_body)
            got.is_whole = true;
        else if (got.value("Transfer-Encoding") == "chunked")
            receive_chunks(got);
        else if (auto const length = got.value("Content-Length"); !length.empty())
            got.is_whole = receive_bytes(got.body, std::stoul(length));
        else
            receive_rest(got);
        return got;
    }

    wire_answer ask(std::string_view bytes)
    {
        send(bytes);
        return receive(bytes.starts_with("HEAD "));
    }

    /// Waits for the end. Whether it was one without an error.
    [[nodiscard]] bool is_closed()
    {
        while (more())
            bytes_.clear();
        return has_ended_;
    }

private:
    void open_tcp(std::uint16_t port)
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_port = htons(port);
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        open(AF_INET, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }

    void open_unix(std::string const& path)
    {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        open(AF_UNIX, reinterpret_cast<sockaddr*>(&at), sizeof at);
    }

    void open(int family, sockaddr const* at, socklen_t size)
    {
        fd_ = ::socket(family, SOCK_STREAM, 0);
        if (fd_ < 0 || ::connect(fd_, at, size) != 0)
            throw std::runtime_error("nobody listens there");
    }

    [[nodiscard]] bool more()
    {
        pollfd wait{fd_, POLLIN, 0};
        char buffer[65536];
        if (::poll(&wait, 1, 10'000) <= 0)
            return false;
        auto const size = ::recv(fd_, buffer, sizeof buffer, 0);
        has_ended_ = size == 0;
        if (size > 0)
            bytes_.append(buffer, static_cast<std::size_t>(size));
        return size > 0;
    }

    std::string take(std::size_t size)
    {
        auto taken = bytes_.substr(0, size);
        bytes_.erase(0, size);
        return taken;
    }

    [[nodiscard]] bool receive_bytes(std::string& to, std::size_t size)
    {
        while (bytes_.size() < size)
            if (!more()) {
                to += take(bytes_.size());
                return false;
            }
        to += take(size);
        return true;
    }

    void receive_rest(wire_answer& got)
    {
        while (more()) {
        }
        got.body = take(bytes_.size());
        got.is_whole = has_ended_;
    }

    void receive_chunks(wire_answer& got)
    {
        for (;;) {
            auto end = bytes_.find("\r\n");
            for (; end == std::string::npos; end = bytes_.find("\r\n"))
                if (!more())
                    return;
            auto const size = std::stoul(take(end + 2), nullptr, 16);
            std::string line;
            if (!receive_bytes(got.body, size) || !receive_bytes(line, 2))
                return;
            if (size == 0) {
                got.is_whole = true;
                return;
            }
        }
    }

    int fd_ = -1;
    std::string bytes_;
    bool has_ended_ = false;
};

} // namespace proxy_tests
