// SPDX-License-Identifier: BSL-1.0
#include "shrink.hpp"

#include "run.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace simulation {

namespace {

bool breaks(plan const& what, std::string_view invariant)
{
    auto const seen = run(what);
    return std::any_of(seen.found.begin(), seen.found.end(),
                       [&](violation const& each) { return each.invariant == invariant; });
}

plan without(plan const& what, std::size_t from, std::size_t count)
{
    auto rest = what;
    auto const begin = rest.script.begin() + static_cast<std::ptrdiff_t>(from);
    rest.script.erase(begin, begin + static_cast<std::ptrdiff_t>(count));
    return rest;
}

} // namespace

plan shrink(plan what, std::string_view invariant)
{
    for (auto part = what.script.size() / 2; part > 0; part /= 2)
        for (auto at = what.script.size(); at > 0;) {
            auto const count = std::min(part, at);
            at -= count;
            if (auto rest = without(what, at, count); breaks(rest, invariant))
                what = std::move(rest);
        }
    return what;
}

} // namespace simulation
