// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/policy/backoff.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Lets one read find out for all that wait for the same node. Where a node is behind for long, one of the
/// waiting reads, the prober, asks it from time to time; the others stay unsent, and new ones join them
/// unsent. When the node has caught up, they go in groups that double with each round trip.
///
/// It calls nobody and knows no reads, only the positions that they require. One that is neither before nor
/// after the prober's waits by itself. So each read comes back by its own timer (`step.not_before`) and asks
/// whether it may send: no wake-up can be lost, because there is none. A prober that never comes back, or
/// whose answer never does, is replaced by the first read that asks after its lease.
///
/// A plain value for one node and one history; one thread at a time. After a restore assign a new one; what
/// an old history has left behind corrects itself as nodes refuse and answer.
class single_flight {
public:
    /// Waits up to this are not worth sharing: the other reads would learn of the answer later than by
    /// asking.
    static constexpr duration join_above = std::chrono::milliseconds(100);

    /// The prober asks less and less often, and not less than once in this time, or in half as much again if
    /// others might take its place.
    static constexpr duration longest_interval = std::chrono::seconds(1);

    /// After this time an attempt that nobody reports on is taken for lost.
    static constexpr duration lease = std::chrono::seconds(1);

    /// Groups grow to so many, which no more is pacing.
    static constexpr std::uint32_t largest_group = 1024;

    /// So many probes of the same read refused, and the next that asks takes its place: what it is refused
    /// for may be its own affair.
    static constexpr std::uint8_t most_refused = 3;

    /// One read, kept by its exchange.
    struct reader {
        wal_position required{};                 ///< (0,0) for what has no order: it is never held
        time_point deadline = time_point::max(); ///< who ends before the next probe may be it, not lead
        bool has_joined = false;                 ///< set and cleared here
    };

    enum class turn : std::uint8_t {
        send,  ///< send now
        probe, ///< send now, for all
        wait,  ///< do not send; ask again at `look_again`
    };
    struct advice {
        turn what = turn::send;
        time_point look_again{}; ///< of `wait`

        friend constexpr bool operator==(advice const&, advice const&) noexcept = default;
    };

    /// Whether this read may send its next attempt now. `random` is 64 uniform bits.
    [[nodiscard]] constexpr advice ask(reader& who, time_point now, std::uint64_t random) noexcept
    {
        if (!is_out(now) || who.required == wal_position{})
            return send(who);
        if (next_probe_ > later(now, 2 * lease)) // of somebody whose clock is far ahead
            next_probe_ = leads_until_ = now;
        bool const is_open = group_ > 0;
        if (who.required <= has_ && !(who.has_joined && is_open))
            return send(who);
        if (!is_behind_prober(who.required) && (!who.has_joined || !has_order(who.required)))
            return send(who); // the node may have this one
        who.has_joined = true;
        return is_open && !is_behind_prober(who.required) ? ask_group(now, random)
                                                          : ask_probe(who, now, random);
    }

    /// The node refused this read, which would try again at `due` by itself. When it is to ask again.
    [[nodiscard]] constexpr time_point refused(reader& who, time_point now, time_point due,
                                               std::uint64_t random) noexcept
    {
        lacks(who.required);
        bool const is_alone = who.required == wal_position{} || (is_out(now) && !has_order(who.required));
        if (is_alone || (!who.has_joined && due <= later(now, join_above)))
            return due;
        who.has_joined = true;
        bool const is_first = !is_out(now);
        bool const was_probe = is_probing_;
        is_probing_ = false;
        if (is_first)
            begin(now, due);
        else if (group_ > 0)
            shrink_group();
        else if (was_probe)
            interval_ = backoff::grown_from(interval_, longest_interval);
        if (was_probe && refused_probes_ < most_refused)
            ++refused_probes_;
        if (!is_first && (was_probe || now >= next_probe_))
            next_probe_ = later(now, backoff::spread_a_tenth(interval_, random));
        if (is_first || may_lead(who.required))
            lead(who);
        if (!(who.required == lacks_))
            return look(now, random);
        bool const yields = refused_probes_ >= most_refused; // all who wait come before
        return yields ? later(next_probe_, round_trip_ + interval_ / 2) : next_probe_;
    }

    /// The node itself answered this read: not where it may have been forwarded.
    constexpr void answered(reader const& who, time_point now) noexcept
    {
        if (who.required == wal_position{})
            return;
        has_ = join(has_, who.required);
        if (!is_out_)
            return;
        has_progressed_ = true;
        if (is_behind_ && !(lacks_ <= who.required))
            return;
        if (is_probing_)
            round_trip_ = std::clamp<duration>(now - probed_at_, shortest_round, join_above);
        is_behind_ = false;
        refused_probes_ = 0;
        next_probe_ = now; // who is refused next leads from then on, not when this probe would have been lost
        is_probing_ = false;
        interval_ = join_above;
        if (group_ == 0)
            open_group(now, 2);
    }

    /// The prober has gone elsewhere, and found out nothing: whoever looks next takes its place.
    constexpr void left(reader const& who, time_point now) noexcept
    {
        if (!is_probing_ || !(who.required == lacks_))
            return;
        is_probing_ = false;
        next_probe_ = leads_until_ = now;
    }

    /// The node refused what required this. If it once had it, it is another node by now, behind the same
    /// address, or follows another history.
    constexpr void lacks(wal_position const& required) noexcept
    {
        if (required <= has_)
            has_ = {};
    }

