// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What is shared locks by a type of the caller's: `std::mutex`, a spinlock, a host's own (C++
/// BasicLockable). The library includes no `<mutex>`, because some platforms of its users have none.
template <class L>
concept basic_lockable = requires(L& lock)
{
    lock.lock();
    lock.unlock();
};

/// A lock for those who need none.
struct no_lock {
    constexpr void lock() noexcept {}
    constexpr void unlock() noexcept {}
};

/// Holds a lock as long as it lives.
template <basic_lockable Lock>
class [[nodiscard]] scoped_hold {
public:
    explicit scoped_hold(Lock& lock) : lock_(lock) { lock_.lock(); }
    ~scoped_hold() { lock_.unlock(); }
    scoped_hold(scoped_hold const&) = delete;
    scoped_hold& operator=(scoped_hold const&) = delete;

private:
    Lock& lock_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
