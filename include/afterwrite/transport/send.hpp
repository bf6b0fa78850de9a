// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/capabilities.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/declared_nodes.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// How a request ended: what the transport returned last, and why it was the last.
template <class Reply>
struct outcome {
    /// The answer if `delivered()`; else the last refusal or error, or nothing if nothing was sent.
    Reply response{};
    step last{};
    std::uint32_t attempts = 0;

    /// What the cluster has turned out to lack on the way, see `step::missing`.
    std::optional<capability> missing{};

    /// Whether `response` is the answer: a final one, which may be an error or a redirect too. Where it is
    /// not, `to_string(last.why)` says why.
    [[nodiscard]] bool delivered() const noexcept { return last.what == action::deliver; }
};

/// Waits by putting the thread to sleep. A replacement is called with a time point and returns whether to go
/// on: false cancels. If it has a member now(), the time is read there.
struct sleeping_wait {
    bool operator()(time_point until) const
    {
        std::this_thread::sleep_until(until);
        return true;
    }
};

namespace detail {

/// Random enough to spread the waits of many exchanges: no two of a process have the same.
inline std::uint64_t next_seed() noexcept
{
    static std::atomic<std::uint64_t> count{
        static_cast<std::uint64_t>(clock::now().time_since_epoch().count())};
    return count.fetch_add(0x9e3779b97f4a7c15, std::memory_order_relaxed);
}

template <class Wait>
time_point now_of(Wait const& wait)
{
    if constexpr (requires { wait.now(); })
        return wait.now();
    else
        return clock::now();
}

/// Whatever ends an attempt without an answer, an exception included: what it may have written is lost.
template <class Session>
struct [[nodiscard]] lost_unless_answered {
    Session& session;
    required_states const& carried;
    time_point sent;
    bool is_answered = false;

    ~lost_unless_answered()
    {
        if (!is_answered)
            session.record_lost(carried, sent);
    }
};

/// Calls f(replication_view&), under the view's lock if it has one.
template <class View, class F>
decltype(auto) with_view(View& view, F&& f)
{
    if constexpr (requires { view.with(f); })
        return view.with(std::forward<F>(f));
    else
        return std::forward<F>(f)(view);
}

} // namespace detail

/// Sends a request until it is answered as the session requires, and blocks as long. This is all it does:
///
///     prepare, send, record (or record_lost), on_response; wait, resume; again, until the step is final.
///
/// `transport`: see `transport_traits`. `request`: prepared in place, its body is not touched. `facts`: what
/// only the caller knows; `addressable` is filled in from the transport. `session`: `session` or
/// `shared_session`. `view`: `replication_view` or `shared_replication_view`. `wait_until`: see
/// `sleeping_wait`. What the transport throws passes through, and costs
/// nothing that was known.
template <class Transport, request_message Request, class Session, class View, class Wait = sleeping_wait>
    requires transport_of<std::remove_cvref_t<Transport>, Request>
auto send(Transport&& transport, Request& request, request_facts facts, Session& session, View& view,
          consistency_policy const& policy = {}, Wait&& wait_until = {})
    -> outcome<reply_of<std::remove_cvref_t<Transport>, Request>>
{
    using transport_type = std::remove_cvref_t<Transport>;
    facts.addressable = addressable_transport<transport_type, Request>;
    auto const required = detail::with_view(view, [&](replication_view& v) { return session.required(v); });
    auto now = detail::now_of(wait_until);
    exchange exchange(policy, required, facts, now, detail::next_seed());

    outcome<reply_of<transport_type, Request>> result;
    result.last = detail::with_view(view, [&](replication_view& v) { return exchange.first(v); });
    while (!result.last.is_final()) {
        result.missing = result.last.missing ? result.last.missing : result.missing;
        if (result.last.not_before > now) {
            if (!wait_until(result.last.not_before)) {
                result.last = {action::give_up, now, route::any_node, reason::cancelled,
                               result.last.refused_as};
                break;
            }
            now = std::max(detail::now_of(wait_until), result.last.not_before);
            result.last =
                detail::with_view(view, [&](replication_view& v) { return exchange.resume(v, now); });
            continue;
        }
        node_address address;
        detail::with_view(view, [&](replication_view& v) {
            exchange.prepare(request, v);
            address = node_address(exchange.address(v));
        });
        if (exchange.to() == route::active_node && (!facts.addressable || address.empty())) {
            result.last = {action::give_up, now, route::any_node, reason::not_offered};
            break;
        }
        bool was_sent = true;
        {
            detail::lost_unless_answered<Session> answer{session, exchange.carried(), now};
            result.response = detail::send_attempt(transport, request, {exchange.to(), address});
            was_sent = !detail::is_unsent(result.response);
            answer.is_answered = detail::message_in(result.response) != nullptr || !was_sent;
        }
        auto const* const response = detail::message_in(result.response);
        now = detail::now_of(wait_until);
        if (response != nullptr)
            session.record(*response, exchange.carried(), now);
        result.last = detail::with_view(view, [&](replication_view& v) {
            return response != nullptr ? exchange.on_response(*response, v, now)
                                       : exchange.on_transport_error(v, now, was_sent);
        });
    }
    result.missing = result.last.missing ? result.last.missing : result.missing;
    result.attempts = exchange.attempts();
    return result;
}

/// The same for a request whose method tells all that is to be known of it, see `request_facts::of_method`.
template <class Transport, class Request, class Session, class View, class Wait = sleeping_wait>
    requires(request_message<std::remove_cvref_t<Request>> &&
             !std::is_const_v<std::remove_reference_t<Request>>)
auto send(Transport&& transport, Request&& request, Session& session, View& view,
          consistency_policy const& policy = {}, Wait&& wait_until = {})
{
    return send(transport, request, request_facts::of_method(method_of(request)), session, view, policy,
                std::forward<Wait>(wait_until));
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
