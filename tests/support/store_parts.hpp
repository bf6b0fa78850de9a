// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "support/store_block.hpp"

#include <afterwrite/lock.hpp>
#include <afterwrite/store/clusters.hpp>
#include <afterwrite/store/layout.hpp>
#include <afterwrite/store/stripe.hpp>

#include <cstdint>
#include <functional>
#include <utility>

namespace support {

/// A lock that counts, to see whether it is taken.
struct counting_lock {
    int held = 0;
    int taken = 0;
    void lock() { ++held, ++taken; }
    void unlock() { --held; }
};

/// A lock before which something else happens once: what another thread did just then.
struct interrupted_lock {
    static inline std::function<void()> first{};

    void lock()
    {
        if (auto const happens = std::exchange(first, nullptr))
            happens();
    }
    void unlock() {}
};

/// The parts of a store, to be looked at one by one.
struct store_parts {
    using lock_type = afterwrite::no_lock;

    store_of<lock_type> many;
    afterwrite::detail::store_memory memory;
    lock_type lock{};
    afterwrite::detail::store_times times{.idle = 60, .fence = 900};

    explicit store_parts(std::uint64_t identities = 1)
        : many(identities), memory{many.block.bytes().data(),
                                   afterwrite::detail::store_layout::for_identities(identities,
                                                                                    sizeof(lock_type))}
    {}
};

} // namespace support
