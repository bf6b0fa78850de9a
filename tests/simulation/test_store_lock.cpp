// SPDX-License-Identifier: BSL-1.0
#include "simulation/store_lock.hpp"

#include <afterwrite/lock.hpp>

#include "simulation/scope.hpp"
#include "support/manual_clock.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace simulation;
using afterwrite::scoped_hold;

TEST_CASE("others come between where somebody who holds no lock takes one")
{
    store_moments moments;
    store_lock outer;
    store_lock inner;
    int others = 0;
    moments.come_between([&] {
        CHECK(moments.is_between());
        scoped_hold const held(outer); // where nobody comes between again
        return ++others > 1;
    });
    {
        scoped_hold const first(outer);
        scoped_hold const second(inner);
    }
    CHECK(others == 1);
    CHECK(moments.interruptions() == 0); // they did nothing
    CHECK_FALSE(moments.is_between());
    scoped_hold const again(inner);
    CHECK(others == 2);
    CHECK(moments.interruptions() == 1);
}

TEST_CASE("who dies leaves no lock behind, and nobody comes before that")
{
    store_moments moments;
    store_lock outer;
    store_lock inner;
    int others = 0;
    moments.come_between([&] { return ++others > 0; });
    moments.kill_at(2);
    auto const use = [&] {
        scoped_hold const first(outer);
        scoped_hold const second(inner);
    };
    CHECK_THROWS_AS(use(), store_moments::killed);
    CHECK(others == 0);
    CHECK_NOTHROW(use());
    CHECK(others == 1);
}

TEST_CASE("a program that dies while it records leaves a store that others go on with")
{
    constexpr auto text = "djE6YzoxOjA6"; // v1:c:1:0:
    store_moments moments;
    store_type all(10);
    auto const now = support::at({});
    auto const is_required = [&] { return all.store.of("somebody", now).required().clusters() > 0; };
    int deaths = 0;
    for (std::uint32_t lock = 1; lock <= 9 && !is_required(); ++lock) {
        moments.kill_at(lock);
        try {
            all.store.of("somebody", now).record(text, now);
        } catch (store_moments::killed const&) {
            ++deaths;
        }
        moments.kill_at(0);
        REQUIRE(store_type::store_type::attach(all.block.bytes(), support::store_key));
    }
    CHECK(is_required());
    CHECK(deaths >= 2); // at the lock of the head, and at its stripe's
}
