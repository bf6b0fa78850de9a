// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/version.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Where one attempt goes.
struct destination {
    route to = route::any_node;

    /// The node's address, "https://10.0.0.1:8200", of `route::active_node` and `best_node`; else empty:
    /// wherever the transport is bound to.
    std::string_view address{};
};

/// Teaches `send` somebody's HTTP client; specialise it where the client is no function.
///
/// A transport sends a request, blocks until the answer or an error is there, follows no redirect and repeats
/// nothing: each attempt is a decision of the exchange's. It is called as transport(request), or
/// transport(request, destination) if it can send to an address of the library's choice. What it returns is
/// either a response message itself, or tests false for an error and is dereferenced to the message:
/// std::optional, a pointer, a result. An error that has a member `is_unsent()` tells by it that there was no
/// connection, and so nothing can have been executed; else that counts as unknown.
///
///     static Reply send(Transport& transport, Request& request);
/// or  static Reply send(Transport& transport, Request& request, destination const& where);
template <class Transport>
struct transport_traits {
    template <class Request>
        requires std::invocable<Transport&, Request&, destination const&>
    static auto send(Transport& transport, Request& request, destination const& where)
    {
        return transport(request, where);
    }

    template <class Request>
        requires(std::invocable<Transport&, Request&> &&
                 !std::invocable<Transport&, Request&, destination const&>)
    static auto send(Transport& transport, Request& request) { return transport(request); }
};

/// Whether the transport can send to an address that it is told.
template <class Transport, class Request>
concept addressable_transport = requires(Transport& transport, Request& request, destination const& where)
{
    transport_traits<Transport>::send(transport, request, where);
};

/// Whether the transport can send this request.
template <class Transport, class Request>
concept transport_of = addressable_transport<Transport, Request> ||
    requires(Transport& transport, Request& request)
{
    transport_traits<Transport>::send(transport, request);
};

namespace detail {

template <class Transport, class Request>
auto send_attempt(Transport& transport, Request& request, destination const& where)
{
    if constexpr (addressable_transport<Transport, Request>)
        return transport_traits<Transport>::send(transport, request, where);
    else
        return transport_traits<Transport>::send(transport, request);
}

/// The message in a reply; null if there is none.
template <class Reply>
auto const* message_in(Reply const& reply)
{
    if constexpr (response_message<Reply>)
        return &reply;
    else
        return reply ? &*reply : nullptr;
}

/// Whether it is certain that nothing was sent.
template <class Reply>
bool is_unsent(Reply const& reply)
{
    if constexpr (requires { reply.is_unsent(); })
        return reply.is_unsent();
    else
        return false;
}

} // namespace detail

/// What a transport returns for a request.
template <class Transport, class Request>
using reply_of = decltype(detail::send_attempt(std::declval<Transport&>(), std::declval<Request&>(),
                                               std::declval<destination const&>()));

} // namespace afterwrite::inline AFTERWRITE_VERSION
