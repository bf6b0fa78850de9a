// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>

#include <csignal>

namespace probe {

/// As long as it lives, the first Ctrl-C (or SIGTERM) only asks to stop, so that the keys can be removed. A
/// second one ends the program. One of these at a time.
class interrupt_guard {
public:
    interrupt_guard();
    ~interrupt_guard();
    interrupt_guard(interrupt_guard const&) = delete;
    interrupt_guard& operator=(interrupt_guard const&) = delete;

    /// Whether a signal has asked to stop. Any thread.
    [[nodiscard]] static bool is_asked_to_stop() noexcept;

private:
    struct sigaction before_interrupt_;
    struct sigaction before_terminate_;
};

/// For `afterwrite::send`: sleeps, and cancels when a signal asks to stop.
struct interruptible_wait {
    bool operator()(afterwrite::time_point until) const;
};

} // namespace probe
