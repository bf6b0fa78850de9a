// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>

#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What became of the indices of one answer: how many of them met which fate. Of a single index exactly one
/// count is 1, but one that is suspected, or shows a regression, has its fate besides.
struct recorded {
    std::uint32_t kept = 0;       ///< is required from now on, beside what was
    std::uint32_t superseded = 0; ///< is required from now on, in the place of what it makes needless
    std::uint32_t held = 0;       ///< demands nothing that is not required already
    std::uint32_t unknown_form =
        0; ///< is of neither dialect: kept apart, sent only where nothing better is known
    std::uint32_t rejected = 0; ///< cannot be read; what was required before stays
    std::uint32_t unkept =
        0; ///< past a bound, or lost: could not be kept, hence the fence, see `required_states::fenced`
    std::uint32_t suspected =
        0; ///< cannot be of the history that is required: reads go to the active node until it is certain
    std::uint32_t regressed =
        0; ///< it is certain: the cluster was restored, a new epoch begins, see `lineage`
    std::uint32_t outdated = 0; ///< answered a request of an older epoch: dropped, hence a fence
    decode_error why{};         ///< of the last one rejected or unkept

    /// Whether more is required than before.
    [[nodiscard]] constexpr bool raised_demand() const noexcept
    {
        return kept + superseded + unkept + suspected + regressed + outdated > 0;
    }

    constexpr recorded& operator+=(recorded const& other) noexcept
    {
        kept += other.kept;
        superseded += other.superseded;
        held += other.held;
        unknown_form += other.unknown_form;
        rejected += other.rejected;
        unkept += other.unkept;
        suspected += other.suspected;
        regressed += other.regressed;
        outdated += other.outdated;
        if (other.rejected + other.unkept > 0)
            why = other.why;
        return *this;
    }

    friend constexpr bool operator==(recorded const&, recorded const&) noexcept = default;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
