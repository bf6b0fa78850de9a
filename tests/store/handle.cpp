// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/store/handle.hpp>

#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/transport/send.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/store_law.hpp"
#include "support/test_message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>

using namespace afterwrite;
using namespace support;

namespace {

using many_type = store_of<no_lock>;
known_cluster const c{cluster_id("c")};

/// As an exchange says it of what it has sent.
required_states sent(required_states carried, attempt_facts const& facts, time_point now)
{
    carried.advance(now);
    carried.set_sent_as(facts);
    return carried;
}

} // namespace

TEST_CASE("requests that are sent through a handle see what was written through it")
{
    many_type const many(100);
    replication_view view;
    manual_clock time;
    auto mine = many.store.of("mine", time.now());
    test_message seen;
    auto const transport = [&](test_message& request) {
        seen = request;
        return request.method == "PUT" ? written(vault("c", 7, 0)) : answer(200);
    };
    CHECK(send(transport, put().with("X-Vault-Token", "t"), mine, view, {}, time).delivered());
    CHECK(seen.values("X-Vault-Index").empty());
    CHECK(send(transport, get().with("X-Vault-Token", "t"), mine, view, {}, time).delivered());
    CHECK(seen.values("X-Vault-Index") == texts{vault("c", 7, 0)});
    auto again = many.store.of("mine", time.now());
    CHECK(send(transport, get().with("X-Vault-Token", "t"), again, view, {}, time).delivered());
    CHECK(seen.values("X-Vault-Index") == texts{vault("c", 7, 0)});
    auto other = many.store.of("other", time.now());
    CHECK(send(transport, get().with("X-Vault-Token", "t"), other, view, {}, time).delivered());
    CHECK(seen.values("X-Vault-Index").empty());
}

TEST_CASE("errors, probes and answers without an index change nothing")
{
    many_type const many(100);
    auto mine = many.store.of("mine", at(0s));
    CHECK(mine.record(answer(200), {}, at(0s)) == recorded());
    CHECK(mine.record(answer(404).with("X-Vault-Index", vault("c", 1, 0)), {}, at(0s)) == recorded());
    auto const probe = sent({}, {.is_probe = true}, at(0s));
    CHECK(mine.record(written(vault("c", 1, 0)), probe, at(0s)) == recorded());
    CHECK(mine.required().empty());
}

TEST_CASE("a write whose answer was lost sets a fence, which a newer index repays")
{
    many_type const many(100);
    auto mine = many.store.of("mine", at(0s));
    mine.record(vault("c", 1, 0), at(0s));
    auto const carried = sent(mine.required(c), {}, at(1s));
    CHECK(mine.record_lost(sent(carried, {.is_read = true}, at(1s)), at(1s)) == recorded());
    CHECK(mine.record_lost(carried, at(1s)).unkept == 1);
    CHECK(mine.required(c).fenced());
    mine.record(written(vault("c", 2, 0)), carried, at(2s)); // was sent before it was lost
    CHECK(mine.required(c).fenced());
    auto const behind = sent(mine.required(c), {}, at(3s));
    mine.record(written(vault("c", 3, 0)), behind, at(3s));
    CHECK_FALSE(mine.required(c).fenced());
    CHECK(mine.required(c).demand("c") == wal_position{3, 0});

    CHECK(mine.record(answer(504), sent(mine.required(c), {}, at(4s)), at(4s)).unkept == 1);
    CHECK(mine.required(c).fenced());
    CHECK_FALSE(many.store.of("mine", at(4s) + default_fence_time + 2s).required(c).fenced());
    CHECK(mine.record(answer(0), {}, at(5s)).unkept == 1);
    many_type const lenient(100, {.sessions = {.fence_lost_writes = false}});
    auto theirs = lenient.store.of("theirs", at(0s));
    CHECK(theirs.record_lost({}, at(0s)) == recorded());
    CHECK(theirs.required().empty());
}

