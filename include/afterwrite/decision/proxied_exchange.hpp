// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/client_request.hpp>
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/proxy_answer.hpp>
#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/decision/step.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/proxy_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/cached_state.hpp>
#include <afterwrite/session/required_states.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The session that a request belongs to, of those that a proxy keeps by a text, as in `session_store::of`:
/// its token's; with the global scope, the same for all. Refers to the message: to be used before that is
/// prepared.
template <message M>
[[nodiscard]] constexpr std::string_view session_name_of(M const& request, proxy_policy const& policy)
{
    return policy.scope == proxy_scope::identity ? token_of(request) : std::string_view();
}

/// What a proxy does with one request of one client, and all its attempts upstream: `exchange`, with a
/// client before it. Sans-I/O: the proxy's own loop is that of `send`, without a thread that it could block.
///
///     auto caller = store.of(session_name_of(request, policy), now);
///     proxied_exchange run(policy, request, request_facts::of_method(...), caller, view, now, seed);
///     step = run.first(view);         then, until `step.is_final()`:
///     not due yet:                    wait; step = run.resume(view, now)
///     due:                            run.prepare(request, view); send it to run.to(), run.address(view)
///     answered:                       step = run.on_response(response, caller, view, now)
///     broken:                         step = run.on_transport_error(caller, view, now)
///     at the end:                     run.instead(step), or if that is nothing, the answer at hand
///
/// - What the client says itself takes precedence, see `has_own_fields`: such a request goes through as it
///   is, once, whatever the policy says; and its answer comes back as it is. The answer is recorded all the
///   same; what the *client* says never is, since anybody could delay others, or mislead them, by it.
/// - All else carries what its session requires, and is pursued as the policy says, whether or not there is
///   anything to require: a refusal because of the token's own index is waited for as well.
/// - A request without a token belongs to nobody: nothing is required of it in the scope `identity`. Its
///   answer is recorded in the session that is handed over, for the sake of the token that a login brings
///   into being (`store_handle::record`).
/// - With `enforce_consistency::never` nothing is required or recorded.
///
/// Who tells callers apart by something else than tokens, by certificates say, sets `proxy_scope::global`,
/// and hands each its own session.
///
/// `session`: `session`, `shared_session`, `store_handle`, or what has their `required`, `record` and
/// `record_lost`. `view`: `replication_view` or `shared_replication_view`, whose lock is held for its part
/// of a call alone. One thread at a time. Allocates nothing.
class proxied_exchange {
    template <class View>
    static constexpr bool has_no_lock = std::is_same_v<View, replication_view>;

public:
    /// `request`: as the client sent it. `facts`: see `request_facts`. A request with fields of its own is
    /// sent wherever the transport likes, or to the best node, but never to the active one for our sake.
    template <message M, class Session, class View>
    proxied_exchange(proxy_policy const& policy, M const& request, request_facts const& facts,
                     Session const& session, View& view, time_point now, std::uint64_t seed)
        : enforce_(policy.consistency.enforce), is_own_(has_own_fields(request)), facts_(facts),
          exchange_(
              pursued_as(policy), [&] { return required_of(policy, request, session, view); }, sent_as(facts),
              now, seed)
    {}

    /// The client has set fields itself, which go through as they are.
    [[nodiscard]] bool is_clients_own() const noexcept { return is_own_; }

    /// See `exchange::first`.
    template <class View>
    [[nodiscard]] step first(View& view) noexcept(has_no_lock<View>)
    {
        return note(in(view, [this](replication_view& v) { return exchange_.first(v); }));
    }

    /// See `exchange::resume`.
    template <class View>
    [[nodiscard]] step resume(View& view, time_point now) noexcept(has_no_lock<View>)
    {
        return note(in(view, [&](replication_view& v) { return exchange_.resume(v, now); }));
    }

    /// See `exchange::prepare`. The answer to an earlier attempt is needed no more.
    template <request_message M, class View>
    void prepare(M& request, View& view)
    {
        status_ = 0;
        in(view, [&](replication_view& v) { exchange_.prepare(request, v); });
    }

