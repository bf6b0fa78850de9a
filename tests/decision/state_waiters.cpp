// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/state_waiters.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <random>
#include <type_traits>
#include <vector>

using namespace afterwrite;
using namespace support;

static_assert(!std::is_copy_constructible_v<state_waiter>); // others point at it
static_assert(!std::is_copy_constructible_v<state_waiters>);
static_assert(std::is_default_constructible_v<state_waiter>);
static_assert(std::is_default_constructible_v<state_waiters>);

namespace {

constexpr time_point never = time_point::max();

std::vector<state_waiter*> taken(state_waiters& queue)
{
    std::vector<state_waiter*> all;
    while (auto* const one = queue.take())
        all.push_back(one);
    return all;
}

using waiter_list = std::vector<state_waiter*>;

/// The same by a list that is searched from end to end.
struct naive_waiters {
    struct entry {
        std::size_t id;
        wal_position awaited;
        time_point until;
    };

    std::vector<entry> waiting{};
    wal_position here{};

    /// Takes out those for whom it holds.
    template <class Predicate>
    std::vector<std::size_t> take(Predicate&& is_ready)
    {
        std::vector<std::size_t> ready;
        std::erase_if(waiting, [&](entry const& each) {
            if (is_ready(each))
                ready.push_back(each.id);
            return is_ready(each);
        });
        std::sort(ready.begin(), ready.end());
        return ready;
    }

    std::optional<time_point> next_deadline() const
    {
        std::optional<time_point> first;
        for (auto const& each : waiting)
            first = first ? std::min(*first, each.until) : each.until;
        return first;
    }
};

} // namespace

TEST_CASE("who waits becomes ready when both numbers have been reached")
{
    state_waiters queue;
    state_waiter one;
    queue.add(one, {5, 3}, never);
    CHECK(one.is_in());
    CHECK(queue.waiting() == 1);
    CHECK(queue.reached({4, 9}) == 0);
    CHECK(queue.reached({9, 2}) == 0);
    CHECK(queue.take() == nullptr);
    CHECK(one.woken() == woken_by::nothing);
    CHECK(queue.reached({5, 3}) == 1);
    CHECK(queue.waiting() == 0);
    CHECK(one.is_in());
    CHECK(queue.take() == &one);
    CHECK_FALSE(one.is_in());
    CHECK(one.woken() == woken_by::position);
    CHECK(queue.take() == nullptr);
}

TEST_CASE("exactly those that are satisfied become ready")
{
    state_waiters queue;
    std::deque<state_waiter> waiters(5);
    queue.add(waiters[0], {1, 0}, never);
    queue.add(waiters[1], {3, 0}, never);
    queue.add(waiters[2], {2, 2}, never);
    queue.add(waiters[3], {2, 3}, never);
    queue.add(waiters[4], {0, 1}, never);
    CHECK(queue.reached({2, 2}) == 3);
    auto ready = taken(queue);
    std::sort(ready.begin(), ready.end());
    CHECK(ready == waiter_list{&waiters[0], &waiters[2], &waiters[4]});
    CHECK(queue.reached({3, 2}) == 1);
    CHECK(taken(queue) == waiter_list{&waiters[1]});
    CHECK(queue.reached({3, 3}) == 1);
    CHECK(taken(queue) == waiter_list{&waiters[3]});
}

TEST_CASE("what was reached before the waiter came is not lost")
{
    state_waiters queue;
    state_waiter one;
    queue.reached({5, 3});
    queue.add(one, {5, 3}, never);
    CHECK(queue.waiting() == 0);
    CHECK(queue.take() == &one);
    queue.add(one, {5, 4}, never);
    CHECK(one.woken() == woken_by::nothing);
    CHECK(queue.take() == nullptr);
    queue.reached({5, 4});
    CHECK(queue.take() == &one);
}

TEST_CASE("a deadline makes ready, and the next one is told")
{
    state_waiters queue;
    state_waiter early;
    state_waiter late;
    CHECK_FALSE(queue.next_deadline());
    queue.add(late, {1, 0}, at(20ms));
    queue.add(early, {2, 0}, at(10ms));
    CHECK(queue.next_deadline() == at(10ms));
    CHECK(queue.expired(at(9ms)) == 0);
    CHECK(queue.expired(at(10ms)) == 1);
    CHECK(queue.next_deadline() == at(20ms));
    CHECK(taken(queue) == waiter_list{&early});
    CHECK(early.woken() == woken_by::deadline);
    CHECK(early.until() == at(10ms));
    CHECK(early.awaited() == wal_position{2, 0});
    CHECK(queue.reached({2, 0}) == 1);
    CHECK_FALSE(queue.next_deadline());
    CHECK(queue.expired(at(30ms)) == 0);
    CHECK(taken(queue) == waiter_list{&late});
    CHECK(late.woken() == woken_by::position);
}

TEST_CASE("what nobody can reach waits until its time is over")
{
    state_waiters queue;
    state_waiter one;
    queue.add(one, {UINT64_MAX, UINT64_MAX}, at(10ms));
    CHECK(queue.reached({UINT64_MAX - 1, 0}) == 0);
    CHECK(queue.expired(at(10ms)) == 1);
}

TEST_CASE("who leaves is woken by nothing, whether it waits or is ready")
{
    state_waiters queue;
    state_waiter one;
    state_waiter other;
    queue.add(one, {1, 0}, at(1ms));
    queue.add(other, {1, 0}, at(2ms));
    queue.remove(one);
    CHECK_FALSE(one.is_in());
    CHECK(queue.next_deadline() == at(2ms));
    CHECK(queue.reached({1, 0}) == 1);
    queue.remove(other);
    CHECK(queue.take() == nullptr);
}