TEST_CASE("whatever a handle is told, it is at the time that it is told")
{
    many_type const many(100);
    auto const is_fenced_after = [&](std::string_view who, auto const& told) {
        auto one = many.store.of(who, at(0s));
        CHECK(one.record_lost({}, at(0s)).unkept == 1);
        CHECK(one.required(c).fenced());
        told(one);
        return one.required(c).fenced();
    };
    auto const then = at(0s) + default_fence_time + 2s;
    CHECK_FALSE(is_fenced_after("a", [&](auto& one) { one.record(answer(200), {}, then); }));
    CHECK_FALSE(is_fenced_after("b", [&](auto& one) { one.record(vault("c", 1, 0), then); }));
    CHECK_FALSE(is_fenced_after("c", [&](auto& one) { one.record_active_position("c", 1, {}, then); }));
    CHECK_FALSE(is_fenced_after("d", [&](auto& one) { one.merge({}, then); }));
    CHECK_FALSE(
        is_fenced_after("e", [&](auto& one) { one.record_lost(sent({}, {.is_read = true}, then), then); }));
}

TEST_CASE("who asks is told whether lost writes fence")
{
    for (bool const is : {true, false}) {
        many_type const many(100, {.sessions = {.fence_lost_writes = is}});
        CHECK(many.store.of("mine", at(0s)).required(c).sent_as().fences_losses == is);
    }
}

TEST_CASE("a token is looked for in answers to writes, and to reads that may make one")
{
    many_type const many(100);
    for (auto const& [who, facts, is_found] :
         {std::tuple("hvs.of-write", attempt_facts{}, true),
          std::tuple("hvs.of-read", attempt_facts{.is_read = true}, false),
          std::tuple("hvs.of-birth", attempt_facts{.is_read = true, .may_give_birth = true}, true)}) {
        auto const body = std::string(R"({"auth":{"client_token":")").append(who).append(R"("}})");
        auto asking = many.store.of("asking", at(0s));
        asking.record(answer(200, body).with("X-Vault-Index", openbao("b", "5")), sent({}, facts, at(0s)),
                      at(0s));
        CHECK(many.store.of(who, at(0s)).required().size() == (is_found ? 1 : 0));
    }
}

TEST_CASE("only clusters take a number")
{
    many_type const many(1000);
    auto one = many.store.of("one", at(0s));
    auto other = states({vault("c0", 1, 1), vault("gone", 1, 1)});
    other.forget("gone");
    one.merge(other, at(0s));
    attempt_facts const asked{.asked_active_node = true, .may_show_loss = true};
    one.record(vault_stale(), sent(other, asked, at(1s)), at(1s));
    one.record_active_position("c0", 1, other, at(1s));
    CHECK(one.record_lost({}, at(1s)).unkept == 1);
    for (int i = 0; i < 64; ++i)
        CHECK(many.store.of(std::to_string(i), at(1s))
                  .merge(states({vault("c" + std::to_string(i), 1, 1)}), at(1s))
                  .unkept == 0);
}

TEST_CASE("the index of an answer that makes a token is required of that token, too")
{
    many_type const many(100);
    auto asking = many.store.of("asking", at(0s));
    auto const carried = sent({}, {.may_give_birth = true}, at(0s));
    auto login = written(vault("c", 5, 0));
    login.status = 200;
    login.body = R"({"auth":{"client_token":"hvs.newborn"}})";
    asking.record(login, carried, at(0s));
    CHECK(asking.required(c).demand("c") == wal_position{5, 0});
    CHECK(many.store.of("hvs.newborn", at(0s)).required(c).demand("c") == wal_position{5, 0});
    CHECK(many.store.of("hvs.other", at(0s)).required(c).empty());

    auto const wrapped =
        answer(200, R"({"wrap_info":{"token":"hvs.wrapping"}})").with("X-Vault-Index", vault("c", 6, 0));
    asking.record(wrapped, carried, at(0s));
    CHECK(many.store.of("hvs.wrapping", at(0s)).required(c).demand("c") == wal_position{6, 0});
}

