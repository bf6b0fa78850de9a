// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/arrival.hpp>
#include <afterwrite/session/attempt_facts.hpp>
#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/cluster_demands.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/session/unplaced_demand.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What the answer to a request must show: per cluster, the demand of every index that was recorded.
///
/// Recording is a join: it is idempotent, and on the demand it is commutative and associative, so answers may
/// arrive in any order and any number of times. Garbage never evicts a state, nor does the index of another
/// cluster. What cannot be kept, because a bound is reached, sets a fence: it costs latency, never the
/// guarantee. Only another history of a cluster ends what was required of it, see `lineage`.
///
/// A value without allocation, about 6 KB in size; a copy costs what is held. One thread at a time.
class required_states {
public:
    static constexpr std::uint8_t max_clusters = cluster_demands::max_clusters;
    required_states() noexcept {} // by default it would be filled with zeros first

    /// Records the value of one index field as a server returned it: one index, or several joined with
    /// commas. What cannot be read is counted, and changes nothing.
    recorded record(std::string_view field_value) noexcept { return record(field_value, arrival{}); }

    /// The same for the answer to a request that had required `carried`: on OpenBao what is returned
    /// supersedes what was carried, and an answer that was fetched behind a fence takes the fence away.
    recorded record(std::string_view field_value, required_states const& carried) noexcept
    {
        return record(field_value, arrival{.carried = &carried});
    }

    /// The same for all that is known of how it came: so another history is noticed, see `lineage`.
    recorded record(std::string_view field_value, arrival const& how) noexcept
    {
        recorded total;
        for_each_index(field_value, [&](std::string_view index) { record_one(index, how, total); });
        return total;
    }

    /// Null if nothing was ever required of this cluster.
    [[nodiscard]] cluster_demand const* find(std::string_view cluster, dialect form) const noexcept
    {
        return demands_.find(cluster, form);
    }

    /// Requires what `other` does, too. Each of its fences stands here as well, no longer than there, and
    /// counts as unkept.
    recorded merge(required_states const& other, time_point now = time_point::min()) noexcept
    {
        auto total = unplaced_.merge(other.unplaced_);
        for (auto const& theirs : other.demands_) {
            for (std::uint8_t i = 0; i < theirs.size(); ++i)
                record_one(theirs.text(i), arrival{.now = now}, total);
            if (theirs.fenced())
                total += fence(theirs.cluster(), theirs.form(), theirs.fenced_until());
            auto* const ours =
                theirs.has_regressed() ? demands_.find_or_add(theirs.cluster(), theirs.form()) : nullptr;
            if (ours != nullptr)
                ours->set_regressed(true);
        }
        return total;
    }

    /// Sets a fence, as if an index of this cluster could not be kept; the empty id is of no known cluster.
    recorded fence(cluster_id const& cluster, dialect form, time_point until = read_fence::not_told) noexcept
    {
        if (cluster.empty())
            unplaced_.stray(until);
        else if (auto* const demand = demands_.find_or_add(cluster, form))
            demand->fence(until);
        else
            unplaced_.crowd(until);
        return unplaced_demand::unkept;
    }

    /// It is `now`: fences and suspicions older than `fence_time` end. An exchange tells its copy at first.
    void advance(time_point now, duration fence_time = default_fence_time) noexcept
    {
        now_ = now;
        unplaced_.advance(now, fence_time);
        for (auto& demand : demands_)
            demand.advance(now, fence_time);
    }

    /// The position that a node of this Vault cluster must have reached; none if nothing is required of it.
    [[nodiscard]] std::optional<wal_position> demand(std::string_view cluster) const noexcept
    {
        auto const* const held = find(cluster, dialect::vault);
        return held != nullptr && held->size() > 0 ? std::optional(held->position()) : std::nullopt;
    }

