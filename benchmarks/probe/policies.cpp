// SPDX-License-Identifier: BSL-1.0
#include "policies.hpp"

#include <array>

namespace probe {

namespace {

using afterwrite::consistency_policy;
using afterwrite::enforce_consistency;
using afterwrite::when_inconsistent;

constexpr std::array<named_policy, 7> known = {{
    {.name = "none", .policy = {.enforce = enforce_consistency::never}, .promises_consistency = false},
    {.name = "fail", .policy = {.when = when_inconsistent::fail}},
    {.name = "vault-go", .policy = consistency_policy::vault_go()},
    {.name = "retry", .policy = {.when = when_inconsistent::retry}},
    {.name = "await", .policy = {.when = when_inconsistent::await}, .openbao_only = true},
    {.name = "forward", .policy = {.when = when_inconsistent::forward}},
    {.name = "retry_then_forward", .policy = {.when = when_inconsistent::retry_then_forward}},
}};

} // namespace

std::span<named_policy const> all_policies() { return known; }

named_policy const* find_policy(std::string_view name)
{
    for (auto const& each : known)
        if (each.name == name)
            return &each;
    return nullptr;
}

std::vector<named_policy> choose_policies(std::span<std::string const> names, afterwrite::dialect form)
{
    std::vector<named_policy> chosen;
    for (auto const& name : names)
        if (auto const* const found = find_policy(name); found != nullptr)
            chosen.push_back(*found);
    if (names.empty())
        for (auto const& each : known)
            if (form == afterwrite::dialect::openbao || !each.openbao_only)
                chosen.push_back(each);
    return chosen;
}

} // namespace probe
