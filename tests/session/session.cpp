// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/session.hpp>

#include <afterwrite/policy/replication_view.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <string>

using namespace afterwrite;
using namespace support;

namespace {

/// A view that knows its cluster, as after an answer of it.
replication_view view_of(std::string_view cluster, dialect form = dialect::vault)
{
    replication_view view;
    view.learn(form, cluster_id(cluster));
    return view;
}

} // namespace

static_assert(cluster_view<replication_view>);
static_assert(!cluster_view<int>);

TEST_CASE("what an answer says is required of the next request")
{
    session mine;
    CHECK(mine.record(written(vault("c", 1, 0)), {}, at(1s)).kept == 1);
    CHECK(texts_of(mine.required(view_of("c"))) == texts{vault("c", 1, 0)});
    CHECK(mine.raised() == at(1s));
}

TEST_CASE("an answer without an index changes nothing")
{
    session mine;
    CHECK(mine.raised() == time_point{});
    CHECK(mine.record(answer(200, "{}"), {}, at(1s)) == recorded());
    CHECK(mine.required().empty());
    CHECK(mine.raised() == time_point{});

    mine.record(written(vault("c", 1, 0)), {}, at(2s));
    CHECK(mine.record(answer(200).with("X-Vault-Index", ""), {}, at(3s)) == recorded());
    CHECK(mine.required().holds(vault("c", 1, 0)));
    CHECK(mine.raised() == at(2s));
}

TEST_CASE("several fields of one name are all recorded, in any order, as are joined ones")
{
    auto const a = vault("c", 0, 2);
    auto const b = vault("c", 2, 0);
    session separate;
    CHECK(separate.record(answer(200).with("x-vault-index", a).with("Other", "x").with("X-VAULT-INDEX", b),
                          {}, at(0s)) == recorded{.kept = 2});
    session joined;
    CHECK(joined.record(answer(200).with("X-Vault-Index", b + " , " + a), {}, at(0s)) == recorded{.kept = 2});
    CHECK(texts_of(separate.required()) == texts_of(joined.required()));
}

TEST_CASE("a refusal changes nothing, whatever index it carries")
{
    session mine;
    for (int const status : {412, 429})
        CHECK(mine.record(answer(status).with("X-Vault-Index", vault("c", 9, 9)), {}, at(0s)) == recorded());
    CHECK(mine.required().empty());
}

TEST_CASE("a late or repeated answer does not tell when the demand was last raised")
{
    session mine;
    mine.record(written(vault("c", 5, 0)), {}, at(1s));
    mine.record(written(vault("c", 4, 0)), {}, at(2s));
    mine.record(written(vault("c", 5, 0)), {}, at(3s));
    mine.record(written("garbage"), {}, at(4s));
    CHECK(mine.raised() == at(1s));
    mine.record(written(vault("c", 6, 0)), {}, at(5s));
    CHECK(mine.raised() == at(5s));
}

TEST_CASE("garbage is counted, and what was known is kept")
{
    session mine;
    mine.record(written(vault("c", 5, 0)), {}, at(1s));
    auto const total = mine.record(answer(200)
                                       .with("X-Vault-Index", "djE6")
                                       .with("X-Vault-Index", std::string(5000, 'x'))
                                       .with("X-Vault-Index", "\x02"),
                                   {}, at(2s));
    CHECK(total.rejected == 3);
    CHECK(texts_of(mine.required()) == texts{vault("c", 5, 0)});
}

TEST_CASE("two thousand fields of one answer are recorded")
{
    auto response = answer(200);
    for (std::uint64_t i = 1; i <= 2000; ++i)
        response.with("X-Vault-Index", vault("c", i, 2000 - i));
    session mine;
    auto const total = mine.record(response, {}, at(1s));
    CHECK(total.kept + total.superseded + total.held == 2000);
    CHECK(mine.required().demand("c") == wal_position{2000, 1999});
}

TEST_CASE("an index that came by another way is required as well")
{
    session mine;
    CHECK(mine.record(vault("c", 3, 0), at(1s)) == recorded{.kept = 1});
    CHECK(mine.record("garbage", at(2s)).unknown_form == 1);
    CHECK(mine.required().demand("c") == wal_position{3, 0});
    CHECK(mine.raised() == at(1s));
}

