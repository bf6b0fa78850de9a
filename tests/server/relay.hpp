// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

namespace server {

/// Hands bytes on between a port of its own and another one, both of 127.0.0.1, later than they came: a slow
/// link. It does not look at what it carries. Each function may be called by any thread.
class relay {
public:
    /// Throws boost::system::system_error if there is no port to be had.
    explicit relay(unsigned short target);
    ~relay(); ///< closes every connection
    relay(relay const&) = delete;
    relay& operator=(relay const&) = delete;

    /// Where it listens. Each connection to it is one to the target.
    [[nodiscard]] unsigned short port() const;

    /// How much later a byte, or the end of what one side sends, is handed on. It counts for what comes from
    /// now on; but bytes of one connection never overtake each other.
    void set_delay(std::chrono::nanoseconds to_target, std::chrono::nanoseconds to_client);

    /// Until `release` nothing is handed on, and nothing gets lost: a link that is down.
    void hold();
    void release();

    /// Those that are open now.
    [[nodiscard]] std::size_t connections() const;

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace server
