// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>

namespace replay {

/// Random numbers that are the same everywhere: the distributions of <random> may differ from one standard
/// library to the next.
class random_source {
public:
    explicit random_source(std::uint64_t seed) : bits_(seed) {}

    [[nodiscard]] std::uint64_t bits() { return bits_(); }

    /// From 0 to below 1.
    [[nodiscard]] double uniform() { return static_cast<double>(bits_() >> 11) * 0x1p-53; }

    [[nodiscard]] double exponential(double mean) { return -mean * std::log(1 - uniform()); }

    /// Mean 0, sigma 1 (Box and Muller 1958).
    [[nodiscard]] double normal()
    {
        double const radius = std::sqrt(-2 * std::log(1 - uniform()));
        return radius * std::cos(2 * std::numbers::pi * uniform());
    }

private:
    std::mt19937_64 bits_;
};

} // namespace replay
