// SPDX-License-Identifier: BSL-1.0
#include "message.hpp"

#include <algorithm>

namespace cluster {

std::string const* find_field(field_list const& fields, std::string_view name)
{
    auto const found = std::find_if(fields.begin(), fields.end(),
                                    [&](auto const& line) { return same_name(line.first, name); });
    return found == fields.end() ? nullptr : &found->second;
}

std::string_view field_or_empty(field_list const& fields, std::string_view name)
{
    std::string const* found = find_field(fields, name);
    return found == nullptr ? std::string_view{} : std::string_view{*found};
}

std::vector<std::string_view> all_fields(field_list const& fields, std::string_view name)
{
    std::vector<std::string_view> found;
    for_each_field(fields, name, [&](std::string_view value) { found.push_back(value); });
    return found;
}

} // namespace cluster
