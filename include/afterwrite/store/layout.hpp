// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/siphash.hpp>
#include <afterwrite/result.hpp>
#include <afterwrite/store/bucket.hpp>
#include <afterwrite/store/cell.hpp>
#include <afterwrite/store/cluster.hpp>
#include <afterwrite/store/error.hpp>
#include <afterwrite/store/seal.hpp>
#include <afterwrite/version.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

// The block, from its begin:
//
//     head | clusters | locks, each in a line of its own; the last one is the head's | buckets | cells
//
// Buckets and cells are shared out among the stripes, each of which has one lock. There are no pointers in
// it.

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// How many of everything there are. What is stored of it stands in the head, but a store goes by its own
/// copy.
struct store_layout {
    static constexpr std::uint64_t version =
        1; ///< of the form; raise it with any change of what lies in a block
    static constexpr std::size_t line = 64;
    static constexpr std::size_t max_known_clusters = 64;
    static constexpr std::uint8_t unplaced =
        max_known_clusters; ///< in the place of a cluster: nobody knows which
    static constexpr std::uint64_t max_stripes = 256;
    static constexpr std::uint64_t min_buckets_of_stripe = 2;
    static constexpr std::uint64_t min_cells_of_stripe = 16; ///< more than one identity ever has

    /// Of 14 that a bucket has room for, so that both buckets of an identity are hardly ever full.
    static constexpr std::uint64_t identities_of_bucket = 11;
    static constexpr std::uint64_t identities_of_cell = 64;
    static constexpr std::uint64_t max_identities = 160'000'000; ///< so many buckets 24 bits can choose among

    std::uint64_t lock_size = 0;
    std::uint64_t stripes = 0;
    std::uint64_t buckets_of_stripe = 0;
    std::uint64_t cells_of_stripe = 0;

    [[nodiscard]] static store_layout for_identities(std::uint64_t identities,
                                                     std::uint64_t lock_size) noexcept
    {
        store_layout layout;
        layout.lock_size = lock_size;
        auto const buckets = std::max<std::uint64_t>(identities, 1) / identities_of_bucket + 1;
        layout.stripes = std::clamp<std::uint64_t>(buckets / 32, 1, max_stripes);
        layout.buckets_of_stripe = std::max(buckets / layout.stripes + 1, min_buckets_of_stripe);
        auto const cells = identities / identities_of_cell;
        layout.cells_of_stripe = std::max(cells / layout.stripes + 1, min_cells_of_stripe);
        return layout;
    }

    [[nodiscard]] std::uint64_t buckets() const noexcept { return stripes * buckets_of_stripe; }
    [[nodiscard]] std::uint64_t cells() const noexcept { return stripes * cells_of_stripe; }
    [[nodiscard]] std::uint64_t lock_stride() const noexcept { return (lock_size + line - 1) / line * line; }

    [[nodiscard]] std::uint64_t clusters_at() const noexcept { return 4 * line; }
    [[nodiscard]] std::uint64_t locks_at() const noexcept
    {
        auto const end = clusters_at() + (max_known_clusters + 1) * sizeof(store_cluster);
        return (end + line - 1) / line * line;
    }
    [[nodiscard]] std::uint64_t buckets_at() const noexcept
    {
        return locks_at() + (stripes + 1) * lock_stride();
    }
    [[nodiscard]] std::uint64_t cells_at() const noexcept
    {
        return buckets_at() + buckets() * sizeof(store_bucket);
    }
    [[nodiscard]] std::uint64_t size() const noexcept { return cells_at() + cells() * sizeof(store_cell); }

    /// Whether there can be so many of everything; then none of these numbers overflows.
    [[nodiscard]] bool is_possible() const noexcept
    {
        return stripes >= 1 && stripes <= max_stripes && buckets_of_stripe >= min_buckets_of_stripe &&
               buckets_of_stripe <= max_identities && cells_of_stripe >= min_cells_of_stripe &&
               cells_of_stripe <= max_identities;
    }
};

/// What a store was made for. Only words, so that they can be summed.
struct store_description {
    std::uint64_t version = store_layout::version;
    std::uint64_t sizes = sizes_here; ///< of what the compiler lays out
    std::uint64_t lock_size = 0;
    std::uint64_t stripes = 0;
    std::uint64_t buckets_of_stripe = 0;
    std::uint64_t cells_of_stripe = 0;
    std::uint64_t size = 0;
    std::uint64_t key_check = 0;

    static constexpr std::uint64_t sizes_here =
        std::uint64_t{sizeof(store_cluster)} << 32 | sizeof(store_cell) << 16 | sizeof(store_bucket);
};

