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

/// Calls f(replication_view&), under the view's lock if it has one.
template <class View, class F>
decltype(auto) with_view(View& view, F&& f)
{
    if constexpr (requires { view.with(f); })
        return view.with(std::forward<F>(f));
    else
        return std::forward<F>(f)(view);
}

/// What the loops around an exchange have in common, however they send and wait: all but that. If such a
/// loop ends while an attempt is under way, by an exception or because its coroutine is destroyed, then what
/// the attempt may have written is lost.
template <class Reply, class Session, class View>
class sending {
public:
    sending(request_facts const& facts, Session& session, View& view, consistency_policy const& policy,
            time_point now)
        : session_(session), view_(view), addressable_(facts.addressable), now_(now),
          exchange_(
              policy,
              [&] {
                  return session.required(
                      with_view(view, [](replication_view const& v) { return v.asked(); }));
              },
              facts, now, next_seed())
    {
        go_on(with_view(view_, [&](replication_view& v) { return exchange_.first(v); }));
    }

    ~sending() { lose_what_is_under_way(); }
    sending(sending const&) = delete;
    sending& operator=(sending const&) = delete;

    [[nodiscard]] bool is_over() const { return result_.last.is_final(); }

    /// Whether to wait until `due()`, and then `resume` or `cancel`; else to `prepare`.
    [[nodiscard]] bool must_wait() const { return due() > now_; }
    [[nodiscard]] time_point due() const { return result_.last.not_before; }

    void resume(time_point now)
    {
        now_ = std::max(now, due());
        go_on(with_view(view_, [&](replication_view& v) { return exchange_.resume(v, now_); }));
    }

    void cancel() { give_up(reason::cancelled, result_.last.refused_as); }

    /// True: the request is to be sent `where()`, and then `take` is to be called. False: no way leads there.
    template <class Request>
    [[nodiscard]] bool prepare(Request& request)
    {
        with_view(view_, [&](replication_view& v) {
            exchange_.prepare(request, v);
            address_ = node_address(exchange_.address(v));
        });
        if (exchange_.to() == route::active_node && (!addressable_ || address_.empty())) {
            give_up(reason::not_offered, refusal::none);
            return false;
        }
        is_under_way_ = true;
        return true;
    }

    [[nodiscard]] destination where() const { return {exchange_.to(), address_}; }

    /// `now()` is asked for the time when the answer is there.
    template <class Now>
    void take(Reply reply, Now&& now)
    {
        result_.response = std::move(reply);
        auto const* const response = message_in(result_.response);
        bool const was_sent = !is_unsent(result_.response);
        is_under_way_ = response == nullptr && was_sent;
        lose_what_is_under_way();
        now_ = now();
        if (response != nullptr)
            session_.record(*response, exchange_.carried(), now_);
        go_on(with_view(view_, [&](replication_view& v) {
            return response != nullptr ? exchange_.on_response(*response, v, now_)
                                       : exchange_.on_transport_error(v, now_, was_sent);
        }));
    }

    /// How it ended, once.
    [[nodiscard]] outcome<Reply> finish()
    {
        result_.attempts = exchange_.attempts();
        return std::move(result_);
    }

private:
    void go_on(step next)
    {
        result_.last = next;
        if (next.missing)
            result_.missing = next.missing;
    }

    void give_up(reason why, refusal refused_as)
    {
        go_on({action::give_up, now_, route::any_node, why, refused_as});
    }

    void lose_what_is_under_way()
    {
        if (std::exchange(is_under_way_, false))
            session_.record_lost(exchange_.carried(), now_);
    }

    Session& session_;
    View& view_;
    bool addressable_;
    bool is_under_way_ = false;
    time_point now_; // during an attempt, when it began
    exchange exchange_;
    node_address address_{};
    outcome<Reply> result_{};
};

} // namespace detail

/// Sends a request until it is answered as the session requires, and blocks as long. This is all it does:
///
///     prepare, send, record (or record_lost), on_response; wait, resume; again, until the step is final.
///
/// `transport`: see `transport_traits`. `request`: prepared in place, its body is not touched. `facts`: what
/// only the caller knows; `addressable` is filled in from the transport. `session`: `session` or
/// `shared_session`. `view`: `replication_view` or `shared_replication_view`. `wait_until`: see
/// `sleeping_wait`. What the transport throws passes through, and costs nothing that was known.
template <class Transport, request_message Request, class Session, class View, class Wait = sleeping_wait>
    requires transport_of<std::remove_cvref_t<Transport>, Request>
auto send(Transport&& transport, Request& request, request_facts facts, Session& session, View& view,
          consistency_policy const& policy = {}, Wait&& wait_until = {})
    -> outcome<reply_of<std::remove_cvref_t<Transport>, Request>>
{
    using transport_type = std::remove_cvref_t<Transport>;
    facts.addressable = addressable_transport<transport_type, Request>;
    auto const now = [&] { return detail::now_of(wait_until); };
    detail::sending<reply_of<transport_type, Request>, Session, View> one(facts, session, view, policy,
                                                                          now());
    while (!one.is_over()) {
        if (!one.must_wait()) {
            if (one.prepare(request))
                one.take(detail::send_attempt(transport, request, one.where()), now);
        } else if (wait_until(one.due())) {
            one.resume(now());
        } else {
            one.cancel();
        }
    }
    return one.finish();
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
