// SPDX-License-Identifier: BSL-1.0
#include "shrink.hpp"

#include "journal.hpp"
#include "run.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
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

std::string tell_script(plan const& what, std::string_view invariant)
{
    std::string diary;
    auto const seen = run(what, {.diary = &diary});
    std::string text = "the script:\n";
    for (auto const& line : what.script)
        text += journal::time_words(line.at) +
                (line.is_fault ? std::string(to_string(line.kind)) : "caller " + std::to_string(line.who)) +
                ", luck " + std::to_string(line.luck) + "\n";
    auto const broken = std::find_if(seen.found.begin(), seen.found.end(),
                                     [&](violation const& each) { return each.invariant == invariant; });
    if (broken == seen.found.end())
        return text;
    auto const end = journal::time_words(broken->at); // of one width, so in the order of their times
    text += "what happens, until it is broken:\n";
    for (std::size_t from = 0; from < diary.size() && diary.compare(from, end.size(), end) <= 0;) {
        auto const next = diary.find('\n', from) + 1;
        text.append(diary, from, next - from);
        from = next;
    }
    return text;
}

} // namespace simulation