/// What tells whether a block can be used, written once.
struct store_head {
    static constexpr std::uint64_t magic_word = 0x6572'6f74'7377'6103; // "\3awstore" where words begin low

    std::atomic<std::uint64_t> magic; ///< written last: until then it is no store
    store_description described;
    std::uint64_t sum;

    [[nodiscard]] static std::uint64_t check_of(siphash_key const& key) noexcept
    {
        return siphash(key, "afterwrite session_store");
    }

    void fill(store_layout const& layout, std::uint64_t block_size, siphash_key const& key) noexcept
    {
        described = {.lock_size = layout.lock_size,
                     .stripes = layout.stripes,
                     .buckets_of_stripe = layout.buckets_of_stripe,
                     .cells_of_stripe = layout.cells_of_stripe,
                     .size = block_size,
                     .key_check = check_of(key)};
        sum = sum_of(&described, sizeof described);
        publish_word(magic, magic_word);
    }

    /// The layout of a block of `block_size` bytes that begins with this head.
    [[nodiscard]] result<store_layout, store_error>
    check(std::uint64_t block_size, std::uint64_t lock_size_here, siphash_key const& key) const noexcept
    {
        if (magic.load(std::memory_order_acquire) != magic_word)
            return unexpected(store_error::no_store);
        auto const found = described;               // so that nobody can alter what was checked
        if (found.version != store_layout::version) // first, since all that follows may differ there
            return unexpected(store_error::other_version);
        if (sum != sum_of(&found, sizeof found))
            return unexpected(store_error::damaged_head);
        if (found.sizes != store_description::sizes_here || found.lock_size != lock_size_here)
            return unexpected(store_error::other_layout);
        store_layout const layout{found.lock_size, found.stripes, found.buckets_of_stripe,
                                  found.cells_of_stripe};
        if (!layout.is_possible())
            return unexpected(store_error::damaged_head);
        if (found.size != block_size || layout.size() > block_size)
            return unexpected(store_error::other_size);
        if (found.key_check != check_of(key))
            return unexpected(store_error::other_key);
        return layout;
    }
};
static_assert(sizeof(store_head) <= 4 * store_layout::line);

/// Tells the processor that something is going to be read, or written.
inline void prefetch(void const* line) noexcept
{
#if defined(__GNUC__)
    __builtin_prefetch(line);
#else
    static_cast<void>(line);
#endif
}

/// Where everything is in the block as it is mapped here.
struct store_memory {
    std::byte* block = nullptr;
    store_layout layout{};

    [[nodiscard]] store_head& head() const noexcept { return *at<store_head>(0, 0); }
    [[nodiscard]] store_cluster& cluster(std::size_t i) const noexcept
    {
        return *at<store_cluster>(layout.clusters_at(), i);
    }
    [[nodiscard]] void* lock(std::uint64_t stripe) const noexcept
    {
        return block + layout.locks_at() + stripe * layout.lock_stride();
    }
    [[nodiscard]] store_bucket& bucket(std::uint64_t i) const noexcept
    {
        return *at<store_bucket>(layout.buckets_at(), i);
    }
    [[nodiscard]] store_cell& cell(std::uint64_t i) const noexcept
    {
        return *at<store_cell>(layout.cells_at(), i);
    }

private:
    template <class T>
    [[nodiscard]] T* at(std::uint64_t offset, std::uint64_t i) const noexcept
    {
        return reinterpret_cast<T*>(block + offset) + i;
    }
};

/// Where one identity may be: two buckets of one stripe, so that one lock is enough.
struct store_place {
    std::uint64_t stripe = 0;
    std::uint32_t buckets[2] = {};
    std::uint32_t identity = 0;
    std::uint8_t tag = 0;

    store_place(store_layout const& layout, std::uint64_t hash) noexcept
        : identity(static_cast<std::uint32_t>(hash & 0xffff'ffff)),
          tag(static_cast<std::uint8_t>(hash >> 32 & 0xff))
    {
        auto const first = (hash >> 40) * layout.buckets() >> 24;
        stripe = first / layout.buckets_of_stripe;
        auto const begin = stripe * layout.buckets_of_stripe;
        auto const spread = static_cast<std::uint32_t>(hash * 0x9e37'79b9'7f4a'7c15 >> 32);
        auto second = begin + (std::uint64_t{spread} * (layout.buckets_of_stripe - 1) >> 32);
        if (second >= first)
            ++second; // never the same one
        buckets[0] = static_cast<std::uint32_t>(first);
        buckets[1] = static_cast<std::uint32_t>(second);
    }
};

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
