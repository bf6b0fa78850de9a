// SPDX-License-Identifier: BSL-1.0
#include "relay.hpp"

#include <afterwrite/adapters/beast_message.hpp>

#include <algorithm>

namespace proxy {

using namespace afterwrite;

namespace {

/// Of an answer, as much is at hand before anything is decided, and before the client sees any of it.
constexpr std::size_t most_at_hand = 64 * 1024;

/// Whether what an answer means may stand in its body: refusals and errors do, and what a write has brought
/// about. Of other reads an answer may never end, such as that of `sys/monitor`.
[[nodiscard]] bool is_told_by_body(response_head const& answer, required_states const& carried)
{
    auto const& sent = carried.sent_as();
    return answer.result_int() >= 400 || !sent.is_read || sent.may_give_birth;
}

} // namespace

/// What of a request's body is not at hand.
class relay::rest_of_body final : public body_source {
public:
    explicit rest_of_body(relay& of) : of_(of) {}

    [[nodiscard]] task<std::string_view> next() override
    {
        auto& client = of_.client_;
        client.bytes.expire_after(of_.all_.chosen.limits.body_timeout);
        auto const part = co_await client.in.read_part(client.body);
        client.bytes.expire_never();
        of_.streamed_ += part.size();
        co_return part;
    }

    [[nodiscard]] bool is_broken() const noexcept override
    {
        return of_.client_.body.is_broken() || of_.is_too_large();
    }

