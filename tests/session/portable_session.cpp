// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/portable_session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/portable_texts.hpp"
#include "support/sequences.hpp"

#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

/// What a store hands out: what is merged in here may end in a floor.
struct handle {
    session& held;

    [[nodiscard]] required_states required() const { return held.required(); }
    recorded merge(required_states const& other, time_point now) const { return held.merge(other, now); }
};

template <class S>
concept takes_unsigned = requires(S&& into, std::string_view text)
{
    import_session(into, text, at(0s));
};
template <class S>
concept takes_signed = requires(S&& into, std::string_view text)
{
    import_session(into, text, at(0s), key);
};

static_assert(takes_unsigned<session&> && takes_signed<session&>);
static_assert(takes_unsigned<shared_session<no_lock>&> && takes_signed<shared_session<no_lock>&>);
static_assert(!takes_unsigned<handle> && takes_signed<handle> && takes_signed<handle const&>);
static_assert(!takes_signed<session const&> && !takes_signed<int>);
static_assert(exportable_session<session> && exportable_session<shared_session<no_lock>>);
static_assert(exportable_session<handle> && !exportable_session<int>);

} // namespace

TEST_CASE("what one session requires is required by the one that imports it")
{
    for (auto const& kind : kinds()) {
        auto const from = session_of(kind);
        CHECK(requires_the_same(from.required(), kind));
        auto const text = exported(from);
        CAPTURE(text);
        session into;
        CHECK(import_session(into, text, at(0s)).has_value());
        CHECK(requires_the_same(into, from));
        CHECK(exported(into) == text);

        session verified;
        CHECK(import_session(verified, exported(from, key), at(0s), key).has_value());
        CHECK(requires_the_same(verified, from));
    }
}

TEST_CASE("an import never lowers what is required, and says what became of it")
{
    auto into = session_of({vault("c", 5, 3), vault("d", 1, 1)});
    auto const import = [&](std::vector<std::string> const& indices, time_point now) {
        return import_session(into, exported(session_of(indices)), now);
    };
    CHECK(import({vault("c", 4, 3)}, at(1s)) == recorded{.held = 1});
    CHECK(into.raised() == at(0s));
    CHECK(import({}, at(1s)) == recorded());
    CHECK(into.raised() == at(0s));
    CHECK(import({vault("c", 6, 3), vault("d", 0, 2)}, at(2s)) == recorded{.kept = 1, .superseded = 1});
    CHECK(into.raised() == at(2s));
    CHECK(into.required().demand("c") == wal_position{6, 3});
    CHECK(into.required().demand("d") == wal_position{1, 2});
}

