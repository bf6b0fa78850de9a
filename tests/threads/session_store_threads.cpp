// SPDX-License-Identifier: BSL-1.0
// Many threads, few identities, one store. Run under a thread sanitizer, this shows that nothing is shared
// without a lock or an atomic.
#include <afterwrite/store/session_store.hpp>

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/transport/send.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/in_threads.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"
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

constexpr unsigned thread_count = 64;
constexpr std::uint64_t rounds = 100;

/// Each thread writes for identities that others write for, too, and requires at least its own at once.
int count_lost(std::uint64_t room, std::uint64_t identities)
{
    store_of<std::mutex> const many(room, {.idle = 1s});
    std::atomic<int> lost{0};
    std::atomic<std::uint64_t> log{0};
    known_cluster const view{cluster_id("c")};
    in_threads(thread_count, [&](std::size_t thread) {
        for (std::uint64_t i = 0; i < rounds; ++i) {
            auto const now = at(std::chrono::milliseconds(i));
            auto handle = many.store.of(std::to_string((thread + i) % identities), now);
            auto const carried = handle.required(view);
            auto const next = log.fetch_add(1) + 1;
            // Now and then with the other number greater, so that two texts are required.
            wal_position const mine{next, i % 16 == 0 ? rounds * thread_count - next : 0};
            handle.record(written(vault("c", mine.local, mine.replicated)), carried, now);
            auto const required = handle.required(view);
            bool const is_met = required.demand("c").value_or(wal_position()) >= mine;
            lost += is_met || required.fenced() ? 0 : 1;
        }
    });
    return lost;
}

} // namespace

TEST_CASE("threads that record for the same identities lose nothing, if there is room for all")
{
    CHECK(count_lost(1000, 10) == 0);
    CHECK(count_lost(1000, 200) == 0);
}

TEST_CASE("nor do they if most of it is moved to the floor again and again")
{
    CHECK(count_lost(1, 200) == 0);
}

TEST_CASE("threads that find new clusters at the same time give each one place")
{
    store_of<std::mutex> const many(100);
    std::atomic<int> lost{0};
    in_threads(thread_count, [&](std::size_t thread) {
        for (unsigned i = 0; i < 60; ++i) {
            auto const name = "c" + std::to_string((thread + i) % 60);
            auto handle = many.store.of("who" + std::to_string(thread), at(0s));
            handle.record(vault(name, 7, 0), at(0s));
            auto const required = handle.required(known_cluster{cluster_id(name)});
            lost += required.fenced() || required.demand(name) == wal_position{7, 0} ? 0 : 1;
        }
    });
    CHECK(lost == 0);
    auto last = many.store.of("one more", at(0s));
    for (int i = 60; i < 64; ++i) // there is room for four more, so none was given two
        CHECK(last.record(vault("c" + std::to_string(i), 1, 0), at(0s)).kept == 1);
    CHECK(last.record(vault("c64", 1, 0), at(0s)).unkept == 1);
}

TEST_CASE("threads that send through one store and one view each see their own writes")
{
    store_of<std::mutex> const many(100);
    shared_replication_view<std::mutex> shared;
    std::atomic<std::uint64_t> log{0}; // the cluster, as far as this test needs one
    std::atomic<int> stale{0};
    in_threads(thread_count, [&](std::size_t thread) {
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
            return answer(200);
        };
        for (std::uint64_t i = 0; i < rounds / 4; ++i) {
            time.time += 1ms;
            auto handle = many.store.of("token of " + std::to_string(thread), time.time);
            stale += send(transport, put(), handle, shared, {}, time).delivered() ? 0 : 1;
            stale += send(transport, get(), handle, shared, {}, time).delivered() ? 0 : 1;
        }
    });
    CHECK(stale == 0);
}
