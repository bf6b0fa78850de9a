// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/session_store.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

using namespace afterwrite;
using namespace support;

namespace {

using store_type = session_store<no_lock>;
known_cluster const c{cluster_id("c")};

struct large_lock {
    char room[100];
    void lock() {}
    void unlock() {}
};

/// A lock that says what others would find while a store is made.
struct watching_lock {
    static inline std::span<std::byte> block{};
    static inline int made = 0;
    static inline int usable = 0;

    watching_lock()
    {
        ++made;
        usable += session_store<watching_lock>::attach(block, store_key) ? 1 : 0;
    }
    void lock() {}
    void unlock() {}
};

} // namespace

TEST_CASE("a block is no store until all of it is made, although it was one before")
{
    using watched = session_store<watching_lock>;
    aligned_block const block(watched::size_for(5000));
    watching_lock::block = block.bytes();
    auto const stripes = detail::store_layout::for_identities(5000, sizeof(watching_lock)).stripes;
    for (int i = 1; i < 3; ++i) {
        REQUIRE(watched::create(block.bytes(), store_key));
        CHECK(watching_lock::made == i * static_cast<int>(stripes + 1)); // one of the head's
        CHECK(watched::attach(block.bytes(), store_key));
    }
    CHECK(watching_lock::usable == 0);
}

TEST_CASE("a store is made in a block, and others attach to it")
{
    aligned_block const block(store_type::size_for(1000));
    CHECK(store_type::attach(block.bytes(), store_key).error() == store_error::no_store);
    auto const made = store_type::create(block.bytes(), store_key);
    REQUIRE(made);
    CHECK(made->capacity() >= 1000);
    auto const attached = store_type::attach(block.bytes(), store_key, {.idle = 1min});
    REQUIRE(attached);
    CHECK(attached->options().idle == 1min);
    CHECK(attached->capacity() == made->capacity());
    made->of("a", at(0s)).record(vault("c", 1, 2), at(0s));
    CHECK(attached->of("a", at(0s)).required(c).demand("c") == wal_position{1, 2});
    attached->of("a", at(0s)).record(vault("c", 2, 2), at(0s));
    CHECK(made->of("a", at(0s)).required(c).demand("c") == wal_position{2, 2});
}

TEST_CASE("a block that cannot be used is refused with the reason")
{
    auto const size = store_type::size_for(1000);
    aligned_block const block(size + 64);
    auto const bytes = block.bytes().first(size);
    REQUIRE(store_type::create(bytes, store_key));
    CHECK(store_type::attach(bytes, {1, 2}).error() == store_error::other_key);
    CHECK(store_type::attach(block.bytes(), store_key).error() == store_error::other_size);
    CHECK(store_type::attach(bytes.first(size - 64), store_key).error() == store_error::other_size);
    CHECK(session_store<large_lock>::attach(bytes, store_key).error() == store_error::other_layout);
    CHECK(store_type::attach(block.bytes().subspan(8), store_key).error() == store_error::misaligned);
    CHECK(store_type::create(block.bytes().subspan(8), store_key).error() == store_error::misaligned);
    CHECK(store_type::attach(bytes.first(100), store_key).error() == store_error::too_small);
    CHECK(store_type::create(bytes.first(100), store_key).error() == store_error::too_small);
    CHECK(store_type::create({}, store_key).error() == store_error::too_small);
    REQUIRE(store_type::attach(bytes, store_key));
}

TEST_CASE("a head of which any byte was altered is refused, unless it is not used")
{
    auto const size = store_type::size_for(10);
    aligned_block const block(size);
    REQUIRE(store_type::create(block.bytes(), store_key));
    int accepted = 0;
    for (std::size_t at = 0; at < sizeof(detail::store_head); ++at) {
        block.bytes()[at] ^= std::byte{0x10};
        accepted += store_type::attach(block.bytes(), store_key) ? 1 : 0;
        block.bytes()[at] ^= std::byte{0x10};
    }
    CHECK(accepted == 0);
    CHECK(store_type::attach(block.bytes(), store_key));
}

