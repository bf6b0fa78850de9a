// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace proxy_tests {

/// A connection as a node sees it, which does with it what a test says.
class node_connection {
public:
    explicit node_connection(int fd) : fd_(fd) {}

    [[nodiscard]] int fd() const { return fd_; }

    /// The next request, head and body as they came in; empty: none came.
    [[nodiscard]] std::string receive()
    {
        auto end = bytes_.find("\r\n\r\n");
        for (; end == std::string::npos; end = bytes_.find("\r\n\r\n"))
            if (!more())
                return {};
        auto size = end + 4;
        if (auto const at = bytes_.find("Content-Length: "); at < end)
            size += std::stoul(bytes_.substr(at + 16));
        else if (bytes_.find("Transfer-Encoding: chunked") < end)
            for (; bytes_.find("0\r\n\r\n", end + 4) == std::string::npos;)
                if (!more())
                    return {};
        if (bytes_.find("Transfer-Encoding: chunked") < end)
            size = bytes_.find("0\r\n\r\n", end + 4) + 5;
        while (bytes_.size() < size)
            if (!more())
                return {};
        auto request = bytes_.substr(0, size);
        bytes_.erase(0, size);
        return request;
    }

    /// The head of the next request alone, however much of its body has come.
    [[nodiscard]] std::string receive_head()
    {
        auto end = bytes_.find("\r\n\r\n");
        for (; end == std::string::npos; end = bytes_.find("\r\n\r\n"))
            if (!more())
                return {};
        auto head = bytes_.substr(0, end + 4);
        bytes_.erase(0, end + 4);
        return head;
    }

    /// All that comes until the other side ends.
    [[nodiscard]] std::string receive_rest()
    {
        while (more()) {
        }
        return std::exchange(bytes_, {});
    }

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

    /// Until the other side closes; what it still sends is dropped.
    void wait_for_end() { (void)receive_rest(); }

private:
    [[nodiscard]] bool more()
    {
        char buffer[65536];
        auto const size = ::recv(fd_, buffer, sizeof buffer, 0);
        if (size > 0)
            bytes_.append(buffer, static_cast<std::size_t>(size));
        return size > 0;
    }

    int fd_;
    std::string bytes_;
};

/// A server of 127.0.0.1, each of whose connections does what a script says, in a thread of its own, and is
/// closed then. At the end of its life all of them are.
class scripted_node {
public:
    using script = std::function<void(node_connection&)>;

    explicit scripted_node(script does) : does_(std::move(does)), listener_(::socket(AF_INET, SOCK_STREAM, 0))
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        auto* const address = reinterpret_cast<sockaddr*>(&at);
        if (::bind(listener_, address, size) != 0 || ::getsockname(listener_, address, &size) != 0 ||
            ::listen(listener_, 1024) != 0)
            throw std::runtime_error("no port of 127.0.0.1 is to be had");
        port_ = ntohs(at.sin_port);
        accepting_ = std::thread([this] { accept(); });
    }

    ~scripted_node()
    {
        ::shutdown(listener_, SHUT_RDWR);
        accepting_.join();
        ::close(listener_);
        {
            std::lock_guard const held(lock_);
            for (int const fd : open_)
                ::shutdown(fd, SHUT_RDWR);
        }
        for (auto& each : threads_)
            each.join();
    }
    scripted_node(scripted_node const&) = delete;
    scripted_node& operator=(scripted_node const&) = delete;

    [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

    [[nodiscard]] std::size_t connections() const
    {
        std::lock_guard const held(lock_);
        return threads_.size();
    }

private:
    void accept()
    {
        for (;;) {
            int const fd = ::accept(listener_, nullptr, nullptr);
            if (fd < 0)
                return;
            std::lock_guard const held(lock_);
            open_.insert(fd);
            threads_.emplace_back([this, fd] {
                node_connection connection(fd);
                does_(connection);
                std::lock_guard const closing(lock_);
                open_.erase(fd);
                ::close(fd);
            });
        }
    }

    script does_;
    int listener_;
    std::uint16_t port_ = 0;
    mutable std::mutex lock_;
    std::set<int> open_;
    std::vector<std::thread> threads_;
    std::thread accepting_;
};

/// A node that answers each request with what `answer` makes of it, for as long as its client likes.
[[nodiscard]] inline scripted_node::script answering(std::function<std::string(std::string const&)> answer)
{
    return [answer = std::move(answer)](node_connection& connection) {
        for (auto request = connection.receive(); !request.empty(); request = connection.receive())
            if (!connection.send(answer(request)))
                return;
    };
}

/// An answer with the length of its body.
[[nodiscard]] inline std::string answer(std::string_view status, std::string_view body = {},
                                        std::string_view fields = {})
{
    std::string text("HTTP/1.1 ");
    text.append(status).append("\r\n").append(fields);
    text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n\r\n");
    return text.append(body);
}

/// What was sent to several threads' worth of connections.
class kept_requests {
public:
    void add(std::string request)
    {
        std::lock_guard const held(lock_);
        all_.push_back(std::move(request));
    }

    [[nodiscard]] std::vector<std::string> all() const
    {
        std::lock_guard const held(lock_);
        return all_;
    }

    [[nodiscard]] std::string last() const
    {
        std::lock_guard const held(lock_);
        return all_.empty() ? std::string() : all_.back();
    }

private:
    mutable std::mutex lock_;
    std::vector<std::string> all_;
};

/// A node that answers 200 to all, and keeps what it was sent.
class listening_node {
public:
    explicit listening_node(std::string says = answer("200 OK", R"({"data":{}})"))
        : node_(answering([this, says = std::move(says)](std::string const& request) {
              requests.add(request);
              return says;
          }))
    {}

    [[nodiscard]] std::string address() const { return node_.address(); }
    [[nodiscard]] std::size_t connections() const { return node_.connections(); }

    kept_requests requests;

private:
    scripted_node node_;
};

} // namespace proxy_tests
