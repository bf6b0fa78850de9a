// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether a read that was refused again should go to another node at once, instead of waiting for its own.
/// It pays where the nodes lag apart from each other, and is wasted where they lag together; which of the two
/// it is, is learned: a node that is asked at once after another's refusal either has the state or has not,
/// where the refusing one could not have it yet. A plain value for one cluster; one thread at a time.
class node_hopping {
public:
    /// Refusals of an exchange before it hops. The first retry stays: after the learned wait the node has the
    /// state as likely as any other, and its answer is what the lag is learned from.
    static constexpr std::uint32_t refusals_before = 2;

    /// Hops in a row before the exchange waits again.
    static constexpr std::uint32_t most_in_a_row = 2;

    /// From this success rate on it pays. Nodes that lag apart from each other show 0.5, others nearly none.
    static constexpr float worthwhile = 0.25F;

    /// Where it does not pay, one in so many tries; where it does, one in so many stays.
    static constexpr std::uint64_t trial_share = 16;

    /// Hops are seen to win. Such a hop is no retry in the sense of `retry_budget`: half of them end the
    /// exchange, so they cannot build up.
    [[nodiscard]] constexpr bool pays() const noexcept { return rate_ >= worthwhile; }

    /// Whether to hop after so many refusals of this exchange in all, and hops since it waited last. `random`
    /// is 64 uniform bits.
    [[nodiscard]] constexpr bool should_hop(std::uint32_t refusals, std::uint32_t hops,
                                            std::uint64_t random) const noexcept
    {
        if (refusals < refusals_before || hops >= most_in_a_row)
            return false;
        bool const is_trial = random % trial_share == 0;
        return pays() != is_trial;
    }

    /// The node that was hopped to answered, or refused as well.
    constexpr void hopped(bool answered) noexcept { rate_ += ((answered ? 1.0F : 0.0F) - rate_) / memory; }

    friend constexpr bool operator==(node_hopping const&, node_hopping const&) noexcept = default;

private:
    static constexpr float memory =
        40; ///< hops that matter: so many that 0.5 does not fall to a half by chance

    float rate_ = 0.5F; ///< of the hops that were answered; 28 in vain and it pays no more
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
