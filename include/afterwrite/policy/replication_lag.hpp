// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// The stretches of time that `replication_lag` tells apart, each a quarter longer than the one before.
template <std::size_t Count>
struct lag_bucket_table {
    duration::rep ends[Count]{};

    explicit constexpr lag_bucket_table(duration finest) noexcept
    {
        auto end = finest.count();
        for (auto& each : ends) {
            each = end;
            end += end / 4;
        }
    }
};

inline constexpr lag_bucket_table<70> lag_buckets{std::chrono::microseconds(250)};

} // namespace detail

/// How long a node takes, from the first refusal of a read, until the read would succeed: learned from what
/// exchanges see. A plain value for one node, or for all nodes of a cluster; one thread at a time.
///
/// Nobody sees the moment when a state arrives: an attempt that was sent at one time was refused, and one
/// that was sent at a later time was answered. A sample is therefore a stretch of time, and is spread over it
/// as the earlier samples are (self-consistency: Turnbull 1976). To take the end of the stretch instead
/// would learn the waits that the policy itself chose, and they would grow for ever.
///
/// All times are those at which attempts are *sent*, counted from when the first refusal came: so what is
/// learned is how long to wait, the way to the node and back already taken off.
class replication_lag {
public:
    /// The stretches of time that are told apart: up to 0.25 ms, then each a quarter longer, to 20 min.
    static constexpr std::size_t buckets = sizeof(detail::lag_buckets.ends) / sizeof(duration::rep);

    /// What a sample counts after each later one: those of the last 50 or so matter.
    static constexpr float decay = 0.98F;

    replication_lag() noexcept = default;

    /// The state arrived after `refused`, when the last attempt was sent that this node refused, and not
    /// later than `answered`, when the one was sent that it answered. `refused` is 0 where the first refusal
    /// is the only one.
    void landed(duration refused, duration answered) noexcept
    {
        auto const last = bucket_of(answered);
        learn(refused, last, share_before(last, answered), last);
    }

    /// The state arrived after `refused`, and nobody knows when: the exchange ended otherwise. What counts is
    /// the last refusal by this node, *not* the forwarding that came after it: that would teach the policy's
    /// own patience. A first refusal alone tells nothing.
    void outlasted(duration refused) noexcept
    {
        if (refused > duration::zero())
            learn(refused, buckets - 1, 1.0F, bucket_of(refused) + conceivable);
    }

    /// Samples after which it tells of a node by itself; before, its cluster speaks for it.
    static constexpr std::uint32_t enough = 8;

    /// Samples that told something, since the beginning.
    [[nodiscard]] std::uint32_t samples() const noexcept { return samples_; }
    [[nodiscard]] bool is_known() const noexcept { return samples_ >= enough; }

    /// The time within which this share of the reads would succeed; 0 without samples.
    [[nodiscard]] duration quantile(float share) const noexcept
    {
        auto const found = find(share);
        auto const width = end_of(found.bucket) - begin_of(found.bucket);
        auto const part = static_cast<duration::rep>(found.part * static_cast<float>(width));
        return duration(begin_of(found.bucket) + std::min(part, width));
    }

    /// A wait that is long enough for this share of the reads: as `quantile`, rounded up to where the bucket
    /// ends, since a wait that is a little short costs a request and a further wait. 0 without samples.
    [[nodiscard]] duration wait_for(float share) const noexcept
    {
        auto const found = find(share);
        return found.part > 0 ? duration(end_of(found.bucket)) : duration::zero();
    }

    friend bool operator==(replication_lag const&, replication_lag const&) noexcept = default;

private:
    /// What each bucket that a sample covers gets in any case, so that the new can be learned: too little to
    /// matter where something is known.
    static constexpr float prior = 0.02F;

    /// Of a stretch without an end so many buckets get it: to nine times what was outlasted.
    static constexpr std::size_t conceivable = 10;

    /// When lag has fallen, waiting cannot tell: each read succeeds after the old wait, and the samples go
    /// where the old ones are. So a few reads wait less (see `lag_estimate`). If so many of them in a row are
    /// answered, and none that waited as long is refused meanwhile, then the last of them counts for more
    /// than all before.
    static constexpr std::uint8_t early_answers = 2;

    /// An answer is early before this share of the reads was answered.
    static constexpr float early = 0.4F;

    struct position {
        std::size_t bucket;
        float part; ///< of the bucket; 0 if there are no samples
    };

    [[nodiscard]] static constexpr duration::rep end_of(std::size_t i) noexcept
    {
        return detail::lag_buckets.ends[i];
    }
    [[nodiscard]] static constexpr duration::rep begin_of(std::size_t i) noexcept
    {
        return i == 0 ? 0 : end_of(i - 1);
    }

    /// The bucket that holds this time, its end included; the last one holds all that is longer.
    [[nodiscard]] static std::size_t bucket_of(duration time) noexcept
    {
        auto const* const ends = detail::lag_buckets.ends;
        return static_cast<std::size_t>(std::lower_bound(ends, ends + buckets - 1, time.count()) - ends);
    }

    /// Which share of a bucket lies before this time.
    [[nodiscard]] static float share_before(std::size_t i, duration time) noexcept
    {
        auto const elapsed = std::clamp(time.count(), begin_of(i), end_of(i)) - begin_of(i);
        return static_cast<float>(elapsed) / static_cast<float>(end_of(i) - begin_of(i));
    }