    /// What the node has shown to have; (0,0) if nothing.
    [[nodiscard]] constexpr wal_position const& has() const noexcept { return has_; }

    /// Whether reads wait for each other now: until the node has caught up, and no group went for a while.
    [[nodiscard]] constexpr bool is_out(time_point now) const noexcept
    {
        return is_out_ && (is_behind_ || now < later(group_ends_, idle));
    }

    /// Whether the node is behind, and one of them is about to ask it for all: a read with another node to go
    /// to need not join.
    [[nodiscard]] constexpr bool is_watched(time_point now) const noexcept
    {
        return is_out_ && is_behind_ && now < later(leads_until_, lease);
    }

private:
    static constexpr duration shortest_round = std::chrono::milliseconds(1);

    /// Longer than any read that waits stays away, so none is left then.
    static constexpr duration idle = 4 * lease;

    static constexpr advice send(reader& who) noexcept
    {
        who.has_joined = false;
        return {};
    }

    /// When one who follows is to look: soon after the next probe, but not all at once.
    [[nodiscard]] constexpr time_point look(time_point now, std::uint64_t random) const noexcept
    {
        auto const begin = is_probing_ ? later(now, interval_ / 2) : std::max(now, next_probe_);
        return later(begin, round_trip_ + backoff::fraction(interval_ / 2, random));
    }

    /// Whether the prober requires something older, or the same: it finds out for this one, too.
    [[nodiscard]] constexpr bool is_behind_prober(wal_position const& required) const noexcept
    {
        return is_behind_ && lacks_ <= required;
    }

    /// Whether the one tells anything of the other.
    [[nodiscard]] constexpr bool has_order(wal_position const& required) const noexcept
    {
        return !is_behind_ || (lacks_ <=> required) != std::partial_ordering::unordered;
    }

    [[nodiscard]] constexpr bool may_lead(wal_position const& required) const noexcept
    {
        return !is_behind_ || required <= lacks_;
    }

    constexpr void take_place(reader const& who) noexcept
    {
        is_behind_ = true;
        if (!(who.required == lacks_))
            refused_probes_ = 0; // those were of somebody else
        lacks_ = who.required;
    }

    constexpr void lead(reader const& who) noexcept
    {
        take_place(who);
        leads_until_ = who.deadline < next_probe_ ? next_probe_ : later(next_probe_, join_above);
    }

    [[nodiscard]] constexpr advice ask_probe(reader const& who, time_point now, std::uint64_t random) noexcept
    {
        bool const is_relieved = refused_probes_ >= most_refused && !(who.required == lacks_);
        bool const leads = may_lead(who.required) || now >= leads_until_ || is_relieved;
        if ((leads && now >= next_probe_) || is_last_chance(who, now)) {
            take_place(who);
            is_probing_ = true;
            probed_at_ = now;
            leads_until_ = next_probe_ = later(now, lease);
            return {turn::probe, {}};
        }
        if (leads && !is_probing_ && who.deadline >= next_probe_) {
            lead(who);
            return {turn::wait, next_probe_};
        }
        return {turn::wait, look(now, random)};
    }

    /// Whether its time is up, and the next probe is near: this may be it, whatever the prober requires.
    [[nodiscard]] constexpr bool is_last_chance(reader const& who, time_point now) const noexcept
    {
        return now >= who.deadline && !is_probing_ && later(now, interval_ / 2) >= next_probe_;
    }

    /// A group is sent in a round trip; the next, twice as large, if any of it was answered.
    [[nodiscard]] constexpr advice ask_group(time_point now, std::uint64_t random) noexcept
    {
        if (now >= group_ends_) {
            if (has_progressed_)
                open_group(now, group_ * 2);
            else if (now >= later(group_ends_, lease))
                open_group(now, group_);
        }
        if (left_ == 0) {
            auto const pause = std::max(2 * round_trip_, longest_interval / 50);
            return {turn::wait, later(now, pause / 2 + backoff::fraction(pause, random))};
        }
        --left_;
        return {turn::send, {}};
    }

    constexpr void begin(time_point now, time_point due) noexcept
    {
        is_out_ = true;
        group_ = 0;
        next_probe_ = std::clamp(due, later(now, shortest_round), later(now, longest_interval));
        interval_ = std::max(next_probe_ - now, join_above);
    }

    /// The node has not caught up that far.
    constexpr void shrink_group() noexcept
    {
        group_ /= 2;
        left_ = std::min(left_, group_);
    }

    constexpr void open_group(time_point now, std::uint32_t size) noexcept
    {
        group_ = std::min(size, largest_group);
        left_ = group_;
        group_ends_ = later(now, round_trip_);
        has_progressed_ = false;
    }

    wal_position has_{};
    wal_position lacks_{}; ///< what the prober requires, while the node is behind
    time_point next_probe_{};
    time_point leads_until_{}; ///< until then only an older read takes the prober's place
    time_point probed_at_{};
    time_point group_ends_{};
    duration interval_ = join_above;
    duration round_trip_ = std::chrono::milliseconds(10);
    std::uint32_t group_ = 0; ///< 0: none may go but the prober
    std::uint32_t left_ = 0;
    std::uint8_t refused_probes_ = 0;
    bool is_out_ = false;
    bool is_behind_ = false; ///< it has not caught up with the prober
    bool is_probing_ = false;
    bool has_progressed_ = false;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
