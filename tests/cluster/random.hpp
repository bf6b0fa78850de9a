// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace cluster {

/// One step of splitmix64 (Steele, Lea, Flood 2014); used to seed and to mix.
[[nodiscard]] std::uint64_t splitmix64(std::uint64_t& state);

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