    /// Records an answer and tells what to do with it. It has to be kept until the next attempt is prepared
    /// or the client has what it gets, as far as it is not being handed on: see `instead`.
    template <response_message M, class Session, class View>
    [[nodiscard]] step on_response(M const& response, Session& session, View& view, time_point now)
    {
        if (is_enforced())
            session.record(response, exchange_.carried(), now);
        status_ = message_traits<M>::status(response) < 100 ? 0 : message_traits<M>::status(response);
        return note(in(view, [&](replication_view& v) { return exchange_.on_response(response, v, now); }));
    }

    /// No answer came. `sent`: see `exchange::on_transport_error`.
    template <class Session, class View>
    [[nodiscard]] step on_transport_error(Session& session, View& view, time_point now, bool sent = true)
    {
        if (is_enforced() && sent)
            session.record_lost(exchange_.carried(), now);
        return note(
            in(view, [&](replication_view& v) { return exchange_.on_transport_error(v, now, sent); }));
    }

    /// What the client gets when `last`, the final step, has come: nothing (status 0) if that is the answer
    /// at hand, else these words instead of any. The proxy may also end the exchange itself, with a step of
    /// `action::give_up` and `reason::cancelled`; an attempt that it cuts off is one that broke, which has to
    /// be told first.
    [[nodiscard]] refusal_answer instead(step const& last) const noexcept
    {
        auto const& carried = exchange_.carried();
        auto const form = carried.form() != dialect::unknown ? carried.form() : carried.sent_as().form;
        return answer_instead(last, {.status = status_,
                                     .was_sent = exchange_.attempts() > 0,
                                     .is_joined = is_joined_,
                                     .is_read = facts_.safe,
                                     .form = form});
    }

    /// Whether an answer from a cache, or one that was fetched for another client meanwhile, may be served
    /// instead of asking the server; `cached` lies beside it. To be asked before the first attempt.
    [[nodiscard]] bool may_serve(cached_state const& cached) const noexcept
    {
        return !is_own_ && facts_.to != route::active_node && cached.usable_for(exchange_.carried());
    }

    /// What has to lie beside the answer in a cache, see `cached_state`. It may be put there if it was
    /// delivered as `reason::answered`; or with success, where nothing is enforced.
    [[nodiscard]] cached_state fetched_at() const noexcept { return cached_state(exchange_.carried()); }

    /// See `exchange::to`.
    [[nodiscard]] route to() const noexcept { return exchange_.to(); }

    /// See `exchange::address`.
    [[nodiscard]] std::string_view address(replication_view const& view) const noexcept
    {
        return exchange_.address(view);
    }

    /// See `exchange`.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return exchange_.attempts(); }
    [[nodiscard]] time_point deadline() const noexcept { return exchange_.deadline(); }
    [[nodiscard]] required_states const& carried() const noexcept { return exchange_.carried(); }

private:
    [[nodiscard]] bool is_enforced() const noexcept { return enforce_ == enforce_consistency::always; }

    [[nodiscard]] consistency_policy pursued_as(proxy_policy const& policy) const noexcept
    {
        auto pursued = policy.consistency;
        if (is_own_)
            pursued.enforce = enforce_consistency::never;
        return pursued;
    }

    [[nodiscard]] request_facts sent_as(request_facts facts) const noexcept
    {
        if (is_own_ && facts.to == route::active_node)
            facts.to = route::any_node;
        return facts;
    }

    template <class M, class Session, class View>
    [[nodiscard]] required_states required_of(proxy_policy const& policy, M const& request,
                                              Session const& session, View& view) const
    {
        bool const is_nobodys = policy.scope == proxy_scope::identity && token_of(request).empty();
        if (is_own_ || !is_enforced() || is_nobodys)
            return {};
        return session.required(in(view, [](replication_view const& v) { return v.asked(); }));
    }

    /// Calls f(replication_view&), under the view's lock if it has one.
    template <class View, class F>
    static decltype(auto) in(View& view, F&& f)
    {
        if constexpr (has_no_lock<View>)
            return std::forward<F>(f)(view);
        else
            return view.with(std::forward<F>(f));
    }

    [[nodiscard]] step note(step const& next) noexcept
    {
        if (!next.is_final())
            is_joined_ = next.why == reason::joined;
        return next;
    }

    enforce_consistency enforce_;
    bool is_own_;
    bool is_joined_ = false;
    int status_ = 0;
    request_facts facts_;
    exchange exchange_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