TEST_CASE("of two texts of neither dialect ours stays, and a fence stands for the other")
{
    auto into = session_of({"a-future-form"});
    CHECK(import_session(into, exported(session_of({"a-future-form"})), at(0s)) == recorded{.held = 1});
    CHECK_FALSE(into.required().fenced());
    CHECK(import_session(into, exported(session_of({"another"})), at(0s)) ==
          recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(texts_of(into.required()) == std::vector<std::string>{"a-future-form"});
    CHECK(into.required().fenced());
}

TEST_CASE("a session without room for the cluster of an imported state is fenced")
{
    auto into = session_of(indices_of_clusters(required_states::max_clusters));
    auto const before = texts_of(into.required());
    auto const imported = import_session(into, exported(session_of({vault("ninth", 1, 0)})), at(1s));
    CHECK(imported == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(texts_of(into.required()) == before);
    CHECK(into.required().unplaced().is_crowded());
    CHECK(into.raised() == at(1s));
}

TEST_CASE("a fence that came along is repaid here as any other, by no request that was sent before it")
{
    auto into = session_of({openbao("c", "5")});
    auto const before = into.required();
    auto const text = exported(session_of(fenced({}, "c", dialect::openbao)));
    CHECK(import_session(into, text, at(0s)) == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(into.required().fenced());
    auto const carried = into.required();
    auto required = carried;
    required.record(openbao("c", "6"), before);
    CHECK(required.fenced());
    required.record(openbao("c", "7"), at_active_node(carried));
    CHECK_FALSE(required.fenced());
}

TEST_CASE("whatever a small world records: it travels whole, and an import is a join")
{
    std::vector<std::string> const world = {
        vault("c", 0, 1),    vault("c", 1, 0),  vault("c", 1, 1),
        vault("d", 1, 1),    openbao("c", "5"), openbao("c", "abc"),
        openbao("c", "def"), "a-future-form",   openbao_past_bound("c"),
    };
    struct told {
        session of;
        std::string text;
        std::vector<std::size_t> letters;
    };
    std::vector<told> sessions;
    for (std::size_t length = 0; length <= 2; ++length)
        for_each_sequence(world.size(), length, [&](std::vector<std::size_t> const& sequence) {
            required_states required;
            for (auto const i : sequence)
                required.record(world[i]);
            sessions.push_back({session_of(required), "", sequence});
            sessions.back().text = exported(sessions.back().of);
        });
    std::size_t lost = 0;
    std::size_t unequal = 0;
    for (auto const& a : sessions)
        for (auto const& b : sessions) {
            auto ab = a.of;
            auto ba = b.of;
            REQUIRE(import_session(ab, b.text, at(0s)).has_value());
            REQUIRE(import_session(ba, a.text, at(0s)).has_value());
            // Of three unordered values two stay, as they arrived: behind a fence, so no more is asked of it.
            bool const both_fenced = ab.required().fenced() && ba.required().fenced();
            unequal += requires_the_same(ab, ba) || both_fenced ? 0 : 1;
            for (auto const* part : {&a, &b})
                for (auto const letter : part->letters) {
                    auto again = ab.required();
                    bool const sent = world[letter] != "a-future-form" || again.clusters() == 0;
                    lost += again.fenced() || !sent || again.record(world[letter]).kept == 0 ? 0 : 1;
                }
            auto twice = ab;
            REQUIRE(import_session(twice, b.text, at(0s)).has_value());
            unequal += requires_the_same(twice, ab) ? 0 : 1;
        }
    CHECK(lost == 0);
    CHECK(unequal == 0);
}

TEST_CASE("with a key, only what was signed with it is read, and only with a key is it authenticated")
{
    auto const from = session_of({vault("c", 5, 3)});
    auto const text = exported(from);
    auto const with_mac = exported(from, key);
    CHECK(read_session(text, key).error() == portable_error::mac_missing);
    CHECK(read_session(with_mac).error() == portable_error::key_missing);
    CHECK(read_session(with_mac, other_key).error() == portable_error::mac_mismatch);
    CHECK_FALSE(read_session("aw1s." + text.substr(4), key).has_value());
    CHECK_FALSE(read_session("aw1." + with_mac.substr(5)).has_value());

    auto const anybodys = read_session(text);
    REQUIRE(anybodys.has_value());
    CHECK_FALSE(anybodys->is_authenticated);
    auto const ours = read_session(with_mac, key);
    REQUIRE(ours.has_value());
    CHECK(ours->is_authenticated);

    session into;
    CHECK(import_session(into, with_mac, at(0s), other_key).error() == portable_error::mac_mismatch);
    CHECK(import_session(into, text, at(0s), key).error() == portable_error::mac_missing);
    CHECK(into.required().empty());
    CHECK(import_session(into, with_mac, at(0s), key) == recorded{.kept = 1});
}

TEST_CASE("a session that several threads share is written and read as any other")
{
    shared_session<std::mutex> ours;
    ours.record(vault("c", 5, 3), at(1s));
    auto const text = export_session(ours);
    REQUIRE(text.has_value());
    CHECK(*text == exported(session_of({vault("c", 5, 3)})));

    shared_session<std::mutex> theirs;
    CHECK(import_session(theirs, *text, at(2s)) == recorded{.kept = 1});
    CHECK(import_session(theirs, *export_session(ours, key), at(3s), key) == recorded{.held = 1});
    CHECK(theirs.required().demand("c") == wal_position{5, 3});
    CHECK(theirs.raised() == at(2s));
    CHECK(import_session(theirs, "aw1.", at(4s)).error() == portable_error::malformed);
    CHECK(import_session(theirs, *text, at(4s), key).error() == portable_error::mac_missing);
    CHECK(theirs.raised() == at(2s));
}

TEST_CASE("what is not signed does not enter where others may meet it, however it was read")
{
    session held;
    handle const of_a_store{held};
    auto const from = session_of({vault("c", 5, 3)});
    auto const anybodys = read_session(exported(from));
    REQUIRE(anybodys.has_value());
    CHECK(import_session(of_a_store, *anybodys, at(0s)).error() == portable_error::mac_missing);
    CHECK(import_session(of_a_store, exported(from), at(0s), key).error() == portable_error::mac_missing);
    CHECK(held.required().empty());

    session own;
    CHECK(import_session(own, *anybodys, at(0s)) == recorded{.kept = 1});
    CHECK(import_session(handle{held}, exported(from, key), at(0s), key) == recorded{.kept = 1});
    auto const ours = read_session(exported(from, key), key);
    REQUIRE(ours.has_value());
    CHECK(import_session(of_a_store, *ours, at(0s)) == recorded{.held = 1});
    CHECK(requires_the_same(held, own));
    CHECK(export_session(of_a_store) == export_session(own));
}

TEST_CASE_TEMPLATE(
    "indices that arrive by another way are required too, of both dialects, several in one text", caller,
    session, shared_session<no_lock>)
{
    caller mine;
    CHECK(mine.record(vault("c", 0, 2), at(1s)) == recorded{.kept = 1});  // the vault_index of an event
    CHECK(mine.record(openbao("b", "7"), at(2s)) == recorded{.kept = 1}); // a variable
    CHECK(mine.raised() == at(2s));

    auto const joined =
        vault("c", 2, 0) + ", " + openbao("b", "6") + ",," + openbao("b", "9") + "," + vault("d", 1, 1);
    CHECK(mine.record(joined, at(3s)) == recorded{.kept = 2, .superseded = 1, .held = 1});
    CHECK(mine.raised() == at(3s));
    CHECK(texts_of(mine.required()) ==
          sorted({vault("c", 2, 0), vault("c", 0, 2), vault("d", 1, 1), openbao("b", "9")}));

    // What one session requires is such a text, and one bad index in it costs no other.
    caller other;
    CHECK(other.record(mine.required().field_value() + ",djE6", at(4s)) ==
          recorded{.kept = 4, .rejected = 1, .why = decode_index("djE6").error()});
    CHECK(texts_of(other.required()) == texts_of(mine.required()));
    CHECK(other.record("", at(5s)) == recorded());
    CHECK(other.raised() == at(4s));
}

TEST_CASE("a fence that is handed on ends when it would have ended, however often that is done")
{
    session mine;
    mine.record_lost({}, at(0s));
    std::string text = exported(mine);
    CHECK(read_session(text)->fences_last == 15min);
    for (int minutes = 5; minutes < 15; minutes += 5) {
        session next;
        REQUIRE(import_session(next, text, at(std::chrono::minutes(minutes)))); // it took no time to get here
        CHECK(next.required().fenced());
        next.record(answer(200), {}, at(std::chrono::minutes(minutes + 5)));
        text = exported(next);
        CHECK(read_session(text)->fences_last == std::chrono::minutes(15 - minutes));
        mine.merge(next.required(), at(std::chrono::minutes(minutes + 5)));
    }
    mine.record(answer(200), {}, at(25min));
    CHECK_FALSE(mine.required().fenced());
}

TEST_CASE("a fence that was over when it was written is over when it is read")
{
    auto const read = read_session("aw1.BQAAANalJLY");
    REQUIRE(read);
    CHECK(read->required.fenced());
    CHECK(read->fences_last == 0s);
    session into;
    REQUIRE(import_session(into, *read, at(1s)));
    CHECK(into.required().empty());
    into.record_lost({}, at(1s)); // and takes none along that stands already
    REQUIRE(import_session(into, *read, at(2s)));
    CHECK(into.required().fenced());
}

TEST_CASE("what is imported is settled a while later: a cluster that was restored meanwhile is noticed")
{
    session into;
    REQUIRE(import_session(into, exported(session_of({openbao("c", "100")})), at(0s)));
    auto carried = into.required();
    carried.advance(at(1s));
    carried.set_sent_as({.was_checked = true});
    CHECK(into.record(written(openbao("c", "40")), carried, at(2s)).suspected == 1);
    CHECK(into.record(written(openbao("c", "41")), carried, at(3s)).regressed == 1);
    CHECK(texts_of(into.required()) == texts{openbao("c", "41")});
}

TEST_CASE("a fence of which the text says no time begins anew, and ends as one of the session's own")
{
    portable_session const read{.required = fenced({}, "c", dialect::openbao), .is_authenticated = true};
    REQUIRE(read.fences_last == duration::max());
    session into({.fence_time = 1min});
    REQUIRE(import_session(into, read, at(0s)));
    into.record(answer(200), {}, at(59s));
    CHECK(into.required().fenced());
    into.record(answer(200), {}, at(1min));
    CHECK_FALSE(into.required().fenced());
}

TEST_CASE("what nobody has read is not authenticated, and its fences begin anew")
{
    portable_session const made{.required = states({vault("c", 5, 3)})};
    CHECK_FALSE(made.is_authenticated);
    CHECK(made.fences_last == duration::max());
    session held;
    handle const into{held};
    auto const refused = import_session(into, made, at(0s));
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == portable_error::mac_missing);
    CHECK(held.required().empty());
}

TEST_CASE("a text of which nobody told the time does not say how long its fences last")
{
    required_states untold;
    untold.record(vault("c", 5, 3));
    struct from_hand {
        required_states const& held;
        [[nodiscard]] required_states required() const { return held; }
    };
    CHECK(read_session(*export_session(from_hand{untold}))->fences_last == duration::max());
    CHECK(read_session(*export_session(from_hand{untold}, key), key)->fences_last == duration::max());
}
