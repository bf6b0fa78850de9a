// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Which history of a cluster is being followed. A snapshot restored into a new cluster keeps the cluster id
/// and lowers the index: who required a state of the old history would wait for ever, or worse, be satisfied
/// by another history that has the same number. (Facts: `session.md` B1.)
///
/// The rule: what was *settled* when a write was sent, that is, had been recorded a while before, is older
/// than the write. So an answer that is behind it, from a node that could check what the request carried,
/// comes of another history. One such answer raises a suspicion, a second one confirms it: a new epoch
/// begins. An answer that shows all that is settled, to a request that was sent since then, ends it; that
/// one caller, who requires less, sees what it requires is no sign of that. Nothing follows from an answer
/// that is merely smaller than another one: answers overtake each other.
///
/// Positions are Vault's; of OpenBao, `{number, 0}`. Trivially copyable and without pointers, so that it may
/// lie in shared memory. One thread at a time.
class lineage {
public:
    /// How long ago a state must have been recorded to count as settled. An answer may show an index that is
    /// some ms old (OpenBao internal/vault/storage_index.go: 5), or that of a standby between the active node
    /// and the client.
    static constexpr duration slack = std::chrono::milliseconds(50);

    /// How long a suspicion lasts at least before a second refusal by the active node confirms it: an active
    /// node that was just elected may not have applied its own log yet.
    static constexpr duration election = std::chrono::seconds(2);

    enum class verdict : std::uint8_t {
        consistent, ///< or nothing follows from it
        suspected,  ///< cannot be of the history that is followed
        confirmed,  ///< and it is not the first one: begin a new epoch
        outdated,   ///< answers a request of an older epoch: not comparable with anything held now
    };

    /// How many times the history was another one all of a sudden.
    [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_; }

    [[nodiscard]] bool is_suspected() const noexcept { return suspected_ != never; }

    /// A state of this epoch was recorded.
    void note(wal_position const& position, time_point now) noexcept
    {
        advance(now);
        newest_ = join(newest_, position);
        noted_ = now;
    }

    /// It is `now`; a suspicion that nobody has decided ends after `lasting`, and not before the active
    /// node's refusals could decide it. To be asked before an answer is judged.
    void end_suspicion(time_point now, duration lasting) noexcept
    {
        if (!is_suspected())
            return;
        suspected_ = std::min(suspected_, now); // it may have been raised by a clock that went back since
        if (now >= later(suspected_, std::max(lasting, 2 * election)))
            suspected_ = never;
    }

    /// It is `now`, and suspicions end. Of a copy that goes with a request: what is settled when it is sent.
    void advance(time_point now, duration lasting = duration::max()) noexcept
    {
        end_suspicion(now, lasting);
        follow_clock(now);
        if (now < later(turned_, slack))
            return;
        settled_ = now < later(noted_, slack) ? marked_ : newest_;
        marked_ = newest_;
        turned_ = now;
    }

    /// What had been recorded for at least `slack` at the last `advance`, and perhaps not all of that.
    [[nodiscard]] wal_position const& settled() const noexcept { return settled_; }

    /// Of a copy that goes with a request: only what the request itself carries is compared.
    void limit(wal_position const& carried) noexcept
    {
        for (auto* const each : {&settled_, &marked_, &newest_}) // the later ones settle in turn
            *each = meet(*each, carried);
    }

    /// Whether a state is behind what is settled.
    [[nodiscard]] bool is_behind(wal_position const& where) const noexcept
    {
        return where.local < settled_.local ||
               (where.local == settled_.local && where.replicated < settled_.replicated);
    }

    /// What speaks for an answer, besides its index.
    enum class witness : std::uint8_t {
        none,    ///< a read, or a standby on the way to the active node: what is behind proves nothing
        checked, ///< a write, of which a node could compare what it carried with its own state
        active,  ///< the active node answered
    };

    /// An answer shows `answered`. `sent` is the copy that went with its request.
    [[nodiscard]] verdict judge(lineage const& sent, wal_position const& answered, witness by,
                                time_point now) noexcept
    {
        if (sent.epoch_ != epoch_)
            return verdict::outdated;
        if (by == witness::none)
            return verdict::consistent;
        if (!sent.is_behind(answered))
            return reassured(sent, answered, now);
        return by == witness::checked ? alarm(now) : verdict::consistent;
    }

    /// The active node says that it lacks what a request carried, of its own log.
    [[nodiscard]] verdict judge_refusal(lineage const& sent, time_point now) noexcept
    {
        if (sent.epoch_ != epoch_)
            return verdict::outdated;
        return is_suspected() && !is_decisive(now) ? verdict::suspected : alarm(now);
    }

    /// The active node says of itself where it is. `sent` is the copy of when it was asked.
    [[nodiscard]] verdict judge_active(lineage const& sent, std::uint64_t local, time_point now) noexcept
    {
        if (sent.epoch_ != epoch_)
            return verdict::consistent;
        return local < sent.settled_.local ? judge_refusal(sent, now)
                                           : reassured(sent, {local, all_replicated}, now);
    }

    /// Whether a refusal by the active node would be more than a node that was just elected.
    [[nodiscard]] bool is_decisive(time_point now) const noexcept
    {
        return is_suspected() && now >= later(suspected_, election);
    }

    /// What was recorded cannot be compared with what comes now: the cluster's storage was exchanged.
    void unsettle() noexcept
    {
        settled_ = {};
        marked_ = {};
        newest_ = {};
    }

    /// Whether a request that went out at `sent` is of an older epoch, where no copy went with it.
    [[nodiscard]] bool is_before_epoch(time_point sent) const noexcept { return epoch_ > 0 && sent < began_; }

    /// From now on another history is followed.
    void begin_epoch(time_point now) noexcept
    {
        auto const next = epoch_ + 1;
        *this = {};
        epoch_ = next;
        began_ = now;
    }

private:
    /// By so much the clock of one thread may be ahead of another's; more is a clock that went back.
    static constexpr duration ahead = std::chrono::minutes(1);

    static constexpr time_point never = time_point::max();
    static constexpr auto all_replicated = std::numeric_limits<std::uint64_t>::max();

    /// Of times that are yet to come, nothing would be settled for long.
    void follow_clock(time_point now) noexcept
    {
        if (turned_ > later(now, ahead))
            turned_ = noted_ = now;
        if (began_ > later(now, ahead))
            began_ = now;
    }

    /// An answer in order, to a request that was sent under suspicion.
    [[nodiscard]] verdict reassured(lineage const& sent, wal_position const& shown, time_point now) noexcept
    {
        if (!sent.is_suspected())
            return verdict::consistent;
        advance(now);
        if (!is_behind(shown))
            suspected_ = never;
        return verdict::consistent;
    }

    /// What comes at the very time of the suspicion is of the same answer: another value of it.
    [[nodiscard]] verdict alarm(time_point now) noexcept
    {
        if (is_suspected() && suspected_ < now)
            return verdict::confirmed;
        suspected_ = now;
        return verdict::suspected;
    }

    std::uint32_t epoch_ = 0;
    time_point began_ = time_point::min();
    time_point suspected_ = never;
    time_point turned_ = time_point::min();
    time_point noted_ = time_point::min();
    wal_position settled_{}; ///< recorded before the turn before the last one, or long ago
    wal_position marked_{};  ///< recorded before the last turn
    wal_position newest_{};
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
