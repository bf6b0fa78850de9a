// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "answers.hpp"
#include "attempt_head.hpp"
#include "fields.hpp"
#include "incoming.hpp"
#include "node_call.hpp"
#include "worker.hpp"

#include <afterwrite/decision/proxied_exchange.hpp>

#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <string>

namespace proxy {

/// The connection of a client, as one request needs it.
struct client_side {
    stream& bytes;
    incoming& in;
    body_reader& body; ///< of the request
};

/// A request of a client's, when all of it is known but what of a long body still comes.
struct client_request {
    request_head head; ///< without what belongs to the connection
    framing how;       ///< of its body
    std::string body;  ///< what is at hand of it
    answer_form form;  ///< of the answer
};

/// Brings one request to the cluster, as often as it takes, and one answer back: the loop that
/// `proxied_exchange` describes. One thread.
class relay {
public:
    relay(worker& by, client_side client, client_request& request);

    /// Whether the client has got an answer to its end. If not, its connection is no good any more.
    [[nodiscard]] task<bool> run();

    /// The client is gone.
    void cancel() noexcept;

private:
    class rest_of_body;
    using proxied_exchange = afterwrite::proxied_exchange;
    using step = afterwrite::step;
    using handle = shared::session_store::handle;

    [[nodiscard]] afterwrite::request_facts facts(handle const& caller);
    [[nodiscard]] task<step> pursue(proxied_exchange& run, handle& caller);
    [[nodiscard]] task<> wait_until(instant due);
    [[nodiscard]] task<step> attempt(proxied_exchange& run, handle& caller);
    [[nodiscard]] task<node_call::ending> call(node& to, outgoing const& what, proxied_exchange const& run);
    [[nodiscard]] task<bool> deliver(proxied_exchange& run, step const& last);
    [[nodiscard]] task<bool> deliver_own(own_answer const& answer);
    [[nodiscard]] own_answer words_for(afterwrite::refusal_answer const& instead) const;
    [[nodiscard]] own_answer what_was_wrong() const;
    [[nodiscard]] bool is_too_large() const noexcept;
    void lose(proxied_exchange const& run, handle& caller) const;
    [[nodiscard]] task<bool> hand_on();
    [[nodiscard]] std::string head_for(node const& to) const;
    void note(step const& last, std::uint32_t attempts, unsigned status);

    worker& by_;
    shared& all_;
    client_side client_;
    client_request& request_;
    attempt_head head_; ///< of `request_`
    node_call call_;
    std::optional<asio::steady_timer> timer_;
    bool const is_streamed_; ///< the body is not all at hand, and is sent on as it comes
    instant deadline_;
    std::uint64_t streamed_ = 0; ///< of the request's body
    afterwrite::regression restored_;
    bool was_sent_ = false;     ///< an attempt, to any node
    bool is_abandoned_ = false; ///< the client's request came to no end
    bool is_cancelled_ = false;
};

} // namespace proxy
