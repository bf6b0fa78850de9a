// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/layout.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>

using namespace afterwrite;
using namespace afterwrite::detail;

namespace {

constexpr siphash_key key{1, 2};

store_head filled(std::uint64_t size = 0)
{
    auto const layout = store_layout::for_identities(1000, 40);
    auto head = std::make_unique<store_head>();
    head->fill(layout, size != 0 ? size : layout.size(), key);
    return {{head->magic.load()}, head->described, head->sum};
}

} // namespace

TEST_CASE("a million identities take less than 128 bytes each, all counted")
{
    CHECK(store_layout::for_identities(1'000'000, 40).size() < 128'000'000);
    CHECK(store_layout::for_identities(1'000'000, 64).size() < 128'000'000);
}

TEST_CASE("a store has room for as many as asked for, and parts that do not overlap")
{
    for (std::uint64_t const identities : {0ULL, 1ULL, 11ULL, 1000ULL, 123'456ULL, 10'000'000ULL}) {
        auto const layout = store_layout::for_identities(identities, 40);
        CHECK(layout.buckets() * store_layout::identities_of_bucket >= identities);
        CHECK(layout.buckets_of_stripe >= 2);
        CHECK(layout.cells_of_stripe >= store_layout::min_cells_of_stripe);
        CHECK(layout.stripes <= store_layout::max_stripes);
        CHECK(layout.clusters_at() >= sizeof(store_head));
        CHECK(layout.locks_at() >= layout.clusters_at() + 65 * sizeof(store_cluster));
        CHECK(layout.buckets_at() == layout.locks_at() + (layout.stripes + 1) * 64);
        CHECK(layout.buckets_at() % 64 == 0);
        CHECK(layout.cells_at() % alignof(store_cell) == 0);
        CHECK(layout.size() == layout.cells_at() + layout.cells() * sizeof(store_cell));
    }
    CHECK(store_layout::for_identities(store_layout::max_identities, 40).buckets() < 1U << 24);
}

TEST_CASE("a block that an older build has written is read: the clusters begin where they did")
{
    REQUIRE(store_layout::version == 1);
    CHECK(store_layout::for_identities(1000, 40).clusters_at() == 256);
    auto const small = store_layout::for_identities(1, 40);
    CHECK(small.stripes == 1);
    CHECK(small.buckets_of_stripe == 2);
    CHECK(small.cells_of_stripe == 16);
    auto const medium = store_layout::for_identities(100'000, 40);
    CHECK(medium.stripes == 256);
    CHECK(store_layout::max_identities == 160'000'000);
    auto const large = store_layout::for_identities(10'000'000, 64);
    CHECK(large.stripes == 256);
    CHECK(large.buckets_of_stripe == 3552);
    CHECK(large.cells_of_stripe == 611);
    CHECK(store_layout::for_identities(11, 40).buckets_of_stripe == 3);
    CHECK(store_layout::for_identities(4917, 40).stripes == 14);
    CHECK(store_layout::for_identities(5104, 40).stripes == 14);
    CHECK(store_layout::unplaced == 64);
    CHECK(small.locks_at() == (256 + 65 * sizeof(store_cluster) + 63) / 64 * 64);
    CHECK(small.lock_stride() == 64);
    for (std::uint64_t const size : {1U, 64U, 65U, 128U})
        CHECK(store_layout::for_identities(1, size).lock_stride() == (size > 64 ? 128 : 64));
    CHECK(store_description::sizes_here == (std::uint64_t{sizeof(store_cluster)} << 32 | 0x228'0000 | 0x400));
    store_place const place(store_layout::for_identities(5000, 40), 0xf234'5678'9abc'def0);
    CHECK(place.identity == 0x9abc'def0);
    CHECK(place.tag == 0x78);
    CHECK(place.stripe == 13);
    CHECK(place.buckets[0] == 437);
    CHECK(place.buckets[1] == 434);
}

TEST_CASE("each part of a block begins where the layout says, and its elements follow each other")
{
    auto const layout = store_layout::for_identities(1000, 40);
    auto const block = std::make_unique<std::byte[]>(layout.size());
    store_memory const memory{block.get(), layout};
    auto const offset = [&](void const* part) {
        return static_cast<std::uint64_t>(static_cast<std::byte const*>(part) - block.get());
    };
    CHECK(offset(&memory.head()) == 0);
    CHECK(offset(&memory.cluster(0)) == layout.clusters_at());
    CHECK(offset(&memory.cluster(3)) == layout.clusters_at() + 3 * sizeof(store_cluster));
    CHECK(offset(memory.lock(0)) == layout.locks_at());
    CHECK(offset(memory.lock(2)) == layout.locks_at() + 2 * layout.lock_stride());
    CHECK(offset(&memory.bucket(5)) == layout.buckets_at() + 5 * sizeof(store_bucket));
    CHECK(offset(&memory.cell(7)) == layout.cells_at() + 7 * sizeof(store_cell));
}

TEST_CASE("a layout is possible within its bounds, which are in it")
{
    auto const is_possible = [](std::uint64_t stripes, std::uint64_t buckets, std::uint64_t cells) {
        return store_layout{40, stripes, buckets, cells}.is_possible();
    };
    CHECK(is_possible(1, 2, 16));
    CHECK(is_possible(256, 160'000'000, 160'000'000));
    CHECK_FALSE(is_possible(0, 2, 16));
    CHECK_FALSE(is_possible(257, 2, 16));
    CHECK_FALSE(is_possible(1, 1, 16));
    CHECK_FALSE(is_possible(1, 160'000'001, 16));
    CHECK_FALSE(is_possible(1, 2, 15));
    CHECK_FALSE(is_possible(1, 2, 160'000'001));
}

TEST_CASE("an identity may be in two buckets of one stripe, and they are spread over all")
{
    auto const layout = store_layout::for_identities(5000, 40);
    std::set<std::uint32_t> firsts;
    std::set<std::uint32_t> seconds;
    for (std::uint64_t i = 0; i < 20'000; ++i) {
        store_place const place(layout, siphash(key, {reinterpret_cast<char const*>(&i), sizeof i}));
        bool is_right = place.buckets[0] != place.buckets[1] && place.stripe < layout.stripes;
        for (auto const bucket : place.buckets)
            is_right = is_right && bucket / layout.buckets_of_stripe == place.stripe;
        REQUIRE(is_right);
        firsts.insert(place.buckets[0]);
        seconds.insert(place.buckets[1]);
    }
    CHECK(firsts.size() == layout.buckets());
    CHECK(seconds.size() == layout.buckets());
}

TEST_CASE("a head says why it cannot be used")
{
    auto const size = store_layout::for_identities(1000, 40).size();
    CHECK(filled().check(size, 40, key)->size() == size);
    CHECK(filled(size + 5).check(size + 5, 40, key)->size() == size); // what is left over is not used
    CHECK(filled().check(size, 40, {1, 3}).error() == store_error::other_key);
    CHECK(filled().check(size, 48, key).error() == store_error::other_layout);
    CHECK(filled().check(size - 1, 40, key).error() == store_error::other_size);
    CHECK(filled().check(size + 1, 40, key).error() == store_error::other_size);

    auto head = filled();
    ++head.described.version;
    CHECK(head.check(size, 40, key).error() == store_error::other_version);
    auto of_other_machine = filled();
    ++of_other_machine.described.sizes;
    of_other_machine.sum = sum_of(&of_other_machine.described, sizeof of_other_machine.described);
    CHECK(of_other_machine.check(size, 40, key).error() == store_error::other_layout);
    auto unfinished = filled();
    unfinished.magic = 0;
    CHECK(unfinished.check(size, 40, key).error() == store_error::no_store);
    auto grown = filled();
    ++grown.described.buckets_of_stripe;
    CHECK(grown.check(size, 40, key).error() == store_error::damaged_head);
    grown.sum = sum_of(&grown.described, sizeof grown.described); // on purpose
    CHECK(grown.check(size, 40, key).error() == store_error::other_size);
}

TEST_CASE("numbers that no store has are refused, whatever they add up to")
{
    auto const size = store_layout::for_identities(1000, 40).size();
    for (auto const number : {&store_description::stripes, &store_description::buckets_of_stripe,
                              &store_description::cells_of_stripe})
        for (std::uint64_t const wrong : {0ULL, 1ULL << 32, 1ULL << 54, 1ULL << 63, ~0ULL}) {
            auto forged = filled();
            forged.described.*number = wrong;
            forged.sum = sum_of(&forged.described, sizeof forged.described);
            CHECK(forged.check(size, 40, key).error() == store_error::damaged_head);
        }
}

TEST_CASE("identities that share 40 bits of their hash seldom share a bucket")
{
    auto const layout = store_layout::for_identities(100'000, 40);
    unsigned shared = 0;
    for (std::uint64_t i = 1; i < 1000; ++i) {
        store_place const one(layout, 0x12'3456'789a);
        store_place const other(layout, i << 54 | 0x12'3456'789a); // now and then of the same stripe
        for (auto const bucket : one.buckets)
            shared += bucket == other.buckets[0] || bucket == other.buckets[1] ? 1 : 0;
    }
    CHECK(shared < 10);
}

TEST_CASE("what nobody has filled in is of no store")
{
    store_layout const layout;
    CHECK(layout.lock_size + layout.stripes + layout.buckets_of_stripe + layout.cells_of_stripe == 0);
    CHECK_FALSE(layout.is_possible());
}
