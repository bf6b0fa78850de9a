// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/cluster_demand.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;
using fate = cluster_demand::fate;

namespace {

using texts = std::set<std::string, std::less<>>;

texts texts_of(cluster_demand const& demand)
{
    texts found;
    for (std::uint8_t i = 0; i < demand.size(); ++i)
        found.emplace(demand.text(i));
    return found;
}

/// A Vault demand; the text of a position is its letter.
struct vault_demand {
    cluster_demand held{cluster_id("c"), dialect::vault};
    fate record(std::uint64_t local, std::uint64_t replicated, std::string_view text)
    {
        return held.record({local, replicated}, text);
    }
};

/// An OpenBao demand of cluster "c".
struct openbao_demand {
    cluster_demand held{cluster_id("c"), dialect::openbao};
    fate record(std::string_view value, cluster_demand const* carried = nullptr)
    {
        auto const text = support::openbao("c", value);
        return held.record(*decode_openbao_index(text), text, carried);
    }
    [[nodiscard]] texts values() const
    {
        texts found;
        for (std::uint8_t i = 0; i < held.size(); ++i)
            found.emplace(decode_openbao_index(held.text(i))->value.view());
        return found;
    }
};

} // namespace

TEST_CASE("Vault: nothing is required at first")
{
    vault_demand demand;
    CHECK(demand.held.size() == 0);
    CHECK(demand.held.cluster() == "c");
    CHECK(demand.held.form() == dialect::vault);
    CHECK(demand.held.position() == wal_position{0, 0});
    CHECK_FALSE(demand.held.holds("a"));
    CHECK_FALSE(demand.held.fenced());
}

TEST_CASE("Vault: a later state takes the place of an earlier one")
{
    vault_demand demand;
    CHECK(demand.record(1, 1, "a") == fate::kept);
    CHECK(demand.record(2, 2, "b") == fate::superseded);
    CHECK(texts_of(demand.held) == texts{"b"});
    CHECK(demand.held.position() == wal_position{2, 2});
}

TEST_CASE("Vault: a late answer changes nothing")
{
    vault_demand demand;
    demand.record(2, 2, "b");
    CHECK(demand.record(1, 1, "a") == fate::held);
    CHECK(demand.record(2, 1, "c") == fate::held);
    CHECK(demand.record(1, 2, "d") == fate::held);
    CHECK(texts_of(demand.held) == texts{"b"});
}

TEST_CASE("Vault: two unordered states are both kept, and demand their join")
{
    vault_demand demand;
    CHECK(demand.record(0, 2, "a") == fate::kept);
    CHECK(demand.record(2, 0, "b") == fate::kept);
    CHECK(texts_of(demand.held) == texts{"a", "b"});
    CHECK(demand.held.position() == wal_position{2, 2});
}

TEST_CASE("Vault: a third unordered state is not needed, the outer two witness the join")
{
    vault_demand demand;
    demand.record(0, 2, "a");
    demand.record(2, 0, "b");
    CHECK(demand.record(1, 1, "c") == fate::held);
    CHECK(texts_of(demand.held) == texts{"a", "b"});
    CHECK(demand.record(3, 1, "d") == fate::superseded);
    CHECK(texts_of(demand.held) == texts{"a", "d"});
    CHECK(demand.record(1, 3, "e") == fate::superseded);
    CHECK(texts_of(demand.held) == texts{"d", "e"});
}

TEST_CASE("Vault: one state ahead of both takes the place of both")
{
    vault_demand demand;
    demand.record(0, 2, "a");
    demand.record(2, 0, "b");
    CHECK(demand.record(2, 2, "c") == fate::held); // their join demands no more than they did
    CHECK(texts_of(demand.held) == texts{"c"});
    CHECK(demand.record(3, 3, "d") == fate::superseded);
    CHECK(texts_of(demand.held) == texts{"d"});
}

TEST_CASE("Vault: of two texts with equal positions the later received stays: the key may have changed")
{
    vault_demand demand;
    demand.record(5, 5, "old");
    CHECK(demand.record(5, 5, "new") == fate::held);
    CHECK(texts_of(demand.held) == texts{"new"});

    vault_demand two;
    two.record(5, 0, "local");
    two.record(0, 5, "replicated");
    two.record(5, 0, "new local");
    two.record(0, 5, "new replicated");
    CHECK(texts_of(two.held) == texts{"new local", "new replicated"});
}

TEST_CASE("Vault: the greatest numbers are numbers like others")
{
    vault_demand demand;
    demand.record(UINT64_MAX, 0, "a");
    CHECK(demand.record(1, 1, "b") == fate::kept);
    CHECK(demand.held.position() == wal_position{UINT64_MAX, 1});
    CHECK(demand.record(UINT64_MAX, UINT64_MAX, "c") == fate::superseded);
    CHECK(demand.held.size() == 1);
}

