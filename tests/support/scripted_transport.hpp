// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/transport/transport_traits.hpp>

#include "support/test_message.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace support {

/// An answer, or none: the exchange broke.
using reply = std::optional<test_message>;

/// What a transport was told to send, and where to.
struct sent {
    test_message request;
    afterwrite::route to = afterwrite::route::any_node;
    std::string address{};
};

/// Answers from a script, whose last line it repeats, and remembers what it was asked.
struct scripted_transport {
    std::vector<reply> script;
    std::vector<sent> log{};

    reply operator()(test_message& request, afterwrite::destination const& where)
    {
        log.push_back({request, where.to, std::string(where.address)});
        return script[std::min(log.size(), script.size()) - 1];
    }
};

/// The same for an address that it is bound to.
struct bound_transport {
    std::vector<reply> script;
    std::vector<sent> log{};

    reply operator()(test_message& request)
    {
        log.push_back({request});
        return script[std::min(log.size(), script.size()) - 1];
    }
};

/// An event loop that has one thing to do at a time, as a stack of callbacks has: answers and timers come
/// later, when `run` gets there, never inside the call that asks for them.
class event_loop {
public:
    explicit event_loop(afterwrite::time_point begin) : now_(begin) {}

    [[nodiscard]] afterwrite::time_point now() const { return now_; }

    void at(afterwrite::time_point due, std::function<void()> what)
    {
        queue_.emplace_back(due, std::move(what));
    }

    void run()
    {
        while (!queue_.empty()) {
            auto const [due, what] = std::move(queue_.front());
            queue_.pop_front();
            now_ = std::max(now_, due);
            what();
        }
    }

private:
    afterwrite::time_point now_;
    std::deque<std::pair<afterwrite::time_point, std::function<void()>>> queue_;
};

/// The scripted transport behind callbacks.
struct async_transport {
    event_loop& loop;
    scripted_transport& transport;

    void send(test_message request, afterwrite::destination where, std::function<void(reply)> done)
    {
        auto answer = transport(request, where);
        loop.at(loop.now(), [answer = std::move(answer), done = std::move(done)] { done(answer); });
    }
};

} // namespace support