TEST_CASE("only one cluster's states go to that cluster")
{
    session mine;
    mine.record(written(vault("a", 1, 0)), {}, at(0s));
    mine.record(written(vault("b", 2, 0)), {}, at(0s));
    CHECK(texts_of(mine.required(view_of("a"))) == texts{vault("a", 1, 0)});
    CHECK(texts_of(mine.required(view_of("b"))) == texts{vault("b", 2, 0)});
    CHECK(texts_of(mine.required(view_of("stranger"))).empty());
    CHECK(mine.required(replication_view()).fenced());
    mine.forget("a");
    CHECK(texts_of(mine.required(replication_view())) == texts{vault("b", 2, 0)});
}

TEST_CASE("a text of neither dialect is dropped when the server that got it calls it unreadable")
{
    session mine;
    mine.record(answer(200).with("X-Vault-Index", "future-format"), {}, at(0s));
    auto const carried = mine.required(view_of("c"));
    CHECK(texts_of(carried) == texts{"future-format"});

    mine.record(answer(400, R"({"errors":["missing client token"]})"), carried, at(1s));
    mine.record(unreadable_index(), {}, at(1s)); // to a request that had not carried it
    mine.record(answer(404, "X-Vault-Index"), carried, at(1s));
    CHECK_FALSE(mine.required().empty());

    mine.record(unreadable_index(), carried, at(1s));
    CHECK(mine.required().empty());
}

TEST_CASE("a state of a known dialect is never dropped because a server cannot read it")
{
    session mine;
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    mine.record(unreadable_index(), mine.required(view_of("c")), at(1s));
    CHECK(mine.required().demand("c") == wal_position{1, 0});
}

TEST_CASE("OpenBao: an answer supersedes what its request had carried")
{
    session mine;
    mine.record(written(openbao("c", "abc")), {}, at(0s));
    auto const carried = mine.required(view_of("c", dialect::openbao));
    CHECK(mine.record(answer(200).with("X-Vault-Index", openbao("c", "xyz")), carried, at(1s)).superseded ==
          1);
    CHECK(texts_of(mine.required()) == texts{openbao("c", "xyz")});
}

TEST_CASE("an error or a redirect may come from a standby: its index proves nothing of what was carried")
{
    for (int const status : {0, 301, 307, 308, 400, 404, 473, 500, 502, 503}) {
        session mine;
        for (auto const* value : {"abc", "def", "xyz"})
            mine.record(openbao("c", value), at(0s));
        REQUIRE(mine.required().fenced());
        mine.record(answer(status).with("X-Vault-Index", openbao("c", "old")), mine.required(), at(1s));
        CHECK(mine.required().fenced());
        CHECK(mine.required().holds(openbao("c", "abc")));
        CHECK(mine.required().holds(openbao("c", "def")));
    }
}

TEST_CASE("a cleared session requires nothing, whatever fenced it")
{
    session session;
    session.record(std::string(max_index_size, 'a').insert(0, "djE6"), at(0s));
    REQUIRE(session.required().fenced());
    session.clear();
    CHECK(session.required().empty());
}

TEST_CASE("what one session requires is handed to another as a text")
{
    session writer;
    writer.record(vault("c", 2, 0), at(0s));
    writer.record(vault("c", 0, 2), at(0s));
    session reader;
    CHECK(reader.record(writer.required().field_value(), at(0s)).kept == 2);
    CHECK(reader.required().demand("c") == wal_position{2, 2});
    CHECK(required_states().field_value().empty());
}

TEST_CASE("what another session requires can be required too, and tells when")
{
    session mine;
    mine.record(vault("c", 5, 3), at(1s));
    session other;
    other.record(vault("c", 4, 3), at(1s));
    CHECK(mine.merge(other.required(), at(2s)) == recorded{.held = 1});
    CHECK(mine.raised() == at(1s));
    other.record(vault("c", 4, 4), at(1s));
    CHECK(mine.merge(other.required(), at(3s)) == recorded{.kept = 1});
    CHECK(mine.required().demand("c") == wal_position{5, 4});
    CHECK(mine.raised() == at(3s));
}

