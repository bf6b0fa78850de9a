// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/beast_connections.hpp>
#include <afterwrite/adapters/beast_message.hpp>
#include <afterwrite/adapters/beast_reply.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// needs exceptions: Boost.Beast does.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What bounds an attempt, and the connections that are kept after it.
struct beast_options {
    /// For the connection and its TLS handshake. Where a node's address has a name, Asio lets a thread look
    /// it up; the time that the system takes for it counts, but cannot be cut short.
    std::chrono::milliseconds connect_timeout{5'000};

    /// For an attempt as a whole. Vault's own clients wait as long.
    std::chrono::milliseconds timeout{60'000};

    /// The longest head of an answer in bytes. Newer versions of libcurl end a transfer at 300 KiB.
    std::uint32_t max_head = std::uint32_t{256} * 1024;

    /// The longest body of an answer in bytes. Vault accepts no request above 32 MiB, so that a value of any
    /// kind fits.
    std::uint64_t max_body = std::uint64_t{64} * 1024 * 1024;

    /// How many connections are kept open for later attempts, to all addresses together.
    std::size_t max_idle = 8;

    /// How long a kept connection may be used again. Vault closes it after 5 minutes; a request that meets
    /// the close on its way gets no answer, so this is well below.
    std::chrono::seconds idle_time{60};
};

namespace detail {

/// What an attempt has to remember from one step to the next.
template <class Security, class Request>
struct beast_attempt_state {
    using clock = std::chrono::steady_clock;
    using error_code = boost::beast::error_code;
    using stream = typename Security::stream;
    using answer_parser = boost::beast::http::response_parser<boost::beast::http::string_body>;

    beast_attempt_state(beast_connections<Security>& connections_of_all, Security const& chosen,
                        beast_options const& bounds, boost::asio::any_io_executor const& runs_on,
                        std::string_view to, Request& what)
        : connections(connections_of_all), security(chosen), options(bounds), resolver(runs_on), address(to),
          request(what), buffer(bounds.max_head)
    {}

    /// Finds a connection, or endpoints if they need not be looked up. An error: the request cannot be sent.
    [[nodiscard]] error_code begin()
    {
        auto const target = of_beast(request.target());
        auto const is_blank = [](char c) { return c <= ' ' || c == 0x7f; };
        place = beast_place::of(address);
        if (!place || target.empty() || target.front() != '/' || request.method_string().empty() ||
            std::any_of(target.begin(), target.end(), is_blank))
            return boost::beast::http::error::bad_target;
        if (place->is_tls != Security::is_tls)
            return boost::asio::error::operation_not_supported;
        request.set(boost::beast::http::field::host, to_beast(place->authority));
        request.prepare_payload();
        deadline = clock::now() + options.timeout;
        connect_deadline = std::min(deadline, clock::now() + options.connect_timeout);
        connection = connections.take(address, options.idle_time);
        is_unsent = connection == nullptr;
        error_code is_no_number;
        auto const number = boost::asio::ip::make_address(place->host, is_no_number);
        if (!place->path.empty())
            endpoints.emplace_back(boost::asio::local::stream_protocol::endpoint(place->path));
        else if (!is_no_number)
            endpoints.emplace_back(boost::asio::ip::tcp::endpoint(number, place->port));
        return {};
    }

    /// To be connected.
    void make_connection()
    {
        connection = security.make(resolver.get_executor(), *place);
        lowest().expires_at(connect_deadline);
    }

    /// To be written to.
    void begin_request()
    {
        error_code ignored; // a unix socket has no such option
        lowest().socket().set_option(boost::asio::ip::tcp::no_delay(true), ignored);
        lowest().expires_at(deadline);
        is_unsent = false;
    }

    /// To be read.
    void begin_answer()
    {
        parser.emplace();
        parser->header_limit(options.max_head);
        parser->body_limit(options.max_body);
        parser->skip(request.method() == boost::beast::http::verb::head);
    }

    /// 100 Continue or 103 Early Hints, after which the answer follows.
    [[nodiscard]] bool is_interim() const
    {
        auto const status = parser->get().result_int();
        return status / 100 == 1 && status != 101;
    }

    [[nodiscard]] beast_reply finish(error_code error)
    {
        if (error)
            return {write_error ? write_error : error, is_unsent};
        if (!write_error && buffer.size() == 0 && parser->keep_alive() && request.keep_alive() &&
            parser->get().result_int() != 101)
            connections.keep(std::move(address), std::move(connection), options.max_idle);
        return parser->release();
    }

    [[nodiscard]] auto& lowest() { return boost::beast::get_lowest_layer(*connection); }

    beast_connections<Security>& connections;
    Security security;
    beast_options options;
    boost::asio::ip::tcp::resolver resolver;
    std::string address;
    Request& request;

    std::optional<beast_place> place{};
    clock::time_point deadline{};
    clock::time_point connect_deadline{};
    std::vector<beast_stream::endpoint_type> endpoints{};
    std::unique_ptr<stream> connection{};
    bool is_unsent = true;
    error_code write_error{};
    boost::beast::flat_buffer buffer;
    std::optional<answer_parser> parser{};
};

/// One attempt: a connection, the request, the answer. What Asio calls the implementation of a composed
/// operation: it is called again when a step is done, and begins the next.
template <class Security, class Request>
class beast_attempt {
public:
    using state = beast_attempt_state<Security, Request>;
    using error_code = boost::beast::error_code;

    explicit beast_attempt(std::unique_ptr<state> all) : state_(std::move(all)) {}

    template <class Self>
    void operator()(Self& self, error_code error, boost::asio::ip::tcp::resolver::results_type const& found)
    {
        for (auto const& each : found)
            state_->endpoints.emplace_back(each.endpoint());
        (*this)(self, error);
    }

    template <class Self>
    void operator()(Self& self, error_code error, beast_stream::endpoint_type const&)
    {
        (*this)(self, error);
    }

    template <class Self>
    void operator()(Self& self, error_code error = {}, std::size_t = 0)
    {
        if (error && done_ != step::written)
            return finish(self, error);
        auto& s = *state_;
        switch (done_) {
        case step::nothing: return begin(self);
        case step::looked_up: return connect(self);
        case step::connected:
            done_ = step::secured;
            return s.security.async_handshake(*s.connection, std::move(self));
        case step::secured: return write(self);
        case step::written:
            s.write_error = error; // who refuses a request may answer before all of it was read
            return read_head(self);
        case step::head_read:
            if (s.is_interim())
                return read_head(self);
            done_ = step::body_read;
            return boost::beast::http::async_read(*s.connection, s.buffer, *s.parser, std::move(self));
        case step::body_read: return finish(self, error);
        }
    }

private:
    enum class step : std::uint8_t { nothing, looked_up, connected, secured, written, head_read, body_read };

    template <class Self>
    void begin(Self& self)
    {
        auto& s = *state_;
        if (auto const error = s.begin()) // which is not told at once: callers are not prepared for that
            return boost::asio::post(s.resolver.get_executor(),
                                     boost::beast::bind_front_handler(std::move(self), error));
        if (s.connection != nullptr)
            return write(self);
        if (!s.endpoints.empty())
            return connect(self);
        done_ = step::looked_up;
        s.resolver.async_resolve(s.place->host, std::to_string(s.place->port), std::move(self));
    }

    template <class Self>
    void connect(Self& self)
    {
        auto& s = *state_;
        done_ = step::connected;
        s.make_connection();
        s.lowest().async_connect(s.endpoints, std::move(self));
    }

    template <class Self>
    void write(Self& self)
    {
        auto& s = *state_;
        done_ = step::written;
        s.begin_request();
        boost::beast::http::async_write(*s.connection, s.request, std::move(self));
    }

    /// The head by itself, since Beast 1.74 forgets what is wrong with it where the body has come along.
    template <class Self>
    void read_head(Self& self)
    {
        auto& s = *state_;
        done_ = step::head_read;
        s.begin_answer();
        boost::beast::http::async_read_header(*s.connection, s.buffer, *s.parser, std::move(self));
    }

    template <class Self>
    void finish(Self& self, error_code error)
    {
        auto reply = state_->finish(error);
        state_.reset(); // and its connection, before the caller goes on
        self.complete(std::move(reply));
    }

    std::unique_ptr<state> state_;
    step done_ = step::nothing;
};

} // namespace detail

} // namespace afterwrite::inline AFTERWRITE_VERSION