TEST_CASE("OpenBao: the greatest of ordered values is kept, late smaller answers change nothing")
{
    openbao_demand demand;
    CHECK(demand.record("9") == fate::kept);
    CHECK(demand.record("10") == fate::superseded);
    CHECK(demand.record("9") == fate::held);
    CHECK(demand.record("2") == fate::held);
    CHECK(demand.values() == texts{"10"});
    CHECK(demand.held.position() == wal_position{0, 0});

    openbao_demand logs;
    logs.record("F/0");
    CHECK(logs.record("10/0") == fate::superseded); // as texts it would be the other way round
    CHECK(logs.values() == texts{"10/0"});
}

TEST_CASE("OpenBao: an equal value in other words demands nothing more")
{
    openbao_demand demand;
    demand.record("10");
    auto const other = base64_encode("{\"value\":\"10\",\"cluster\":\"c\"}");
    CHECK(demand.held.record(*decode_openbao_index(other), other, nullptr) == fate::held);
    CHECK(texts_of(demand.held) == texts{other});
}

TEST_CASE("OpenBao: two values that have no order both stay")
{
    openbao_demand demand;
    CHECK(demand.record("abc") == fate::kept);
    CHECK(demand.record("xyz") == fate::kept);
    CHECK(demand.values() == texts{"abc", "xyz"});
    CHECK_FALSE(demand.held.fenced());
}

TEST_CASE("OpenBao: what is returned supersedes what the request had carried, though they have no order")
{
    openbao_demand demand;
    demand.record("abc");
    auto const carried = demand.held;
    CHECK(demand.record("xyz", &carried) == fate::superseded);
    CHECK(demand.values() == texts{"xyz"});
}

TEST_CASE("OpenBao: a value that is ordered is not superseded by a smaller one, though it was carried")
{
    openbao_demand demand;
    demand.record("10");
    auto const carried = demand.held;
    CHECK(demand.record("9", &carried) == fate::held); // an answer may show an index that is some ms old
    CHECK(demand.values() == texts{"10"});
}

TEST_CASE("OpenBao: what came after the request was sent is not superseded by its answer")
{
    openbao_demand demand;
    demand.record("abc");
    auto const carried = demand.held;
    demand.record("later");
    CHECK(demand.record("xyz", &carried) == fate::superseded);
    CHECK(demand.values() == texts{"later", "xyz"});
}

TEST_CASE("OpenBao: a third value without order is not kept, and sets a fence")
{
    openbao_demand demand;
    demand.record("abc");
    demand.record("def");
    CHECK(demand.record("xyz") == fate::unkept);
    CHECK(demand.held.fenced());
    CHECK(demand.values() == texts{"abc", "def"});
}

TEST_CASE("OpenBao: indices with unknown fields have no order, not even with their like")
{
    openbao_demand demand;
    auto const text = base64_encode(R"({"cluster":"c","value":"10","term":"3"})");
    demand.record("9");
    CHECK(demand.held.record(*decode_openbao_index(text), text, nullptr) == fate::kept);
    CHECK(demand.held.size() == 2);
}

TEST_CASE("a fence is repaid by the answer to a request that was sent behind it, not by an earlier one")
{
    cluster_demand demand(cluster_id("c"), dialect::openbao);
    auto const before = demand;
    demand.fence();
    auto const behind = demand;
    demand.repay(before);
    CHECK(demand.fenced());
    demand.fence(); // a second one, while the request is on its way
    demand.repay(behind);
    CHECK(demand.fenced());
    demand.repay(demand);
    CHECK_FALSE(demand.fenced());
    demand.repay(before); // a late answer takes no repayment back
    CHECK_FALSE(demand.fenced());
}

TEST_CASE("a copy is whole, and of its own")
{
    vault_demand demand;
    demand.record(0, 2, "a");
    demand.record(2, 0, "b");
    demand.held.fence();
    demand.held.set_regressed(true);
    demand.held.history().begin_epoch(at(1s));
    auto copy = demand.held;
    demand.record(3, 3, "c");
    CHECK(texts_of(copy) == texts{"a", "b"});
    CHECK(copy.position() == wal_position{2, 2});
    CHECK(copy.cluster() == "c");
    CHECK(copy.form() == dialect::vault);
    CHECK(copy.fenced());
    CHECK(copy.has_regressed());
    CHECK(copy.history().epoch() == 1);
    copy = demand.held;
    CHECK(texts_of(copy) == texts{"c"});
    CHECK(copy.position() == wal_position{3, 3});
    copy = *&copy;
    CHECK(texts_of(copy) == texts{"c"});

    copy = cluster_demand(cluster_id("d"), dialect::openbao);
    CHECK(copy.size() == 0);
    CHECK(copy.cluster() == "d");
    CHECK(copy.form() == dialect::openbao);
    CHECK_FALSE(copy.fenced());
    CHECK_FALSE(copy.has_regressed());
    CHECK(copy.history().epoch() == 0);
}

