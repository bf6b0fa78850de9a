// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/heard.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

using namespace afterwrite;
using namespace support;

namespace {

constexpr heard news{.last = refusal::await_not_understood,
                     .news = {.has_index = true, .has_changed = true},
                     .missing = capability::await_state,
                     .was_unsent = true,
                     .is_unreachable = true,
                     .why = reason::not_held};

} // namespace

TEST_CASE("nothing was heard in the beginning, and the first attempt is to come")
{
    heard const none;
    CHECK_FALSE((none.was_unsent || none.is_unreachable));
    CHECK_FALSE((none.news.has_index || none.news.is_foreign || none.news.is_behind));
    CHECK(none.send(at(1ms), route::best_node, none.why) ==
          step{.not_before = at(1ms), .to = route::best_node, .why = reason::first_attempt});
    CHECK(none.final(action::deliver, reason::answered, at(2ms)) ==
          step{.what = action::deliver, .not_before = at(2ms), .why = reason::answered});
}

TEST_CASE("a step tells what was heard")
{
    step expected{.what = action::send_again,
                  .not_before = at(5ms),
                  .to = route::active_node,
                  .why = reason::not_held,
                  .refused_as = refusal::await_not_understood,
                  .cluster_changed = true,
                  .missing = capability::await_state};
    CHECK(news.send(at(5ms), route::active_node, reason::not_held) == expected);
    expected.what = action::give_up;
    expected.why = reason::refused;
    expected.to = route::any_node;
    CHECK(news.final(action::give_up, reason::refused, at(5ms)) == expected);
}

TEST_CASE("news are told once, the refusal stands")
{
    auto told = news;
    told.forget_news();
    CHECK(told.send(at(5ms), route::any_node, told.why) ==
          step{.not_before = at(5ms), .why = reason::not_held, .refused_as = refusal::await_not_understood});
    CHECK_FALSE(told.news.has_index);
    CHECK(told.was_unsent);
    CHECK(told.is_unreachable);
}
