// SPDX-License-Identifier: BSL-1.0
#include "message.hpp"

#include <algorithm>

namespace cluster {

namespace {

char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

} // namespace

bool same_name(std::string_view left, std::string_view right)
{
    return left.size() == right.size() && // names of one size differ at the end: X-Vault-Token, X-Vault-Index
           std::equal(left.rbegin(), left.rend(), right.rbegin(),
                      [](char one, char other) { return lower(one) == lower(other); });
}

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
    for (auto const& [field, value] : fields) {
        if (same_name(field, name)) {
            found.emplace_back(value);
        }
    }
    return found;
}

} // namespace cluster