    [[nodiscard]] bool is_done() const noexcept override { return of_.client_.body.is_done(); }

private:
    relay& of_;
};

relay::relay(worker& by, client_side client, client_request& request)
    : by_(by), all_(by.all), client_(client), request_(request), head_(request.head), call_(by.all),
      is_streamed_(!client.body.is_done()), deadline_(monotonic::now() + all_.chosen.upstream.timeout),
      streamed_(request.body.size())
{}

task<bool> relay::run()
{
    auto const now = monotonic::now();
    auto const& policy = all_.chosen.policy;
    auto caller = all_.sessions.of(session_name_of(request_.head, policy), now);
    caller.report_to(&restored_);
    proxied_exchange exchange(policy, request_.head, facts(caller), caller, all_.view, now, by_.next_seed());
    if (exchange.is_clients_own())
        ++all_.counted.clients_own;
    step last;
    std::string failure;
    try {
        last = co_await pursue(exchange, caller);
    } catch (std::exception const& error) { // such as for want of memory
        failure = error.what();
    }
    if (is_cancelled_)
        co_return false;
    if (failure.empty())
        co_return co_await deliver(exchange, last);
    all_.log.error("a request failed", {{"error", failure}});
    request_.form.is_kept = false;
    call_.finish();
    auto const said = own_answer::error(500, "the proxy failed at this; a write may have been executed");
    note(last, exchange.attempts(), said.status);
    co_return co_await deliver_own(said);
}

/// A body that cannot be sent again goes to the active node, if it is known: no other may lack the state.
request_facts relay::facts(handle const& caller)
{
    auto facts = request_facts::of_method(text_of(request_.head.method_string()));
    facts.addressable = true;
    facts.deadline = deadline_;
    facts.to = all_.chooses_node ? route::best_node : route::any_node;
    if (!is_streamed_)
        return facts;
    facts.replayable_body = false;
    bool const is_enforced = all_.chosen.policy.consistency.enforce == enforce_consistency::always;
    all_.view.with([&](replication_view& view) {
        if (is_enforced && caller.required(view).size() > 0 && !view.active_address().empty())
            facts.to = route::active_node;
    });
    return facts;
}

task<step> relay::pursue(proxied_exchange& exchange, handle& caller)
{
    auto last = exchange.first(all_.view);
    while (!last.is_final()) {
        if (last.not_before > monotonic::now()) {
            co_await wait_until(last.not_before);
            if (is_cancelled_)
                co_return step{.what = action::give_up, .why = reason::cancelled};
            last = exchange.resume(all_.view, std::max(monotonic::now(), last.not_before));
            continue;
        }
        last = co_await attempt(exchange, caller);
        if (is_cancelled_)
            break;
    }
    co_return last;
}

task<> relay::wait_until(instant due)
{
    auto const began = monotonic::now();
    ++all_.counted.waits;
    if (!timer_)
        timer_.emplace(by_.io());
    timer_->expires_at(due);
    error_code cancelled;
    co_await timer_->async_wait(into(cancelled));
    auto const waited = std::chrono::duration_cast<std::chrono::nanoseconds>(monotonic::now() - began);
    all_.counted.waited_ns += static_cast<std::uint64_t>(waited.count());
}

task<step> relay::attempt(proxied_exchange& exchange, handle& caller)
{
    call_.finish(); // with what is left of the answer before
    exchange.prepare(head_, all_.view);
    auto const address =
        all_.view.with([&](replication_view const& view) { return node_address(exchange.address(view)); });
    if (exchange.to() == route::active_node && address.view().empty())
        co_return step{.what = action::give_up, .why = reason::not_offered};
    ++all_.counted.attempts;
    if (exchange.to() == route::active_node || head_.has(field_names::forward))
        ++all_.counted.forwarded;
    auto& to = by_.nodes.at(address.view());
    auto const head = head_for(to);
    rest_of_body rest(*this);
    outgoing const what{.head = head,
                        .body = request_.body,
                        .rest = is_streamed_ ? &rest : nullptr,
                        .is_chunked = request_.how.what == framing::kind::chunked,
                        .is_safe = request_facts::of_method(text_of(request_.head.method_string())).safe,
                        .asks_head = request_.form.is_head};
    bool is_recorded = false;
    // However this ends, also by an exception: what a node may have executed is lost if no more is known.
    at_end const unrecorded([&] {
        if (!is_recorded && call_.may_be_executed())
            lose(exchange, caller);
    });
    auto const ending = co_await call(to, what, exchange);
    was_sent_ = was_sent_ || ending != node_call::ending::unsent;
    auto const now = monotonic::now();
    if (ending == node_call::ending::answered) {
        auto const next = exchange.on_response(call_.answer(), caller, all_.view, now);
        is_recorded = true;
        if (restored_)
            ++all_.counted.restored;
        restored_ = {};
        co_return next;
    }
    if (ending == node_call::ending::abandoned) { // of which the node is told nothing, nor is anybody of it
        is_abandoned_ = true;
        co_return step{.what = action::give_up, .why = reason::cancelled};
    }
    is_recorded = true;
    auto const next =
        exchange.on_transport_error(caller, all_.view, now, ending != node_call::ending::unsent);
    ++all_.counted.upstream_errors;
    to.warn(call_.trouble());
    co_return next;
}

/// Sends it, and takes what is needed of the answer before anything is decided.
task<node_call::ending> relay::call(node& to, outgoing const& what, proxied_exchange const& exchange)
{
    auto const ending = co_await call_.send(to, what, deadline_);
    if (ending != node_call::ending::answered)
        co_return ending;
    bool const waits = call_.body().length().value_or(most_at_hand + 1) <= most_at_hand ||
                       is_told_by_body(call_.answer(), exchange.carried());
    bool const is_sound = co_await call_.gather(most_at_hand, waits);
    if (is_cancelled_)
        co_return node_call::ending::abandoned;
    if (!is_sound)
        co_return node_call::ending::broken;
    if (call_.body().is_done())
        call_.finish(); // others may need the connection while this one waits, or its client reads
    co_return ending;
}

void relay::lose(proxied_exchange const& exchange, handle& caller) const
{
    if (all_.chosen.policy.consistency.enforce == enforce_consistency::always)
        caller.record_lost(exchange.carried(), monotonic::now());
}

std::string relay::head_for(node const& to) const
{
    auto const& head = request_.head;
    std::string text;
    text.reserve(512);
    text.append(text_of(head.method_string())).append(" ").append(text_of(head.target()));
    text.append(" HTTP/1.1\r\nHost: ").append(to.host_field()).append("\r\n");
    head_.append_fields_to(text);
    if (!is_streamed_ && request_.how.what != framing::kind::none)
        text.append("Content-Length: ").append(std::to_string(request_.body.size())).append("\r\n");
    else if (request_.how.what == framing::kind::length)
        text.append("Content-Length: ").append(std::to_string(request_.how.length)).append("\r\n");
    else if (request_.how.what == framing::kind::chunked)
        text += "Transfer-Encoding: chunked\r\n";
    return text += "\r\n";
}

task<bool> relay::deliver(proxied_exchange& exchange, step const& last)
{
    auto const instead = exchange.instead(last);
    bool const is_rest_unread = is_streamed_ && !client_.body.is_done();
    request_.form.is_kept = request_.form.is_kept && !is_rest_unread && !all_.is_draining;
    if (instead.status == 0) {
        note(last, exchange.attempts(), call_.answer().result_int());
        co_return co_await hand_on();
    }
    call_.finish();
    auto const said = words_for(instead);
    note(last, exchange.attempts(), said.status);
    co_return co_await deliver_own(said);
}

own_answer relay::words_for(refusal_answer const& instead) const
{
    if (is_abandoned_)
        return what_was_wrong();
    if (instead == proxy_answers::no_answer && !was_sent_)
        return own_answer::error(503, "no connection to the server was to be had; nothing was sent");
    return own_answer::refusal(instead);
}

/// Of a body that was sent on as far as it came.
own_answer relay::what_was_wrong() const
{
    ++all_.counted.requests_malformed;
    if (client_.body.is_broken())
        return own_answer::error(400, "the body of the request is broken; nothing was executed");
    if (is_too_large())
        return own_answer::error(413, "the body of the request is too large");
    return own_answer::error(408, "the body of the request did not come in time; nothing was executed");
}

bool relay::is_too_large() const noexcept { return streamed_ > all_.chosen.limits.max_request_bytes; }

task<bool> relay::deliver_own(own_answer const& answer)
{
    ++all_.counted.own_answers;
    client_.bytes.expire_after(all_.chosen.limits.body_timeout);
    auto const text = written(answer, request_.form);
    auto const error = co_await client_.bytes.write(text);
    co_return !error;
}

/// The answer at hand, and what still comes of it.
task<bool> relay::hand_on()
{
    auto& answer = call_.answer();
    auto how = framing_for(request_.form, call_.body().how());
    if (call_.body().is_done() && how.what != framing::kind::none)
        how = {framing::kind::length, answer.body().size()};
    request_.form.is_kept = request_.form.is_kept && how.what != framing::kind::until_close;
    auto const patience = all_.chosen.limits.body_timeout;
    auto& to = client_.bytes;
    to.expire_after(patience);
    bool const is_chunked = how.what == framing::kind::chunked;
    auto const mark = [is_chunked](std::string_view part) {
        return is_chunked && !part.empty() ? chunk_head(part.size()) : std::string();
    };
    auto const end_of = [is_chunked](std::string_view part) {
        return std::string_view(is_chunked && !part.empty() ? "\r\n" : "");
    };
    auto start = written(answer.base(), how, request_.form) + mark(answer.body());
    auto error = co_await to.write(start, answer.body(), end_of(answer.body()));
    while (!error && !call_.body().is_done()) {
        to.expire_never();
        auto const part = co_await call_.next_part(all_.chosen.upstream.timeout);
        to.expire_after(patience);
        if (is_cancelled_ || call_.body().is_broken()) {
            to.cut(); // so that nobody takes what came for all of it
            co_return false;
        }
        start = mark(part);
        error = co_await to.write(start, part, end_of(part));
    }
    if (!error && is_chunked)
        error = co_await to.write("0\r\n\r\n");
    call_.finish();
    co_return !error;
}

void relay::cancel() noexcept
{
    is_cancelled_ = true;
    call_.cancel();
    if (timer_)
        timer_->cancel();
}

void relay::note(step const& last, std::uint32_t attempts, unsigned status)
{
    auto& counted = all_.counted;
    count_answer(counted, status);
    if (attempts > 1)
        counted.refusals += attempts - 1;
    if (!all_.log.is_on(log_level::debug))
        return;
    all_.log.debug("request", {{"method", text_of(request_.head.method_string())},
                               {"path", without_secrets(text_of(request_.head.target()))},
                               {"status", std::to_string(status)},
                               {"attempts", std::to_string(attempts)},
                               {"reason", to_string(last.why)}});
}

} // namespace proxy
