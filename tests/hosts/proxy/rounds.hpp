// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net.hpp"

#include <boost/asio/steady_timer.hpp>

#include <optional>
#include <unordered_set>

namespace proxy {

class rounds;

/// What has to be looked at now and then.
class watched {
public:
    explicit watched(rounds& by);
    virtual ~watched();
    watched(watched const&) = delete;
    watched& operator=(watched const&) = delete;

    /// May close sockets, and add nothing to the rounds nor take anything away.
    virtual void look(instant now) = 0;

private:
    rounds& by_;
};

/// One timer for all that a worker waits for with patience: ten times a second it goes round, and looks at
/// each. So a time limit costs a store, not a timer. One thread.
class rounds {
public:
    static constexpr std::chrono::milliseconds pace{100};

    void begin(asio::io_context& io);
    void end() { timer_.reset(); }

private:
    friend watched;

    void go();

    std::optional<asio::steady_timer> timer_;
    std::unordered_set<watched*> all_;
};

} // namespace proxy