    /// Calls visit(std::string_view index) for each text to send, in an order that means nothing. A text of
    /// neither dialect is visited only where nothing better is held, since its server may be able to read it.
    template <class Visit>
    void for_each(Visit&& visit) const
    {
        bool has_state = false;
        for (auto const& demand : demands_)
            for (std::uint8_t i = 0; i < demand.size(); ++i, has_state = true)
                visit(demand.text(i));
        if (!has_state && !unplaced_.text().empty())
            visit(unplaced_.text());
    }

    /// The texts in one field value, joined with commas: to hand on, where `record` takes it. Allocates.
    [[nodiscard]] std::string field_value() const
    {
        std::string value;
        for_each([&value](std::string_view text) {
            value += value.empty() ? "" : ",";
            value += text;
        });
        return value;
    }

    /// Whether this very text is among those required.
    [[nodiscard]] bool holds(std::string_view index) const noexcept
    {
        bool is_held = false;
        for (auto const& demand : demands_)
            is_held = is_held || demand.holds(index);
        return is_held;
    }

    /// How many texts `for_each` visits.
    [[nodiscard]] std::size_t size() const noexcept
    {
        std::size_t texts = 0;
        for_each([&texts](std::string_view) { ++texts; });
        return texts;
    }

    /// Nothing is required.
    [[nodiscard]] bool empty() const noexcept { return size() == 0 && !fenced(); }

    /// Something is required that no index held here says. Until it is repaid, only the active node's answers
    /// are known to show it.
    [[nodiscard]] bool fenced() const noexcept { return demands_.fenced() || unplaced_.fenced(); }

    /// Whether one request can carry it all: no fence, and on OpenBao, which takes one index, only one.
    [[nodiscard]] bool is_expressible() const noexcept
    {
        bool takes_one = false;
        for (auto const& demand : demands_)
            takes_one = takes_one || demand.form() == dialect::openbao;
        return !fenced() && (!takes_one || size() <= 1);
    }

    /// The dialect of what is held; unknown if nothing is.
    [[nodiscard]] dialect form() const noexcept { return clusters() == 0 ? dialect{} : demands_[0].form(); }

    /// How many clusters something is required of.
    [[nodiscard]] std::uint8_t clusters() const noexcept { return demands_.size(); }

    /// What is required of nobody knows which cluster.
    [[nodiscard]] unplaced_demand const& unplaced() const noexcept { return unplaced_; }
    [[nodiscard]] unplaced_demand& unplaced() noexcept { return unplaced_; }

    /// `i` below `clusters()`.
    [[nodiscard]] cluster_demand const& operator[](std::uint8_t i) const noexcept { return demands_[i]; }
    [[nodiscard]] cluster_demands& demands() noexcept { return demands_; }

    /// What may be sent to this cluster: its own states, never another one's. Where the cluster is not known
    /// yet (empty), the states of the only one that there are states of; of several, none, and a fence
    /// instead. `is_peer(cluster_id)` may name more clusters whose states it takes.
    template <class Peers>
    [[nodiscard]] required_states of(cluster_id const& cluster, Peers&& is_peer) const
    {
        bool const takes_all = cluster.empty() ? demands_.size() <= 1 : demands_.empty();
        if (takes_all || (demands_.size() == 1 && demands_[0].cluster() == cluster))
            return *this;
        required_states chosen;
        chosen.unplaced_ = unplaced_.fences();
        if (cluster.empty())
            chosen.unplaced_.crowd();
        for (auto const& demand : demands_)
            if (!cluster.empty() && (demand.cluster() == cluster || is_peer(demand.cluster())))
                chosen.demands_.add(demand);
        return chosen;
    }
    [[nodiscard]] required_states of(cluster_id const& cluster) const noexcept
    {
        return of(cluster, [](cluster_id const&) { return false; });
    }

    /// Requires nothing of this cluster any more: the caller knows that it is gone, or that it was restored.
    /// What could not be kept of other clusters stays fenced; a new object requires nothing at all.
    void forget(std::string_view cluster) noexcept { demands_.erase(cluster); }

