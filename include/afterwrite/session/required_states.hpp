// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
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
#include <new>
#include <optional>
#include <string>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What the answer to a request must show: per cluster, the demand of every index that was recorded.
///
/// Recording is a join: it is idempotent, and on the demand it is commutative and associative, so answers may
/// arrive in any order and any number of times. Garbage never evicts a state, nor does the index of another
/// cluster. What cannot be kept, because a bound is reached, sets a fence: it costs latency, never the
/// guarantee.
///
/// A value without allocation, about 5 KB in size; a copy costs what is held. One thread at a time.
class required_states {
public:
    /// An address set belongs to one cluster, seldom to a pair that replicates; more are a change of address.
    static constexpr std::uint8_t max_clusters = 8;

    required_states() noexcept {}
    required_states(required_states const& other) noexcept { copy(other); }
    required_states& operator=(required_states const& other) noexcept
    {
        if (this != &other)
            copy(other);
        return *this;
    }
    ~required_states() = default;

    /// Records the value of one index field as a server returned it: one index, or several joined with
    /// commas. What cannot be read is counted, and changes nothing.
    recorded record(std::string_view index_field_value) noexcept
    {
        return record_all(index_field_value, nullptr);
    }

    /// The same for the answer to a request that had required `carried`: on OpenBao what is returned
    /// supersedes what was carried, and an answer that was fetched behind a fence takes the fence away.
    recorded record(std::string_view index_field_value, required_states const& carried) noexcept
    {
        return record_all(index_field_value, &carried);
    }

    /// Requires what `other` does, too. Each of its fences stands here as well, and counts as unkept.
    recorded merge(required_states const& other) noexcept
    {
        auto total = unplaced_.merge(other.unplaced_);
        for (std::uint8_t i = 0; i < other.count_; ++i) {
            auto const& theirs = other.demands_[i];
            for (std::uint8_t j = 0; j < theirs.size(); ++j)
                record_one(theirs.text(j), nullptr, total);
            if (theirs.fenced())
                total += fence(theirs.cluster(), theirs.form());
        }
        return total;
    }

    /// Sets a fence, as if an index of this cluster could not be kept; the empty id is of no known cluster.
    recorded fence(cluster_id const& cluster, dialect form) noexcept
    {
        if (cluster.empty())
            unplaced_.stray();
        else if (auto* const demand = find_or_add(cluster, form))
            demand->fence();
        return unplaced_demand::unkept;
    }

    /// The position that a node of this Vault cluster must have reached; none if nothing is required of it.
    [[nodiscard]] std::optional<wal_position> demand(std::string_view cluster) const noexcept
    {
        auto const* const held = find(cluster, dialect::vault);
        return held != nullptr ? std::optional(held->position()) : std::nullopt;
    }

    /// Calls visit(std::string_view index) for each text to send, in an order that means nothing. A text of
    /// neither dialect is visited only where nothing better is held, since its server may be able to read it.
    template <class Visit>
    void for_each(Visit&& visit) const
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            for (std::uint8_t j = 0; j < demands_[i].size(); ++j)
                visit(demands_[i].text(j));
        if (count_ == 0 && !unplaced_.text().empty())
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
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].holds(index))
                return true;
        return false;
    }

    /// How many texts `for_each` visits.
    [[nodiscard]] std::size_t size() const noexcept
    {
        std::size_t texts = 0;
        for_each([&texts](std::string_view) { ++texts; });
        return texts;
    }

    /// Nothing is required.
    [[nodiscard]] bool empty() const noexcept { return count_ == 0 && unplaced_.text().empty() && !fenced(); }

    /// Something is required that no index held here says. Until it is repaid, only the active node's answers
    /// are known to show it.
    [[nodiscard]] bool fenced() const noexcept
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].fenced())
                return true;
        return unplaced_.fenced();
    }

    /// Whether one request can carry it all: no fence, and on OpenBao, which takes one index, only one.
    [[nodiscard]] bool is_expressible() const noexcept
    {
        bool takes_one = false;
        for (std::uint8_t i = 0; i < count_; ++i)
            takes_one = takes_one || demands_[i].form() == dialect::openbao;
        return !fenced() && (!takes_one || size() == 1);
    }

    /// The dialect of what is held; unknown if nothing is.
    [[nodiscard]] dialect form() const noexcept { return count_ > 0 ? demands_[0].form() : dialect::unknown; }

    /// How many clusters something is required of.
    [[nodiscard]] std::uint8_t clusters() const noexcept { return count_; }

    /// Whether something is required of this cluster.
    [[nodiscard]] bool requires_of(std::string_view cluster) const noexcept
    {
        return find(cluster, dialect::vault) != nullptr || find(cluster, dialect::openbao) != nullptr;
    }

    /// What is required of nobody knows which cluster.
    [[nodiscard]] unplaced_demand const& unplaced() const noexcept { return unplaced_; }
    [[nodiscard]] unplaced_demand& unplaced() noexcept { return unplaced_; }

    /// `i` below `clusters()`.
    [[nodiscard]] cluster_demand const& operator[](std::uint8_t i) const noexcept { return demands_[i]; }
    [[nodiscard]] cluster_id const& cluster(std::uint8_t i) const noexcept { return demands_[i].cluster(); }

    /// What may be sent to this cluster: its own states, never another one's. Where the cluster is not known
    /// yet (empty), the states of the only one that there are states of; of several, none, and a fence
    /// instead.
    [[nodiscard]] required_states of(cluster_id const& cluster) const noexcept
    {
        bool const takes_all = cluster.empty() ? count_ <= 1 : count_ == 0;
        if (takes_all || (count_ == 1 && demands_[0].cluster() == cluster))
            return *this;
        required_states chosen;
        chosen.unplaced_ = unplaced_.fences();
        if (cluster.empty())
            chosen.unplaced_.crowd();
        for (std::uint8_t i = 0; i < count_; ++i)
            if (!cluster.empty() && demands_[i].cluster() == cluster)
                new (&chosen.demands_[chosen.count_++]) cluster_demand(demands_[i]);
        return chosen;
    }

    /// Requires nothing of this cluster any more: the caller knows that it is gone, or that it was restored.
    /// What could not be kept of other clusters stays fenced; a new object requires nothing at all.
    void forget(std::string_view cluster) noexcept
    {
        std::uint8_t left = 0;
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].cluster() != cluster)
                demands_[left++] = demands_[i];
        count_ = left;
    }

    /// Drops the text of neither dialect: the server that it came from has called it unreadable.
    void forget_unknown_form() noexcept { unplaced_.forget_text(); }

