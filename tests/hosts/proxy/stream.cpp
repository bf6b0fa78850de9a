// SPDX-License-Identifier: BSL-1.0
#include "stream.hpp"

#include <boost/asio/write.hpp>

#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace proxy {

namespace {

constexpr std::chrono::seconds goodbye{2};
constexpr std::size_t goodbye_bytes = 256 * 1024; ///< as much of what nobody wants is taken in

} // namespace

stream::stream(rounds& by, stream_socket socket, tls_context tls)
    : watched(by), context_(std::move(tls)), socket_(std::move(socket))
{
    error_code ignored;
    socket_.non_blocking(true, ignored);
    if (context_)
        tls_.emplace(socket_, *context_);
}

error_code stream::open(asio::generic::stream_protocol const& protocol)
{
    close();
    has_expired_ = false;
    error_code error;
    socket_.open(protocol, error);
    if (!error)
        socket_.non_blocking(true, error);
    return error;
}

task<error_code> stream::handshake(asio::ssl::stream_base::handshake_type side)
{
    error_code error;
    co_await tls_->async_handshake(side, into(error));
    is_shaken_ = !error;
    co_return error;
}

task<std::size_t> stream::read_some(asio::mutable_buffer into_bytes, error_code& error)
{
    if (tls_)
        co_return co_await tls_->async_read_some(into_bytes, into(error));
    co_return co_await socket_.async_read_some(into_bytes, into(error));
}

task<error_code> stream::write(std::string_view first, std::string_view second, std::string_view third)
{
    if (tls_)
        co_return co_await write_secure(first, second, third);
    using buffers = std::array<asio::const_buffer, 3>;
    auto const buffer_of = [](std::string_view text) { return asio::buffer(text.data(), text.size()); };
    error_code error;
    buffers const all{buffer_of(first), buffer_of(second), buffer_of(third)};
    auto done = socket_.write_some(all, error); // which is nearly always all there is to do
    written_ += done;
    if (error && error != asio::error::would_block)
        co_return error;
    error = {};
    for (auto* const part : {&first, &second, &third}) {
        auto const size = std::min(done, part->size());
        part->remove_prefix(size);
        done -= size;
    }
    if (first.empty() && second.empty() && third.empty())
        co_return error;
    buffers const rest{buffer_of(first), buffer_of(second), buffer_of(third)};
    written_ += co_await asio::async_write(socket_, rest, into(error));
    co_return error;
}

/// Small ones go in one record.
task<error_code> stream::write_secure(std::string_view first, std::string_view second, std::string_view third)
{
    constexpr std::size_t record = 16 * 1024;
    error_code error;
    std::string joined;
    if (first.size() + second.size() + third.size() <= record) {
        joined.append(first).append(second).append(third);
        written_ += co_await asio::async_write(*tls_, asio::buffer(joined), into(error));
        co_return error;
    }
    for (auto const part : {first, second, third}) {
        if (error || part.empty())
            continue;
        written_ += co_await asio::async_write(*tls_, asio::buffer(part.data(), part.size()), into(error));
    }
    co_return error;
}

task<> stream::write_plain(std::string_view bytes)
{
    error_code error;
    co_await asio::async_write(socket_, asio::buffer(bytes.data(), bytes.size()), into(error));
}

task<error_code> stream::readable()
{
    error_code error;
    co_await socket_.async_wait(stream_socket::wait_read, into(error));
    co_return error;
}

task<bool> stream::pause()
{
    is_pause_cut_ = false;
    asio::steady_timer timer(socket_.get_executor(), asio::steady_timer::time_point::max());
    pause_ = &timer;
    at_end const over([this] { pause_ = nullptr; });
    error_code cancelled;
    co_await timer.async_wait(into(cancelled));
    co_return !is_pause_cut_;
}

void stream::go_on() noexcept
{
    if (pause_ != nullptr)
        pause_->cancel();
}

bool stream::is_quiet() noexcept
{
    char byte = 0;
    if (tls_) {
        error_code error;
        tls_->read_some(asio::buffer(&byte, 1), error);
        return error == asio::error::would_block && ::SSL_has_pending(tls_->native_handle()) == 0;
    }
    auto const got = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

bool stream::has_hung_up() noexcept
{
    pollfd look{.fd = socket_.native_handle(), .events = POLLRDHUP, .revents = 0};
    return ::poll(&look, 1, 0) > 0 && (look.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

task<> stream::finish()
{
    expire_after(goodbye);
    error_code error;
    if (tls_ && is_shaken_)
        co_await tls_->async_shutdown(into(error));
    socket_.shutdown(stream_socket::shutdown_send, error);
    char unwanted[4096];
    for (std::size_t total = 0; !error && total < goodbye_bytes;)
        total += co_await socket_.async_read_some(asio::buffer(unwanted), into(error));
    close();
}

void stream::close() noexcept
{
    error_code ignored;
    socket_.close(ignored);
    is_pause_cut_ = true;
    go_on();
}

void stream::cut() noexcept
{
    error_code ignored;
    socket_.set_option(asio::socket_base::linger(true, 0), ignored);
    close();
}

void stream::look(instant now)
{
    if (now < expires_ || (!socket_.is_open() && pause_ == nullptr))
        return;
    has_expired_ = true;
    close();
}

} // namespace proxy
