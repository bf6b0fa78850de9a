// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/adapters/beast_attempt.hpp>
#include <afterwrite/adapters/beast_connections.hpp>
#include <afterwrite/adapters/beast_reply.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// needs exceptions: Boost.Beast does.

namespace afterwrite::inline AFTERWRITE_VERSION {

/// An asynchronous transport: to the node of its address, and to any other that the library asks for. See
/// `async_send`. `Security` is `detail::beast_plain`, for addresses "http://10.0.0.1:8200" and
/// "unix:/run/vault.sock", or `beast_tls`, for "https://10.0.0.1:8200"; an address of the other kind is an
/// error.
///
/// In the request, Host and what `prepare_payload` sets become what the attempt needs; all else stays. It is
/// sent once: a redirect or a refusal is an answer, and what a broken connection may have taken along is
/// repeated by nobody here. Connections are kept for later attempts, and looked at before they are used
/// again, so that one that was closed meanwhile costs no attempt.
///
/// Several attempts may be under way at the same time; all that concerns one transport happens on one thread
/// or strand. The transport and the request must live until an attempt has ended.
template <class Security>
class basic_beast_async_transport {
public:
    using executor_type = boost::asio::any_io_executor;

    basic_beast_async_transport(executor_type executor, std::string address, Security security,
                                beast_options const& options = {})
        : executor_(std::move(executor)), address_(std::move(address)), security_(std::move(security)),
          options_(options)
    {}

    basic_beast_async_transport(
        executor_type executor, std::string address,
        beast_options const& options = {}) requires std::default_initializable<Security>
        : basic_beast_async_transport(std::move(executor), std::move(address), Security{}, options)
    {}

    [[nodiscard]] executor_type get_executor() const { return executor_; }

    /// Where requests go that may go to any node.
    [[nodiscard]] std::string const& address() const noexcept { return address_; }
    void set_address(std::string address) { address_ = std::move(address); }

    /// For attempts that begin from now on.
    void set_options(beast_options const& options) { options_ = options; }

    /// Sends one attempt. `token`: any of Asio's; its signature is void(beast_reply).
    template <class Body, class Fields, class Token>
    auto async_attempt(boost::beast::http::request<Body, Fields>& request, destination const& where,
                       Token&& token)
    {
        using attempt = detail::beast_attempt<Security, boost::beast::http::request<Body, Fields>>;
        auto const address = where.address.empty() ? std::string_view(address_) : where.address;
        return boost::asio::async_compose<Token, void(beast_reply)>(
            attempt(std::make_unique<typename attempt::state>(connections_, security_, options_, executor_,
                                                              address, request)),
            token, executor_);
    }

#if defined(BOOST_ASIO_HAS_CO_AWAIT)
    /// The same for a coroutine.
    template <class Body, class Fields>
    boost::asio::awaitable<beast_reply> operator()(boost::beast::http::request<Body, Fields>& request,
                                                   destination const& where)
    {
        return async_attempt(request, where, boost::asio::use_awaitable);
    }
#endif

private:
    executor_type executor_;
    std::string address_;
    Security security_;
    beast_options options_;
    detail::beast_connections<Security> connections_;
};

/// A blocking transport, see `send`. It runs the asynchronous one, because timeouts do nothing to Beast's
/// blocking operations. One thread at a time.
template <class Security>
class basic_beast_transport {
public:
    basic_beast_transport(std::string address, Security security, beast_options const& options = {})
        : attempts_(context_.get_executor(), std::move(address), std::move(security), options)
    {}

    explicit basic_beast_transport(
        std::string address, beast_options const& options = {}) requires std::default_initializable<Security>
        : basic_beast_transport(std::move(address), Security{}, options)
    {}

    /// As those of `basic_beast_async_transport`.
    [[nodiscard]] std::string const& address() const noexcept { return attempts_.address(); }
    void set_address(std::string address) { attempts_.set_address(std::move(address)); }
    void set_options(beast_options const& options) { attempts_.set_options(options); }

    /// Sends one attempt and blocks until it has ended, as long as the timeouts allow.
    template <class Body, class Fields>
    beast_reply operator()(boost::beast::http::request<Body, Fields>& request, destination const& where)
    {
        std::optional<beast_reply> result;
        context_.restart();
        attempts_.async_attempt(request, where,
                                [&result](beast_reply reply) { result.emplace(std::move(reply)); });
        context_.run();
        return std::move(result.value());
    }

private:
    boost::asio::io_context context_{1};
    basic_beast_async_transport<Security> attempts_;
};

/// Without TLS. That with TLS is in adapters/beast_tls.hpp.
using beast_transport = basic_beast_transport<detail::beast_plain>;
using beast_async_transport = basic_beast_async_transport<detail::beast_plain>;

static_assert(
    addressable_transport<beast_transport, boost::beast::http::request<boost::beast::http::string_body>>);

} // namespace afterwrite::inline AFTERWRITE_VERSION
