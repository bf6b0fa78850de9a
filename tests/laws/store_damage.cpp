// SPDX-License-Identifier: BSL-1.0
// Whatever is altered in the block, wherever: nothing crashes, and nobody requires less than what was
// recorded unless a fence says so.
#include <afterwrite/store/session_store.hpp>

#include <afterwrite/lock.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

class world {
public:
    world(std::uint64_t seed, std::uint64_t room) : dice_(seed), many_(room) {}

    void record_some(int count, std::uint64_t identities = 24)
    {
        for (int i = 0; i < count; ++i) {
            auto const who = dice_.below(identities);
            auto const index = any_index();
            many_.store.of(std::to_string(who), time_).record(index, time_);
            recorded_[who].record(index);
        }
    }

    /// Alters a bit, a byte, a word, or some words, to something or to zeros.
    void damage()
    {
        auto const bytes = many_.block.bytes();
        auto const at = dice_.below(4) == 0 ? dice_.below(bytes.size()) : dice_.below(8 * 1024);
        switch (dice_.below(4)) {
        case 0: flip(at, static_cast<unsigned>(1U << dice_.below(8))); break;
        case 1: flip(at, static_cast<unsigned>(1 + dice_.below(255))); break;
        case 2:
            for (std::size_t i = 0; i < 8; ++i)
                bytes[std::min(at / 8 * 8 + i, bytes.size() - 1)] = std::byte{0};
            break;
        default:
            for (std::size_t i = 0; i < 64; ++i)
                flip(std::min(at + i, bytes.size() - 1), static_cast<unsigned>(dice_.below(256)));
        }
    }

    /// A bit of the buckets, of which there are few here; half of the time of what tells which entries live.
    void damage_bucket()
    {
        auto const layout = detail::store_layout::for_identities(1, sizeof(no_lock));
        constexpr std::size_t of_entries = offsetof(detail::store_bucket, used);
        auto const bucket = dice_.below(layout.buckets()) * sizeof(detail::store_bucket);
        auto const within = dice_.below(2) == 0 ? of_entries : sizeof(detail::store_bucket);
        flip(layout.buckets_at() + bucket + dice_.below(within), 1U << dice_.below(8));
    }

    [[nodiscard]] std::uint64_t count_wrong()
    {
        std::uint64_t wrong = 0;
        for (auto const& [who, alone] : recorded_) {
            auto const handle = many_.store.of(std::to_string(who), time_);
            for (auto const* const name : {"v0", "v1", "b0"}) {
                cluster_id const cluster(name);
                wrong +=
                    requires_at_least(handle.required(known_cluster{cluster}), alone.of(cluster)) ? 0 : 1;
            }
            wrong += requires_at_least(handle.required(), alone) ? 0 : 1;
        }
        return wrong;
    }

    [[nodiscard]] std::uint64_t count_fenced()
    {
        std::uint64_t fenced = 0;
        for (auto const& [who, alone] : recorded_)
            fenced += many_.store.of(std::to_string(who), time_).required().fenced() ? 1 : 0;
        return fenced;
    }

    [[nodiscard]] aligned_block& block() { return many_.block; }

    /// The same bytes, found by a program that starts. Not there: it says that the block is none.
    [[nodiscard]] bool attach_anew()
    {
        auto found = store_of<no_lock>::store_type::attach(many_.block.bytes(), store_key);
        if (found)
            many_.store = *std::move(found);
        return found.has_value();
    }

    void pass(duration time) { time_ += time; }
    [[nodiscard]] std::size_t known() const { return recorded_.size(); }

private:
    void flip(std::size_t at, unsigned bits) { many_.block.bytes()[at] ^= static_cast<std::byte>(bits); }

    std::string any_index()
    {
        ++log_;
        auto const cluster = dice_.below(2) == 0 ? "v0" : "v1";
        switch (dice_.below(8)) {
        case 0: return openbao("b0", std::to_string(log_));
        case 1: return vault(cluster, log_, 500 - log_ % 400);
        case 2: return vault(cluster, log_ / 2, log_);
        default: return vault(cluster, log_, 0);
        }
    }

