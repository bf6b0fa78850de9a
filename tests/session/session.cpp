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
    mine.record(answer(500, "X-Vault-Index"), carried, at(1s));
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
    session.record(std::string("djE6") + std::string(max_index_size, 'a'), at(0s));
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
