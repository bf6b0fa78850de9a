// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <latch>
#include <thread>
#include <vector>

namespace support {

/// Calls f(number of the thread) in so many threads, all at once, and waits for their end.
template <class F>
void in_threads(std::size_t count, F const& f)
{
    std::latch begin(static_cast<std::ptrdiff_t>(count));
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < count; ++i)
        threads.emplace_back([&f, &begin, i] {
            begin.arrive_and_wait();
            f(i);
        });
    for (auto& thread : threads)
        thread.join();
}

} // namespace support
