// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/version.hpp>

#include <utility> // before anything of Asio, some versions of which lack it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>

// needs exceptions: Boost.Asio's coroutines do.

// Where Asio knows of no coroutines, there is nothing here: see adapters/beast.hpp.
#ifdef BOOST_ASIO_HAS_CO_AWAIT

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Waits while others use the thread: on a timer of the executor that the coroutine runs on. A replacement is
/// called with a time point and returns an awaitable<bool>, whether to go on: false cancels. If it has a
/// member now(), the time is read there.
struct timer_wait {
    boost::asio::awaitable<bool> operator()(time_point until) const
    {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, until);
        boost::system::error_code error;
        co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
        co_return !error;
    }
};

/// A transport whose calls return an awaitable reply; all else is as `transport_traits` says.
// clang-format off
template <class Transport, class Request>
concept async_transport_of = transport_of<Transport, Request> && requires {
    typename reply_of<Transport, Request>::value_type;
    typename reply_of<Transport, Request>::executor_type;
};
// clang-format on

/// `send` as a coroutine: the same loop, but neither sending nor waiting blocks the thread.
///
/// Transport, request and view must live until it has ended; the session also until it is destroyed, if it is
/// destroyed with its io_context. It is cancelled as Asio's coroutines are: a wait that is cut short ends in
/// `reason::cancelled`, and what is thrown passes through. However it ends, what the attempt under way may
/// have written is recorded as lost.
template <class Transport, request_message Request, class Session, class View, class Wait = timer_wait>
    requires async_transport_of<Transport, Request>
auto async_send(Transport& transport, Request& request, request_facts facts, Session& session, View& view,
                consistency_policy policy = {}, Wait wait_until = {})
    -> boost::asio::awaitable<outcome<typename reply_of<Transport, Request>::value_type>>
{
    using reply_type = typename reply_of<Transport, Request>::value_type;
    facts.addressable = addressable_transport<Transport, Request>;
    auto const now = [&] { return detail::now_of(wait_until); };
    detail::sending<reply_type, Session, View> one(facts, session, view, policy, now());
    while (!one.is_over()) {
        if (!one.must_wait()) {
            if (one.prepare(request)) {
                destination const where = one.where();
                auto reply = co_await detail::send_attempt(transport, request, where);
                one.take(std::move(reply), now);
            }
        } else if (co_await wait_until(one.due())) {
            one.resume(now());
        } else {
            one.cancel();
        }
    }
    co_return one.finish();
}

/// The same for a request whose method tells all that is to be known of it, see `request_facts::of_method`.
template <class Transport, request_message Request, class Session, class View, class Wait = timer_wait>
    requires async_transport_of<Transport, Request>
auto async_send(Transport& transport, Request& request, Session& session, View& view,
                consistency_policy policy = {}, Wait wait_until = {})
{
    auto const facts = request_facts::of_method(method_of(request));
    return async_send(transport, request, facts, session, view, policy, std::move(wait_until));
}

} // namespace afterwrite::inline AFTERWRITE_VERSION

#endif
