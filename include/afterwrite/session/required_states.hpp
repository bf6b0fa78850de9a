// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/index_field.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
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
        if (count_ == 0 && unknown_size_ > 0)
            visit(unknown());
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
    [[nodiscard]] bool empty() const noexcept { return count_ == 0 && unknown_size_ == 0 && !fenced(); }

    /// Something is required that no index held here says. Until it is repaid, only the active node's answers
    /// are known to show it.
    [[nodiscard]] bool fenced() const noexcept
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].fenced())
                return true;
        return strays_ > strays_repaid_ || is_crowded_;
    }

    /// Whether one request can carry it all: there is no fence, and OpenBao, which takes one index, needs
    /// only one.
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

    /// The cluster of the i-th demand; `i` below `clusters()`.
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
        chosen.strays_ = strays_;
        chosen.strays_repaid_ = strays_repaid_;
        chosen.is_crowded_ = is_crowded_ || cluster.empty();
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
    void forget_unknown_form() noexcept { unknown_size_ = 0; }

private:
    void copy(required_states const& other) noexcept
    {
        for (std::uint8_t i = 0; i < other.count_; ++i)
            new (&demands_[i]) cluster_demand(other.demands_[i]);
        unknown_size_ = 0;
        if (other.unknown_size_ > 0)
            keep_unknown(other.unknown());
        count_ = other.count_;
        strays_ = other.strays_;
        strays_repaid_ = other.strays_repaid_;
        is_crowded_ = other.is_crowded_;
    }

    [[nodiscard]] std::string_view unknown() const noexcept { return {unknown_, unknown_size_}; }

    /// `index` has passed `is_sendable`, which bounds its size.
    void keep_unknown(std::string_view index) noexcept
    {
        unknown_size_ = static_cast<std::uint16_t>(index.size());
        std::memcpy(unknown_, index.data(), index.size());
    }

    [[nodiscard]] cluster_demand const* find(std::string_view cluster, dialect form) const noexcept
    {
        for (std::uint8_t i = 0; i < count_; ++i)
            if (demands_[i].form() == form && demands_[i].cluster() == cluster)
                return &demands_[i];
        return nullptr;
    }

    [[nodiscard]] cluster_demand* find(std::string_view cluster, dialect form) noexcept
    {
        return const_cast<cluster_demand*>(static_cast<required_states const&>(*this).find(cluster, form));
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
        auto* demand = find(decoded->cluster(), decoded->form);
        if (demand == nullptr && count_ == max_clusters) {
            is_crowded_ = true; // its states find no room, so none of its answers can repay a fence
            ++total.unkept;
            total.why = decode_error::no_room;
            return;
        }
        if (demand == nullptr)
            demand = new (&demands_[count_++]) cluster_demand(decoded->cluster(), decoded->form);
        auto const* const was_carried =
            carried != nullptr ? carried->find(decoded->cluster(), decoded->form) : nullptr;
        auto const fate = decoded->form == dialect::vault
                              ? demand->record(decoded->vault.position, index)
                              : demand->record(decoded->openbao, index, was_carried);
        switch (fate) {
        case cluster_demand::fate::kept: ++total.kept; break;
        case cluster_demand::fate::superseded: ++total.superseded; break;
        case cluster_demand::fate::held: ++total.held; return;
        case cluster_demand::fate::unkept:
            ++total.unkept;
            total.why = decode_error::no_room;
            return;
        }
        if (was_carried != nullptr)
            demand->repay(*was_carried);
        // As addresses have one cluster, this index is of the cluster that the stray was of, and newer.
        if (carried != nullptr && carried->strays_ > strays_repaid_)
            strays_repaid_ = carried->strays_;
    }

    void reject(std::string_view index, decode_error why, required_states const* carried,
                recorded& total) noexcept
    {
        total.why = why;
        if (why == decode_error::unknown_form) {
            ++total.unknown_form;
            keep_unknown(index);
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
        // Whose it is cannot be read off it: that of the one cluster that the request went to, or nobody
        // knows.
        bool const is_known = carried != nullptr && carried->count_ == 1;
        auto* const demand =
            is_known ? find(carried->demands_[0].cluster(), carried->demands_[0].form()) : nullptr;
        if (demand != nullptr)
            demand->fence();
        else
            ++strays_;
    }

    /// Only the first count_ exist: there is room for many, and nearly always one is used.
    union {
        cluster_demand demands_[max_clusters];
    };
    char unknown_[max_index_size]; // only the first unknown_size_ bytes mean something
    std::uint16_t unknown_size_ = 0;
    std::uint8_t count_ = 0;
    bool is_crowded_ = false; ///< a cluster found no room: nothing that it answers can be kept
    std::uint32_t strays_ =
        0; ///< how often an index could not be kept whose cluster could not be told either
    std::uint32_t strays_repaid_ = 0; ///< how many of these no longer matter
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
