// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/version.hpp>

#include <cstddef>
#include <string_view>

namespace afterwrite::inline AFTERWRITE_VERSION {

/// Whether two texts are the same but for the case of ASCII letters, as field names are compared (RFC 9110,
/// 5.1), and schemes and hosts (RFC 3986, 6.2.2.1). No locale has a say.
[[nodiscard]] constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept
{
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    if (a.size() != b.size())
        return false;
    if (a == b) // names that are the same are nearly always spelt alike
        return true;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

} // namespace afterwrite::inline AFTERWRITE_VERSION
