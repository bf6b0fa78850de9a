// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

// The words of Asio that the engine uses.

namespace proxy {

namespace asio = boost::asio;
using boost::system::error_code;

using monotonic = std::chrono::steady_clock;
using instant = monotonic::time_point;

/// A worker has one thread, so no handler needs a lock, and no executor to be wrapped.
using executor = asio::io_context::executor_type;

template <class T = void>
using task = asio::awaitable<T, executor>;

/// Completes a coroutine; what went wrong goes to `error`, and is not thrown.
inline auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable_t<executor>{}, error); }

/// Calls something at the end of a scope, however that is left.
template <class F>
class [[nodiscard]] at_end {
public:
    explicit at_end(F then) : then_(std::move(then)) {}
    ~at_end() { then_(); }
    at_end(at_end const&) = delete;
    at_end& operator=(at_end const&) = delete;

private:
    F then_;
};

} // namespace proxy
