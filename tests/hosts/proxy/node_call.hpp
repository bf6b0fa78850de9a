// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "body.hpp"
#include "fields.hpp"
#include "node_pool.hpp"

#include <boost/beast/http/string_body.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace proxy {

/// A body that comes in while it is sent on.
class body_source {
public:
    virtual ~body_source() = default;

    /// The next part, which stays until the next call; empty: it is over, or it broke.
    [[nodiscard]] virtual task<std::string_view> next() = 0;
    [[nodiscard]] virtual bool is_broken() const noexcept = 0;

    /// The end has come.
    [[nodiscard]] virtual bool is_done() const noexcept = 0;
};

/// A request as it goes to a node.
struct outgoing {
    std::string_view head; ///< with the empty line
    std::string_view body; ///< what is at hand of it
    body_source* rest = nullptr;
    bool is_chunked = false; ///< `rest` is, and `body` with it
    bool is_safe = false;    ///< it may be sent again where nobody knows whether it was executed
    bool asks_head = false;
};

/// One attempt: a request to a node, and its answer, as far as it was read. One thread.
class node_call {
public:
    using answer_type = http::response<http::string_body>;

    explicit node_call(proxy::shared& all) : all_(all) {}

    enum class ending : std::uint8_t {
        answered,  ///< `answer` has the head
        unsent,    ///< nothing was sent, for want of a connection
        broken,    ///< something was sent, and no answer came
        abandoned, ///< the client is gone, or its request came to no end: no fault of the node's
    };

    /// `until`: when the head of the answer must be there.
    [[nodiscard]] task<ending> send(node& to, outgoing const& what, instant until);

    /// All of the request may have reached the node that was called last. (A node cannot have executed a
    /// request whose body, as its head declares that, never came to its end.)
    [[nodiscard]] bool may_be_executed() const noexcept { return may_be_executed_; }

    /// The answer, with as much of its body as `gather` has found.
    [[nodiscard]] answer_type& answer() noexcept { return answer_; }
    [[nodiscard]] body_reader const& body() const noexcept { return body_; }

    /// Takes what is at hand of the body; with `waits`, until there is so much, or all. False: broken.
    [[nodiscard]] task<bool> gather(std::size_t most, bool waits);

    /// The next part of the body, of which `answer` has the beginning; empty: it is over, or it broke.
    [[nodiscard]] task<std::string_view> next_part(monotonic::duration patience);

    /// The answer is needed no more. The connection is kept if it can be.
    void finish();

    /// Ends what is under way, for good.
    void cancel() noexcept;

    [[nodiscard]] std::string const& trouble() const noexcept { return trouble_; }

private:
    [[nodiscard]] task<error_code> connect(node& to, instant until);
    [[nodiscard]] task<error_code> write(outgoing const& what);
    [[nodiscard]] task<bool> read_head(bool asks_head);

    proxy::shared& all_;
    node* to_ = nullptr;
    std::unique_ptr<node_link> link_;
    answer_type answer_;
    body_reader body_;
    std::string trouble_; ///< why there is no answer
    bool may_keep_ = false;
    bool may_be_executed_ = false;
    bool is_clients_fault_ = false; ///< that the request has not come to its end
    bool is_cancelled_ = false;
};

} // namespace proxy
