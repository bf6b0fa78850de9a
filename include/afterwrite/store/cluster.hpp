// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/lineage.hpp>
#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_position.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/seal.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// What one word says of a place for a cluster. It stays a word: it is read several times for each request,
/// and to take it apart and put it together again is what would cost.
class cluster_state {
public:
    enum condition : std::uint8_t {
        free = 1,
        used = 2,
        dead = 3, ///< was damaged, found at the time `since`: nothing of it is known any more
    };

    constexpr cluster_state() noexcept = default;
    [[nodiscard]] static constexpr cluster_state used_by(dialect form) noexcept
    {
        return cluster_state(used | static_cast<std::uint64_t>(form) << 2);
    }
    [[nodiscard]] static constexpr cluster_state dead_since(std::uint32_t since) noexcept
    {
        return cluster_state(dead | std::uint64_t{since} << since_at);
    }

    /// Nothing if no state is written so.
    [[nodiscard]] static constexpr std::optional<cluster_state> of(std::uint64_t bits) noexcept
    {
        bool const is_known = (bits & 3) == dead || ((bits & 3) != 0 && (bits >> 2 & 3) != 3);
        return is_known ? std::optional(cluster_state(bits)) : std::nullopt;
    }
    [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

    [[nodiscard]] constexpr condition what() const noexcept { return static_cast<condition>(bits_ & 3); }
    [[nodiscard]] constexpr std::uint32_t since() const noexcept
    {
        return static_cast<std::uint32_t>(bits_ >> since_at);
    }

    // Of one that is used:
    [[nodiscard]] constexpr dialect form() const noexcept { return static_cast<dialect>(bits_ >> 2 & 3); }
    /// The lowest bits of the lineage's.
    [[nodiscard]] constexpr std::uint16_t epoch() const noexcept
    {
        return static_cast<std::uint16_t>(bits_ >> epoch_at & 0xffff);
    }
    /// Where the lineage stands.
    [[nodiscard]] constexpr bool second_half() const noexcept { return has(second_half_at); }
    /// Nobody has seen the new history yet, see `on_regression`.
    [[nodiscard]] constexpr bool is_forwarded() const noexcept { return has(is_forwarded_at); }
    /// And nobody has accepted it.
    [[nodiscard]] constexpr bool has_regressed() const noexcept { return has(has_regressed_at); }

    constexpr void set_epoch(std::uint16_t epoch) noexcept
    {
        bits_ = (bits_ & ~(std::uint64_t{0xffff} << epoch_at)) | std::uint64_t{epoch} << epoch_at;
    }
    constexpr void set_second_half(bool is) noexcept { set(second_half_at, is); }
    constexpr void set_forwarded(bool is) noexcept { set(is_forwarded_at, is); }
    constexpr void set_regressed(bool has) noexcept { set(has_regressed_at, has); }

private:
    static constexpr int since_at = 4;
    static constexpr int epoch_at = 4;
    static constexpr int second_half_at = 20;
    static constexpr int is_forwarded_at = 21;
    static constexpr int has_regressed_at = 22;

    explicit constexpr cluster_state(std::uint64_t bits) noexcept : bits_(bits) {}

    [[nodiscard]] constexpr bool has(int at) const noexcept { return (bits_ >> at & 1) != 0; }
    constexpr void set(int at, bool is) noexcept
    {
        bits_ = (bits_ & ~(std::uint64_t{1} << at)) | std::uint64_t{is} << at;
    }

    std::uint64_t bits_ = free;
};

/// What one word says of the floor of a cluster. It stays a word, too.
class floor_state {
public:
    /// Of one that is empty.
    constexpr floor_state() noexcept = default;
    [[nodiscard]] static constexpr floor_state of(std::uint64_t bits) noexcept { return floor_state(bits); }
    [[nodiscard]] constexpr std::uint64_t bits() const noexcept { return bits_; }

    /// Where its cell is.
    [[nodiscard]] constexpr bool second_half() const noexcept { return (bits_ & half_bit) != 0; }
    [[nodiscard]] constexpr bool is_empty() const noexcept { return (bits_ & empty_bit) != 0; }
    [[nodiscard]] constexpr bool is_fenced() const noexcept { return (bits_ & fenced_bit) != 0; }
    /// When something joined it last, in seconds.
    [[nodiscard]] constexpr std::uint32_t joined() const noexcept
    {
        return static_cast<std::uint32_t>(bits_ >> joined_at);
    }

    constexpr void set_second_half(bool is) noexcept { set(half_bit, is); }
    constexpr void set_empty(bool is) noexcept { set(empty_bit, is); }
    constexpr void set_fenced(bool is) noexcept { set(fenced_bit, is); }
    constexpr void set_joined(std::uint32_t when) noexcept
    {
        bits_ = (bits_ & (half_bit | empty_bit | fenced_bit)) | std::uint64_t{when} << joined_at;
    }

private:
    static constexpr std::uint64_t half_bit = 1;
    static constexpr std::uint64_t empty_bit = 2;
    static constexpr std::uint64_t fenced_bit = 4;
    static constexpr int joined_at = 4;

    explicit constexpr floor_state(std::uint64_t bits) noexcept : bits_(bits) {}

    constexpr void set(std::uint64_t bit, bool is) noexcept { bits_ = is ? bits_ | bit : bits_ & ~bit; }

