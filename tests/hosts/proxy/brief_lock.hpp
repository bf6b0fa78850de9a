// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>

namespace proxy {

/// A lock for what is held for less than a call of the system takes: who meets another looks a while whether
/// it is over, and only then sleeps. Workers ask the library some times for each request, so they meet often.
class brief_lock {
public:
    void lock() noexcept
    {
        for (int left = looks; left > 0; --left) {
            auto seen =
                state_.load(std::memory_order_relaxed); // who only looks leaves the line to the holder
            if (seen == free && state_.compare_exchange_weak(seen, held, std::memory_order_acquire,
                                                             std::memory_order_relaxed))
                return;
            pause();
        }
        while (state_.exchange(awaited, std::memory_order_acquire) != free)
            state_.wait(awaited, std::memory_order_relaxed);
    }

    void unlock() noexcept
    {
        if (state_.exchange(free, std::memory_order_release) == awaited)
            state_.notify_one();
    }

private:
    static constexpr int looks = 200; ///< some microseconds: less than to sleep and be woken costs both
    static constexpr std::uint32_t free = 0;
    static constexpr std::uint32_t held = 1;
    static constexpr std::uint32_t awaited = 2; ///< held, and somebody sleeps or is about to

    static void pause() noexcept
    {
#if defined(__x86_64__) || defined(__i386__)
        __builtin_ia32_pause();
#endif
    }

    std::atomic<std::uint32_t> state_{free};
};

} // namespace proxy
