// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/waiter_heap.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION {

class state_waiters;

/// Why a request waits no longer.
enum class woken_by : std::uint8_t {
    nothing,  ///< it waits still, or never did
    position, ///< the node has reached what it waits for
    deadline, ///< its time is over
};

/// A request that waits for a position. It belongs to who drives the request, at a fixed address, mostly as a
/// base or member of what else there is to know of it. Its end takes it out of where it waits.
class state_waiter {
public:
    state_waiter() = default;
    state_waiter(state_waiter const&) = delete;
    state_waiter& operator=(state_waiter const&) = delete;
    inline ~state_waiter();

    /// Whether it is in a `state_waiters`: it waits, or is ready and has not been taken.
    [[nodiscard]] bool is_in() const noexcept { return in_ != nullptr; }

    [[nodiscard]] woken_by woken() const noexcept { return woken_; }
    [[nodiscard]] wal_position const& awaited() const noexcept { return awaited_; }
    [[nodiscard]] time_point until() const noexcept { return until_; }

private:
    friend class state_waiters;

    enum class place : std::uint8_t { nowhere, by_local, by_replicated, ready };

    struct by_local {
        static heap_links<state_waiter>& links(state_waiter& one) noexcept { return one.links_; }
        static bool before(state_waiter const& a, state_waiter const& b) noexcept
        {
            return a.awaited_.local < b.awaited_.local;
        }
    };
    struct by_replicated {
        static heap_links<state_waiter>& links(state_waiter& one) noexcept { return one.links_; }
        static bool before(state_waiter const& a, state_waiter const& b) noexcept
        {
            return a.awaited_.replicated < b.awaited_.replicated;
        }
    };
    struct by_deadline {
        static heap_links<state_waiter>& links(state_waiter& one) noexcept { return one.time_links_; }
        static bool before(state_waiter const& a, state_waiter const& b) noexcept
        {
            return a.until_ < b.until_;
        }
    };

    wal_position awaited_{};
    time_point until_{};
    heap_links<state_waiter> links_{}; // of the heap of its place, or of the list of those that are ready
    heap_links<state_waiter> time_links_{};
    state_waiters* in_ = nullptr;
    place place_ = place::nowhere;
    woken_by woken_ = woken_by::nothing;
};

/// The requests that one node holds until it has reached a position, or their time is over. It waits for
/// nothing itself: who drives the node says what has been reached and what time it is, and takes those that
/// are ready, in the order in which they became so, to `decide` again.
///
/// It allocates nothing: the waiters belong to others. Positions have two numbers, and those are reached one
/// after the other: so each waiter stands in one heap by the number that it lacks, is moved to the other one
/// at most once, and costs amortised O(log n) in all, however often something is reached. That a node falls
/// back, as after a restore, is allowed; then a waiter may be moved once more for each time.
///
/// One thread at a time.
class state_waiters {
public:
    state_waiters() = default;
    state_waiters(state_waiters const&) = delete;
    state_waiters& operator=(state_waiters const&) = delete;

    /// Those that are still here wait no longer, and nothing wakes them.
    ~state_waiters()
    {
        while (auto* const one = by_deadline_.first())
            remove(*one);
        while (auto* const one = ready_first_)
            remove(*one);
    }

    /// Lets `one` wait for a position until a time. If it is in a `state_waiters` already, it leaves that
    /// first. What the last `reached` satisfied, is ready at once: nothing is lost between a ruling and this.
    void add(state_waiter& one, wal_position const& awaited, time_point until) noexcept
    {
        if (one.in_ != nullptr)
            one.in_->remove(one);
        one.awaited_ = awaited;
        one.until_ = until;
        one.in_ = this;
        one.woken_ = woken_by::nothing;
        if (awaited <= here_) {
            append_ready(one, woken_by::position);
            return;
        }
        ++waiting_;
        by_deadline_.push(one);
        place_by_lack(one);
    }

