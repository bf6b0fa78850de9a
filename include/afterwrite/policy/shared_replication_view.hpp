// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/lock.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/version.hpp>

#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A `replication_view` for several threads. The lock is held for one call of an exchange, never while
/// something is sent or waited for.
template <basic_lockable Lock>
class shared_replication_view {
public:
    shared_replication_view() = default;
    explicit shared_replication_view(replication_view const& view) : view_(view) {}

    /// Calls f(replication_view&) while nobody else does, and returns what it returns. Any thread.
    template <class F>
    decltype(auto) with(F&& f)
    {
        scoped_hold const held(lock_);
        return std::forward<F>(f)(view_);
    }

private:
    Lock lock_;
    replication_view view_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