// ---------------------------------------------------------------------------------------------------------
// Answers that were lost.

namespace {

/// What an attempt carries that is sent at this time, as an exchange would have it.
required_states carried_at(session const& mine, time_point now, attempt_facts how = {})
{
    auto carried = mine.required(view_of("c"));
    carried.advance(now);
    how.cluster = cluster_id("c");
    how.form = dialect::vault;
    carried.set_sent_as(how);
    return carried;
}

constexpr attempt_facts checked{.was_checked = true};

} // namespace

TEST_CASE("a write whose answer was lost sets a fence, which the answer to a later write repays")
{
    session mine;
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    CHECK(mine.record_lost(carried_at(mine, at(1s)), at(2s)).unkept == 1);
    CHECK(mine.required().fenced());
    CHECK(mine.raised() == at(2s));

    auto const later = carried_at(mine, at(3s));
    mine.record(written(vault("c", 1, 0)), later, at(4s)); // held: not newer than the loss
    CHECK(mine.required().fenced());
    mine.record(written(vault("c", 3, 0)), later, at(4s));
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("the answer to a request that was sent before the loss repays nothing")
{
    session mine;
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    auto const before = carried_at(mine, at(1s));
    mine.record_lost(before, at(2s));
    mine.record(written(vault("c", 2, 0)), before, at(3s));
    CHECK(mine.required().fenced());
}

TEST_CASE("a loss of which no cluster is known is repaid by the next index, and ends by itself")
{
    session mine;
    mine.record_lost({}, at(0s));
    CHECK(mine.required(view_of("c")).fenced());
    mine.record(written(vault("c", 1, 0)), carried_at(mine, at(1s)), at(1s));
    CHECK(mine.required().fenced()); // its cluster was known: it may be another one's than was lost
    auto const later = mine.required(replication_view());
    mine.record(written(vault("c", 2, 0)), later, at(1s));
    CHECK_FALSE(mine.required().fenced());

    mine.record_lost({}, at(10s));
    mine.record(answer(200), {}, at(10s) + 15min - 1ms);
    CHECK(mine.required().fenced());
    mine.record(answer(200), {}, at(10s) + 15min);
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("the fence of a cluster ends after the fence time, and nothing else does")
{
    session mine(session_options{.fence_time = 10s});
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    mine.record_lost(carried_at(mine, at(0s)), at(1s));
    CHECK(carried_at(mine, at(11s) - 1ms).fenced());
    CHECK_FALSE(carried_at(mine, at(11s)).fenced());
    CHECK(carried_at(mine, at(11s)).holds(vault("c", 1, 0)));
}

TEST_CASE("a lost read has changed nothing, and a policy may ignore lost writes")
{
    session mine;
    CHECK(mine.record_lost(carried_at(mine, at(0s), {.is_read = true}), at(0s)) == recorded{});
    CHECK_FALSE(mine.required().fenced());
    session careless(session_options{.fence_lost_writes = false});
    careless.record_lost({}, at(0s));
    CHECK_FALSE(careless.required().fenced());
    CHECK(mine.required(view_of("c")).sent_as().fences_losses); // so that the exchange can count along
    CHECK_FALSE(careless.required(view_of("c")).sent_as().fences_losses);
}

TEST_CASE("a 5xx leaves open what became of a write, unless it says that nobody was there")
{
    struct row {
        test_message response;
        bool is_lost;
    };
    for (auto const& each : {
             row{answer(0), true},
             row{answer(502), true},
             row{answer(503, "upstream connect error"), true},
             row{answer(504), true},
             row{answer(500, R"({"errors":["1 error occurred"]})"), true},
             row{answer(501), false},
             row{answer(503, R"({"errors":["Vault is sealed"]})"), false},
             row{answer(400), false},
             row{answer(403), false},
             row{vault_stale(), false},
         }) {
        CAPTURE(each.response.status);
        session mine;
        mine.record(each.response, {}, at(0s));
        CHECK(mine.required().fenced() == each.is_lost);
    }
}

// ---------------------------------------------------------------------------------------------------------
// Answers of success that leave something open.

TEST_CASE("what a node warns that it has not applied sets a fence, which a later write's answer repays")
{
    session mine;
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    auto const carried = carried_at(mine, at(1s));
    auto const total = mine.record(unapplied().with("X-Vault-Index", vault("c", 2, 0)), carried, at(1s));
    CHECK(total == recorded{.superseded = 1, .unkept = 1, .why = decode_error::no_room});
    CHECK(mine.required().demand("c") == wal_position{2, 0});
    CHECK(mine.required().fenced()); // by that answer's own index it is not repaid
    CHECK(mine.raised() == at(1s));
    mine.record(written(vault("c", 3, 0)), carried, at(2s)); // was sent before
    CHECK(mine.required().fenced());
    mine.record(written(vault("c", 4, 0)), carried_at(mine, at(3s)), at(3s));
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("such an answer repays what was lost before its request, and fences anew")
{
    session mine;
    mine.record(written(vault("c", 1, 0)), {}, at(0s));
    mine.record_lost(carried_at(mine, at(1s)), at(1s));
    auto const first = carried_at(mine, at(2s));
    mine.record(unapplied().with("X-Vault-Index", vault("c", 2, 0)), first, at(2s));
    CHECK(mine.required().fenced());
    mine.record(written(vault("c", 3, 0)), first, at(3s)); // of the same request as it were: sent before
    CHECK(mine.required().fenced());
}

TEST_CASE("the fence of a warning stands without an index, for a read, and whatever becomes of lost writes")
{
    for (bool const is_read : {false, true}) {
        session mine(session_options{.fence_lost_writes = false, .fence_time = 10s});
        auto const carried = carried_at(mine, at(0s), {.is_read = is_read});
        CHECK(mine.record(unapplied(), carried, at(0s)).unkept == 1);
        auto const* const demand = mine.required().find("c", dialect::vault);
        REQUIRE(demand != nullptr);
        CHECK(demand->fenced());
        CHECK_FALSE(mine.required().unplaced().fenced());
        CHECK(carried_at(mine, at(10s) - 1ms).fenced());
        CHECK_FALSE(carried_at(mine, at(10s)).fenced());
    }
    session lost;
    lost.record(unapplied(), {}, at(0s)); // nobody knows which cluster it was
    CHECK(lost.required().unplaced().has_strays());
    session probing;
    probing.record(unapplied(), carried_at(probing, at(0s), {.is_probe = true}), at(0s));
    CHECK(probing.required().empty());
}

TEST_CASE("the active node's answer without the index that it refused may warn as well")
{
    session mine(session_options{.regression = on_regression::reset});
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    auto without = carried_at(mine, at(1s), {.asked_active_node = true, .index_was_refused = true});
    without.demands()[0].forget_texts();
    CHECK(mine.record(unapplied(), without, at(1s)).unkept == 1);
    CHECK(mine.required().fenced());
}

TEST_CASE("when a write was last answered without an index is remembered, and handed to each request")
{
    session mine;
    CHECK(mine.required().unindexed_write_at() == time_point::min());
    CHECK(mine.record(answer(204), carried_at(mine, at(5s)), at(5s)) == recorded{});
    CHECK(mine.required().unindexed_write_at() == at(5s));
    CHECK(mine.required(view_of("c")).unindexed_write_at() == at(5s));
    CHECK(mine.required(view_of("stranger")).unindexed_write_at() == at(5s));
    CHECK(mine.required().empty()); // it demands nothing
    CHECK(mine.raised() == time_point{});

    mine.record(answer(200), carried_at(mine, at(6s), {.is_read = true}), at(6s));
    mine.record(answer(200), carried_at(mine, at(6s), {.is_probe = true}), at(6s));
    mine.record(answer(404), carried_at(mine, at(6s)), at(6s));
    mine.record(vault("c", 1, 0), at(6s));
    CHECK(mine.required().unindexed_write_at() == at(5s));
    mine.record(written(vault("c", 2, 0)), carried_at(mine, at(6s)), at(6s));
    CHECK(mine.required().unindexed_write_at() == time_point::min()); // who has that has the earlier one
    mine.record(answer(204), carried_at(mine, at(6s)), at(6s));
    auto const two = vault("c", 3, 0) + "," + vault("d", 1, 0);
    CHECK(mine.record(written(two), carried_at(mine, at(6s)), at(6s)) ==
          recorded{.kept = 1, .superseded = 1});
    CHECK(mine.required().unindexed_write_at() == time_point::min());

    mine.record(written("garbage"), carried_at(mine, at(7s)), at(7s));
    CHECK(mine.required().unindexed_write_at() == at(7s));
    mine.record(answer(200), carried_at(mine, at(8s), {.is_read = true, .may_give_birth = true}), at(8s));
    CHECK(mine.required().unindexed_write_at() == at(8s));

    session other;
    other.merge(mine.required(), at(9s));
    CHECK(other.required().unindexed_write_at() == at(8s));
    other.clear();
    CHECK(other.required().unindexed_write_at() == time_point::min());
}

// ---------------------------------------------------------------------------------------------------------
// Reads and probes.

TEST_CASE("OpenBao answers reads with an index: required unless the session needs no monotonic reads")
{
    for (bool const is_monotonic : {true, false}) {
        session mine(session_options{.monotonic_reads = is_monotonic});
        mine.record(written(openbao("c", "5")), carried_at(mine, at(0s)), at(0s));
        CHECK(texts_of(mine.required()) == texts{openbao("c", "5")});
        auto const reading = carried_at(mine, at(1s), {.is_read = true});
        mine.record(answer(200).with("X-Vault-Index", openbao("c", "9")), reading, at(1s));
        CHECK(texts_of(mine.required()) == texts{openbao("c", is_monotonic ? "9" : "5")});
        auto behind_fence = mine;
        behind_fence.record_lost(carried_at(mine, at(1s)), at(1s));
        behind_fence.record(answer(200).with("X-Vault-Index", openbao("c", "10")),
                            carried_at(behind_fence, at(2s), {.is_read = true, .asked_active_node = true}),
                            at(2s));
        CHECK(behind_fence.required().holds(openbao("c", "10"))); // it takes the fence away
        mine.record(answer(200).with("X-Vault-Index", vault("v", 9, 0)), reading, at(1s));
        CHECK(mine.required().demand("v") == wal_position{9, 0}); // Vault: this read has written
    }
}

TEST_CASE("a probe of health never feeds a session")
{
    session mine;
    auto const probing = carried_at(mine, at(0s), {.is_probe = true});
    CHECK(mine.record(written(vault("c", 1, 0)), probing, at(0s)) == recorded{});
    mine.record(answer(503), probing, at(0s));
    CHECK(mine.required().empty());
}

TEST_CASE("declared peers' states are sent too, and nobody else's")
{
    session mine;
    for (auto const* cluster : {"a", "b", "c"})
        mine.record(vault(cluster, 1, 0), at(0s));
    auto view = view_of("a");
    CHECK(texts_of(mine.required(view)) == texts{vault("a", 1, 0)});
    view.add_peer(cluster_id("b"));
    CHECK(texts_of(mine.required(view)) == sorted({vault("a", 1, 0), vault("b", 1, 0)}));
}

// ---------------------------------------------------------------------------------------------------------
// Another history of the same cluster.

TEST_CASE("two values of one answer are no proof that a new epoch has begun")
{
    session mine;
    mine.record(written(openbao("c", "100")), {}, at(0s));
    auto const old = carried_at(mine, at(10s), checked);
    auto const joined = openbao("c", "42") + ", " + openbao("c", "41"); // a proxy merged two lines
    auto const total = mine.record(written(joined), old, at(11s));
    CHECK(total.suspected == 2);
    CHECK(total.regressed == 0);
    CHECK(texts_of(mine.required()) == texts{openbao("c", "100")}); // still, and the active node answers
    CHECK(mine.required().fenced());
    CHECK(mine.record(written(openbao("c", "43")), old, at(12s)).regressed == 1);
    CHECK(texts_of(mine.required()) == texts{openbao("c", "43")});
}

TEST_CASE(
    "two answers behind what was settled begin a new epoch, and late answers of the old one are dropped")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    auto const old = carried_at(mine, at(10s), checked);
    CHECK(mine.record(written(vault("c", 40, 0)), old, at(11s)) == recorded{.held = 1, .suspected = 1});
    CHECK(mine.required().demand("c") == wal_position{100, 0});
    CHECK_FALSE(mine.required().is_expressible()); // until it is certain, the active node answers

    auto const total = mine.record(written(vault("c", 42, 0)), old, at(12s));
    CHECK(total.regressed == 1);
    CHECK(total.kept == 1);
    CHECK(mine.required().demand("c") == wal_position{42, 0});
    CHECK(mine.required().fenced());

    CHECK(mine.record(written(vault("c", 101, 0)), old, at(13s)) == recorded{.outdated = 1});
    CHECK(mine.required().demand("c") == wal_position{42, 0});
    CHECK(mine.last_regression().lost.holds(vault("c", 100, 0)));
    CHECK(mine.last_regression().found.holds(vault("c", 42, 0)));
    CHECK(mine.last_regression().at == at(12s));

    auto const newer = carried_at(mine, at(14s), checked);
    mine.record(written(vault("c", 43, 0)), newer, at(15s));
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("an answer in order shows that the suspicion was wrong; nothing is lost meanwhile")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    mine.record(written(vault("c", 40, 7)), carried_at(mine, at(10s), checked), at(11s));
    CHECK(mine.required().fenced());
    CHECK(mine.required().demand("c") == wal_position{100, 7});
    mine.record(written(vault("c", 101, 0)), carried_at(mine, at(12s), checked), at(13s));
    CHECK_FALSE(mine.required().fenced());
    CHECK(mine.required().demand("c") == wal_position{101, 7});
    CHECK_FALSE(static_cast<bool>(mine.last_regression()));
}

TEST_CASE("a suspicion that nobody has decided for the fence time confirms nothing any more")
{
    for (auto const later : {14min, 16min}) {
        session mine;
        mine.record(written(vault("c", 100, 0)), {}, at(0s));
        auto const stray = [&](duration when) {
            return mine.record(written(vault("c", 40, 0)), carried_at(mine, at(when), checked), at(when));
        };
        CHECK(stray(10s).suspected == 1);
        auto const second = stray(10s + later);
        CHECK(second.suspected == (later > default_fence_time ? 1 : 0));
        CHECK(second.regressed == (later > default_fence_time ? 0 : 1));
    }
}

TEST_CASE("nor does what the active node says of itself by then confirm it")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    auto const asked = carried_at(mine, at(9s));
    CHECK(mine.record_active_position("c", 41, asked, at(10s)).suspected == 1);
    CHECK(mine.record_active_position("c", 41, asked, at(10s) + 16min) == recorded{.suspected = 1});
    CHECK(mine.record_active_position("c", 41, asked, at(12s) + 16min) == recorded{.regressed = 1});
}

TEST_CASE("however soon fences end, the active node's refusals can confirm a suspicion")
{
    for (auto const lasting : {0ms, 500ms, 1000ms, 2000ms, 3000ms}) {
        CAPTURE(lasting.count());
        session mine(session_options{.fence_time = lasting});
        mine.record(written(vault("c", 100, 0)), {}, at(0s));
        attempt_facts const to_active{.asked_active_node = true, .may_show_loss = true};
        std::uint64_t regressed = 0;
        for (duration when = 10s; when < 20s; when += 500ms)
            regressed +=
                mine.record(vault_stale(), carried_at(mine, at(when), to_active), at(when)).regressed;
        CHECK(regressed == 1);
    }
}

TEST_CASE("what a request carried may be what the session itself holds")
{
    session mine;
    mine.record(vault("c", 100, 0), at(0s));
    mine.record(vault("c", 101, 0), at(1s));
    CHECK(mine.record_active_position("c", 100, mine.required(), at(1100ms)).suspected == 0);
}

TEST_CASE("what to do when it is certain is the session's option")
{
    for (auto const on : {on_regression::reset_and_forward, on_regression::fail, on_regression::reset}) {
        CAPTURE(to_string(on));
        session mine(session_options{.regression = on});
        mine.record(written(openbao("c", "100")), {}, at(0s));
        auto const old = carried_at(mine, at(10s), checked);
        mine.record(written(openbao("c", "40")), old, at(11s));
        mine.record(written(openbao("c", "41")), old, at(12s));
        CHECK(mine.required().holds(openbao("c", "41")));
        CHECK(mine.required().fenced() == (on != on_regression::reset));
        CHECK(mine.required().has_regressed() == (on == on_regression::fail));
        mine.accept_regression("d"); // of another cluster
        CHECK(mine.required().has_regressed() == (on == on_regression::fail));
        mine.accept_regression("c");
        CHECK_FALSE(mine.required().has_regressed());
        CHECK(mine.required().holds(openbao("c", "41")));
    }
}

TEST_CASE("the active node's refusals of its own log tell it as well, after an election could have ended")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    attempt_facts const to_active{.asked_active_node = true, .may_show_loss = true};
    auto const refused = [&](duration when) {
        return mine.record(vault_stale(), carried_at(mine, at(when), to_active), at(when));
    };
    CHECK(refused(10s) == recorded{.suspected = 1});
    CHECK(refused(11s) == recorded{.suspected = 1});
    CHECK(refused(12s) == recorded{.regressed = 1});
    CHECK(mine.required().size() == 0);
    CHECK(mine.required().fenced());
    CHECK(mine.last_regression().lost.holds(vault("c", 100, 0)));
    CHECK(mine.last_regression().found.size() == 0);
}

