// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// Takes one more word into a checksum. For each word this is a bijection of the sum, and for each sum one of
/// the word, so 64 bits never miss a change within one word. It finds accidents, not forgers.
[[nodiscard]] constexpr std::uint64_t take_word(std::uint64_t sum, std::uint64_t word) noexcept
{
    sum = (sum ^ word) * 0x9fb2'1c65'1e98'df25;
    return sum ^ sum >> 29;
}

/// Where a checksum begins: not at 0, lest a block of zeros be whole.
inline constexpr std::uint64_t first_sum = 0x6177'7374'6f72'6531;

/// Sums words up in two lanes, since each word of a lane waits for the one before.
class word_sum {
public:
    explicit constexpr word_sum(std::uint64_t place = 0) noexcept
        : next_(first_sum), other_(first_sum + place)
    {}

    constexpr void take(std::uint64_t word) noexcept
    {
        auto const taken = take_word(next_, word);
        next_ = other_;
        other_ = taken;
    }
    /// So many words that lie at `from`.
    void take_all(char const* from, std::size_t words) noexcept
    {
        for (std::size_t i = 0; i < words; ++i) {
            std::uint64_t word = 0;
            std::memcpy(&word, from + i * sizeof word, sizeof word);
            take(word);
        }
    }

    [[nodiscard]] constexpr std::uint64_t total() const noexcept
    {
        return take_word(take_word(first_sum, next_), other_);
    }

private:
    std::uint64_t next_; ///< two variables, no array: they stay in registers
    std::uint64_t other_;
};

/// Of the `size` bytes at `bytes`, a multiple of eight.
[[nodiscard]] inline std::uint64_t sum_of(void const* bytes, std::size_t size) noexcept
{
    word_sum sum;
    sum.take_all(static_cast<char const*>(bytes), size / sizeof(std::uint64_t));
    return sum.total();
}

/// 36 bits that can be replaced by one store, and that tell whether they were altered. `place` tells apart
/// words that must not stand for each other.
inline constexpr int sealed_bits = 36;

[[nodiscard]] constexpr std::uint64_t seal_word(std::uint64_t bits, std::uint64_t place) noexcept
{
    return take_word(first_sum + place, bits) << sealed_bits | bits;
}

/// The bits, or nothing if the word was altered: of changes by chance it misses one in 2^28.
[[nodiscard]] constexpr std::optional<std::uint64_t> open_word(std::uint64_t word,
                                                               std::uint64_t place) noexcept
{
    std::uint64_t const bits = word & ((std::uint64_t{1} << sealed_bits) - 1);
    if (seal_word(bits, place) != word)
        return std::nullopt;
    return bits;
}

/// Stores the word by which something counts that was written before. Nothing that is written later comes
/// before it, not by the compiler either: who is killed in between must have left what counted as it was.
inline void publish_word(std::atomic<std::uint64_t>& word, std::uint64_t value) noexcept
{
    word.store(value, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