TEST_CASE("what a node warns that it has not applied sets a fence, which a newer index repays")
{
    many_type const many(100, {.sessions = {.fence_lost_writes = false}});
    auto mine = many.store.of("mine", at(0s));
    mine.record(vault("c", 1, 0), at(0s));
    auto const before = sent(mine.required(c), {}, at(1s));
    auto const warning = unapplied().with("X-Vault-Index", vault("c", 2, 0));
    CHECK(mine.record(warning, before, at(1s)) ==
          recorded{.superseded = 1, .unkept = 1, .why = decode_error::no_room});
    CHECK(many.store.of("mine", at(1s)).required(c).fenced());
    CHECK_FALSE(many.store.of("other", at(1s)).required(c).fenced());
    mine.record(written(vault("c", 3, 0)), before, at(2s)); // was sent before
    CHECK(mine.required(c).fenced());
    mine.record(written(vault("c", 4, 0)), sent(mine.required(c), {}, at(3s)), at(3s));
    CHECK_FALSE(mine.required(c).fenced());

    attempt_facts const reading{.is_read = true, .cluster = cluster_id("c"), .form = dialect::vault};
    CHECK(mine.record(unapplied(), sent(mine.required(c), reading, at(4s)), at(4s)).unkept == 1);
    CHECK(mine.required(c).fenced());
    CHECK_FALSE(many.store.of("mine", at(4s) + default_fence_time + 2s).required(c).fenced());

    auto lost = many.store.of("lost", at(5s));
    CHECK(lost.record(unapplied(), {}, at(5s)).unkept == 1); // nobody knows which cluster it was
    CHECK(lost.required(c).fenced());
    auto probing = many.store.of("probing", at(5s));
    CHECK(probing.record(unapplied(), sent({}, {.is_probe = true}, at(5s)), at(5s)) == recorded());
    CHECK_FALSE(probing.required(c).fenced());
}

TEST_CASE("such a warning fences the token that its answer makes, too")
{
    many_type const many(100);
    auto login = answer(200, R"({"warnings":["Timeout hit while waiting for local replicated cluster to x"],)"
                             R"("auth":{"client_token":"hvs.newborn"}})");
    auto const carried =
        sent({}, {.may_give_birth = true, .cluster = cluster_id("c"), .form = dialect::vault}, at(0s));
    auto asking = many.store.of("asking", at(0s));
    CHECK(asking.record(login, carried, at(0s)).unkept == 1);
    CHECK(asking.required(c).fenced());
    CHECK(many.store.of("hvs.newborn", at(0s)).required(c).fenced());
    CHECK_FALSE(many.store.of("hvs.other", at(0s)).required(c).fenced());
}