    std::uint64_t bits_ = empty_bit;
};

/// Some words that are read without a lock: a reader that meets a writer sees that their sum does not fit.
template <std::size_t Count>
struct summed_words {
    std::atomic<std::uint64_t> words[Count];
    std::atomic<std::uint64_t> sum;

    void store(std::uint64_t const (&from)[Count], std::uint64_t place) noexcept
    {
        word_sum total(place);
        for (std::size_t i = 0; i < Count; ++i) {
            words[i].store(from[i], std::memory_order_relaxed);
            total.take(from[i]);
        }
        sum.store(total.total(), std::memory_order_release);
    }

    [[nodiscard]] bool load(std::uint64_t (&to)[Count], std::uint64_t place) const noexcept
    {
        word_sum total(place);
        for (std::size_t i = 0; i < Count; ++i) {
            to[i] = words[i].load(std::memory_order_relaxed);
            total.take(to[i]);
        }
        return sum.load(std::memory_order_relaxed) == total.total();
    }
};

/// One of the clusters that the store knows: its id, its history and its floor. What changes has two halves,
/// of which one counts; it changes under the lock of the head.
struct store_cluster {
    static constexpr std::uint64_t state_place = 1;
    static constexpr std::uint64_t floor_place = 2;

    std::atomic<std::uint64_t> state_word;
    std::atomic<std::uint64_t> floor_word;
    std::atomic<std::uint64_t> noted; ///< when the history was told of an index last; a wrong one is harmless
    summed_words<3> floor_position; ///< of the floor that counts, and its epoch; what is damaged is not used
    summed_words<11> histories[2];
    std::uint64_t id_sum;
    std::uint64_t id_size;
    char id[cluster_id::max_size];
    store_cell floors[2];

    void clear() noexcept
    {
        set(cluster_state{});
        set(floor_state{});
        noted.store(0, std::memory_order_relaxed);
    }

    /// Nothing if it was damaged.
    [[nodiscard]] std::optional<cluster_state> state() const noexcept
    {
        auto const bits = open_word(state_word.load(std::memory_order_acquire), state_place);
        return bits ? cluster_state::of(*bits) : std::nullopt;
    }
    void set(cluster_state const& state) noexcept
    {
        publish_word(state_word, seal_word(state.bits(), state_place));
    }

    [[nodiscard]] std::optional<floor_state> floor() const noexcept
    {
        auto const bits = open_word(floor_word.load(std::memory_order_acquire), floor_place);
        return bits ? std::optional(floor_state::of(*bits)) : std::nullopt;
    }
    void set(floor_state const& state) noexcept
    {
        publish_word(floor_word, seal_word(state.bits(), floor_place));
    }

    [[nodiscard]] std::string_view name() const noexcept
    {
        auto const size = id_size; // read once: who alters it meanwhile must not get past the check
        return {id, size <= cluster_id::max_size ? static_cast<std::size_t>(size) : 0};
    }
    [[nodiscard]] bool is_named() const noexcept { return id_sum == name_sum() && id_size <= sizeof id; }

    /// Of a place that is free.
    void set_name(cluster_id const& cluster) noexcept
    {
        std::memset(id, 0, sizeof id);
        std::memcpy(id, cluster.view().data(), cluster.size());
        id_size = cluster.size();
        id_sum = name_sum();
    }

    /// False, and nothing is read, if it was damaged or is just being replaced. It goes where it is to stay:
    /// a copy of what was written a moment ago is slow.
    [[nodiscard]] bool read_history(cluster_state const& state, lineage& history) const noexcept
    {
        std::uint64_t words[lineage_words];
        if (!histories[state.second_half()].load(words, state.epoch()))
            return false;
        auto const epoch = static_cast<std::uint32_t>(words[0]);
        auto* const to = reinterpret_cast<char*>(&history);
        std::memcpy(to, &epoch, sizeof epoch);
        for (std::size_t i = 1; i < lineage_words; ++i)
            std::memcpy(to + behind_epoch + (i - 1) * sizeof words[i], words + i, sizeof words[i]);
        return true;
    }

    /// Writes the half that does not count; `state` lets it count, once it is set.
    void set_history(lineage const& from, cluster_state& state) noexcept
    {
        std::uint64_t words[lineage_words];
        std::memcpy(words + 1, reinterpret_cast<char const*>(&from) + behind_epoch,
                    sizeof words - sizeof words[0]);
        words[0] = from.epoch(); // with padding behind it
        state.set_second_half(!state.second_half());
        state.set_epoch(static_cast<std::uint16_t>(from.epoch() & 0xffff));
        histories[state.second_half()].store(words, state.epoch());
    }

private:
    static constexpr std::size_t lineage_words = 11;
    static constexpr std::size_t behind_epoch = sizeof(lineage) - 8 * (lineage_words - 1);
    static_assert((behind_epoch == 4 || behind_epoch == 8) && std::is_trivially_copyable_v<lineage> &&
                      std::is_standard_layout_v<lineage>,
                  "its first member is the epoch, of 32 bits, and only behind that there may be padding");

    [[nodiscard]] std::uint64_t name_sum() const noexcept
    {
        return take_word(sum_of(id, sizeof id), id_size);
    }
};
static_assert(sizeof(std::atomic<std::uint64_t>) == 8 && std::atomic<std::uint64_t>::is_always_lock_free);

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