TEST_CASE("the end of a waiter takes it out, and the end of the queue frees its waiters")
{
    state_waiter outlives;
    {
        state_waiters queue;
        {
            state_waiter waits;
            state_waiter ready;
            queue.add(waits, {2, 0}, at(1ms));
            queue.add(ready, {1, 0}, at(1ms));
            queue.reached({1, 0});
        }
        CHECK(queue.waiting() == 0);
        CHECK(queue.take() == nullptr);
        CHECK_FALSE(queue.next_deadline());
        queue.add(outlives, {3, 0}, at(1ms));
    }
    CHECK_FALSE(outlives.is_in());
    {
        state_waiters queue;
        queue.add(outlives, {3, 0}, at(1ms));
        queue.expired(at(1ms));
    }
    CHECK_FALSE(outlives.is_in());
}

TEST_CASE("to add it again moves it, from one node's queue to another's as well")
{
    state_waiters first;
    state_waiters second;
    state_waiter one;
    first.add(one, {1, 0}, at(1ms));
    first.add(one, {2, 0}, at(2ms));
    CHECK(first.waiting() == 1);
    CHECK(first.next_deadline() == at(2ms));
    second.add(one, {1, 0}, at(3ms));
    CHECK(first.waiting() == 0);
    CHECK(first.reached({9, 9}) == 0);
    CHECK(second.reached({1, 0}) == 1);
    first.add(one, {10, 0}, at(3ms)); // out of those that are ready
    CHECK(second.take() == nullptr);
    CHECK(first.waiting() == 1);
}

TEST_CASE("those that are ready are taken in the order in which they became so")
{
    state_waiters queue;
    std::deque<state_waiter> waiters(3);
    for (auto& each : waiters)
        queue.add(each, {1, 0}, at(1ms));
    queue.add(waiters[1], {1, 0}, at(0ms));
    CHECK(queue.expired(at(0ms)) == 1);
    CHECK(queue.reached({1, 0}) == 2);
    CHECK(queue.take() == &waiters[1]);
    CHECK(taken(queue).size() == 2);
}

TEST_CASE("any of those that are ready may leave, and the others are taken in their order")
{
    for (std::size_t leaving = 0; leaving < 4; ++leaving) {
        state_waiters queue;
        std::deque<state_waiter> waiters(5);
        waiter_list expected;
        for (std::size_t i = 0; i < 4; ++i) {
            queue.add(waiters[i], {}, never);
            if (i != leaving)
                expected.push_back(&waiters[i]);
        }
        queue.remove(waiters[leaving]);
        CHECK_FALSE(waiters[leaving].is_in());
        queue.add(waiters[4], {}, never);
        expected.push_back(&waiters[4]);
        CHECK(taken(queue) == expected);
    }
}

TEST_CASE("it agrees with a naive list, whatever is done and however a node falls back")
{
    constexpr std::size_t count = 120;
    for (std::uint32_t seed = 1; seed <= 8; ++seed) {
        std::mt19937 random(seed);
        bool const falls_back = seed % 2 == 0;
        auto const number = [&](std::uint64_t limit) { return random() % limit; };
        state_waiters queue;
        std::deque<state_waiter> waiters(count);
        naive_waiters naive;
        wal_position here{};
        auto now = 0ms;
        for (int round = 0; round < 20000; ++round) {
            std::vector<std::size_t> expected;
            switch (number(5)) {
            case 0:
            case 1: { // another one waits, or the same for something else
                auto const id = static_cast<std::size_t>(number(count));
                wal_position const awaited{here.local + number(20),
                                           number(3) * (here.replicated + number(9))};
                auto const until = at(now + std::chrono::milliseconds(number(300)));
                std::erase_if(naive.waiting, [&](auto const& each) { return each.id == id; });
                naive.waiting.push_back({id, awaited, until});
                queue.add(waiters[id], awaited, until);
                expected = naive.take([&](auto const& each) { return each.awaited <= naive.here; });
                break;
            }
            case 2: { // a client goes
                auto const id = static_cast<std::size_t>(number(count));
                std::erase_if(naive.waiting, [&](auto const& each) { return each.id == id; });
                if (waiters[id].is_in())
                    queue.remove(waiters[id]);
                break;
            }
            case 3:
                here = join(here, {here.local + number(4), here.replicated + number(4)});
                if (falls_back && number(20) == 0)
                    here = {here.local / 2, here.replicated / 2};
                naive.here = here;
                expected = naive.take([&](auto const& each) { return each.awaited <= here; });
                REQUIRE(queue.reached(here) == expected.size());
                break;
            default:
                now += std::chrono::milliseconds(number(20));
                expected = naive.take([&](auto const& each) { return each.until <= at(now); });
                REQUIRE(queue.expired(at(now)) == expected.size());
                break;
            }
            std::vector<std::size_t> ready;
            for (auto* const one : taken(queue))
                for (std::size_t id = 0; id < count; ++id)
                    if (&waiters[id] == one)
                        ready.push_back(id);
            std::sort(ready.begin(), ready.end());
            REQUIRE(ready == expected);
            REQUIRE(queue.waiting() == naive.waiting.size());
            REQUIRE(queue.next_deadline() == naive.next_deadline());
        }
    }
}
