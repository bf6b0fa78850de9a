// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/ruling.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<ruling>);

TEST_CASE("a ruling that nobody filled refuses")
{
    constexpr ruling empty;
    CHECK(empty.what == verdict::refuse);
    CHECK(empty == ruling{});
    CHECK_FALSE((empty.by_redirect || empty.active_may_lack_it));
    CHECK_FALSE(empty == ruling{.what = verdict::serve});
}

TEST_CASE("every verdict has a word, and every reason a sentence of its own")
{
    std::set<std::string_view> texts;
    for (auto const what :
         {verdict::serve, verdict::await_state, verdict::forward_to_active, verdict::refuse})
        CHECK(texts.insert(to_string(what)).second);
    for (int i = 0; i <= static_cast<int>(ruling_reason::bad_fields); ++i) {
        auto const sentence = to_string(static_cast<ruling_reason>(i));
        CAPTURE(std::string(sentence));
        CHECK(sentence.starts_with("The ") != sentence.starts_with("No "));
        CHECK(sentence.ends_with("."));
        CHECK(texts.insert(sentence).second);
    }
    CHECK(to_string(static_cast<ruling_reason>(99)).empty());
    CHECK(to_string(static_cast<verdict>(99)) == "refuse");
}

TEST_CASE("rulings that differ anywhere are not equal")
{
    answer_field const field{"name", "value"};
    for (auto const& other :
         {ruling{.what = verdict::serve}, ruling{.why = ruling_reason::without_index},
          ruling{.until = time_point(std::chrono::seconds(1))}, ruling{.awaited = {1, 0}},
          ruling{.by_redirect = true}, ruling{.active_may_lack_it = true}, ruling{.answer = {.status = 412}},
          ruling{.answer = {.body = "body"}}, ruling{.answer = {.fields = {&field, 1}}}})
        CHECK_FALSE(other == ruling());
}
