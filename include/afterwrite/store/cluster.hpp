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

/// What one word says of a place for a cluster.
struct cluster_state {
    enum condition : std::uint8_t {
        free = 1,
        used = 2,
        dead = 3, ///< was damaged, found at the time `since`: nothing of it is known any more
    };

    condition what = free;
    dialect form = dialect::unknown;
    std::uint16_t epoch = 0;    ///< the lowest bits of the lineage's
    bool second_half = false;   ///< where the lineage stands
    bool is_forwarded = false;  ///< nobody has seen the new history yet, see `on_regression`
    bool has_regressed = false; ///< and nobody has accepted it
    std::uint32_t since = 0;

    [[nodiscard]] std::uint64_t bits() const noexcept
    {
        if (what == dead)
            return std::uint64_t{since} << 4 | what;
        return std::uint64_t{what} | static_cast<std::uint64_t>(form) << 2 | std::uint64_t{epoch} << 4 |
               std::uint64_t{second_half} << 20 | std::uint64_t{is_forwarded} << 21 |
               std::uint64_t{has_regressed} << 22;
    }

    [[nodiscard]] static std::optional<cluster_state> of(std::uint64_t bits) noexcept
    {
        cluster_state state;
        state.what = static_cast<condition>(bits & 3);
        if (state.what == dead) {
            state.since = static_cast<std::uint32_t>(bits >> 4);
            return state;
        }
        if (state.what == 0 || (bits >> 2 & 3) > 2)
            return std::nullopt;
        state.form = static_cast<dialect>(bits >> 2 & 3);
        state.epoch = static_cast<std::uint16_t>(bits >> 4 & 0xffff);
        state.second_half = (bits >> 20 & 1) != 0;
        state.is_forwarded = (bits >> 21 & 1) != 0;
        state.has_regressed = (bits >> 22 & 1) != 0;
        return state;
    }
};

/// What one word says of the floor of a cluster.
struct floor_state {
    bool second_half = false;
    bool is_empty = true;
    bool is_fenced = false;
    std::uint32_t joined = 0; ///< when something joined it last, in seconds

    [[nodiscard]] std::uint64_t bits() const noexcept
    {
        return std::uint64_t{joined} << 4 | std::uint64_t{second_half} | std::uint64_t{is_empty} << 1 |
               std::uint64_t{is_fenced} << 2;
    }

    [[nodiscard]] static floor_state of(std::uint64_t bits) noexcept
    {
        return {(bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0, static_cast<std::uint32_t>(bits >> 4)};
    }
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
        if (!histories[state.second_half].load(words, state.epoch))
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
        state.second_half = !state.second_half;
        state.epoch = static_cast<std::uint16_t>(from.epoch() & 0xffff);
        histories[state.second_half].store(words, state.epoch);
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
