// SPDX-License-Identifier: BSL-1.0
#include "url_base64.hpp"

#include "codec.hpp"

#include <algorithm>

namespace cluster {

std::string url_base64_encode(std::string_view bytes)
{
    std::string text = base64_encode(bytes);
    text.erase(std::find(text.begin(), text.end(), '='), text.end());
    std::replace(text.begin(), text.end(), '+', '-');
    std::replace(text.begin(), text.end(), '/', '_');
    return text;
}

std::optional<std::string> url_base64_decode(std::string_view text)
{
    if (text.find_first_of("+/=") != std::string_view::npos) {
        return std::nullopt;
    }
    std::string standard(text);
    std::replace(standard.begin(), standard.end(), '-', '+');
    std::replace(standard.begin(), standard.end(), '_', '/');
    auto const line_ends =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n'; });
    auto const letters = text.size() - static_cast<std::size_t>(line_ends);
    standard.append((4 - letters % 4) % 4, '=');
    return base64_decode(standard);
}

} // namespace cluster
