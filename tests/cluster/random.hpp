// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace cluster {

/// One step of splitmix64 (Steele, Lea, Flood 2014); used to seed and to mix.
[[nodiscard]] inline std::uint64_t splitmix64(std::uint64_t& state)
{
    state += 0x9E3779B97F4A7C15U;
    std::uint64_t mixed = state;
    mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
    mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
    return mixed ^ (mixed >> 31U);
}

/// xoshiro256** (Blackman, Vigna 2018) with its own distributions: the standard ones differ among
/// libraries, and a history must be the same everywhere for the same seed.
class random_source {
public:
    /// `stream` tells sources of one seed apart (one a node, one for identifiers).
    explicit random_source(std::uint64_t seed = 1, std::uint64_t stream = 0);

    /// 64 random bits.
    std::uint64_t next();

    /// A number in [0, 1).
    double uniform();

    /// A number of the normal distribution with mean 0 and deviation 1 (Box-Muller).
    double normal();

private:
    std::uint64_t state_[4];
};

} // namespace cluster
