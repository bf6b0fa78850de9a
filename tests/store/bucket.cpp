// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/bucket.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <memory>

using namespace afterwrite;
using namespace afterwrite::detail;

// They are compared in two words; the last byte is nobody's.
static_assert(sizeof(store_bucket::tags) == store_bucket::slots + 1);

namespace {

std::unique_ptr<store_bucket> bucket_of(std::uint16_t mask)
{
    auto bucket = std::make_unique<store_bucket>();
    for (unsigned i = 0; i < store_bucket::slots; ++i)
        bucket->write(i, static_cast<std::uint8_t>(i % 4 + 0x7e), {.identity = i, .kind = entry_kind::vault},
                      0);
    bucket->publish(mask);
    return bucket;
}

} // namespace

TEST_CASE("what is published lives")
{
    for (unsigned const mask : {0U, 1U, 0x1234U, 0x7fffU, 0xffffU, 0x8001U}) {
        auto const bucket = bucket_of(static_cast<std::uint16_t>(mask));
        CHECK(bucket->live() == mask);
    }
    auto const bucket = bucket_of(3);
    bucket->clear();
    CHECK(bucket->live() == 0);
}

TEST_CASE("entries are found by their tag, if they live")
{
    auto const bucket = bucket_of(0x7fff);
    for (unsigned tag = 0; tag < 256; ++tag) {
        unsigned expected = 0;
        for (unsigned i = 0; i < store_bucket::slots; ++i)
            expected |= bucket->tags[i] == tag ? 1U << i : 0U;
        CHECK(bucket->matches(0x7fff, static_cast<std::uint8_t>(tag)) == expected);
        CHECK(bucket->matches(0x0f0f, static_cast<std::uint8_t>(tag)) == (expected & 0x0f0f));
    }
}

TEST_CASE("any altered bit of the word, or of the tag of what lives, is noticed; another tag does not matter")
{
    auto const bucket = bucket_of(0x0105);
    auto const whole = bucket->word.load();
    int missed = 0;
    for (int bit = 0; bit < 64; ++bit) {
        bucket->word.store(whole ^ std::uint64_t{1} << bit);
        missed += bucket->live() ? 1 : 0;
    }
    bucket->word.store(whole);
    for (unsigned slot = 0; slot < store_bucket::slots; ++slot)
        for (int bit = 0; bit < 8; ++bit) {
            auto const tag = bucket->tags[slot];
            bucket->tags[slot] = static_cast<std::uint8_t>(tag ^ 1 << bit);
            bool const is_alive = (0x0105 >> slot & 1) != 0;
            missed += bucket->live().has_value() == is_alive ? 1 : 0;
            bucket->tags[slot] = tag;
        }
    CHECK(missed == 0);
    CHECK(bucket->live() == 0x0105);
}

TEST_CASE("zeros are no bucket")
{
    auto const bucket = std::make_unique<store_bucket>();
    bucket->word.store(0);
    CHECK_FALSE(bucket->live());
}

TEST_CASE("there is always a place where nothing lives")
{
    CHECK(store_bucket::free_slot(0) == 0);
    CHECK(store_bucket::free_slot(0x0007) == 3);
    CHECK(store_bucket::free_slot(0x3fff) == 14); // as many as ever live
    CHECK(store_bucket::free_slot(0x8001) == 1);
    CHECK(store_bucket::count(0x8003) == 2);
    CHECK(store_bucket::has_free_slot(0xbfff)); // the bit of lost_mask is no slot's
    CHECK_FALSE(store_bucket::has_free_slot(0x7fff));
    CHECK(store_bucket::count(0x3fff) == store_bucket::usable);
}

TEST_CASE("a bucket that was lost says so, and since when")
{
    auto const bucket = bucket_of(0x7fff);
    bucket->lose(1234);
    REQUIRE(bucket->live() == (1U | store_bucket::lost_mask));
    CHECK(bucket->live() != 1U); // not as if only the first one had ever lived
    CHECK(bucket->entries[0].is_whole());
    CHECK(bucket->entries[0].kind == entry_kind::lost_bucket);
    CHECK(bucket->entries[0].link == 1234);
    CHECK(bucket->used[0] == 1234);
}

TEST_CASE("what tells which entries live has a line of its own, and so has each entry")
{
    auto const bucket = std::make_unique<store_bucket>();
    auto const begin = reinterpret_cast<std::uintptr_t>(bucket.get());
    CHECK(begin % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(&bucket->tags[0]) == begin + 8); // which others read as well
    CHECK(reinterpret_cast<std::uintptr_t>(&bucket->used[0]) == begin + 24);
    CHECK(reinterpret_cast<std::uintptr_t>(&bucket->entries[0]) == begin + 64);
}
