// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/unplaced_demand.hpp>

#include <doctest/doctest.h>

#include "support/manual_clock.hpp"

#include <string>

using namespace afterwrite;
using namespace support;

TEST_CASE("nothing of no known cluster is required at first")
{
    unplaced_demand const none;
    CHECK(none.text().empty());
    CHECK_FALSE(none.fenced());
    CHECK_FALSE(none.has_strays());
    CHECK_FALSE(none.is_crowded());
}

TEST_CASE("the last text stays, and can be dropped")
{
    unplaced_demand required;
    required.keep("one");
    required.keep(std::string(max_index_size, 'x'));
    CHECK(required.text() == std::string(max_index_size, 'x'));
    required.forget_text();
    CHECK(required.text().empty());
}

TEST_CASE("a stray is repaid by an answer whose request was sent behind it, a crowd by none")
{
    unplaced_demand required;
    auto const before = required;
    required.stray();
    auto const behind = required;
    required.repay(before);
    CHECK(required.has_strays());
    required.stray();
    required.repay(behind);
    CHECK(required.has_strays());
    required.repay(unplaced_demand(required));
    CHECK_FALSE(required.fenced());

    required.crowd();
    required.repay(unplaced_demand(required));
    CHECK(required.is_crowded());
    CHECK(required.fenced());
}

TEST_CASE("the fences go without the text")
{
    unplaced_demand required;
    required.keep("one");
    required.stray();
    required.crowd();
    auto const fences = required.fences();
    CHECK(fences.text().empty());
    CHECK(fences.has_strays());
    CHECK(fences.is_crowded());
}

TEST_CASE("a copy is a value, and holds the text and the fences")
{
    unplaced_demand required;
    required.keep("one");
    required.stray();
    auto copied = required;
    required.keep("another");
    CHECK(copied.text() == "one");
    CHECK(copied.has_strays());
    auto const& itself = copied;
    copied = itself;
    CHECK(copied.text() == "one");
    CHECK(copied.has_strays());
    unplaced_demand const none;
    copied = none;
    CHECK(copied.text().empty());
    CHECK_FALSE(copied.fenced());
}

TEST_CASE("the last write without an index is remembered, in copies as well, and merged as the later one")
{
    unplaced_demand required;
    CHECK(required.unindexed_write_at() == time_point::min());
    required.note_unindexed_write(at(5s));
    required.note_unindexed_write(at(3s)); // an answer that came late
    CHECK(required.unindexed_write_at() == at(5s));
    CHECK(required.fences().unindexed_write_at() == at(5s));
    CHECK(unplaced_demand(required).unindexed_write_at() == at(5s));
    required.advance(at(24h), 1s);
    CHECK(required.unindexed_write_at() == at(5s));
    CHECK_FALSE(required.fenced());

    unplaced_demand other;
    CHECK(other.merge(required) == recorded{});
    CHECK(other.unindexed_write_at() == at(5s));
    other.note_unindexed_write(at(6s));
    required.merge(other);
    CHECK(required.unindexed_write_at() == at(6s));
    required.merge(unplaced_demand());
    CHECK(required.unindexed_write_at() == at(6s));
    other = unplaced_demand();
    CHECK(other.unindexed_write_at() == time_point::min());
    required.forget_unindexed_write();
    CHECK(required.unindexed_write_at() == time_point::min());
    required.note_unindexed_write(at(1s));
    CHECK(required.unindexed_write_at() == at(1s));
}

TEST_CASE("to merge is to require both; of two texts one stays, and a fence stands for the other")
{
    for (std::string const& text : {std::string("x"), std::string("one")}) {
        unplaced_demand one;
        one.keep(text);
        unplaced_demand required;
        CHECK(required.merge(one) == recorded{.unknown_form = 1, .why = decode_error::unknown_form});
        CHECK(required.text() == text);
        CHECK(required.merge(one) == recorded{.held = 1});
        CHECK(required.merge(unplaced_demand()) == recorded{});
        CHECK_FALSE(required.fenced());

        for (std::string const& another : {std::string("y"), std::string("other")}) {
            auto fenced = required;
            unplaced_demand other;
            other.keep(another);
            CHECK(fenced.merge(other) == recorded{.unkept = 1, .why = decode_error::no_room});
            CHECK(fenced.text() == text);
            CHECK(fenced.has_strays());
            CHECK_FALSE(fenced.is_crowded());
        }
    }
}

TEST_CASE("a fence that is merged ends when the other one does; one for a text has no time yet")
{
    unplaced_demand other;
    other.stray(at(5s));
    other.crowd(at(8s));
    unplaced_demand required;
    CHECK(required.merge(other) == recorded{.unkept = 2, .why = decode_error::no_room});
    required.advance(at(5s), 10s);
    CHECK_FALSE(required.has_strays());
    CHECK(required.fenced_until() == at(8s));

    required.keep("one");
    other.keep("other");
    CHECK(required.merge(other).unkept == 2);
    CHECK(required.fenced_until() == read_fence::not_told);
}

TEST_CASE("to merge is to be fenced as the other one, even after a repayment")
{
    unplaced_demand strays;
    strays.stray();
    unplaced_demand required;
    required.stray();
    required.repay(unplaced_demand(required));
    CHECK(required.merge(strays).unkept == 1);
    CHECK(required.has_strays());
    CHECK_FALSE(required.is_crowded());

    unplaced_demand crowded;
    crowded.crowd();
    CHECK(required.merge(crowded).unkept == 1);
    CHECK(required.is_crowded());
}

TEST_CASE("a text in the place of another one leaves a fence, unless the request had carried that one")
{
    for (std::string const& first : {std::string("x"), std::string("one")}) {
        unplaced_demand required;
        required.keep(first);
        required.keep(first);
        CHECK_FALSE(required.fenced());
        required.keep("another", true);
        CHECK_FALSE(required.fenced());
        required.keep(first, true);
        CHECK_FALSE(required.fenced());
        required.keep("neither");
        CHECK(required.has_strays());
        CHECK(required.text() == "neither");
    }
}

TEST_CASE("the fences end with time, each by itself, and both with the later one")
{
    unplaced_demand required;
    required.stray(at(5s));
    CHECK(required.fenced_until() == at(5s));
    required.crowd(at(8s));
    CHECK(required.fenced_until() == at(8s));
    required.advance(at(5s), 10s);
    CHECK_FALSE(required.has_strays());
    CHECK(required.is_crowded());
    CHECK(required.fenced_until() == at(8s));
    required.stray(); // nobody has told it the time
    CHECK(required.fenced_until() == read_fence::not_told);
    required.advance(at(6s), 10s);
    CHECK(required.fenced_until() == at(16s));
    required.advance(at(8s), 10s);
    CHECK_FALSE(required.is_crowded());
    CHECK(required.fenced_until() == at(16s));
    required.crowd();
    CHECK(required.fenced_until() == read_fence::not_told);
}
