// SPDX-License-Identifier: BSL-1.0
// For libFuzzer: whatever happens in whatever order, the library keeps in the simulation what it promises.
// The first bytes choose the clusters and clients; of each four of the others, the first says which fault
// strikes or which caller does something, the second how long after what came before, and the last two draw
// the rest.
#include "input.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"

#include <algorithm>
#include <chrono>
#include <string>

using namespace simulation;

namespace {

plan plan_of(fuzz::input& from)
{
    auto const high = from.byte();
    auto made = draw_plan(std::uint64_t{1} + (std::uint64_t{high} << 8 | from.byte()), 0);
    made.script.clear();
    std::chrono::nanoseconds now{};
    while (!from.empty() && made.script.size() < 400) {
        auto const what = from.byte();
        now += std::chrono::microseconds(50) * from.byte();
        auto const luck = std::uint64_t{from.byte()} << 8;
        script_line line{.at = now, .luck = luck | from.byte()};
        line.is_fault = what < fault_kinds;
        if (line.is_fault)
            line.kind = static_cast<fault>(what);
        else
            line.who = static_cast<std::uint16_t>(what % made.callers.size());
        made.script.push_back(line);
    }
    made.calm = now * 4 / 5;
    return made;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size)
{
    fuzz::input from(data, size);
    auto const seen = run(plan_of(from));
    auto const what =
        seen.found.empty() ? "" : std::string(seen.found[0].invariant) + ": " + seen.found[0].what;
    fuzz::expect(seen.violations == 0, what.c_str());
    return 0;
}