TEST_CASE("what the active node answers without the index that it refused is of the new history")
{
    session mine(session_options{.regression = on_regression::reset});
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    attempt_facts const to_active{.asked_active_node = true, .may_show_loss = true};
    mine.record(vault_stale(), carried_at(mine, at(10s), to_active), at(10s));
    auto without = carried_at(mine, at(12s), {.asked_active_node = true, .index_was_refused = true});
    without.demands()[0].forget_texts();
    CHECK(mine.record(written(vault("c", 41, 0)), without, at(12s)) == recorded{.kept = 1, .regressed = 1});
    CHECK(mine.required().demand("c") == wal_position{41, 0});
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("what the active node says of itself in sys/leader confirms a suspicion")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    auto const asked = carried_at(mine, at(9s));
    CHECK(mine.record_active_position("c", 100, asked, at(9s)) == recorded{});
    CHECK(mine.record_active_position("stranger", 1, asked, at(9s)) == recorded{});
    mine.record(written(vault("c", 40, 0)), carried_at(mine, at(10s), checked), at(10s));
    CHECK(mine.record_active_position("c", 41, asked, at(12s)) == recorded{.regressed = 1});
    CHECK(mine.required().size() == 0);
    CHECK(mine.required().fenced());
}

TEST_CASE("a write that is acknowledged while sys/leader is on its way proves nothing")
{
    session mine;
    auto const asked = carried_at(mine, at(0s));
    mine.record(written(vault("c", 100, 0)), {}, at(1s));
    CHECK(mine.record_active_position("c", 99, asked, at(10s)) == recorded{});
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("a request that carried nothing of the cluster is told from the new epoch by its time")
{
    session mine;
    mine.record(written(vault("c", 100, 0)), {}, at(0s));
    session empty;
    auto const early = carried_at(empty, at(9s));
    auto const old = carried_at(mine, at(10s), checked);
    mine.record(written(vault("c", 40, 0)), old, at(11s));
    mine.record(written(vault("c", 41, 0)), old, at(12s));
    CHECK(mine.record(written(vault("c", 99, 0)), early, at(13s)) == recorded{.outdated = 1});
    auto const late = carried_at(empty, at(12s));
    CHECK(mine.record(written(vault("c", 50, 0)), late, at(13s)) == recorded{.superseded = 1});
}

TEST_CASE("a view that declares no peers gets the states of its own cluster alone")
{
    struct plain_view {
        cluster_id id;
        [[nodiscard]] cluster_id const& cluster() const { return id; }
    };
    session mine;
    mine.record(vault("c", 1, 2), at(0s));
    mine.record(vault("d", 3, 4), at(0s));
    CHECK(texts_of(mine.required(plain_view{cluster_id("c")})) == std::vector{vault("c", 1, 2)});
    CHECK(texts_of(mine.required(plain_view{cluster_id("d")})) == std::vector{vault("d", 3, 4)});
}
