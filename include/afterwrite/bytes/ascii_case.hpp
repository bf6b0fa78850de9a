// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

namespace detail {

/// The same, of texts of one size.
[[nodiscard]] constexpr bool same_size_equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    for (auto i = a.size(); i-- > 0;) // names of one size mostly differ at the end
        if (a[i] != b[i] && lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

} // namespace detail

/// Whether two texts are the same but for the case of ASCII letters, as field names are compared (RFC 9110,
/// 5.1), and schemes and hosts (RFC 3986, 6.2.2.1). No locale has a say.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && detail::same_size_equal_ignoring_case(a, b);
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
