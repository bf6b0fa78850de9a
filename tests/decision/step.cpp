// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/step.hpp>

#include <doctest/doctest.h>

#include <set>
#include <string_view>
#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<step>);
static_assert(step() == step());

TEST_CASE("a step is final unless it says to send again")
{
    static_assert(!step{.what = action::send_again}.is_final());
    static_assert(step{.what = action::deliver}.is_final());
    static_assert(step{.what = action::give_up}.is_final());
    CHECK_FALSE(step().is_final());
    CHECK_FALSE(step().cluster_changed);
}

TEST_CASE("each reason has a sentence of its own for people")
{
    std::set<std::string_view> sentences;
    for (int i = 0; i <= static_cast<int>(reason::cancelled); ++i) {
        auto const sentence = to_string(static_cast<reason>(i));
        CHECK(sentence.ends_with('.'));
        CHECK(sentences.insert(sentence).second);
    }
}

TEST_CASE("what is no reason has no sentence") { CHECK(to_string(static_cast<reason>(99)).empty()); }

TEST_CASE("steps that differ anywhere are not equal")
{
    for (auto const& other :
         {step{.what = action::deliver}, step{.not_before = time_point(std::chrono::seconds(1))},
          step{.to = route::active_node}, step{.why = reason::waiting},
          step{.refused_as = refusal::stale_index}, step{.cluster_changed = true},
          step{.missing = capability::forwarding}})
        CHECK_FALSE(other == step());
}
