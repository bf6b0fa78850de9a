// SPDX-License-Identifier: BSL-1.0
#include "interrupt.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

namespace probe {

namespace {

std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free); // or a signal handler may not touch it

void on_signal(int) { asked_to_stop = true; }

} // namespace

interrupt_guard::interrupt_guard()
{
    asked_to_stop = false;
    struct sigaction action = {};
    action.sa_handler = &on_signal;
    action.sa_flags = static_cast<int>(SA_RESETHAND | SA_RESTART);
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, &before_interrupt_);
    sigaction(SIGTERM, &action, &before_terminate_);
}

interrupt_guard::~interrupt_guard()
{
    sigaction(SIGINT, &before_interrupt_, nullptr);
    sigaction(SIGTERM, &before_terminate_, nullptr);
}

bool interrupt_guard::is_asked_to_stop() noexcept { return asked_to_stop; }

bool interruptible_wait::operator()(afterwrite::time_point until) const
{
    constexpr auto slice = std::chrono::milliseconds(50); // so soon Ctrl-C is noticed
    for (auto now = afterwrite::clock::now(); now < until; now = afterwrite::clock::now()) {
        if (interrupt_guard::is_asked_to_stop())
            return false;
        std::this_thread::sleep_until(std::min<afterwrite::time_point>(until, now + slice));
    }
    return !interrupt_guard::is_asked_to_stop();
}

} // namespace probe
