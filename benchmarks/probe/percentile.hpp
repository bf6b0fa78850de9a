// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <vector>

namespace probe {

/// The least of the samples that is not less than `percent` percent of them (nearest rank); nothing if there
/// is none.
[[nodiscard]] inline std::optional<double> percentile(std::vector<double> samples, double percent)
{
    if (samples.empty())
        return std::nullopt;
    auto const rank = std::ceil(percent / 100.0 * static_cast<double>(samples.size()));
    auto const place = std::clamp(rank, 1.0, static_cast<double>(samples.size())) - 1.0;
    auto const at = samples.begin() + static_cast<std::ptrdiff_t>(place);
    std::nth_element(samples.begin(), at, samples.end());
    return *at;
}

} // namespace probe
