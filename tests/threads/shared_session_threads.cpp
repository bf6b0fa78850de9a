// SPDX-License-Identifier: BSL-1.0
// Several threads act for one caller. Run under a thread sanitizer, this shows that nothing is shared without
// a lock.
#include <afterwrite/session/shared_session.hpp>

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/portable_session.hpp>
#include <afterwrite/transport/send.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/in_threads.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr unsigned thread_count = 8;
constexpr std::uint64_t rounds = 200;

} // namespace

TEST_CASE(
    "whatever the order in which threads record, the demand is the join, and no thread loses its own write")
{
    shared_session<std::mutex> ours;
    shared_replication_view<std::mutex> shared;
    std::atomic<int> lost{0};
    in_threads(thread_count, [&](std::size_t thread) {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            // Local states rise while replicated ones fall, so that both witnesses move.
            wal_position const mine{i * thread_count + thread, (rounds - i) * thread_count + thread};
            ours.record(written(vault("c", mine.local, mine.replicated)), {}, clock::now());
            shared.with([&](replication_view& view) { view.learn(dialect::vault, cluster_id("c")); });
            auto const required = shared.with([&](replication_view& view) { return ours.required(view); });
            auto const demand = required.demand("c").value_or(wal_position());
            lost += demand >= mine && required.size() <= 2 ? 0 : 1;
        }
    });
    CHECK(lost == 0);
    auto const demand = ours.required().demand("c");
    CHECK(demand == wal_position{rounds * thread_count - 1, rounds * thread_count + thread_count - 1});
    CHECK(shared.with([](replication_view& view) { return view.cluster_changes(); }) == 0);
}

TEST_CASE("threads that send through one session and one view each see their own writes")
{
    shared_session<std::mutex> ours;
    shared_replication_view<std::mutex> shared;
    std::atomic<std::uint64_t> log{0}; // the cluster, as far as this test needs one
    std::atomic<int> stale{0};
    in_threads(thread_count, [&](std::size_t) {
        manual_clock time;
        std::uint64_t mine = 0;
        auto const transport = [&](test_message& request) {
            if (request.method == "PUT") {
                mine = log.fetch_add(1) + 1;
                return written(vault("c", mine, 0));
            }
            std::uint64_t required = 0;
            for (auto const& index : request.values("X-Vault-Index"))
                required = std::max(required, decode_vault_index(index)->position.local);
            stale += required < mine ? 1 : 0;
            return required % 3 == 0 && time.waits.size() % 2 == 0 ? vault_stale() : answer(200);
        };
        for (std::uint64_t i = 0; i < rounds; ++i) {
            stale += send(transport, put(), ours, shared, {}, time).delivered() ? 0 : 1;
            stale += send(transport, get(), ours, shared, {}, time).delivered() ? 0 : 1;
        }
    });
    CHECK(stale == 0);
    CHECK(ours.required().demand("c") == wal_position{thread_count * rounds, 0});
}

TEST_CASE("sessions that hand each other their texts from several threads end up requiring the same")
{
    shared_session<std::mutex> one;
    shared_session<std::mutex> other;
    std::atomic<int> lost{0};
    in_threads(thread_count, [&](std::size_t thread) {
        auto& from = thread % 2 == 0 ? one : other;
        auto& into = thread % 2 == 0 ? other : one;
        for (std::uint64_t i = 0; i < rounds; ++i) {
            wal_position const mine{i * thread_count + thread, (rounds - i) * thread_count + thread};
            from.record(vault("c", mine.local, mine.replicated), clock::now());
            auto const text = export_session(from);
            bool const is_in = text && import_session(into, *text, clock::now());
            lost += is_in && into.required().demand("c").value_or(wal_position()) >= mine ? 0 : 1;
        }
    });
    CHECK(lost == 0);
    CHECK(one.required().demand("c") == other.required().demand("c"));
}