    [[nodiscard]] float total() const noexcept
    {
        float sum = 0;
        for (auto const weight : weights_)
            sum += weight;
        return sum;
    }

    [[nodiscard]] position find(float share) const noexcept
    {
        auto const wanted = std::clamp(share, 0.0F, 1.0F) * total();
        if (!(wanted > 0))
            return {0, 0.0F};
        float before = 0;
        for (std::size_t i = 0; i < buckets - 1; ++i) {
            if (before + weights_[i] >= wanted)
                return {i, (wanted - before) / weights_[i]};
            before += weights_[i];
        }
        return {buckets - 1, 1.0F};
    }

    void learn(duration refused, std::size_t last, float share_of_last, std::size_t prior_until) noexcept
    {
        auto const first = std::min(bucket_of(refused), last);
        float parts[buckets]{};
        float covered = 0;
        for (std::size_t i = first; i <= last; ++i) {
            auto const share = i == last    ? share_of_last
                               : i == first ? 1.0F - share_before(first, refused)
                                            : 1.0F;
            covered += parts[i] = (weights_[i] + (i <= prior_until ? prior : 0.0F)) * share;
        }
        if (!(covered > 0)) // a stretch without length
            covered = parts[last] = 1.0F;
        auto const sum = total();
        bool const falls = has_fallen(first, last, first == 0 && covered < early * sum);
        auto const kept = falls ? 0.25F : decay;
        auto const added = (falls ? 0.75F * sum : 1.0F) / covered;
        for (std::size_t i = 0; i < buckets; ++i)
            weights_[i] = weights_[i] * kept + parts[i] * added;
        samples_ += samples_ < UINT32_MAX ? 1 : 0;
    }

    /// Whether early answers in a row show it.
    [[nodiscard]] bool has_fallen(std::size_t first, std::size_t last, bool is_early) noexcept
    {
        if (first > 0 && first >= early_until_)
            early_ = 0;
        if (!is_early)
            return false;
        early_until_ =
            static_cast<std::uint8_t>(early_ == 0 ? last : std::max<std::size_t>(early_until_, last));
        if (++early_ < early_answers)
            return false;
        early_ = 0;
        return true;
    }

    float weights_[buckets]{};
    std::uint32_t samples_ = 0;
    std::uint8_t early_ = 0;       ///< early answers in a row
    std::uint8_t early_until_ = 0; ///< the last bucket of any of them
};

static_assert(sizeof(replication_lag) <= 288);

/// How long to wait for a node: what was learned, or what is taken for granted of an unknown one.
struct lag_estimate {
    /// Lag has a median of some ms as a rule.
    static constexpr duration cold_wait = std::chrono::milliseconds(5);
    static constexpr duration cold_patience = std::chrono::milliseconds(100);

    static constexpr duration shortest_wait = std::chrono::milliseconds(1);
    static constexpr duration shortest_patience = std::chrono::milliseconds(20);

    /// Nobody should wait longer while the active node could answer at once. The probes of an open
    /// `breaker` have this patience, or it could not learn that lag has grown.
    static constexpr duration longest_patience = std::chrono::milliseconds(250);

    /// Samples that suffice for a wait, since a wrong one costs only a request.
    static constexpr std::uint32_t enough_to_wait = 3;

    /// One read in so many tries less than the wait: without, nobody would see that lag has fallen.
    static constexpr std::uint64_t trial_share = 16;

    duration wait = cold_wait;         ///< what half of the reads need; later waits grow from this one
    duration first_wait = cold_wait;   ///< before the first retry: `wait`, or 1, 2 or 3 quarters as a trial
    duration patience = cold_patience; ///< from the first refusal until the active node is asked

    [[nodiscard]] constexpr bool is_trial() const noexcept { return first_wait < wait; }

    friend constexpr bool operator==(lag_estimate const&, lag_estimate const&) noexcept = default;
};

/// What to expect of a node, from its own samples, or while they are few from those of all nodes of its
/// cluster. `random` is 64 uniform bits. Who may not forward waits as long as it takes.
[[nodiscard]] inline lag_estimate estimate_lag(replication_lag const& node, replication_lag const& cluster,
                                               std::uint64_t random, bool may_forward = true) noexcept
{
    auto const& known = node.is_known() ? node : cluster;
    lag_estimate found;
    if (known.is_known())
        found.patience = std::clamp(2 * known.quantile(0.9F), lag_estimate::shortest_patience,
                                    lag_estimate::longest_patience);
    if (known.samples() >= lag_estimate::enough_to_wait) {
        // A retry before the patience ends, or nothing would be learned of a node that needs longer.
        auto const longest =
            may_forward ? found.patience - found.patience / 5 : lag_estimate::longest_patience;
        found.wait = std::clamp(known.wait_for(0.5F), lag_estimate::shortest_wait, longest);
        bool const is_trial = random % lag_estimate::trial_share == 0;
        auto const quarters = 1 + static_cast<duration::rep>(random / lag_estimate::trial_share % 3);
        found.first_wait = is_trial ? found.wait * quarters / 4 : found.wait;
    }
    return found;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