TEST_CASE("a copy leaves what lies beside it")
{
    vault_demand demand;
    demand.record(0, 2, "a");
    demand.record(2, 0, "b");
    cluster_demand const from[] = {demand.held, cluster_demand(cluster_id("one"), dialect::vault)};
    cluster_demand to[] = {cluster_demand(), cluster_demand(cluster_id("another"), dialect::openbao)};
    to[0] = from[0];
    CHECK(texts_of(to[0]) == texts{"a", "b"});
    CHECK(to[1].cluster() == "another");
}

TEST_CASE("a demand whose history is in doubt is fenced, until time or an epoch ends that")
{
    vault_demand demand;
    demand.record(7, 0, "a");
    auto& history = demand.held.history();
    REQUIRE(history.judge_refusal(history, at(0s)) == lineage::verdict::suspected);
    CHECK(demand.held.fenced());
    CHECK(demand.held.fenced_until() == read_fence::not_told);
    demand.held.fence(at(3s));
    CHECK(demand.held.fenced_until() == read_fence::not_told);
    demand.held.advance(at(9s), 10s); // the fence is over
    CHECK(demand.held.fenced());
    demand.held.advance(at(10s), 10s);
    CHECK_FALSE(demand.held.fenced());
}

TEST_CASE("what is required no more has no place, and no part in what is recorded later")
{
    vault_demand demand;
    demand.record(7, 3, "a");
    demand.held.fence();
    demand.held.forget_texts();
    CHECK(demand.held.size() == 0);
    CHECK(demand.held.position() == wal_position{0, 0});
    CHECK_FALSE(demand.held.place().has_value());
    CHECK_FALSE(demand.held.holds("a"));
    CHECK(demand.held.fenced());
    CHECK(demand.record(1, 1, "b") == fate::kept);
    CHECK(texts_of(demand.held) == texts{"b"});

    openbao_demand two;
    two.record("5");
    two.record("abc");
    auto const carried = two.held;
    CHECK(two.record("9", &carried) == fate::superseded);
    auto const text = support::openbao("c", "abc");
    CHECK_FALSE(two.held.holds(text));
    CHECK_FALSE(two.held.is_comparable(*decode_openbao_index(text)));
    CHECK(two.held.is_comparable(*decode_openbao_index(support::openbao("c", "10"))));
    CHECK(two.record("10") == fate::superseded);
    CHECK(two.values() == texts{"10"});
}

TEST_CASE("a fence that nobody repays ends with time, and with the history that it belongs to")
{
    vault_demand demand;
    demand.record(7, 0, "a");
    demand.held.fence();
    demand.held.advance(at(0s), 10s);
    demand.held.advance(at(9s), 10s);
    CHECK(demand.held.fenced());
    CHECK(demand.held.fenced_until() == at(10s));
    demand.held.advance(at(10s), 10s);
    CHECK_FALSE(demand.held.fenced());
    CHECK(demand.held.size() == 1);

    demand.held.fence();
    demand.held.begin_epoch(at(11s));
    CHECK_FALSE(demand.held.fenced());
    CHECK(demand.held.size() == 0);
    CHECK(demand.held.history().epoch() == 1);
}

TEST_CASE("what is held is one place in the log where its values have an order, and only then")
{
    vault_demand vault;
    CHECK_FALSE(vault.held.place().has_value());
    vault.record(2, 0, "a");
    CHECK(vault.held.place() == wal_position{2, 0});
    vault.record(0, 3, "b");
    CHECK(vault.held.place() == wal_position{2, 3});

    openbao_demand numbers;
    CHECK_FALSE(numbers.held.place().has_value());
    numbers.record("1");
    CHECK(numbers.held.place() == wal_position{1, 0});
    numbers.record("42");
    CHECK(numbers.held.place() == wal_position{42, 0});
    numbers.record("abc"); // stands beside it, and nobody knows which is the later one
    REQUIRE(numbers.held.size() == 2);
    CHECK_FALSE(numbers.held.place().has_value());

    openbao_demand text;
    text.record("abc");
    CHECK_FALSE(text.held.place().has_value());
}

TEST_CASE("a new demand requires nothing, and is of a history that is as it was")
{
    for (auto const& demand : {cluster_demand(cluster_id("c"), dialect::vault), cluster_demand()}) {
        CHECK(demand.size() == 0);
        CHECK_FALSE(demand.fenced());
        CHECK_FALSE(demand.has_regressed());
        CHECK(demand.history().epoch() == 0);
    }
    CHECK(cluster_demand().cluster().empty());
    CHECK(cluster_demand().form() == dialect::unknown);
}

TEST_CASE("an index has an order among those held if it has one with each of them")
{
    cluster_demand demand(cluster_id("b"), dialect::openbao);
    auto const index = [](std::string_view value) { return *decode_openbao_index(openbao("b", value)); };
    CHECK(demand.is_comparable(index("7")));
    demand.record(index("5"), openbao("b", "5"), nullptr);
    CHECK(demand.is_comparable(index("7")));
    CHECK(demand.is_comparable(index("3")));
    CHECK_FALSE(demand.is_comparable(index("no number")));
    CHECK_FALSE(demand.is_comparable(index("0/7")));
}
