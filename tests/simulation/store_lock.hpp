// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

namespace simulation {

/// What may happen where a program takes a lock of a store: others come before it, or it dies there. One for
/// all programs of a run, which is simulated by one thread.
class store_moments {
public:
    /// Thrown where a program dies. What it was changing stays as it is just then.
    struct killed {};

    store_moments() : outer_(std::exchange(current_, this)) {}
    ~store_moments() { current_ = outer_; }
    store_moments(store_moments const&) = delete;
    store_moments& operator=(store_moments const&) = delete;

    /// Called where a lock is about to be taken by somebody who holds none: what others do just before, if
    /// they do anything.
    void come_between(std::function<bool()> others) { others_ = std::move(others); }

    /// Whether that is happening now.
    [[nodiscard]] bool is_between() const { return is_between_; }

    /// How often that happened.
    [[nodiscard]] std::uint64_t interruptions() const { return interruptions_; }

    /// Whoever uses a store now dies where the lock of this number is to be taken; 0: lives on.
    void kill_at(std::uint32_t lock) { left_ = lock; }

private:
    friend class store_lock;

    void take()
    {
        if (left_ > 0 && --left_ == 0)
            throw killed{};
        if (held_ == 0 && left_ == 0 && !is_between_ && others_) {
            is_between_ = true;
            interruptions_ += others_() ? 1 : 0;
            is_between_ = false;
        }
        ++held_;
    }
    void give_back() { --held_; }

    static inline thread_local store_moments* current_ = nullptr;

    store_moments* outer_;
    std::function<bool()> others_;
    std::uint64_t interruptions_ = 0;
    std::uint32_t left_ = 0;
    std::uint32_t held_ = 0;
    bool is_between_ = false;
};

/// The lock of a simulated store. Nobody ever waits for it.
class store_lock {
public:
    void lock()
    {
        if (store_moments::current_ != nullptr)
            store_moments::current_->take();
    }
    void unlock()
    {
        if (store_moments::current_ != nullptr)
            store_moments::current_->give_back();
    }
};

} // namespace simulation