    /// Whether a history turned out to be another one, and the caller has not accepted that yet.
    [[nodiscard]] bool has_regressed() const noexcept { return demands_.has_regressed(); }

    /// See `unplaced_demand`.
    [[nodiscard]] time_point unindexed_write_at() const noexcept { return unplaced_.unindexed_write_at(); }

    /// When `advance` was called last; the end of time if never.
    [[nodiscard]] time_point advanced_at() const noexcept { return now_; }

    /// How the attempt was sent that carried this; see `exchange::carried`.
    [[nodiscard]] attempt_facts const& sent_as() const noexcept { return sent_as_; }
    [[nodiscard]] attempt_facts& sent_as() noexcept { return sent_as_; }
    void set_sent_as(attempt_facts const& facts) noexcept { sent_as_ = facts; }

    /// Drops the text of neither dialect: the server that it came from has called it unreadable.
    void forget_unknown_form() noexcept { unplaced_.forget_text(); }

private:
    void record_one(std::string_view index, arrival const& how, recorded& total) noexcept
    {
        if (holds(index)) { // the usual case, and it need not be decoded
            ++total.held;
            return;
        }
        auto const decoded = decode_index(index);
        if (!decoded)
            return reject(index, decoded.error(), how, total);
        auto* const demand = demands_.find_or_add(decoded->cluster(), decoded->form);
        if (demand == nullptr) {
            total += fence(decoded->cluster(), decoded->form);
            return;
        }
        auto const* const was_carried =
            how.carried != nullptr ? how.carried->find(decoded->cluster(), decoded->form) : nullptr;
        auto const where = detail::position_in(*demand, *decoded);
        auto const regressions = total.regressed;
        if (where && how.carried != nullptr) {
            detail::evidence const evidence{was_carried, how.carried->sent_as_, how.carried->now_};
            if (!detail::follow(evidence.judge(demand->history(), *where, how.now), *demand, how, total))
                return;
        }
        auto const fate = decoded->form == dialect::vault
                              ? demand->record(decoded->vault.position, index)
                              : demand->record(decoded->openbao, index, was_carried);
        if (where && how.now != time_point::min())
            demand->history().note(*where, how.now);
        if (total.regressed > regressions && how.report != nullptr)
            how.report->found = *demand; // now that it holds what gave it away
        switch (fate) {
        case cluster_demand::fate::kept: ++total.kept; break;
        case cluster_demand::fate::superseded: ++total.superseded; break;
        case cluster_demand::fate::held: ++total.held; return;
        case cluster_demand::fate::unkept: total += unplaced_demand::unkept; return;
        }
        if (how.carried != nullptr && detail::is_newer_than_losses(*decoded, how.carried->sent_as_))
            repay(*demand, was_carried, *how.carried);
    }

    void repay(cluster_demand& demand, cluster_demand const* was_carried,
               required_states const& carried) noexcept
    {
        if (was_carried != nullptr)
            demand.repay(*was_carried);
        if (carried.sent_as_.cluster.empty()) // what was lost then can have been of this cluster alone
            unplaced_.repay(carried.unplaced_);
    }

    void reject(std::string_view index, decode_error why, arrival const& how, recorded& total) noexcept
    {
        if (why == decode_error::unknown_form) {
            ++total.unknown_form;
            bool was_sent = false;
            if (how.carried != nullptr)
                how.carried->for_each([&](std::string_view text) { was_sent = text == unplaced_.text(); });
            unplaced_.keep(index, was_sent);
        } else if (!is_past_bound(index, why)) {
            ++total.rejected;
        } else { // whose it is cannot be read off it
            auto const sent = how.carried != nullptr ? how.carried->sent_as_ : attempt_facts{};
            total += fence(sent.cluster, sent.form);
        }
        total.why = why;
    }

    cluster_demands demands_;
    unplaced_demand unplaced_;
    attempt_facts sent_as_;
    time_point now_ = time_point::max(); ///< of the last `advance`
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
