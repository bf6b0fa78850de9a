// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// A text of at most `Capacity` bytes that lives where it is declared: trivially copyable, no allocation.
///
/// Bytes behind the end are always zero, so that equal texts are equal byte by byte.
template <std::size_t Capacity>
class inline_string {
    static_assert(Capacity <= 0xffff);

public:
    static constexpr std::size_t capacity = Capacity;

    constexpr inline_string() noexcept = default;

    /// Holds `text`. One that does not fit leaves it empty: ask `fits` first wherever a text comes from
    /// outside.
    constexpr explicit inline_string(std::string_view text) noexcept
    {
        if (!fits(text))
            return;
        if (std::is_constant_evaluated()) {
            for (std::size_t i = 0; i < text.size(); ++i)
                bytes_[i] = text[i];
        } else if (!text.empty()) { // memcpy takes no null pointer, not even for nothing
            std::memcpy(bytes_, text.data(), text.size());
        }
        size_ = static_cast<size_type>(text.size());
    }

    /// Whether `text` is short enough to be held whole.
    [[nodiscard]] static constexpr bool fits(std::string_view text) noexcept
    {
        return text.size() <= Capacity;
    }

    [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr char const* data() const noexcept { return bytes_; }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return {bytes_, size_}; }
    [[nodiscard]] constexpr operator std::string_view() const noexcept { return view(); }

    friend constexpr bool operator==(inline_string const& a, inline_string const& b) noexcept
    {
        return a.view() == b.view();
    }
    friend constexpr bool operator==(inline_string const& a, std::string_view b) noexcept
    {
        return a.view() == b;
    }
    friend constexpr std::strong_ordering operator<=>(inline_string const& a, inline_string const& b) noexcept
    {
        return a.view() <=> b.view();
    }

private:
    using size_type = std::conditional_t<(Capacity < 256), std::uint8_t, std::uint16_t>;

    char bytes_[Capacity] = {};
    size_type size_ = 0;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
