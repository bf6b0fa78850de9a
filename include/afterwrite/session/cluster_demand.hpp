// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/lineage.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/opaque_index.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>
#include <afterwrite/wire/openbao_index.hpp>

#include <compare>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What is required of one cluster, kept as the texts that the server wrote: only it can sign an index, so no
/// client can write one that says "both of these".
///
/// Vault. A node satisfies a set of positions exactly if it satisfies their join, and two members always
/// witness the join: the one with the greatest `local` and the one with the greatest `replicated`. So two
/// texts are enough for any number of writes, whatever the order in which their answers arrive. (Assumed: a
/// node demands all of several lines, and compares each number with >=.)
///
/// OpenBao. Values are replaced by greater ones. A value that cannot be compared with one that is held
/// replaces it if the request had carried that one, since a node that honoured the request is past it; else
/// both stay, which no request can express.
class cluster_demand {
public:
    /// How many texts are ever held, and sent: see above.
    static constexpr std::uint8_t max_texts = 2;

    enum class fate : std::uint8_t { kept, superseded, held, unkept };

    cluster_demand() noexcept {}
    cluster_demand(cluster_id const& cluster, dialect form) noexcept : cluster_(cluster), form_(form) {}

    /// Costs what is held, not the room for it: each request copies one of these.
    cluster_demand(cluster_demand const& other) noexcept { copy(other); }
    cluster_demand& operator=(cluster_demand const& other) noexcept
    {
        if (this != &other)
            copy(other);
        return *this;
    }
    ~cluster_demand() = default;

    [[nodiscard]] cluster_id const& cluster() const noexcept { return cluster_; }
    [[nodiscard]] dialect form() const noexcept { return form_; }
    [[nodiscard]] std::uint8_t size() const noexcept { return size_; }
    [[nodiscard]] std::string_view text(std::uint8_t i) const noexcept { return texts_[i].text(); }

    /// Something of this cluster must be seen that no index held here says, or it is in doubt whether what is
    /// held belongs to the cluster's history. Until that ends, only the active node's answers are known to
    /// show what they must.
    [[nodiscard]] bool fenced() const noexcept { return fence_.is_up() || lineage_.is_suspected(); }

    /// An index of this cluster could not be kept, or was lost. It ends then, if nothing repays it.
    void fence(time_point until = read_fence::not_told) noexcept { fence_.set(until); }

    /// When the fence ends, if there is one.
    [[nodiscard]] time_point fenced_until() const noexcept
    {
        return lineage_.is_suspected() ? read_fence::not_told : fence_.until();
    }

    /// The answer to a request that was sent with `carried` has brought something newer than what was lost
    /// until then.
    void repay(cluster_demand const& carried) noexcept { fence_.repay(carried.fence_); }

    [[nodiscard]] lineage const& history() const noexcept { return lineage_; }
    [[nodiscard]] lineage& history() noexcept { return lineage_; }

    /// The history was another one, and the caller has not accepted that yet: see `on_regression::fail`.
    [[nodiscard]] bool has_regressed() const noexcept { return has_regressed_; }
    void set_regressed(bool has_regressed) noexcept { has_regressed_ = has_regressed; }

    /// It is `now`; fences and suspicions older than `lasting` end.
    void advance(time_point now, duration lasting) noexcept
    {
        fence_.advance(now, lasting);
        lineage_.advance(now, lasting);
    }

    /// Requires nothing any more but what is fenced; the history stays known.
    void forget_texts() noexcept { size_ = 0; }

    /// From now on another history is followed, of which nothing is known yet.
    void begin_epoch(time_point now) noexcept
    {
        lineage_.begin_epoch(now);
        fence_.lift();
        size_ = 0;
    }

    /// The join of what is held; (0,0) if nothing is, and on OpenBao, whose indices have no position.
    [[nodiscard]] wal_position position() const noexcept
    {
        return form_ == dialect::vault && size_ > 0
                   ? join(greatest_local().position(), greatest_replicated().position())
                   : wal_position{};
    }

    /// What is held as one point of the cluster's log, where it is one: of OpenBao `{number, 0}`; none where
    /// nothing is held, or where it has no order.
    [[nodiscard]] std::optional<wal_position> place() const noexcept
    {
        if (form_ == dialect::vault)
            return size_ > 0 ? std::optional(position()) : std::nullopt;
        bool const is_number = size_ == 1 && texts_[0].local > 0;
        return is_number ? std::optional(texts_[0].position()) : std::nullopt;
    }

    /// Whether this index has an order among those that are held.
    [[nodiscard]] bool is_comparable(opaque_index const& index) const noexcept
    {
        for (std::uint8_t i = 0; i < size_; ++i)
            if (compare(texts_[i].text(), index) == std::partial_ordering::unordered)
                return false;
        return true;
    }

    [[nodiscard]] bool holds(std::string_view index) const noexcept
    {
        for (std::uint8_t i = 0; i < size_; ++i)
            if (texts_[i].text() == index)
                return true;
        return false;
    }

