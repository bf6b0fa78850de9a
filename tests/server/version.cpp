// SPDX-License-Identifier: BSL-1.0
#include "server/version.hpp"

#include <array>
#include <charconv>

namespace server {

namespace {

constexpr std::string_view wanted = "OpenBao v";
constexpr std::string_view needed = "it takes OpenBao 2.7.0 or newer.";

/// MAJOR.MINOR.PATCH, and what stands behind it.
struct number {
    std::array<unsigned, 3> parts{};
    std::string_view rest{};
    bool is_whole = false;
};

number read_number(std::string_view text)
{
    number read;
    for (std::size_t i = 0; i < read.parts.size(); ++i) {
        if (i > 0 && !text.starts_with('.'))
            return read;
        text.remove_prefix(i > 0 ? 1 : 0);
        auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), read.parts[i]);
        if (error != std::errc())
            return read;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    }
    read.rest = text;
    read.is_whole = true;
    return read;
}

} // namespace

std::string refuse_version(std::string_view said)
{
    auto const line = std::string(said.substr(0, said.find('\n')));
    if (line.empty())
        return "It does not answer `version`; " + std::string(needed);
    if (!line.starts_with(wanted))
        return "It calls itself \"" + line.substr(0, 80) + "\", which is not OpenBao; " + std::string(needed);
    auto const [parts, rest, is_whole] = read_number(std::string_view(line).substr(wanted.size()));
    if (!is_whole)
        return "It calls itself \"" + line.substr(0, 80) + "\", which tells no version; " +
               std::string(needed);
    constexpr std::array<unsigned, 3> least = {2, 7, 0};
    bool const is_preview = parts == least && rest.starts_with('-');
    if (parts < least || is_preview)
        return "It is " + line.substr(0, 80) + ", which is too old; " + std::string(needed);
    return {};
}

} // namespace server