TEST_CASE("the same bytes at another address say the same")
{
    auto const size = store_type::size_for(50);
    aligned_block const block(size);
    auto const made = store_type::create(block.bytes(), store_key);
    REQUIRE(made);
    for (std::uint64_t i = 0; i < 100; ++i) {
        made->of(std::to_string(i % 60), at(0s)).record(vault("c", i + 1, 100 - i), at(0s));
        made->of(std::to_string(i % 60), at(0s)).record(openbao("b", std::to_string(i)), at(0s));
    }
    aligned_block const elsewhere(size);
    std::copy(block.bytes().begin(), block.bytes().end(), elsewhere.bytes().begin());
    auto const attached = store_type::attach(elsewhere.bytes(), store_key);
    REQUIRE(attached);
    std::fill(block.bytes().begin(), block.bytes().end(), std::byte{0xee}); // nothing points there
    for (std::uint64_t i = 0; i < 60; ++i) {
        auto const last = i < 40 ? i + 60 : i;
        auto const required = attached->of(std::to_string(i), at(0s)).required();
        CHECK(required.demand("c").value_or(wal_position()) >= wal_position{last + 1, 100 - last});
        CHECK_FALSE(required.fenced());
    }
}

TEST_CASE("a store takes as many identities as it was asked for before the first one is moved to the floor")
{
    for (std::uint64_t const room : {100ULL, 20'000ULL}) {
        store_of<no_lock> const many(room);
        for (std::uint64_t i = 0; i < room; ++i)
            many.store.of(std::to_string(i), at(0s)).record(vault("c", i + 1, 0), at(0s));
        CHECK(many.store.of("nobody", at(0s)).required(c).empty());
        std::uint64_t wrong = 0;
        for (std::uint64_t i = 0; i < room; ++i)
            wrong +=
                many.store.of(std::to_string(i), at(0s)).required(c).demand("c") == wal_position{i + 1, 0}
                    ? 0
                    : 1;
        CHECK(wrong == 0);
    }
}

TEST_CASE("a store is as large as is said: 100 KB for the clusters, and about 104 bytes for each identity")
{
    CHECK(store_type::size_for(1) < 110'000);
    CHECK(store_type::size_for(1'000'000) < 105'000'000);
}

TEST_CASE("a fence that is set when the machine has just started ends as any other")
{
    store_of<no_lock> const many(1);
    many.store.of("a", time_point(0s)).record(openbao_past_bound("b"), time_point(0s));
    auto const is_fenced = [&](duration since) {
        return many.store.of("a", time_point(since)).required(c).fenced();
    };
    CHECK(is_fenced(default_fence_time - 1s));
    CHECK_FALSE(is_fenced(default_fence_time + 1s)); // times are stamped in whole seconds
}

TEST_CASE("a fence lasts as long as it is said, whatever part of a second it was set at")
{
    for (auto const begun : {0ms, 1ms, 500ms, 999ms}) {
        CAPTURE(begun.count());
        store_of<no_lock> const many(1);
        many.store.of("a", at(begun)).record(openbao_past_bound("c"), at(begun));
        auto const is_fenced = [&](duration after) {
            return many.store.of("a", at(begun + after)).required(c).fenced();
        };
        CHECK(is_fenced(default_fence_time - 1ms));
        CHECK_FALSE(is_fenced(default_fence_time + 1s));
    }
}

TEST_CASE("neither an identity nor a cluster's id per identity stands in the block")
{
    store_of<no_lock> const many(1000);
    std::string const token = "hvs.CAESIJ-a-token-of-some-length";
    std::string const cluster = "00af5aa8-c87d-b5fc-e82e-97cd8dfaf731";
    for (int i = 0; i < 500; ++i)
        many.store.of(token + std::to_string(i), at(0s)).record(vault(cluster, 1, 2), at(0s));
    auto const* const begin = reinterpret_cast<char const*>(many.block.bytes().data());
    std::string_view const all(begin, many.block.bytes().size());
    CHECK(all.find(token.substr(0, 8)) == all.npos);
    CHECK(all.find(cluster) == all.rfind(cluster));
    CHECK(all.find(cluster) != all.npos);
}

TEST_CASE("a machine that is started anew, whose clock begins anew, loses nothing")
{
    store_of<no_lock> const many(1);
    for (std::uint64_t i = 0; i < 100; ++i)
        many.store.of(std::to_string(i), at(240h)).record(vault("c", i + 1, 0), at(240h));
    for (std::uint64_t i = 0; i < 100; ++i)
        CHECK(
            many.store.of(std::to_string(i), at(1s)).required(c).demand("c").value_or(wal_position()).local >=
            i + 1);
    CHECK(many.store.of("nobody", at(1s) + default_fence_time + 2s).required(c).empty());
}
