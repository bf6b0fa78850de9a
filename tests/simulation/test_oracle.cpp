// SPDX-License-Identifier: BSL-1.0
// What the oracle says of small histories.
#include "simulation/invariants.hpp"
#include "simulation/oracle.hpp"

#include <doctest/doctest.h>

using namespace simulation;

namespace {

constexpr key_place foo{false, 0, 0};
constexpr key_place bar{true, 0, 1};

bool lacks(oracle const& truth, key_place const& key, std::uint64_t value, version const& promised)
{
    return invariant::of_read(truth.look(0, key, value), promised).has_value();
}

} // namespace

TEST_CASE("a read lacks a write of its key if it shows an older value, or none")
{
    oracle truth(1, 2);
    auto const first = truth.executed(0, foo, 1, 10);
    auto const second = truth.executed(0, foo, 2, 11);
    CHECK(lacks(truth, foo, 0, first));
    CHECK_FALSE(lacks(truth, foo, 1, first));
    CHECK_FALSE(lacks(truth, foo, 2, first));
    CHECK(lacks(truth, foo, 1, second));
    CHECK_FALSE(lacks(truth, foo, 2, second));
    CHECK_FALSE(lacks(truth, foo, 0, version{}));
}

TEST_CASE("and a write of another key, if its own key was written before that one")
{
    oracle truth(1, 2);
    truth.executed(0, foo, 1, 10);
    auto const other = truth.executed(0, bar, 2, 11);
    truth.executed(0, foo, 3, 12);
    CHECK(lacks(truth, foo, 0, other));
    CHECK_FALSE(lacks(truth, foo, 1, other)); // it may have been read between
    CHECK_FALSE(lacks(truth, foo, 3, other));
}

TEST_CASE("a value that was executed twice counts as the later one")
{
    oracle truth(1, 2);
    truth.executed(0, foo, 1, 10);
    auto const second = truth.executed(0, foo, 2, 11);
    truth.executed(0, foo, 1, 12);
    CHECK_FALSE(lacks(truth, foo, 1, second));
}

TEST_CASE("a key that was removed is gone until it is written again, and not before it was removed")
{
    oracle truth(1, 2);
    auto const first = truth.executed(0, foo, 1, 10);
    auto const removed = truth.executed(0, foo, 2, 11, true);
    CHECK(lacks(truth, foo, 1, removed));
    CHECK_FALSE(lacks(truth, foo, 0, removed));
    CHECK(truth.look(0, foo, 0).value == 2);
    CHECK(truth.look(0, foo, 0).shown == removed);
    CHECK_FALSE(truth.look(0, foo, 2).is_real);     // no value, but what removed one
    CHECK(truth.look(0, foo, 0, 10).next == first); // a node that has no removal yet shows nothing too early
    auto const again = truth.executed(0, foo, 3, 12);
    CHECK(lacks(truth, foo, 0, again));
    CHECK_FALSE(lacks(truth, foo, 3, again));
    CHECK(truth.look(0, foo, 0, 11).next == again);
}

TEST_CASE("a list lacks a write if a key is missing that it made, or there that it removed")
{
    oracle truth(1, 2);
    auto const lacks_in_list = [&](std::vector<bool> const& there, simulation::version const& promised) {
        return invariant::of_read(truth.look_around(0, foo, there), promised).has_value();
    };
    auto const first = truth.executed(0, foo, 1, 10);
    CHECK(lacks_in_list({false, false}, first));
    CHECK_FALSE(lacks_in_list({true, false}, first));
    CHECK_FALSE(truth.look_around(0, foo, {true, true}).is_real);
    auto const second = truth.executed(0, foo, 2, 11); // a list shows no values
    CHECK_FALSE(lacks_in_list({true, false}, second));
    key_place const beside{false, 0, 1};
    auto const third = truth.executed(0, beside, 3, 12);
    CHECK_FALSE(lacks_in_list({true, false}, second));
    CHECK(lacks_in_list({true, false}, third));
    CHECK(truth.look_around(0, foo, {true, true}).shown == third);
    auto const removed = truth.executed(0, foo, 4, 13, true);
    CHECK(lacks_in_list({true, true}, removed));
    CHECK_FALSE(lacks_in_list({false, true}, removed));
    CHECK_FALSE(lacks_in_list({true, true}, third));
    CHECK(truth.look_around(0, foo, {true, true}, 12).next == removed);
}

TEST_CASE("what was never written there is noticed")
{
    oracle truth(1, 2);
    truth.executed(0, foo, 1, 10);
    CHECK_FALSE(truth.look(0, foo, 2).is_real);
    CHECK_FALSE(truth.look(0, bar, 1).is_real);
    CHECK(lacks(truth, bar, 1, version{}));
}