TEST_CASE("when a write was last answered without an index only its handle remembers")
{
    many_type const many(100);
    auto mine = many.store.of("mine", at(0s));
    CHECK(mine.required(c).unindexed_write_at() == time_point::min());
    CHECK(mine.record(answer(204), sent(mine.required(c), {}, at(5s)), at(5s)) == recorded());
    CHECK(mine.required(c).unindexed_write_at() == at(5s));
    CHECK(mine.required().unindexed_write_at() == at(5s));
    CHECK(mine.required().empty());
    mine.record(answer(200), sent({}, {.is_read = true}, at(6s)), at(6s));
    mine.record(answer(500), sent({}, {}, at(6s)), at(6s));
    CHECK(mine.required(c).unindexed_write_at() == at(5s));
    CHECK(many.store.of("mine", at(7s)).required(c).unindexed_write_at() == time_point::min());

    auto other = many.store.of("other", at(7s));
    other.merge(mine.required(), at(7s));
    CHECK(other.required(c).unindexed_write_at() == at(5s));
    mine.record(vault("c", 0, 0), at(6s));
    for (std::uint64_t i = 1; i < 3; ++i) {
        mine.record(answer(204), sent({}, {}, at(6s)), at(6s));
        mine.record(answer(204), sent({}, {}, at(6s)), at(5s));
        mine.record(answer(400), sent({}, {}, at(6s)), at(6s));
        mine.record(written(vault("c", 0, 0)), sent({}, {}, at(6s)), at(6s)); // nothing new
        CHECK(mine.required(c).unindexed_write_at() == at(6s));
        auto const both = written(vault("c", i, 0)).with("X-Vault-Index", vault("d", i, 0));
        mine.record(both, sent({}, {}, at(6s)), at(6s));
        CHECK(mine.required(c).unindexed_write_at() == time_point::min()); // who has that has the earlier one
    }
    mine.record(answer(204), sent({}, {}, at(6s)), at(6s));
    mine.record(written(vault("c", 9, 0)), sent({}, {}, at(6s)), at(6s));
    CHECK(mine.required(c).unindexed_write_at() == time_point::min()); // one index is enough
    other.clear();
    CHECK(other.required(c).unindexed_write_at() == time_point::min());
}

