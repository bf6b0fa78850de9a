// SPDX-License-Identifier: BSL-1.0
// What callers want to do.
#include "clients.hpp"

#include <utility>

namespace simulation {

errand clients::draw_errand(std::size_t caller, std::size_t site, dice& luck)
{
    auto const& plan = plan_.callers[caller];
    if (processes_[plan.process].what.logs_in && luck.per_mille(80))
        return draw_token_errand(caller, site, luck);
    auto& work = work_[caller];
    bool const writes = luck.per_mille(plan.writes_per_mille);
    key_place const key{luck.per_mille(300), site, luck.below(plan_.keys)};
    bool const looks_back = !writes && work.wrote && luck.per_mille(600);
    if (writes)
        work.wrote = key;
    return {looks_back ? *work.wrote : key, writes ? ++values_ : 0, draw_deed(writes, luck)};
}

/// Whoever has a token asks whether it is good; now and then somebody has got another one's.
errand clients::draw_token_errand(std::size_t caller, std::size_t site, dice& luck)
{
    auto token = luck.per_mille(300) ? newest_tokens_[site] : work_[caller].token;
    if (token == nullptr || luck.per_mille(300))
        return {{true, site, 0}, ++values_, deed::log_in};
    return {{true, token->home, 0}, 0, deed::ask, std::move(token)};
}

/// Whoever comes with a token is the identity that the token names, where there is one of that name.
std::size_t clients::scope_of(errand const& what, std::size_t caller) const
{
    if (what.token != nullptr)
        for (auto const each : processes_[plan_.callers[caller].process].scopes)
            if (scopes_[each].name() == what.token->text)
                return each;
    return scope_of_[caller];
}

} // namespace simulation
