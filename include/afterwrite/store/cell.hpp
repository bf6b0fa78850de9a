// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/session/cluster_demand.hpp>
#include <afterwrite/store/seal.hpp>
#include <afterwrite/store/time.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>
#include <afterwrite/wire/dialect.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION::detail {

/// What is required of one cluster, or of nobody knows which, where 64 bytes are too few: the texts as they
/// were received, and the fences.
struct store_cell {
    std::uint64_t check = 0;
    std::uint32_t bucket = 0; ///< where the entry lives that it belongs to
    std::uint32_t identity = 0;
    std::uint16_t epoch = 0;
    std::uint8_t cluster = 0;
    std::uint8_t count = 0;       ///< texts
    std::uint8_t form = 0;        ///< a `dialect`
    std::uint8_t is_repaid = 0;   ///< the fences that were set until now no longer matter
    std::uint8_t is_crowded = 0;  ///< a fence that only its time ends
    std::uint8_t fences = 0;      ///< how often one was set that an answer can repay, at most 255
    std::uint32_t fenced_at = 0;  ///< when one was set last, in seconds
    std::uint32_t crowded_at = 0; ///< the same of those that only time ends
    std::uint32_t reserved = 0;   ///< keeps the bytes without holes, since they are summed
    std::uint16_t sizes[cluster_demand::max_texts] = {};
    char texts[cluster_demand::max_texts][max_index_size] = {};

    [[nodiscard]] std::string_view text(std::uint8_t i) const noexcept
    {
        return {texts[i], std::min<std::size_t>(sizes[i], max_index_size)};
    }

    void add(std::string_view index) noexcept
    {
        sizes[count] = static_cast<std::uint16_t>(index.size());
        std::memcpy(texts[count], index.data(), index.size());
        ++count;
    }

    void clear_texts() noexcept
    {
        count = 0;
        std::memset(sizes, 0, sizeof sizes);
        std::memset(texts, 0, sizeof texts);
    }

    void crowd(std::uint32_t now) noexcept
    {
        is_crowded = 1;
        crowded_at = now;
    }

    /// Whether its fences would not end for long, see `is_future`.
    [[nodiscard]] bool has_future(std::uint32_t now) const noexcept
    {
        return (fences > 0 && is_future(fenced_at, now)) || (is_crowded != 0 && is_future(crowded_at, now));
    }

    /// Lets them begin now. Who dies in the middle leaves a cell that is not whole.
    void restamp(std::uint32_t now) noexcept
    {
        fenced_at = crowded_at = now;
        seal();
    }

    /// What was set until now is repaid. More than 255 are not told apart, so then only their time ends them.
    void repay() noexcept
    {
        if (fences < 255)
            is_repaid = 1;
    }

    [[nodiscard]] bool is_fenced() const noexcept { return fences > 0 && is_repaid == 0; }
    [[nodiscard]] bool empty() const noexcept { return count == 0 && fences == 0 && is_crowded == 0; }

    /// Whether it says the same, wherever it lies.
    [[nodiscard]] bool says(store_cell const& other) const noexcept
    {
        store_cell moved = other;
        moved.check = check;
        moved.bucket = bucket;
        moved.identity = identity;
        return std::memcmp(this, &moved, sizeof moved) == 0;
    }

    void seal() noexcept { check = compute(); }
    [[nodiscard]] bool is_whole() const noexcept
    {
        return check == compute() && count <= cluster_demand::max_texts;
    }

private:
    [[nodiscard]] std::uint64_t compute() const noexcept
    {
        return sum_of(&bucket, sizeof(store_cell) - sizeof check);
    }
};
static_assert(sizeof(store_cell) == 552 && std::has_unique_object_representations_v<store_cell>);

} // namespace afterwrite::inline AFTERWRITE_VERSION::detail
