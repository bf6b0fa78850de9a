// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <utility>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// The place of a `T` in a heap. It belongs to the `T`, so that a heap allocates nothing. Of the first one of
/// all `child` alone means something.
template <class T>
struct heap_links {
    T* child = nullptr;    ///< the first of those below
    T* next = nullptr;     ///< the next one below the same
    T* previous = nullptr; ///< the one before that; of the first, the one above
};

/// A heap of what others own (a pairing heap: Fredman, Sedgewick, Sleator and Tarjan, 1986). `push` is O(1);
/// `remove` is amortised O(log n), of the first one or of any other.
///
/// `Order` says `static heap_links<T>& links(T&)` and `static bool before(T const&, T const&)`. Neither the
/// address nor the order of a `T` may change while it is in here.
template <class T, class Order>
class waiter_heap {
public:
    waiter_heap() = default;
    waiter_heap(waiter_heap const&) = delete;
    waiter_heap& operator=(waiter_heap const&) = delete;

    /// One that no other is before; null if there is none.
    [[nodiscard]] T* first() const noexcept { return root_; }

    /// `one` must not be in a heap by these links.
    void push(T& one) noexcept
    {
        Order::links(one) = {};
        root_ = meld(root_, &one);
    }

    /// `one` must be in this heap.
    void remove(T& one) noexcept
    {
        T* const below = pair_up(Order::links(one).child);
        if (&one == root_) {
            root_ = below;
        } else {
            cut(one);
            root_ = meld(root_, below);
        }
        Order::links(one) = {};
    }

private:
    /// Two roots, or null. The one that is not first goes below the other.
    static T* meld(T* a, T* b) noexcept
    {
        if (a == nullptr || b == nullptr)
            return a != nullptr ? a : b;
        if (Order::before(*b, *a))
            std::swap(a, b);
        auto& above = Order::links(*a);
        Order::links(*b).next = above.child;
        Order::links(*b).previous = a;
        if (above.child != nullptr)
            Order::links(*above.child).previous = b;
        above.child = b;
        return a;
    }

    /// Takes it, with all below it, from those beside it.
    static void cut(T& one) noexcept
    {
        auto& links = Order::links(one);
        auto& before = Order::links(*links.previous);
        (before.child == &one ? before.child : before.next) = links.next;
        if (links.next != nullptr)
            Order::links(*links.next).previous = links.previous;
    }

    /// Makes one heap of all that hang beside each other: in pairs from the first to the last, and then all
    /// pairs together from the last one back. That gives the bound.
    static T* pair_up(T* one) noexcept
    {
        T* pairs = nullptr; // the last one first
        while (one != nullptr) {
            T* const first = one;
            T* const second = Order::links(*first).next;
            one = second != nullptr ? Order::links(*second).next : nullptr;
            T* const pair = meld(first, second);
            Order::links(*pair).next = pairs;
            pairs = pair;
        }
        T* whole = nullptr;
        while (pairs != nullptr) {
            T* const pair = std::exchange(pairs, Order::links(*pairs).next);
            whole = meld(whole, pair);
        }
        return whole;
    }

    T* root_ = nullptr;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
