// SPDX-License-Identifier: BSL-1.0
#include "byte_script.hpp"

#include <chrono>

namespace simulation {

namespace {

std::uint8_t take(std::span<std::uint8_t const>& from)
{
    if (from.empty())
        return 0;
    auto const first = from.front();
    from = from.subspan(1);
    return first;
}

std::uint64_t take_two(std::span<std::uint8_t const>& from)
{
    std::uint64_t const high = take(from);
    return high << 8 | take(from);
}

} // namespace

plan read_byte_script(std::span<std::uint8_t const> bytes)
{
    auto made = draw_plan(1 + take_two(bytes), 0);
    made.script.clear();
    std::chrono::nanoseconds now{};
    while (!bytes.empty() && made.script.size() < longest_byte_script) {
        auto const what = take(bytes);
        now += std::chrono::microseconds(50) * take(bytes);
        script_line line{.at = now, .luck = take_two(bytes)};
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

} // namespace simulation