    /// Its client has gone. `one` must be in here.
    void remove(state_waiter& one) noexcept
    {
        if (one.place_ == state_waiter::place::ready)
            unlink_ready(one);
        else
            take_out(one);
        one.place_ = state_waiter::place::nowhere;
        one.in_ = nullptr;
    }

    /// The node stands here now. Makes those ready that are satisfied by it, no others, and says how many.
    std::size_t reached(wal_position const& here) noexcept
    {
        here_ = here;
        std::size_t count = 0;
        while (auto* const one = by_local_.first()) {
            if (one->awaited_.local > here.local)
                break;
            count += wake_or_move(*one) ? 1 : 0;
        }
        while (auto* const one = by_replicated_.first()) {
            if (one->awaited_.replicated > here.replicated)
                break;
            count += wake_or_move(*one) ? 1 : 0;
        }
        return count;
    }

    /// It is so late now. Makes those ready whose time is over, and says how many.
    std::size_t expired(time_point now) noexcept
    {
        std::size_t count = 0;
        while (auto* const one = by_deadline_.first()) {
            if (one->until_ > now)
                break;
            take_out(*one);
            append_ready(*one, woken_by::deadline);
            ++count;
        }
        return count;
    }

    /// The next one that is ready, which is in here no more; null if there is none.
    [[nodiscard]] state_waiter* take() noexcept
    {
        auto* const one = ready_first_;
        if (one != nullptr)
            remove(*one);
        return one;
    }

    /// When to call `expired` next; nothing while nobody waits.
    [[nodiscard]] std::optional<time_point> next_deadline() const noexcept
    {
        auto const* const one = by_deadline_.first();
        return one != nullptr ? std::optional(one->until_) : std::nullopt;
    }

    /// How many wait; those that are ready do not.
    [[nodiscard]] std::size_t waiting() const noexcept { return waiting_; }

private:
    using place = state_waiter::place;

    void place_by_lack(state_waiter& one) noexcept
    {
        bool const lacks_local = one.awaited_.local > here_.local;
        one.place_ = lacks_local ? place::by_local : place::by_replicated;
        if (lacks_local)
            by_local_.push(one);
        else
            by_replicated_.push(one);
    }

    void take_from_place(state_waiter& one) noexcept
    {
        if (one.place_ == place::by_local)
            by_local_.remove(one);
        else
            by_replicated_.remove(one);
    }

    void take_out(state_waiter& one) noexcept
    {
        take_from_place(one);
        by_deadline_.remove(one);
        --waiting_;
    }

    bool wake_or_move(state_waiter& one) noexcept
    {
        if (one.awaited_ <= here_) {
            take_out(one);
            append_ready(one, woken_by::position);
            return true;
        }
        take_from_place(one);
        place_by_lack(one);
        return false;
    }

    void append_ready(state_waiter& one, woken_by why) noexcept
    {
        one.place_ = place::ready;
        one.woken_ = why;
        one.links_ = {.previous = ready_last_};
        (ready_last_ != nullptr ? ready_last_->links_.next : ready_first_) = &one;
        ready_last_ = &one;
    }

    void unlink_ready(state_waiter& one) noexcept
    {
        auto* const before = one.links_.previous;
        auto* const after = one.links_.next;
        (before != nullptr ? before->links_.next : ready_first_) = after;
        (after != nullptr ? after->links_.previous : ready_last_) = before;
        one.links_ = {};
    }

    waiter_heap<state_waiter, state_waiter::by_local> by_local_;
    waiter_heap<state_waiter, state_waiter::by_replicated> by_replicated_;
    waiter_heap<state_waiter, state_waiter::by_deadline> by_deadline_;
    state_waiter* ready_first_ = nullptr;
    state_waiter* ready_last_ = nullptr;
    wal_position here_{};
    std::size_t waiting_ = 0;
};

inline state_waiter::~state_waiter()
{
    if (in_ != nullptr)
        in_->remove(*this);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
