// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/clock.hpp>
#include <afterwrite/session/read_fence.hpp>
#include <afterwrite/session/recorded.hpp>
#include <afterwrite/version.hpp>
#include <afterwrite/wire/decode_error.hpp>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// What is required of nobody knows which cluster: a text of neither dialect, the fences for what could not
/// be kept, and when something was written that no index tells of. See `required_states`, which has one of
/// these beside the demands of the clusters.
class unplaced_demand {
public:
    unplaced_demand() noexcept {}

    /// Costs what is held, not the room for it.
    unplaced_demand(unplaced_demand const& other) noexcept { copy(other); }
    unplaced_demand& operator=(unplaced_demand const& other) noexcept
    {
        if (this != &other)
            copy(other);
        return *this;
    }
    ~unplaced_demand() = default;

    /// The last text of neither dialect; empty if there is none.
    [[nodiscard]] std::string_view text() const noexcept { return {text_, text_size_}; }

    /// Takes the place of the text before; a fence stands for that one, since nobody can order the two,
    /// unless it `was_sent` with the answered request. `index` has passed `is_sendable`, which bounds its
    /// size.
    void keep(std::string_view index, bool was_sent = false) noexcept
    {
        if (text_size_ > 0 && text() != index && !was_sent)
            stray();
        put(index);
    }

    void forget_text() noexcept { text_size_ = 0; }

    [[nodiscard]] bool fenced() const noexcept { return has_strays() || is_crowded(); }

    /// An index could not be kept, or was lost, whose cluster could not be told either: the next one repays
    /// it.
    [[nodiscard]] bool has_strays() const noexcept { return strays_.is_up(); }
    void stray(time_point until = read_fence::not_told) noexcept { strays_.set(until); }

    /// A cluster found no room. Nothing that it answers can be kept, so nothing repays this fence before it
    /// ends.
    [[nodiscard]] bool is_crowded() const noexcept { return crowd_.is_up(); }
    void crowd(time_point until = read_fence::not_told) noexcept { crowd_.set(until); }

    /// When the fences end, if there is one.
    [[nodiscard]] time_point fenced_until() const noexcept
    {
        if (!is_crowded() || !has_strays())
            return is_crowded() ? crowd_.until() : strays_.until();
        bool const is_told =
            strays_.until() != read_fence::not_told && crowd_.until() != read_fence::not_told;
        return is_told ? std::max(strays_.until(), crowd_.until()) : read_fence::not_told;
    }

    /// When a write or a login was last answered without an index that could be required: no request can
    /// carry it, and a node that has not heard of it yet says no in good faith. The beginning of time if none
    /// was. Only time makes it matter no more, and whoever asks says how much; a portable text does not carry
    /// it.
    [[nodiscard]] time_point unindexed_write_at() const noexcept { return unindexed_write_at_; }
    /// A later write brought an index, and who has that has the earlier ones.
    void forget_unindexed_write() noexcept { unindexed_write_at_ = time_point::min(); }
    void note_unindexed_write(time_point now) noexcept
    {
        unindexed_write_at_ = std::max(unindexed_write_at_, now);
    }

    /// The answer to a request that was sent behind `carried`'s strays has brought an index. As addresses
    /// have one cluster, it is of the one that the strays were of, and newer.
    void repay(unplaced_demand const& carried) noexcept { strays_.repay(carried.strays_); }

    /// It is `now`; fences older than `lasting` end.
    void advance(time_point now, duration lasting) noexcept
    {
        strays_.advance(now, lasting);
        crowd_.advance(now, lasting);
    }

    /// All but the text.
    [[nodiscard]] unplaced_demand fences() const noexcept
    {
        unplaced_demand copied(*this);
        copied.forget_text();
        return copied;
    }

    /// Requires what `other` does, too. Each of its fences stands here as well, and counts as unkept; so does
    /// one for its text where another one is held, since nobody can order the two.
    recorded merge(unplaced_demand const& other) noexcept
    {
        recorded total;
        note_unindexed_write(other.unindexed_write_at_);
        if (text_size_ == 0 && other.text_size_ > 0) {
            total = {.unknown_form = 1, .why = decode_error::unknown_form};
            keep(other.text());
        } else if (other.text_size_ > 0 && text() == other.text()) {
            total.held = 1;
        }
        bool const has_other_text = other.text_size_ > 0 && text() != other.text();
        if (other.has_strays() || has_other_text) {
            total += unkept;
            stray(has_other_text ? read_fence::not_told : other.strays_.until());
        }
        if (other.is_crowded()) {
            total += unkept;
            crowd(other.crowd_.until());
        }
        return total;
    }

    /// What becomes of an index where a fence is set for it.
    static constexpr recorded unkept = {.unkept = 1, .why = decode_error::no_room};

private:
    void copy(unplaced_demand const& other) noexcept
    {
        strays_ = other.strays_;
        crowd_ = other.crowd_;
        unindexed_write_at_ = other.unindexed_write_at_;
        put(other.text());
    }

    void put(std::string_view index) noexcept
    {
        text_size_ = static_cast<std::uint16_t>(index.size());
        std::memcpy(text_, index.data(), index.size());
    }

    read_fence strays_;
    read_fence crowd_;
    time_point unindexed_write_at_ = time_point::min();
    std::uint16_t text_size_ = 0;
    char text_[max_index_size]; // only the first text_size_ bytes mean something
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
