// SPDX-License-Identifier: BSL-1.0
#include "brief_lock.hpp"

#include <afterwrite/lock.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

static_assert(afterwrite::basic_lockable<proxy::brief_lock>);

TEST_CASE("what several threads do under a brief lock is done by one at a time")
{
    proxy::brief_lock lock;
    int counted = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int k = 0; k < 20'000; ++k) {
                afterwrite::scoped_hold const held(lock);
                ++counted;
            }
        });
    for (auto& each : threads)
        each.join();
    CHECK(counted == 80'000);
}

TEST_CASE("who meets a lock that is held for long sleeps, and is woken")
{
    proxy::brief_lock lock;
    lock.lock();
    std::atomic<int> begun{0};
    std::atomic<int> passed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i)
        threads.emplace_back([&] {
            ++begun;
            afterwrite::scoped_hold const held(lock);
            ++passed;
        });
    while (begun < 3)
        std::this_thread::yield();
    for (int looks = 0; looks < 10'000; ++looks) // longer than anybody looks for before he sleeps
        std::this_thread::yield();
    CHECK(passed == 0);
    lock.unlock();
    for (auto& each : threads)
        each.join();
    CHECK(passed == 3);
    lock.lock(); // it is free again
    lock.unlock();
}
