// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cluster/message.hpp"

#include <algorithm>
#include <string_view>

namespace simulation {

/// Calls visit(text) for each index of an answer, several in a line included.
template <class Visit>
void for_each_text(cluster::response const& answer, Visit&& visit)
{
    cluster::for_each_field(answer.fields, "X-Vault-Index", [&](std::string_view rest) {
        while (!rest.empty()) {
            auto const end = std::min(rest.find(','), rest.size());
            auto one = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            while (one.starts_with(' '))
                one.remove_prefix(1);
            if (!one.empty())
                visit(one);
        }
    });
}

} // namespace simulation
