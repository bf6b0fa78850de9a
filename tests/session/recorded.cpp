// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/recorded.hpp>

#include <doctest/doctest.h>

#include <type_traits>

using namespace afterwrite;

static_assert(std::is_trivially_copyable_v<recorded>);
static_assert(recorded() == recorded());

TEST_CASE("nothing recorded raises nothing")
{
    recorded const none;
    CHECK_FALSE(none.raised_demand());
    CHECK(none.kept + none.superseded + none.held + none.unknown_form + none.rejected == 0);
    CHECK(none.unkept + none.suspected + none.regressed + none.outdated == 0);
}

TEST_CASE("what is required from now on raises the demand, and so does what only a fence can require")
{
    CHECK(recorded{.kept = 1}.raised_demand());
    CHECK(recorded{.superseded = 1}.raised_demand());
    CHECK(recorded{.unkept = 1}.raised_demand());
    CHECK_FALSE(recorded{.held = 1}.raised_demand());
    CHECK_FALSE(recorded{.unknown_form = 1}.raised_demand());
    CHECK_FALSE(recorded{.rejected = 1}.raised_demand());
}

TEST_CASE("the counts of several fields add up")
{
    recorded const once{.kept = 1,
                        .superseded = 2,
                        .held = 3,
                        .unknown_form = 4,
                        .rejected = 5,
                        .unkept = 6,
                        .suspected = 7,
                        .regressed = 8,
                        .outdated = 9};
    auto total = once;
    total += once;
    CHECK(total == recorded{.kept = 2,
                            .superseded = 4,
                            .held = 6,
                            .unknown_form = 8,
                            .rejected = 10,
                            .unkept = 12,
                            .suspected = 14,
                            .regressed = 16,
                            .outdated = 18});
    total += recorded();
    total += recorded();
    CHECK(total.outdated == 18);
    CHECK_FALSE(total == once);
}

TEST_CASE("the reason is that of the last one that has one")
{
    recorded total{.rejected = 1, .why = decode_error::not_base64};
    total += recorded{.kept = 1, .why = decode_error::format};
    CHECK(total.why == decode_error::not_base64);
    total += recorded{.rejected = 1, .why = decode_error::local_index};
    CHECK(total.why == decode_error::local_index);
    total += recorded{.unkept = 1, .why = decode_error::value_too_long};
    CHECK(total.why == decode_error::value_too_long);
    total += recorded{.rejected = 1, .unkept = 1, .why = decode_error::too_long};
    CHECK(total.why == decode_error::too_long);
    CHECK(recorded().why == decode_error{});
}

TEST_CASE("what was recorded differs if it differs anywhere")
{
    for (auto const& other :
         {recorded{.kept = 1}, recorded{.superseded = 1}, recorded{.held = 1}, recorded{.unknown_form = 1},
          recorded{.rejected = 1}, recorded{.unkept = 1}, recorded{.suspected = 1}, recorded{.regressed = 1},
          recorded{.outdated = 1}, recorded{.why = decode_error::format}})
        CHECK_FALSE(other == recorded());
}

TEST_CASE("what tells of another history raises the demand")
{
    CHECK(recorded{.suspected = 1}.raised_demand());
    CHECK(recorded{.regressed = 1}.raised_demand());
    CHECK(recorded{.outdated = 1}.raised_demand());
}

TEST_CASE("two that raise the demand raise it too")
{
    for (auto const& one : {recorded{.kept = 1}, recorded{.superseded = 1}, recorded{.unkept = 1},
                            recorded{.suspected = 1}, recorded{.regressed = 1}, recorded{.outdated = 1}})
        for (auto const& other :
             {recorded{.kept = 1}, recorded{.superseded = 1}, recorded{.unkept = 1}, recorded{.suspected = 1},
              recorded{.regressed = 1}, recorded{.outdated = 1}}) {
            auto both = one;
            both += other;
            CHECK(both.raised_demand());
        }
}
