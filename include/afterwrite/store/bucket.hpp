// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/eight_bytes.hpp>
#include <afterwrite/store/entry.hpp>
#include <afterwrite/store/seal.hpp>
#include <afterwrite/version.hpp>

#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// A kilobyte: a line of the processor's cache that tells which entries live, and 15 entries of a line each,
/// of which one is always free. An entry is never changed where it lives: a new one is written where nothing
/// lives, and one store lets it live and the old one not. So whoever dies in the middle leaves the old one or
/// the new one.
///
/// Under the lock of its stripe.
struct alignas(64) store_bucket {
    static constexpr unsigned slots = 15;
    static constexpr unsigned usable = slots - 1;
    static constexpr std::uint16_t slot_mask = (1U << slots) - 1;
    static constexpr std::uint16_t lost_mask = 1U << slots; ///< an entry lives that `is_lost`

    /// The lowest 16 bits tell which entries live; the others are a checksum of these and of their tags.
    std::atomic<std::uint64_t> word;
    std::uint8_t tags[16];
    /// When each was used last, in seconds. Not sealed: a wrong one only moves an entry to the floor earlier
    /// or later.
    std::uint16_t used[slots];
    alignas(64) store_entry entries[slots];

    void clear() noexcept { publish(0); }

    /// Which entries live, and `lost_mask`; nothing if that was damaged.
    [[nodiscard]] std::optional<std::uint16_t> live() const noexcept
    {
        auto const now = word.load(std::memory_order_relaxed);
        auto const mask = static_cast<std::uint16_t>(now & 0xffff);
        if (seal(mask) != now)
            return std::nullopt;
        return mask;
    }

    /// Lets these entries live, and no others.
    void publish(std::uint16_t mask) noexcept { publish_word(word, seal(mask)); }

    /// Which of the entries in `mask` have this tag.
    [[nodiscard]] std::uint16_t matches(std::uint16_t mask, std::uint8_t tag) const noexcept
    {
        auto const equal = equal_bytes(tags_at(0), tag) | equal_bytes(tags_at(8), tag) << 8;
        return static_cast<std::uint16_t>(equal & mask & slot_mask);
    }

    /// Whether there is a place where nothing lives, as there always is unless something was damaged.
    [[nodiscard]] static bool has_free_slot(std::uint16_t mask) noexcept
    {
        return (mask & slot_mask) != slot_mask;
    }

    /// Such a place.
    [[nodiscard]] static unsigned free_slot(std::uint16_t mask) noexcept
    {
        return static_cast<unsigned>(std::countr_one(static_cast<std::uint16_t>(mask & slot_mask)));
    }
    [[nodiscard]] static unsigned count(std::uint16_t mask) noexcept
    {
        return static_cast<unsigned>(std::popcount(static_cast<std::uint16_t>(mask & slot_mask)));
    }

    /// Writes where nothing lives; `publish` comes after it.
    void write(unsigned slot, std::uint8_t tag, store_entry entry, std::uint32_t now) noexcept
    {
        entry.seal();
        entries[slot] = entry;
        tags[slot] = tag;
        used[slot] = static_cast<std::uint16_t>(now);
    }

    /// Whatever lived here was damaged: from `now` on one entry says so, and nothing else lives. Who dies in
    /// the middle leaves a word that says so.
    void lose(std::uint32_t now) noexcept
    {
        publish_word(word, ~seal(0));
        write(0, 0, store_entry{.link = now, .kind = entry_kind::lost_bucket}, now);
        publish(1U | lost_mask);
    }

private:
    [[nodiscard]] std::uint64_t tags_at(unsigned from) const noexcept
    {
        return load_eight_bytes(reinterpret_cast<char const*>(tags + from));
    }

    static constexpr std::uint64_t each = 0x0101'0101'0101'0101;
    static constexpr std::uint64_t low = each * 0x7f;

    /// The lowest bit of each byte to one bit of eight.
    static constexpr std::uint64_t gather(std::uint64_t bits) noexcept
    {
        return bits * 0x0102'0408'1020'4080 >> 56;
    }

    /// One bit for each byte of `word` that equals `byte`.
    static constexpr std::uint64_t equal_bytes(std::uint64_t word, std::uint8_t byte) noexcept
    {
        auto const differs = word ^ each * byte;
        return gather(~(((differs & low) + low) | differs) >> 7 & each);
    }

    /// A byte of ones for each of eight bits.
    static constexpr std::uint64_t spread(std::uint64_t bits) noexcept
    {
        auto const one_each = bits * each & 0x8040'2010'0804'0201;
        return ((one_each + low) >> 7 & each) * 0xff;
    }

    [[nodiscard]] std::uint64_t seal(std::uint16_t mask) const noexcept
    {
        auto sum = take_word(first_sum, mask);
        sum = take_word(sum, tags_at(0) & spread(mask & 0xff));
        sum = take_word(sum, tags_at(8) & spread(mask >> 8 & 0x7f));
        return (sum & ~std::uint64_t{0xffff}) | mask;
    }
};
static_assert(sizeof(store_bucket) == 1024);

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
