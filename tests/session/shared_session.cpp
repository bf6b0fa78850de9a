// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/shared_session.hpp>

#include <afterwrite/policy/replication_view.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <mutex>
#include <stdexcept>
#include <string_view>
#include <type_traits>

using namespace afterwrite;
using namespace support;

namespace {

/// Fails if it is taken twice, or given back without having been taken.
struct checked_lock {
    static inline int taken = 0;
    bool is_held = false;
    void lock()
    {
        CHECK_FALSE(is_held);
        is_held = true;
        ++taken;
    }
    void unlock()
    {
        CHECK(is_held);
        is_held = false;
    }
};

/// A response whose fields cannot be read.
struct broken_response {};

} // namespace

template <>
struct afterwrite::message_traits<broken_response> {
    template <class Visit>
    static void for_each(broken_response const&, std::string_view, Visit&&)
    {
        throw std::runtime_error("cannot be read");
    }
    static int status(broken_response const&) { return 200; }
};

static_assert(!std::is_copy_constructible_v<shared_session<std::mutex>>);

TEST_CASE("it does what a session does")
{
    shared_session<std::mutex> ours;
    replication_view view;
    view.learn(dialect::vault, cluster_id("c"));
    CHECK(ours.record(written(vault("c", 1, 0)), {}, at(0s)) == recorded{.kept = 1});
    CHECK(ours.record(vault("d", 1, 0), at(0s)) == recorded{.kept = 1});
    CHECK(texts_of(ours.required(view)) == texts{vault("c", 1, 0)});
    CHECK(ours.required().clusters() == 2);
    ours.forget("c");
    CHECK(ours.required().clusters() == 1);
    CHECK(ours.merge(states({vault("c", 0, 2), vault("d", 1, 0)}), at(1s)) == recorded{.kept = 1, .held = 1});
    CHECK(ours.required().demand("c") == wal_position{0, 2});
    CHECK(ours.raised() == at(1s));
}

TEST_CASE("a lost answer, another history and its acceptance are a matter of all threads")
{
    shared_session<std::mutex> ours(session_options{.regression = on_regression::fail});
    ours.record(vault("c", 9, 0), at(0s));
    CHECK(ours.record_lost({}, at(1s)) == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(ours.required().fenced());
    CHECK_FALSE(static_cast<bool>(ours.last_regression()));

    auto asked = ours.required();
    asked.advance(at(2s));
    CHECK(ours.record_active_position("c", 1, asked, at(2s)) == recorded{.suspected = 1});
    CHECK(ours.record_active_position("c", 1, asked, at(4s)) == recorded{.regressed = 1});
    CHECK(ours.last_regression().lost.holds(vault("c", 9, 0)));
    CHECK(ours.required().has_regressed());
    ours.accept_regression("c");
    CHECK_FALSE(ours.required().has_regressed());
    ours.clear();
    CHECK(ours.required().empty());
}

TEST_CASE("what an answer of success leaves open is noticed for all threads")
{
    shared_session<std::mutex> ours;
    replication_view view;
    view.learn(dialect::vault, cluster_id("c"));
    ours.record(answer(204), {}, at(5s));
    CHECK(ours.required(view).unindexed_write_at() == at(5s));
    CHECK_FALSE(ours.required(view).fenced());
    auto const warning = unapplied().with("X-Vault-Index", vault("c", 1, 0));
    CHECK(ours.record(warning, ours.required(view), at(6s)).unkept == 1);
    CHECK(ours.required(view).fenced());
    CHECK(ours.required(view).unindexed_write_at() == time_point::min()); // this one has an index
    ours.record(written(vault("c", 2, 0)), ours.required(view), at(7s));
    CHECK_FALSE(ours.required(view).fenced());
}

TEST_CASE("each call takes the lock once, and gives it back")
{
    shared_session<checked_lock> ours;
    auto const takes_once = [](auto&& call) {
        auto const before = checked_lock::taken;
        call();
        CHECK(checked_lock::taken == before + 1);
    };
    takes_once([&] { ours.record(written(vault("c", 1, 0)), {}, at(0s)); });
    takes_once([&] { ours.record(vault("c", 1, 0), at(0s)); });
    takes_once([&] { CHECK_FALSE(ours.required(replication_view()).empty()); });
    takes_once([&] { CHECK_FALSE(ours.required().empty()); });
    takes_once([&] { ours.forget("c"); });
    takes_once([&] { ours.merge(states({vault("c", 1, 0)}), at(0s)); });
    takes_once([&] { ours.record_lost({}, at(0s)); });
    takes_once([&] { ours.record_active_position("c", 1, {}, at(0s)); });
    takes_once([&] { CHECK_FALSE(static_cast<bool>(ours.last_regression())); });
    takes_once([&] { ours.accept_regression("c"); });
    takes_once([&] { CHECK(ours.raised() == at(0s)); });
    takes_once([&] { ours.clear(); });
}

TEST_CASE("a response that cannot be read leaves the lock free, and what was known")
{
    shared_session<checked_lock> ours;
    ours.record(vault("c", 1, 0), at(0s));
    CHECK_THROWS_AS(ours.record(broken_response(), {}, at(1s)), std::runtime_error);
    CHECK(ours.required().demand("c") == wal_position{1, 0});
}

TEST_CASE("a requirement that was handed out is a value: others' writes do not move it")
{
    shared_session<no_lock> ours;
    ours.record(vault("c", 1, 0), at(0s));
    auto const mine = ours.required(replication_view());
    ours.record(vault("c", 9, 9), at(1s));
    CHECK(texts_of(mine) == texts{vault("c", 1, 0)});
}
