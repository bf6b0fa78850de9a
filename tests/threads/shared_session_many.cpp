// SPDX-License-Identifier: BSL-1.0
// 64 threads do all that can be done with what is shared, at once. Run under a thread sanitizer, this shows
// that nothing is shared without a lock; in any build, that no update is lost.
#include <afterwrite/session/shared_session.hpp>

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/portable_session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/in_threads.hpp"
#include "support/indices.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::size_t thread_count = 64;
constexpr std::size_t rounds = 200;
constexpr std::array<std::string_view, 2> clusters = {"c", "d"};

/// An index that one thread records, and what it says, kept beside it.
struct write {
    std::size_t cluster;
    std::uint64_t local;
    std::uint64_t replicated;
    std::string text;
};

/// What each thread is going to record: drawn, so that no thread has the greatest of everything, and from one
/// seed, so that each run records the same.
std::vector<std::vector<write>> draw_writes()
{
    std::mt19937_64 random(20260901);
    auto const number = [&random] { return random() % 1'000'000; };
    std::vector<std::vector<write>> all(thread_count);
    for (auto& of_thread : all)
        for (std::size_t i = 0; i < rounds; ++i) {
            write made{i % clusters.size(), number(), 0, {}};
            made.replicated = number();
            made.text = vault(clusters[made.cluster], made.local, made.replicated);
            of_thread.push_back(made);
        }
    return all;
}

wal_position join_of(std::vector<std::vector<write>> const& all, std::size_t cluster)
{
    wal_position join;
    for (auto const& of_thread : all)
        for (auto const& each : of_thread)
            if (each.cluster == cluster) {
                join.local = std::max(join.local, each.local);
                join.replicated = std::max(join.replicated, each.replicated);
            }
    return join;
}

bool is_shown(required_states const& required, write const& written)
{
    auto const demand = required.demand(clusters[written.cluster]).value_or(wal_position());
    return demand.local >= written.local && demand.replicated >= written.replicated;
}

/// That exactly the join is required of each cluster, in texts that were recorded.
void check_is_join(required_states const& required, std::vector<std::vector<write>> const& all)
{
    CHECK_FALSE(required.fenced());
    CHECK(required.clusters() == clusters.size());
    for (std::size_t i = 0; i < clusters.size(); ++i) {
        CHECK(required.demand(clusters[i]) == join_of(all, i));
        CHECK(required.of(cluster_id(clusters[i])).size() <= cluster_demand::max_texts);
    }
    std::set<std::string, std::less<>> recorded;
    for (auto const& of_thread : all)
        for (auto const& each : of_thread)
            recorded.insert(each.text);
    required.for_each([&](std::string_view text) { CHECK(recorded.contains(text)); });
}

} // namespace

TEST_CASE("what 64 threads record, require, merge and export at once is in the end the join of all of it")
{
    auto const all = draw_writes();
    shared_session<std::mutex> ours;
    shared_session<std::mutex> elsewhere; // which the exported texts go to
    shared_replication_view<std::mutex> shared;
    std::atomic<std::size_t> lost{0};
    in_threads(thread_count, [&](std::size_t thread) {
        for (std::size_t i = 0; i < rounds; ++i) {
            auto const& mine = all[thread][i];
            auto const now = clock::now();
            session of_thread;
            switch ((thread + i / clusters.size()) % 4) {
            case 0: ours.record(written(mine.text), {}, now); break;
            case 1: ours.record(mine.text, now); break;
            case 2:
                of_thread.record(mine.text, now);
                ours.merge(of_thread.required(), now);
                break;
            default:
                of_thread.record(mine.text, now);
                lost += import_session(ours, export_session(of_thread, test_key).value_or(""), now, test_key)
                            ? 0
                            : 1;
                break;
            }
            auto const required = shared.with([&](replication_view& view) {
                view.learn(dialect::vault, cluster_id(clusters[mine.cluster]));
                return ours.required(view);
            });
            lost += is_shown(required, mine) && required.clusters() == 1 ? 0 : 1;
            auto const text = export_session(ours);
            lost += text && import_session(elsewhere, *text, now) ? 0 : 1;
            lost += is_shown(elsewhere.required(), mine) && elsewhere.raised() != time_point() ? 0 : 1;
        }
    });
    CHECK(lost == 0);
    check_is_join(ours.required(), all);
    check_is_join(elsewhere.required(), all);
}

TEST_CASE("OpenBao: of what 64 threads record and merge at once the greatest is left, alone")
{
    shared_session<std::mutex> ours;
    std::atomic<std::size_t> lost{0};
    in_threads(thread_count, [&](std::size_t thread) {
        for (std::size_t i = 0; i < rounds; ++i) {
            auto const mine = i * thread_count + thread; // 99 before 100: not in the order of texts
            auto const text = openbao("c", std::to_string(mine));
            if (i % 2 == 0)
                ours.record(text, clock::now());
            else
                ours.merge(states({text}), clock::now());
            auto const held = texts_of(ours.required());
            auto const index = decode_openbao_index(held.front());
            lost +=
                held.size() == 1 && index && std::stoull(std::string(index->value.view())) >= mine ? 0 : 1;
        }
    });
    CHECK(lost == 0);
    CHECK(texts_of(ours.required()) == texts{openbao("c", std::to_string(rounds * thread_count - 1))});
}

TEST_CASE("one view at a time: nothing that 64 threads teach it is lost")
{
    shared_replication_view<std::mutex> shared(replication_view(dialect::vault, cluster_id("c")));
    std::size_t held = 0; // by no lock but the view's
    in_threads(thread_count, [&](std::size_t thread) {
        auto const address = "https://node-" + std::to_string(thread % replication_view::max_nodes) + ":8200";
        for (std::size_t i = 0; i < rounds; ++i)
            shared.with([&](replication_view& view) {
                ++held;
                view.add_node(address);
                view.learn(dialect::vault, cluster_id(held % 2 == 0 ? "c" : "d"));
            });
    });
    CHECK(held == thread_count * rounds);
    shared.with([](replication_view const& view) {
        for (std::size_t i = 0; i < replication_view::max_nodes; ++i)
            CHECK(view.has_node("https://node-" + std::to_string(i) + ":8200"));
        CHECK(view.cluster_changes() == thread_count * rounds);
    });
}
