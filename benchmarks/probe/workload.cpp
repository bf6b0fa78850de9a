// SPDX-License-Identifier: BSL-1.0
#include "workload.hpp"

#include "interrupt.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace probe {

workload::workload(target& cluster, options const& chosen) : cluster_(cluster), reads_(chosen.reads)
{
    for (std::size_t number = 0; number < chosen.clients; ++number)
        clients_.push_back(std::make_unique<client>(cluster, number, chosen.seed, chosen.is_pinned));
}

void workload::in_threads(std::function<void(client&, std::size_t)> const& f,
                          std::function<void()> const& meanwhile)
{
    std::mutex lock;
    std::condition_variable ended;
    std::size_t running = clients_.size();
    std::vector<std::jthread> threads;
    for (std::size_t number = 0; number < clients_.size(); ++number)
        threads.emplace_back([&, number] {
            f(*clients_[number], number);
            std::scoped_lock const held(lock);
            --running;
            ended.notify_one();
        });
    constexpr auto redraw = std::chrono::milliseconds(100);
    std::unique_lock held(lock);
    while (!ended.wait_for(held, redraw, [&] { return running == 0; }))
        meanwhile();
}

measurement workload::measure(named_policy const& policy, progress_bar& bar)
{
    shared_view view(cluster_.view());
    std::vector<tally> tallies(clients_.size());
    std::atomic<std::uint64_t> done = 0;
    cluster_.forget_served_reads();
    auto const begin = std::chrono::steady_clock::now();
    in_threads(
        [&](client& each, std::size_t number) {
            auto const share = reads_ / clients_.size() + (number < reads_ % clients_.size() ? 1 : 0);
            tally mine; // not in the vector, where clients would share cache lines
            each.begin();
            for (std::size_t i = 0; i < share && !interrupt_guard::is_asked_to_stop(); ++i, ++done)
                each.write_and_read(policy, view, mine);
            tallies[number] = std::move(mine);
        },
        [&] { bar.show(policy.name, done, reads_); });

    measurement result;
    result.name = policy.name;
    result.promises_consistency = policy.promises_consistency;
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.active_share = cluster_.active_share();
    for (auto const& each : tallies)
        result.seen.add(each);
    return result;
}

std::size_t workload::remove_keys()
{
    std::atomic<std::size_t> left = 0;
    in_threads([&](client& each, std::size_t) { left += each.remove_keys(); }, [] {});
    return left;
}

} // namespace probe