private:
    void copy(required_states const& other) noexcept
    {
        for (std::uint8_t i = 0; i < other.count_; ++i)
            new (&demands_[i]) cluster_demand(other.demands_[i]);
        count_ = other.count_;
        unplaced_ = other.unplaced_;
    }

    [[nodiscard]] cluster_demand const* find(std::string_view cluster, dialect form) const noexcept
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].form() == form && demands_[i].cluster() == cluster)
                return &demands_[i];
        return nullptr;
    }

    /// Null if there is no room, and then a fence stands.
    cluster_demand* find_or_add(cluster_id const& cluster, dialect form) noexcept
    {
        if (auto const* const held = find(cluster, form))
            return const_cast<cluster_demand*>(held);
        if (count_ < max_clusters)
            return new (&demands_[count_++]) cluster_demand(cluster, form);
        unplaced_.crowd();
        return nullptr;
    }

    recorded record_all(std::string_view index_field_value, required_states const* carried) noexcept
    {
        recorded total;
        for_each_index(index_field_value, [&](std::string_view index) { record_one(index, carried, total); });
        return total;
    }

    void record_one(std::string_view index, required_states const* carried, recorded& total) noexcept
    {
        if (holds(index)) { // the usual case, and it need not be decoded
            ++total.held;
            return;
        }
        auto const decoded = decode_index(index);
        if (!decoded)
            return reject(index, decoded.error(), carried, total);
        auto* const demand = find_or_add(decoded->cluster(), decoded->form);
        auto const* const was_carried =
            carried != nullptr ? carried->find(decoded->cluster(), decoded->form) : nullptr;
        auto const fate = demand == nullptr ? cluster_demand::fate::unkept
                          : decoded->form == dialect::vault
                              ? demand->record(decoded->vault.position, index)
                              : demand->record(decoded->openbao, index, was_carried);
        switch (fate) {
        case cluster_demand::fate::kept: ++total.kept; break;
        case cluster_demand::fate::superseded: ++total.superseded; break;
        case cluster_demand::fate::held: ++total.held; return;
        case cluster_demand::fate::unkept: total += unplaced_demand::unkept; return;
        }
        if (was_carried != nullptr)
            demand->repay(*was_carried);
        if (carried != nullptr)
            unplaced_.repay(carried->unplaced_);
    }

    void reject(std::string_view index, decode_error why, required_states const* carried,
                recorded& total) noexcept
    {
        total.why = why;
        if (why == decode_error::unknown_form) {
            ++total.unknown_form;
            unplaced_.keep(index);
            return;
        }
        bool const is_past_bound = why == decode_error::cluster_too_long ||
                                   why == decode_error::value_too_long ||
                                   (why == decode_error::too_long && dialect_of(index) != dialect::unknown);
        if (!is_past_bound) {
            ++total.rejected;
            return;
        }
        ++total.unkept;
        // Whose it is cannot be read off it: the one cluster's that the request went to, or nobody knows.
        if (carried != nullptr && carried->count_ == 1)
            fence(carried->demands_[0].cluster(), carried->demands_[0].form());
        else
            unplaced_.stray();
    }

    /// Only the first count_ exist: there is room for many, and nearly always one is used.
    union {
        cluster_demand demands_[max_clusters];
    };
    unplaced_demand unplaced_;
    std::uint8_t count_ = 0;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
