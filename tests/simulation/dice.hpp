// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/lag.hpp"
#include "cluster/random.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace simulation {

using cluster::nanoseconds;

/// Draws: the same ones for the same seed and stream, everywhere. Eight bytes, so that each thing which has
/// to be decided can have its own, and taking one thing away changes nothing for the others.
class dice {
public:
    explicit dice(std::uint64_t seed, std::uint64_t stream = 0) : state_(seed)
    {
        state_ = next() ^ (stream * 0x9e37'79b9'7f4a'7c15);
    }

    std::uint64_t next() { return cluster::splitmix64(state_); }

    /// 0 to `bound` - 1.
    std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    bool per_mille(std::uint64_t share) { return below(1000) < share; }

    nanoseconds between(nanoseconds least, nanoseconds most)
    {
        auto const span = static_cast<std::uint64_t>((most - least).count());
        return least + nanoseconds(static_cast<std::int64_t>(below(span + 1)));
    }

    template <class Items>
    auto const& pick(Items const& items)
    {
        return items[below(std::size(items))];
    }

private:
    std::uint64_t state_;
};

} // namespace simulation
