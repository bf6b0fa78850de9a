// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cluster {

/// Header lines in the order in which they were sent; names keep their case.
using field_list = std::vector<std::pair<std::string, std::string>>;

/// Whether two header names are the same (RFC 9110, 5.1: case does not matter).
[[nodiscard]] inline bool same_name(std::string_view left, std::string_view right)
{
    auto const lower = [](char letter) {
        return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    };
    return left.size() == right.size() && // names of one size differ at the end: X-Vault-Token, X-Vault-Index
           std::equal(left.rbegin(), left.rend(), right.rbegin(),
                      [&](char one, char other) { return one == other || lower(one) == lower(other); });
}

/// The first line of that name, or null.
[[nodiscard]] std::string const* find_field(field_list const& fields, std::string_view name);

/// The first line of that name; empty if there is none.
[[nodiscard]] std::string_view field_or_empty(field_list const& fields, std::string_view name);

/// Calls f(value) for each line of that name, in order; commas do not split a line.
template <class F>
void for_each_field(field_list const& fields, std::string_view name, F&& f)
{
    for (auto const& [field, value] : fields) {
        if (same_name(field, name)) {
            f(std::string_view{value});
        }
    }
}

/// All lines of that name.
[[nodiscard]] std::vector<std::string_view> all_fields(field_list const& fields, std::string_view name);

/// A request as a node receives it.
struct request {
    std::string method = "GET"; ///< as on the wire, LIST included
    std::string target;         ///< origin form, e.g. `/v1/kv/foo?list=true`
    field_list fields;
    std::string body;
};

/// An answer as a node sends it.
struct response {
    int status = 0;
    field_list fields;
    std::string body;
};

} // namespace cluster