    dice dice_;
    store_of<no_lock> many_;
    std::map<std::uint64_t, required_states> recorded_;
    std::uint64_t log_ = 0;
    time_point time_ = at(0s);
};

constexpr std::uint64_t seeds = rounds(150, 30);

} // namespace

TEST_CASE("damage anywhere in a store never lowers a demand without a fence")
{
    std::uint64_t wrong = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        world one(seed, seed % 2 == 0 ? 1 : 40);
        one.record_some(60);
        for (int round = 0; round < 5; ++round) {
            one.damage();
            wrong += one.count_wrong();
            one.record_some(10);
            wrong += one.count_wrong();
        }
    }
    CHECK(wrong == 0);
}

TEST_CASE("the same for single bits of the buckets, many at once")
{
    std::uint64_t wrong = 0;
    std::uint64_t fenced = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        world one(seed, 1);
        one.record_some(60);
        for (std::uint64_t i = 0; i < seed % 7; ++i)
            one.damage_bucket();
        one.record_some(static_cast<int>(seed % 3));
        wrong += one.count_wrong();
        fenced += one.count_fenced();
    }
    CHECK(wrong == 0);
    CHECK(fenced > seeds / 2); // or nothing was hit
}

TEST_CASE("each single bit of a small store's memory: nobody requires less, nor does who finds it so")
{
    constexpr std::size_t stride = rounds(1, 61);
    world one(7, 1);
    one.record_some(12, 3);
    auto const bytes = one.block().bytes();
    std::vector<std::byte> const intact(bytes.begin(), bytes.end());
    REQUIRE(one.count_wrong() == 0);
    std::uint64_t flips = 0;
    std::uint64_t wrong = 0;
    std::uint64_t fenced = 0;
    std::uint64_t unusable = 0;
    for (std::size_t bit = 0; bit < 8 * intact.size(); bit += stride) {
        auto const flip_it = [&] {
            std::copy(intact.begin(), intact.end(), bytes.begin());
            bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        };
        flip_it();
        wrong += one.count_wrong();
        fenced += one.count_fenced() > 0 ? 1 : 0;
        flip_it();
        if (one.attach_anew())
            wrong += one.count_wrong();
        else
            ++unusable;
        ++flips;
    }
    CHECK(wrong == 0);
    CHECK(fenced > 0); // or nothing was hit
    CHECK(unusable > 0);
    CHECK(unusable < flips / 4);
    MESSAGE("exhaustive: " << flips << " of " << 8 * intact.size() << " bits of a store's memory flipped, "
                           << fenced << " set a fence, " << unusable << " make it none");
}

TEST_CASE("a store's memory that was cut off anywhere is none")
{
    world one(7, 1);
    one.record_some(12, 3);
    auto const bytes = one.block().bytes();
    std::uint64_t found = 0;
    for (std::size_t size = 0; size < bytes.size(); ++size)
        found += store_of<no_lock>::store_type::attach(bytes.first(size), store_key).has_value() ? 1 : 0;
    CHECK(found == 0);
    CHECK(store_of<no_lock>::store_type::attach(bytes, store_key).has_value());
    MESSAGE("exhaustive: " << bytes.size() << " truncations of a store's memory");
}

TEST_CASE("what was damaged is forgotten once the fence time has ended")
{
    for (std::uint64_t seed = 1; seed <= rounds(60, 12); ++seed) {
        world one(seed, 40);
        one.record_some(60);
        for (int round = 0; round < 3; ++round)
            one.damage();
        static_cast<void>(one.count_fenced()); // which finds it
        one.pass(default_fence_time + 2s);
        static_cast<void>(one.count_fenced());
        one.pass(default_fence_time + 2s); // floors that were fenced, too
        CHECK(one.count_fenced() == 0);
    }
}
