// SPDX-License-Identifier: BSL-1.0
#include "node_call.hpp"

#include "answers.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

namespace proxy {

namespace {

constexpr int max_interim_answers = 8; ///< 1xx before an answer; more are a fault of the node's

[[nodiscard]] std::optional<response_head> read_answer_head(std::string_view bytes)
{
    try {
        return read_response_head(bytes);
    } catch (std::length_error const&) { // a field is longer than Beast can hold
        return std::nullopt;
    }
}

} // namespace

task<error_code> node_call::connect(node& to, instant until)
{
    link_ = to.open();
    link_->bytes.expire_at(std::min(until, monotonic::now() + all_.chosen.upstream.connect_timeout));
    auto error = co_await to.connect(*link_);
    if (is_cancelled_)
        error = asio::error::operation_aborted;
    if (error) {
        trouble_ = link_->bytes.has_expired() ? "no connection in time" : "no connection: " + error.message();
        link_.reset();
    } else {
        ++all_.counted.upstream_connections;
    }
    co_return error;
}

task<error_code> node_call::write(outgoing const& what)
{
    auto& to = link_->bytes;
    may_keep_ = true;
    may_be_executed_ = what.rest == nullptr;
    if (what.rest == nullptr)
        co_return co_await to.write(what.head, what.body);
    error_code error;
    if (what.is_chunked && !what.body.empty()) {
        auto const start = std::string(what.head) + chunk_head(what.body.size());
        error = co_await to.write(start, what.body, "\r\n");
    } else {
        error = co_await to.write(what.head, what.body);
    }
    for (may_keep_ = false; !error;) {
        if (!to.is_secure() && !to.is_quiet()) // with TLS there are bytes that nobody has to hear of
            co_return error;                   // an answer before the end, or none
        auto const part = co_await what.rest->next();
        is_clients_fault_ = what.rest->is_broken() || to.has_expired();
        if (is_clients_fault_)
            co_return asio::error::operation_aborted;
        may_be_executed_ = what.rest->is_done();
        may_keep_ = part.empty();
        if (may_keep_)
            break;
        to.expire_after(all_.chosen.upstream.timeout);
        auto const start = what.is_chunked ? chunk_head(part.size()) : std::string();
        std::string_view const end = what.is_chunked ? "\r\n" : "";
        error = co_await to.write(start, part, end);
    }
    if (!error && what.is_chunked)
        error = co_await to.write("0\r\n\r\n");
    co_return error;
}

task<node_call::ending> node_call::send(node& to, outgoing const& what, instant until)
{
    to_ = &to;
    answer_ = {};
    may_be_executed_ = false;
    if (is_cancelled_)
        co_return ending::abandoned;
    link_ = to.take();
    for (bool is_kept = link_ != nullptr;; is_kept = false) {
        if (!link_) {
            auto const error = co_await connect(to, until);
            if (error)
                co_return is_cancelled_ ? ending::abandoned : ending::unsent;
        }
        link_->bytes.expire_at(until);
        auto const before = link_->bytes.written();
        auto const error = co_await write(what);
        bool const was_sent = link_->bytes.written() != before;
        may_be_executed_ = may_be_executed_ && was_sent;
        if (!was_sent)
            trouble_ = error.message();
        if (was_sent && !is_clients_fault_) {
            bool const is_answered = co_await read_head(what.asks_head);
            if (is_answered && !is_cancelled_)
                co_return ending::answered;
        }
        // A node closes a kept connection when it likes, maybe just now (RFC 9110, 9.2.2).
        bool const is_untouched = link_->in.is_empty() && !link_->bytes.has_expired();
        link_.reset();
        if (is_cancelled_ || is_clients_fault_)
            co_return ending::abandoned;
        bool const may_repeat = is_kept && is_untouched && what.rest == nullptr;
        if (!may_repeat || (was_sent && !what.is_safe))
            co_return was_sent ? ending::broken : ending::unsent;
    }
}

task<bool> node_call::read_head(bool asks_head)
{
    for (int count = 0; count <= max_interim_answers; ++count) {
        auto const head = co_await link_->in.read_head();
        if (head.what != incoming::trouble::none) {
            trouble_ = link_->bytes.has_expired()                  ? "no answer in time"
                       : head.what == incoming::trouble::too_large ? "the head of the answer is too large"
                       : head.what == incoming::trouble::closed    ? "the connection was closed"
                                                                   : "the connection broke";
            co_return false;
        }
        auto parsed = read_answer_head(head.bytes);
        auto const how = parsed ? framing_of(*parsed, asks_head) : std::nullopt;
        if (!how || parsed->result_int() == 101) {
            trouble_ = "the answer is no HTTP";
            co_return false;
        }
        if (parsed->result_int() / 100 == 1)
            continue;
        may_keep_ = may_keep_ && is_kept(*parsed) && how->what != framing::kind::until_close;
        body_ = body_reader(*how);
        answer_.base() = std::move(*parsed);
        co_return true;
    }
    trouble_ = "too many interim answers";
    co_return false;
}

task<bool> node_call::gather(std::size_t most, bool waits)
{
    auto& body = answer_.body();
    for (;;) {
        for (auto part = link_->in.part_at_hand(body_); !part.empty();
             part = body.size() < most ? link_->in.part_at_hand(body_) : std::string_view())
            body.append(part);
        if (body_.is_done() || body_.is_broken() || !waits || body.size() >= most)
            break;
        auto const part = co_await link_->in.read_part(body_);
        body.append(part);
    }
    if (body_.is_broken())
        trouble_ =
            link_->bytes.has_expired() ? "the answer came to no end in time" : "the answer was cut off";
    co_return !body_.is_broken() && !is_cancelled_;
}

task<std::string_view> node_call::next_part(monotonic::duration patience)
{
    link_->bytes.expire_after(patience);
    co_return co_await link_->in.read_part(body_);
}

void node_call::finish()
{
    if (link_ && may_keep_ && body_.is_done() && !is_cancelled_)
        to_->keep(std::move(link_));
    link_.reset();
}

void node_call::cancel() noexcept
{
    is_cancelled_ = true;
    if (link_)
        link_->bytes.close();
}

} // namespace proxy