TEST_CASE("if the token is not seen, the index is required of everybody")
{
    many_type const many(100);
    auto asking = many.store.of("asking", at(0s));
    auto const carried = sent({}, {.may_give_birth = true}, at(0s));
    asking.record(written(vault("c", 4, 0)), carried, at(0s)); // 204: there is no body that could hold it
    asking.record(answer(200, R"({"data":{}})").with("X-Vault-Index", vault("c", 4, 0)), carried, at(0s));
    asking.record(answer(200, R"({"data":{"cut)").with("X-Vault-Index", vault("c", 4, 0)),
                  sent({}, {}, at(0s)), at(0s));
    CHECK(many.store.of("hvs.newborn", at(0s)).required(c).empty());
    asking.record(answer(200, R"({"data":{"cut)").with("X-Vault-Index", vault("c", 5, 0)), carried, at(0s));
    CHECK(many.store.of("hvs.newborn", at(0s)).required(c).demand("c") == wal_position{5, 0});
    CHECK(many.store.of("hvs.newborn", at(0s) + default_fence_time + 2s).required(c).empty());
}

TEST_CASE("OpenBao's answers to reads are required only if reads are to be monotonic")
{
    auto const read = sent({}, {.is_read = true}, at(0s));
    auto const seen = answer(200).with("X-Vault-Index", openbao("b", "7"));
    many_type const monotonic(100);
    monotonic.store.of("a", at(0s)).record(seen, read, at(0s));
    CHECK(monotonic.store.of("a", at(0s)).required().size() == 1);
    many_type const other(100, {.sessions = {.monotonic_reads = false}});
    other.store.of("a", at(0s)).record(seen, read, at(0s));
    CHECK(other.store.of("a", at(0s)).required().size() == 0);
    other.store.of("a", at(0s)).record(seen, sent({}, {}, at(0s)), at(0s));
    CHECK(other.store.of("a", at(0s)).required().size() == 1);
}

TEST_CASE("after a restore, one identity's writes free everybody, and the floor")
{
    many_type const many(1);
    for (int i = 0; i < 100; ++i)
        many.store.of(std::to_string(i), at(0s)).record(vault("c", 1000, 0), at(0s));
    auto one = many.store.of("one", at(1s));
    one.record(vault("c", 1001, 0), at(1s));
    regression report;
    one.report_to(&report);
    for (int i = 0; i < 2; ++i) {
        auto const now = at(std::chrono::seconds(10 + i));
        auto const carried = sent(many.store.of("one", now).required(c), {.was_checked = true}, now);
        auto const total =
            one.record(written(vault("c", 20 + static_cast<std::uint64_t>(i), 0)), carried, now);
        CHECK(total.suspected == (i == 0 ? 1 : 0));
        CHECK(total.regressed == (i == 0 ? 0 : 1));
    }
    CHECK(report.lost.holds(vault("c", 1001, 0)));
    CHECK(report.found.holds(vault("c", 21, 0)));
    auto const other = many.store.of("99", at(12s));
    CHECK(other.required(c).size() == 0);
    CHECK(other.required(c).fenced()); // until the new history was seen
    auto const carried = sent(many.store.of("new", at(13s)).required(c), {.was_checked = true}, at(13s));
    many.store.of("new", at(13s)).record(written(vault("c", 22, 0)), carried, at(13s));
    CHECK_FALSE(other.required(c).fenced());
    CHECK(other.required(c).demand("c") == wal_position{22, 0}); // newer than what it may have written there
    CHECK(many.store.of("new", at(13s)).required(c).demand("c") == wal_position{22, 0});
    CHECK(many.store.of("new", at(13s)).required(c).find("c", dialect::vault)->history().epoch() == 1);
    auto late = many.store.of("late", at(14s));
    attempt_facts const write{.cluster = cluster_id("c"), .form = dialect::vault};
    CHECK(late.record_lost(sent(late.required(c), write, at(14s)), at(14s)).unkept == 1);
    late.merge(states({vault("c", 23, 0)}), at(14s));
    CHECK(late.required(c).find("c", dialect::vault)->history().epoch() == 1); // it did not begin anew
}

TEST_CASE("who requires so little that a restored cluster has it hides no restore from the others")
{
    many_type const many(100);
    many.store.of("much", at(0s)).record(vault("c", 1000, 0), at(0s));
    many.store.of("little", at(0s)).record(vault("c", 3, 0), at(0s));
    auto const write = [&](std::string_view by, std::uint64_t index, time_point now) {
        auto one = many.store.of(by, now);
        auto const carried = sent(one.required(c), {.was_checked = true}, now);
        return one.record(written(vault("c", index, 0)), carried, now);
    };
    CHECK(write("much", 20, at(10s)).suspected == 1);
    auto const in_order = write("little", 21, at(10s));
    CHECK(in_order.suspected + in_order.regressed == 0);
    CHECK(write("much", 22, at(11s)).regressed == 1);
}

TEST_CASE("a suspicion that nobody has decided for the fence time confirms nothing any more")
{
    for (auto const later : {14min, 16min}) {
        many_type const many(1);
        many.store.of("a", at(0s)).record(vault("c", 1000, 0), at(0s));
        auto const stray = [&](std::string_view by, duration when) {
            auto one = many.store.of(by, at(when));
            auto const carried = sent(one.required(c), {.was_checked = true}, at(when));
            return one.record(written(vault("c", 20, 0)), carried, at(when));
        };
        CHECK(stray("a", 10s).suspected == 1);
        many.store.of("b", at(11s)).record(vault("c", 1000, 0), at(11s));
        auto const second = stray("b", 10s + later);
        CHECK(second.suspected == (later > default_fence_time ? 1 : 0));
        CHECK(second.regressed == (later > default_fence_time ? 0 : 1));
    }
}

TEST_CASE("what the active node says of itself tells of a restore, too")
{
    many_type const many(100);
    many.store.of("one", at(0s)).record(vault("c", 1000, 0), at(0s));
    many.store.of("one", at(1s)).record(vault("c", 1001, 0), at(1s));
    auto asking = many.store.of("one", at(10s));
    auto const asked = sent(asking.required(c), {}, at(10s));
    CHECK(asking.record_active_position("c", 5000, asked, at(10s)) == recorded());
    CHECK(asking.record_active_position("c", 3, asked, at(10s)).suspected == 1);
    CHECK(many.store.of("one", at(10s)).required(c).fenced());
    CHECK(asking.record_active_position("c", 3, asked, at(12s)).regressed == 1);
    CHECK(asking.record_active_position("unheard of", 3, asked, at(12s)) == recorded());
    CHECK(many.store.of("one", at(12s)).required(c).size() == 0);
}

namespace {

/// "one" requires something of "c" and of "d". What it asks their active nodes for.
required_states ask_two(many_type const& many)
{
    for (auto const* const cluster : {"c", "d"})
        many.store.of("one", at(0s)).record(vault(cluster, 1000, 0), at(0s));
    attempt_facts const facts{.asked_active_node = true, .may_show_loss = true};
    return sent(many.store.of("one", at(10s)).required(), facts, at(10s));
}

} // namespace

TEST_CASE("a restore is told of whichever of the clusters it is that something was asked of")
{
    many_type const many(100);
    auto one = many.store.of("one", at(0s));
    auto const asked = ask_two(many);
    for (auto const* const cluster : {"c", "d"})
        CHECK(one.record_active_position(cluster, 3, asked, at(10s)).suspected == 1);
    CHECK(one.record(vault_stale(), asked, at(12s)).regressed == 2);
    CHECK(many.store.of("one", at(12s)).required().size() == 0);
}

TEST_CASE("of a cluster that was forgotten before it was asked no restore is told")
{
    many_type const many(100);
    auto one = many.store.of("one", at(0s));
    auto asked = ask_two(many);
    asked.forget("d");
    CHECK(one.record_active_position("d", 3, asked, at(10s)) == recorded());
    CHECK(one.record(vault_stale(), asked, at(10s)).suspected == 1);
    CHECK_FALSE(one.required(known_cluster{cluster_id("d")}).fenced());
}

TEST_CASE("what is merged in is of the histories that are followed, however many clusters it is of")
{
    many_type const many(100);
    auto one = many.store.of("one", at(0s));
    one.record(vault("c", 1000, 0), at(0s));
    auto const asked = many.store.of("one", at(10s)).required();
    one.record_active_position("c", 3, asked, at(10s));
    REQUIRE(one.record_active_position("c", 3, asked, at(12s)).regressed == 1);
    auto late = many.store.of("late", at(13s));
    CHECK(late.merge(states({vault("b", 1, 0), vault("c", 4, 0)}), at(13s)).kept == 2);
    CHECK(late.required(c).demand("c") == wal_position{4, 0});
    CHECK(late.required(c).find("c", dialect::vault)->history().epoch() == 1); // it did not begin anew
}

TEST_CASE("a regression that has to be accepted is accepted for everybody")
{
    many_type const many(100, {.sessions = {.regression = on_regression::fail}});
    many.store.of("one", at(0s)).record(vault("c", 1000, 0), at(0s));
    many.store.of("one", at(1s)).record(vault("c", 1001, 0), at(1s));
    auto one = many.store.of("one", at(10s));
    auto const asked = sent(one.required(c), {}, at(10s));
    one.record_active_position("c", 3, asked, at(9s));
    one.record_active_position("c", 3, asked, at(11s));
    CHECK(many.store.of("other", at(11s)).required(c).has_regressed());
    one.accept_regression("another one");
    CHECK(many.store.of("other", at(11s)).required(c).has_regressed());
    one.accept_regression("c");
    CHECK_FALSE(many.store.of("other", at(11s)).required(c).has_regressed());
}

TEST_CASE("the active node's refusal tells of a restore")
{
    many_type const many(100);
    auto one = many.store.of("one", at(0s));
    one.record(vault("c", 1000, 0), at(0s));
    regression report;
    one.report_to(&report);
    attempt_facts const facts{.asked_active_node = true, .may_show_loss = true};
    auto const first = one.record(vault_stale(), sent(one.required(c), facts, at(1s)), at(1s));
    CHECK(first.suspected == 1);
    auto const second = one.record(vault_stale(), sent(one.required(c), facts, at(5s)), at(5s));
    CHECK(second.regressed == 1);
    CHECK(report.lost.holds(vault("c", 1000, 0)));
    CHECK(report.found.cluster() == cluster_id("c"));
    CHECK(report.found.history().epoch() == 1);
    CHECK(one.required(c).size() == 0);
}

TEST_CASE("a text that the server calls unreadable is forgotten")
{
    many_type const many(100);
    auto mine = many.store.of("mine", at(0s));
    mine.record("future-format", at(0s));
    auto const carried = mine.required(c);
    mine.record(answer(400, "another reason"), carried, at(0s));
    CHECK(mine.required().size() == 1);
    mine.record(unreadable_index(), carried, at(0s));
    CHECK(mine.required().empty());
}

TEST_CASE("what another session requires is merged in, with its fences")
{
    many_type const many(100);
    auto mine = many.store.of("mine", at(0s));
    auto other = states({vault("c", 1, 2), vault("c", 2, 1), vault("d", 1, 1), "future-format"});
    CHECK(mine.merge(other, at(0s)).kept == 3);
    CHECK(texts_of(mine.required()) == texts_of(other));
    CHECK_FALSE(mine.required().fenced());
    other.fence(cluster_id("d"), dialect::vault);
    CHECK(mine.merge(other, at(0s)).unkept == 1);
    CHECK(mine.required().fenced());
    CHECK_FALSE(mine.required(c).fenced());
}

TEST_CASE("a cluster is forgotten, or all are, by one identity")
{
    many_type const many(100);
    for (auto const* const who : {"mine", "other"})
        many.store.of(who, at(0s))
            .merge(states({vault("c", 1, 2), vault("d", 1, 1), "future-format"}), at(0s));
    auto mine = many.store.of("mine", at(0s));
    mine.forget("c");
    CHECK(texts_of(mine.required()) == texts{vault("d", 1, 1)});
    mine.clear();
    CHECK(mine.required().empty());
    CHECK(many.store.of("other", at(0s)).required().size() == 2);
}

TEST_CASE("that the active node answered what it had refused with an index tells of a restore")
{
    many_type const many(100);
    auto one = many.store.of("one", at(0s));
    one.record(vault("c", 1000, 0), at(0s));
    attempt_facts const facts{.asked_active_node = true, .index_was_refused = true};
    auto const answered = answer(200).with("X-Vault-Index", vault("c", 10, 0));
    auto const first = one.record(answered, sent(one.required(c), facts, at(1s)), at(1s));
    CHECK(first.suspected == 1);
    auto const second = one.record(answered, sent(one.required(c), facts, at(5s)), at(5s));
    CHECK(second.regressed == 1);
    CHECK(one.required(c).find("c", dialect::vault)->history().epoch() == 1);
    CHECK(one.required(c).demand("c") == wal_position{10, 0});
}

TEST_CASE("where there is no number for a cluster any more, all that tells of it fences its identity")
{
    many_type const many(1000);
    for (int i = 0; i < 64; ++i)
        many.store.of("other", at(0s)).record(vault("c" + std::to_string(i), 1, 1), at(0s));
    known_cluster const unknown{cluster_id("c64")};

    auto const elsewhere = states({vault("c64", 1, 1)});
    auto merging = many.store.of("merging", at(0s));
    CHECK(merging.merge(elsewhere, at(0s)).unkept > 0);
    CHECK(merging.required(unknown).fenced());

    auto losing = many.store.of("losing", at(0s));
    attempt_facts const write{.cluster = cluster_id("c64"), .form = dialect::vault};
    CHECK(losing.record_lost(sent({}, write, at(0s)), at(0s)).unkept > 0);
    CHECK(losing.required(unknown).fenced());

    auto refused = many.store.of("refused", at(0s));
    attempt_facts const asked{.asked_active_node = true, .may_show_loss = true};
    CHECK(refused.record(vault_stale(), sent(elsewhere, asked, at(1s)), at(1s)) == recorded());
    CHECK_FALSE(many.store.of("another", at(1s)).required(unknown).fenced());
}
