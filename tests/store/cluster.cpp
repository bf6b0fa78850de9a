// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/cluster.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace afterwrite::detail;
using namespace support;

namespace {

std::unique_ptr<store_cluster> empty_cluster()
{
    auto cluster = std::make_unique<store_cluster>();
    cluster->clear();
    return cluster;
}

} // namespace

TEST_CASE("what one word says of a cluster is read as it was set")
{
    auto const cluster = empty_cluster();
    REQUIRE(cluster->state());
    CHECK(cluster->state()->what() == cluster_state::free);
    for (auto const form : {dialect::unknown, dialect::vault, dialect::openbao})
        CHECK(cluster_state::used_by(form).form() == form);
    auto used = cluster_state::used_by(dialect::openbao);
    CHECK(used.what() == cluster_state::used);
    CHECK(used.epoch() == 0);
    CHECK_FALSE((used.second_half() || used.is_forwarded() || used.has_regressed()));
    used.set_epoch(0xabcd);
    auto const plain = used;
    for (auto const set :
         {&cluster_state::set_second_half, &cluster_state::set_forwarded, &cluster_state::set_regressed}) {
        auto one = plain;
        (one.*set)(true);
        CHECK(one.second_half() + one.is_forwarded() + one.has_regressed() == 1);
        CHECK(one.epoch() == 0xabcd);
        (one.*set)(false);
        CHECK(one.bits() == plain.bits());
        (used.*set)(true);
    }
    cluster->set(used);
    auto const read = cluster->state();
    REQUIRE(read);
    CHECK(read->bits() == used.bits());
    CHECK(read->form() == dialect::openbao);
    CHECK(read->epoch() == 0xabcd);
    CHECK(read->second_half());
    CHECK(read->is_forwarded());
    CHECK(read->has_regressed());
    CHECK((read->bits() & ~std::uint64_t{3 << 2}) == (2 | 0xabcd << 4 | 7 << 20)); // as others read it
    auto regressed = cluster_state::used_by(dialect::vault);
    regressed.set_regressed(true);
    CHECK((regressed.bits() >> 20) == 4);
    auto forwarded = cluster_state::used_by(dialect::vault);
    forwarded.set_forwarded(true);
    CHECK((forwarded.bits() >> 20) == 2);
    cluster->set(cluster_state::dead_since(0xfedc'ba98));
    CHECK(cluster->state()->what() == cluster_state::dead);
    CHECK(cluster->state()->since() == 0xfedc'ba98);
    CHECK(cluster_state::dead_since(1).bits() == 0x13); // the form of the block, which others read as well
    CHECK_FALSE(cluster_state::of(0));                  // no condition
    CHECK_FALSE(cluster_state::of(2 | 3 << 2));         // no dialect
    CHECK(cluster_state::of(3 | 3 << 2));               // who is dead needs none
}

TEST_CASE("what one word says of a floor is read as it was set")
{
    auto const cluster = empty_cluster();
    CHECK(cluster->floor()->is_empty());
    floor_state held;
    held.set_joined(0xffff'fff0);
    for (auto const set :
         {&floor_state::set_second_half, &floor_state::set_empty, &floor_state::set_fenced}) {
        for (bool const is : {true, false, true}) {
            (held.*set)(is);
            cluster->set(held);
            auto const read = cluster->floor();
            REQUIRE(read);
            CHECK(read->bits() == held.bits());
        }
    }
    CHECK((held.second_half() && held.is_empty() && held.is_fenced()));
    held.set_empty(false);
    held.set_joined(7);
    CHECK((held.second_half() && !held.is_empty() && held.is_fenced()));
    CHECK(held.joined() == 7);
    CHECK(held.bits() == 0x75); // the form of the block, which others read as well
    CHECK(floor_state().bits() == 2);
    for (auto const set :
         {&floor_state::set_second_half, &floor_state::set_empty, &floor_state::set_fenced}) {
        floor_state one;
        one.set_empty(false);
        (one.*set)(true);
        CHECK(one.second_half() + one.is_empty() + one.is_fenced() == 1);
        CHECK(one.joined() == 0);
    }
    cluster->floor_word.store(cluster->state_word.load()); // whole, but of another place
    CHECK_FALSE(cluster->floor());
}

TEST_CASE("a block that an older build has written is read: each word has its place, and each part its size")
{
    auto const cluster = empty_cluster();
    CHECK(open_word(cluster->state_word, 1) == cluster_state().bits());
    CHECK(open_word(cluster->floor_word, 2) == floor_state().bits());
    CHECK(sizeof(store_cluster) == 1432); // wherever words have 64 bits; another machine's is refused
}

TEST_CASE("a place that is cleared has no history that was noted")
{
    auto const cluster = empty_cluster();
    cluster->noted = 5;
    cluster->clear();
    CHECK(cluster->noted == 0);
}

TEST_CASE("nothing is left of a longer name")
{
    auto const cluster = empty_cluster();
    cluster->set_name(cluster_id("longer"));
    cluster->set_name(cluster_id("c"));
    CHECK(cluster->name() == "c");
    CHECK(std::string_view(cluster->id, 6) == std::string_view("c\0\0\0\0\0", 6));
}

TEST_CASE("a name that was altered is none")
{
    auto const cluster = empty_cluster();
    for (auto const& name : {std::string("c"), std::string(cluster_id::max_size, 'x')}) {
        cluster->set_name(cluster_id(name));
        CHECK(cluster->is_named());
        CHECK(cluster->name() == name);
        cluster->id[0] ^= 1;
        CHECK_FALSE(cluster->is_named());
        cluster->id[0] ^= 1;
        ++cluster->id_size;
        CHECK_FALSE(cluster->is_named());
    }
    cluster->id_size = 1U << 30;
    CHECK(cluster->name().empty());
}

TEST_CASE("a history is read as it was written, in the half that counts")
{
    auto const cluster = empty_cluster();
    auto state = cluster_state::used_by(dialect::vault);
    lineage history;
    cluster->set_history(history, state);
    for (std::uint32_t epoch = 1; epoch < 4; ++epoch) {
        history.begin_epoch(at(std::chrono::seconds(epoch)));
        history.note({epoch, 7}, at(100s));
        history.advance(at(200s));
        auto const before = state;
        cluster->set_history(history, state);
        lineage read;
        REQUIRE(cluster->read_history(before, read));
        CHECK(read.epoch() == epoch - 1); // whole until the new one counts
        cluster->set(state);
        REQUIRE(cluster->read_history(*cluster->state(), read));
        CHECK(read.epoch() == epoch);
        CHECK(cluster->state()->epoch() == epoch);
        CHECK(read.settled() == wal_position{epoch, 7});
        CHECK(read.is_before_epoch(at(0s)));
        CHECK_FALSE(read.is_suspected());
    }
    struct {
        lineage read{};
        std::uint64_t behind = 7;
    } room;
    REQUIRE(cluster->read_history(state, room.read));
    CHECK(room.behind == 7);
    cluster->histories[state.second_half()].words[5].fetch_xor(1);
    lineage untouched;
    CHECK_FALSE(cluster->read_history(state, untouched));
    CHECK(untouched.epoch() == 0);
}

TEST_CASE("words that are just being replaced do not fit their sum")
{
    summed_words<3> words{};
    std::uint64_t const first[] = {1, 2, 3};
    words.store(first, 9);
    std::uint64_t read[3];
    CHECK(words.load(read, 9));
    CHECK(read[2] == 3);
    CHECK_FALSE(words.load(read, 8));
    words.words[1] = 7;
    CHECK_FALSE(words.load(read, 9));
}
