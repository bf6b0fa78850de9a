// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/store/seal.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// In what form an entry keeps what is required. The values are part of the form of the block, so they stay
/// what they are.
enum class entry_kind : std::uint8_t {
    vault = 1,       ///< one Vault index: positions and HMAC
    raft = 2,        ///< one OpenBao index of raft: its number in `local`
    postgresql = 3,  ///< one OpenBao index of PostgreSQL: its number in `local`
    cell = 4,        ///< all else: in the cell whose number is `link`
    lost_slot = 5,   ///< an entry of this tag was damaged, found at the time `link`
    lost_bucket = 6, ///< entries of any tag were lost, found at the time `link`
};

/// What one identity requires of one cluster.
struct store_entry {
    std::uint32_t identity = 0; ///< 32 bits of its hash; 24 choose the bucket, eight are the tag
    std::uint32_t link = 0;
    std::uint64_t local = 0;
    std::uint64_t replicated = 0;
    std::uint8_t hmac[32] = {};
    std::uint16_t epoch = 0; ///< of the cluster; in another one nothing of this is required
    std::uint8_t cluster = 0;
    entry_kind kind{};
    std::uint32_t check = 0;

    void seal() noexcept { check = compute(); }
    [[nodiscard]] bool is_whole() const noexcept { return check == compute(); }

    /// Whether it stands for something that was lost.
    [[nodiscard]] bool is_lost() const noexcept
    {
        return kind == entry_kind::lost_slot || kind == entry_kind::lost_bucket;
    }

private:
    [[nodiscard]] std::uint32_t compute() const noexcept
    {
        auto const* const from = reinterpret_cast<char const*>(this);
        constexpr auto words = (sizeof(store_entry) - sizeof check) / sizeof(std::uint64_t);
        std::uint32_t last = 0; // no copy without the check: to read anew what was just written is slow
        std::memcpy(&last, from + words * sizeof(std::uint64_t), sizeof last);
        word_sum sum;
        sum.take_all(from, words);
        sum.take(last);
        return static_cast<std::uint32_t>(sum.total() >> 32);
    }
};
static_assert(offsetof(store_entry, check) == sizeof(store_entry) - sizeof(std::uint32_t));
static_assert(sizeof(store_entry) == 64 && std::has_unique_object_representations_v<store_entry>);

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
