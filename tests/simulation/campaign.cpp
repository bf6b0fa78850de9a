// SPDX-License-Identifier: BSL-1.0
#include "campaign.hpp"

#include "run.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <utility>

namespace simulation {

std::vector<std::string> campaign::idle_faults() const
{
    std::vector<std::string> idle;
    for (std::size_t i = 0; i < fault_kinds; ++i)
        if (total.struck[static_cast<fault>(i)] == 0)
            idle.emplace_back(fault_names[i]);
    return idle;
}

campaign run_seeds(std::uint64_t first, std::uint64_t last, std::size_t operations, std::size_t threads,
                   std::function<bool(plan&)> const& change)
{
    auto const count = static_cast<std::size_t>(last - first + 1);
    std::vector<report> reports(count);
    std::atomic<std::size_t> next{0};
    auto const work = [&] {
        for (auto i = next++; i < count; i = next++) {
            auto made = draw_plan(first + i, operations);
            if (!change || change(made))
                reports[i] = run(made);
        }
    };
    if (threads == 0)
        threads = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::thread> others;
    for (std::size_t i = 1; i < std::min(threads, count); ++i)
        others.emplace_back(work);
    work();
    for (auto& each : others)
        each.join();

    constexpr std::size_t most_kept = 10;
    campaign all{.runs = count};
    for (auto& each : reports) {
        all.total += each;
        if (each.violations > 0 && all.failed.size() < most_kept)
            all.failed.push_back(std::move(each));
    }
    return all;
}

} // namespace simulation
