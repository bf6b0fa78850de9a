// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/lock.hpp>

#include <doctest/doctest.h>

#include <mutex>
#include <stdexcept>
#include <type_traits>

using namespace afterwrite;

namespace {

struct counting_lock {
    int locked = 0;
    int unlocked = 0;
    void lock() { ++locked; }
    void unlock() { ++unlocked; }
};

struct only_locks {
    void lock() {}
};

} // namespace

static_assert(basic_lockable<std::mutex>);
static_assert(basic_lockable<no_lock>);
static_assert(basic_lockable<counting_lock>);
static_assert(!basic_lockable<only_locks>);
static_assert(!basic_lockable<int>);
static_assert(std::is_empty_v<no_lock>);
static_assert(!std::is_copy_constructible_v<scoped_hold<no_lock>>);
static_assert(!std::is_copy_assignable_v<scoped_hold<no_lock>>);

TEST_CASE("a lock is held as long as its hold lives")
{
    counting_lock lock;
    {
        scoped_hold const held(lock);
        CHECK(lock.locked == 1);
        CHECK(lock.unlocked == 0);
    }
    CHECK(lock.locked == 1);
    CHECK(lock.unlocked == 1);
}

TEST_CASE("an exception lets go of the lock")
{
    counting_lock lock;
    auto const fail = [&lock] {
        scoped_hold const held(lock);
        throw std::runtime_error("while held");
    };
    CHECK_THROWS_AS(fail(), std::runtime_error);
    CHECK(lock.unlocked == 1);
}

TEST_CASE("who needs no lock may hold one twice")
{
    no_lock lock;
    scoped_hold const held(lock);
    scoped_hold const again(lock);
    CHECK(noexcept(lock.lock()));
}
