// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/bytes/inline_string.hpp>
#include <afterwrite/version.hpp>

#include <cstddef>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Names one cluster: the `cluster_id` of its `sys/health`, in practice a UUID of 36 characters.
///
/// At most 64 bytes, inline; compared byte by byte. The empty id names no cluster. States of different
/// clusters have no order, since each cluster counts its own log.
class cluster_id {
public:
    /// A UUID needs 36; what does not fit is refused when an index is decoded, never cut.
    static constexpr std::size_t max_size = 64;

    constexpr cluster_id() noexcept = default;

    /// Holds `text`; longer than `max_size`, it names no cluster: ask `fits` first where it comes from
    /// outside.
    constexpr explicit cluster_id(std::string_view text) noexcept : text_(text) {}

    [[nodiscard]] static constexpr bool fits(std::string_view text) noexcept
    {
        return inline_string<max_size>::fits(text);
    }

    [[nodiscard]] constexpr bool empty() const noexcept { return text_.empty(); }
    [[nodiscard]] constexpr std::size_t size() const noexcept { return text_.size(); }
    [[nodiscard]] constexpr std::string_view view() const noexcept { return text_.view(); }
    [[nodiscard]] constexpr operator std::string_view() const noexcept { return text_.view(); }

    friend constexpr bool operator==(cluster_id const& a, cluster_id const& b) noexcept = default;
    friend constexpr bool operator==(cluster_id const& a, std::string_view b) noexcept
    {
        return a.view() == b;
    }

private:
    inline_string<max_size> text_;
};

} // namespace afterwrite::inline AFTERWRITE_VERSION
