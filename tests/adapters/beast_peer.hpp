// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace scripted {

/// What a peer does to a request.
struct reaction {
    std::string bytes{};
    bool closes = false; ///< the connection, afterwards
};

/// A request, and the number of the connection that it came over.
struct asked {
    std::size_t connection = 0;
    boost::beast::http::request<boost::beast::http::string_body> request{};
};

/// An answer after which the connection stays open.
inline std::string kept_answer(std::string_view status, std::string_view body = {})
{
    return "HTTP/1.1 " + std::string(status) + "\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

/// Serves many connections at the same time, each for as many requests as come over it, as a script says. One
/// thread, which ends with the object.
template <class Protocol = boost::asio::ip::tcp>
class peer {
public:
    using script = std::function<reaction(asked const& what)>;

    /// `reads_bodies`: else it reacts to the head of a request, and reads nothing more of it.
    explicit peer(script react, typename Protocol::endpoint at = loopback(), bool reads_bodies = true)
        : react_(std::move(react)), acceptor_(context_, at), reads_bodies_(reads_bodies)
    {
        boost::asio::co_spawn(context_, accept(), boost::asio::detached);
        thread_ = std::thread([this] { context_.run(); });
    }

    ~peer()
    {
        context_.stop();
        thread_.join();
    }
    peer(peer const&) = delete;
    peer& operator=(peer const&) = delete;

    [[nodiscard]] std::string address() const
    {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
    }

    [[nodiscard]] std::vector<asked> all_asked() const
    {
        std::lock_guard const held(lock_);
        return asked_;
    }

    /// Until it has closed so many connections.
    void wait_until_closed(int count) const
    {
        for (int now = closed_; now < count; now = closed_)
            closed_.wait(now);
    }

private:
    using socket = typename Protocol::socket;

    static typename Protocol::endpoint loopback() { return {boost::asio::ip::address_v4::loopback(), 0}; }

    boost::asio::awaitable<void> accept()
    {
        for (std::size_t number = 0;; ++number) {
            socket connection = co_await acceptor_.async_accept(boost::asio::use_awaitable);
            boost::asio::co_spawn(context_, converse(std::move(connection), number), boost::asio::detached);
        }
    }

    boost::asio::awaitable<void> converse(socket connection, std::size_t number)
    {
        namespace http = boost::beast::http;
        boost::beast::flat_buffer buffer;
        try {
            for (;;) {
                http::request_parser<http::string_body> parser;
                parser.body_limit(100'000'000);
                if (reads_bodies_)
                    co_await http::async_read(connection, buffer, parser, boost::asio::use_awaitable);
                else
                    co_await http::async_read_header(connection, buffer, parser, boost::asio::use_awaitable);
                asked what{number, parser.release()};
                remember(what);
                auto const said = react_(what);
                co_await boost::asio::async_write(connection, boost::asio::buffer(said.bytes),
                                                  boost::asio::use_awaitable);
                if (!said.closes)
                    continue;
                connection.close();
                ++closed_;
                closed_.notify_all();
                co_return;
            }
        } catch (std::exception const&) { // the client has gone
        }
    }

    void remember(asked const& what)
    {
        std::lock_guard const held(lock_);
        asked_.push_back(what);
    }

    script react_;
    boost::asio::io_context context_{1};
    boost::asio::basic_socket_acceptor<Protocol> acceptor_;
    bool reads_bodies_;
    mutable std::mutex lock_;
    std::vector<asked> asked_;
    std::atomic<int> closed_ = 0;
    std::thread thread_; // last, so that all it uses is there before it and after it
};

} // namespace scripted