    /// Records a Vault state. O(1): it may be a new witness of either kind, of both, or of none. Of two texts
    /// with equal positions the later received stays: the server may have changed its key meanwhile.
    fate record(wal_position const& position, std::string_view index) noexcept
    {
        if (size_ == 0) {
            put(0, position, index);
            size_ = 1;
            return fate::kept;
        }
        bool const raises =
            !(position <= join(greatest_local().position(), greatest_replicated().position()));
        bool const is_local = is_witness(position.local, position.replicated, //
                                         greatest_local().local, greatest_local().replicated);
        bool const is_replicated = is_witness(position.replicated, position.local, //
                                              greatest_replicated().replicated, greatest_replicated().local);
        auto const before = size_;
        if (is_local && is_replicated) {
            put(0, position, index);
            size_ = 1;
        } else if (is_local) { // who was alone stays as the other witness
            if (size_ == 1)
                texts_[1].copy(texts_[0]);
            put(0, position, index);
            size_ = 2;
        } else if (is_replicated) {
            put(1, position, index);
            size_ = 2;
        }
        if (!raises)
            return fate::held;
        return size_ > before ? fate::kept : fate::superseded;
    }

    /// Records an OpenBao index. `carried` is what the answered request demanded of this cluster; null if
    /// nothing.
    fate record(opaque_index const& index, std::string_view text, cluster_demand const* carried) noexcept
    {
        auto const before = size_;
        std::uint8_t left = 0;
        bool is_new = true;
        bool is_old = false; // an answer's may be some ms old (OpenBao internal/vault/storage_index.go)
        for (std::uint8_t i = 0; i < before; ++i) {
            auto const order = compare(texts_[i].text(), index);
            bool const is_unordered = order == std::partial_ordering::unordered;
            is_old = is_old || order == std::partial_ordering::greater;
            is_new = is_new && order != std::partial_ordering::equivalent;
            if (is_unordered ? carried != nullptr && carried->holds(texts_[i].text()) : order <= 0)
                continue;
            if (left != i)
                texts_[left].copy(texts_[i]);
            ++left;
        }
        size_ = left;
        if (is_old)
            return fate::held;
        if (left == max_texts) {
            fence();
            return fate::unkept;
        }
        put(left, {index.number().value_or(0), 0}, text);
        size_ = static_cast<std::uint8_t>(left + 1);
        if (!is_new)
            return fate::held;
        return left == before ? fate::kept : fate::superseded;
    }

private:
    /// A text as received, and what it means. Trivial, so that an unused one costs nothing.
    struct received {
        std::uint64_t local;
        std::uint64_t replicated;
        std::uint16_t size;
        char bytes[max_index_size];

        [[nodiscard]] std::string_view text() const noexcept { return {bytes, size}; }
        [[nodiscard]] wal_position position() const noexcept { return {local, replicated}; }

        void copy(received const& other) noexcept
        {
            local = other.local;
            replicated = other.replicated;
            size = other.size;
            std::memcpy(bytes, other.bytes, other.size);
        }
    };

    void copy(cluster_demand const& other) noexcept
    {
        cluster_ = other.cluster_;
        form_ = other.form_;
        size_ = other.size_;
        has_regressed_ = other.has_regressed_;
        fence_ = other.fence_;
        lineage_ = other.lineage_;
        for (std::uint8_t i = 0; i < size_; ++i)
            texts_[i].copy(other.texts_[i]);
    }

    [[nodiscard]] received const& greatest_local() const noexcept { return texts_[0]; }
    [[nodiscard]] received const& greatest_replicated() const noexcept { return texts_[size_ - 1]; }

    /// Whether a state takes the place of a witness: greater in that one's number, or equal there and not
    /// less in the other number.
    static constexpr bool is_witness(std::uint64_t own, std::uint64_t other, std::uint64_t held_own,
                                     std::uint64_t held_other) noexcept
    {
        return own > held_own || (own == held_own && other >= held_other);
    }

    static std::partial_ordering compare(std::string_view held, opaque_index const& index) noexcept
    {
        auto const decoded = decode_openbao_index(held);
        return decoded ? *decoded <=> index : std::partial_ordering::unordered;
    }

    /// `index` has passed `is_sendable`, which bounds its size.
    void put(std::uint8_t place, wal_position const& position, std::string_view index) noexcept
    {
        received& text = texts_[place];
        text.local = position.local;
        text.replicated = position.replicated;
        text.size = static_cast<std::uint16_t>(index.size());
        std::memcpy(text.bytes, index.data(), index.size());
    }

    cluster_id cluster_;
    dialect form_ = dialect::unknown;
    std::uint8_t size_ = 0;
    bool has_regressed_ = false;
    read_fence fence_;
    lineage lineage_;
    received texts_[max_texts]; // only the first size_ mean something
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