TEST_CASE("a restored snapshot ends what was promised, and its values stay")
{
    oracle truth(1, 2);
    truth.executed(0, foo, 1, 10);
    auto const saved = truth.snapshot(0);
    auto const lost = truth.executed(0, foo, 2, 11);
    truth.begin_epoch(0, saved);
    CHECK(truth.epoch(0) == 2);
    CHECK_FALSE(lacks(truth, foo, 1, lost));
    CHECK_FALSE(truth.look(0, foo, 2).is_real);
    auto const again = truth.executed(0, foo, 3, 11);
    CHECK(again > lost);
    CHECK(lacks(truth, foo, 1, again));
}

TEST_CASE("a secondary that becomes a primary keeps what had arrived")
{
    oracle truth(2, 2);
    truth.executed(0, foo, 1, 10);
    truth.executed(0, foo, 2, 11);
    truth.adopt(1, 0, 10);
    CHECK(truth.look(1, foo, 1).is_real);
    CHECK_FALSE(truth.look(1, foo, 2).is_real);
    CHECK(truth.look(0, foo, 2).is_real);
    CHECK(truth.epoch(1) == 2);
}

TEST_CASE("a cluster that stood by for a disaster has what had arrived, and ends what was promised")
{
    oracle truth(1, 2);
    truth.executed(0, foo, 1, 10);
    auto const lost = truth.executed(0, bar, 2, 11);
    truth.begin_epoch(0, 10);
    CHECK(truth.epoch(0) == 2);
    CHECK(truth.look(0, foo, 1).is_real);
    CHECK_FALSE(truth.look(0, bar, 2).is_real);
    CHECK_FALSE(lacks(truth, bar, 0, lost));
}

TEST_CASE("of a value that was written twice a node shows the one that it has")
{
    oracle truth(1, 2);
    auto const first = truth.executed(0, foo, 1, 10);
    auto const other = truth.executed(0, foo, 2, 11);
    auto const again = truth.executed(0, foo, 1, 12);
    CHECK(truth.look(0, foo, 1, 10).shown == first);
    CHECK(truth.look(0, foo, 1, 10).next == other);
    CHECK(truth.look(0, foo, 1, 12).shown == again);
    CHECK_FALSE(truth.look(0, foo, 2, 10).is_real);
}

TEST_CASE("a token is known where its login was executed, until a restore takes it away")
{
    oracle truth(2, 2);
    auto const first = truth.logged_in(0, 1, 10);
    auto const saved = truth.snapshot(0);
    auto const second = truth.logged_in(0, 2, 12);
    CHECK(truth.look_up(0, first, true).shown == first);
    CHECK(truth.look_up(0, second, true).value == 2);
    CHECK(truth.look_up(0, second, false).next == second);
    CHECK_FALSE(truth.look_up(1, second, true).is_real); // of another log
    truth.begin_epoch(0, saved);
    CHECK(truth.look_up(0, first, false).next == first);
    CHECK_FALSE(truth.look_up(0, second, true).is_real);
    CHECK_FALSE(truth.look_up(0, second, false).next);
    auto const own = truth.logged_in(1, 3, 5);
    truth.adopt(1, 0, 11);
    CHECK(truth.look_up(1, own, true).is_real);
    CHECK_FALSE(truth.look_up(1, first, true).is_real); // a secondary has tokens of its own
}

TEST_CASE("promises are kept apart by where they are seen from")
{
    promises promised;
    promised.bind({0, 0}, {1, 5});
    promised.bind({0, 0}, {1, 3});
    promised.bind({1, 0}, {1, 9});
    CHECK(promised.of({0, 0}) == version{1, 5});
    CHECK(promised.of({1, 0}) == version{1, 9});
    CHECK(promised.of({1, 1}) == version{});
    promised.release();
    CHECK(promised.of({1, 0}) == version{});
}

TEST_CASE("what a fence stands for is promised as long as it stands, and all else beyond that")
{
    promises promised;
    promised.bind({0, 0}, {1, 5});
    promised.bind_by_fence({0, 0}, {1, 7});
    promised.bind_by_fence({1, 0}, {1, 2});
    CHECK(promised.of({0, 0}) == version{1, 7});
    promised.release_fences();
    CHECK(promised.of({0, 0}) == version{1, 5});
    CHECK(promised.of({1, 0}) == version{});
    promised.bind_by_fence({0, 0}, {1, 9});
    promised.release(0);
    CHECK(promised.of({0, 0}) == version{});
}

TEST_CASE("index texts are read by the cluster's codec, or not at all")
{
    index_book book;
    CHECK(book.read("djE6Y2xpZDoyOjE6").where == cluster::position{2, 1});
    CHECK(book.read("djE6Y2xpZDoyOjE6").is_vault);
    auto const& bao = book.read("eyJjbHVzdGVyIjoiYyIsInZhbHVlIjoiMTIzNCJ9");
    CHECK(bao.is_known);
    CHECK_FALSE(bao.is_vault);
    CHECK(bao.cluster == "c");
    CHECK(bao.where == cluster::position{1234, 0});
    CHECK_FALSE(book.read("?garbage").is_known);
}
