// SPDX-License-Identifier: BSL-1.0
#include "random.hpp"

#include <bit>
#include <cmath>
#include <numbers>

namespace cluster {

random_source::random_source(std::uint64_t seed, std::uint64_t stream) : state_{}
{
    std::uint64_t start = seed;
    // Mixed before it is added: neighbouring streams of neighbouring seeds must not meet.
    std::uint64_t offset = stream + 1;
    start ^= splitmix64(offset);
    for (auto& word : state_) {
        word = splitmix64(start);
    }
}

std::uint64_t random_source::next()
{
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double random_source::uniform() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }

double random_source::normal()
{
    // 1 - u lies in (0, 1], so the logarithm is finite. The second number of the pair is dropped:
    // every draw then costs the same two words of the stream.
    double const radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

} // namespace cluster
