// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/required_states.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;
using texts = std::vector<std::string>;

namespace {

/// Three values without order: the last one finds no room.
required_states three_unordered(std::string_view cluster)
{
    return states({openbao(cluster, "abc"), openbao(cluster, "def"), openbao(cluster, "xyz")});
}

} // namespace

TEST_CASE("nothing is required at first, and nothing is sent")
{
    required_states const none;
    CHECK(none.empty());
    CHECK(none.size() == 0);
    CHECK(none.clusters() == 0);
    CHECK(none.form() == dialect::unknown);
    CHECK(none.is_expressible());
    CHECK_FALSE(none.fenced());
    CHECK_FALSE(none.demand("c").has_value());
    CHECK(texts_of(none).empty());
}

TEST_CASE("a recorded index is required, and sent as it was received")
{
    auto const index = vault("c", 5, 3);
    required_states required;
    CHECK(required.record(index) == recorded{.kept = 1});
    CHECK(required.holds(index));
    CHECK(required.demand("c") == wal_position{5, 3});
    CHECK(required.form() == dialect::vault);
    CHECK(required.is_expressible());
    CHECK(texts_of(required) == texts{index});
}

TEST_CASE("the same index again is held, and so is one that demands less")
{
    auto required = states({vault("c", 5, 3)});
    CHECK(required.record(vault("c", 5, 3)) == recorded{.held = 1});
    CHECK(required.record(vault("c", 4, 3)) == recorded{.held = 1});
    CHECK(required.record(vault("c", 6, 3)) == recorded{.superseded = 1});
    CHECK(required.record(vault("c", 1, 9)) == recorded{.kept = 1});
    CHECK(required.demand("c") == wal_position{6, 9});
}

TEST_CASE("several indices of one field are all recorded")
{
    required_states required;
    auto const total = required.record(vault("c", 0, 2) + ", " + vault("c", 2, 0) + "," + vault("c", 2, 0));
    CHECK(total == recorded{.kept = 2, .held = 1});
    CHECK(required.demand("c") == wal_position{2, 2});
}

TEST_CASE("the clusters have demands of their own")
{
    auto const required = states({vault("a", 1, 0), vault("b", 1, 1)});
    CHECK(required.clusters() == 2);
    CHECK(required[0].cluster() == "a");
    CHECK(required.demand("a") == wal_position{1, 0});
    CHECK(required.demand("b") == wal_position{1, 1});
    CHECK_FALSE(required.demand("A").has_value());
}

TEST_CASE("what cannot be read is counted with its reason, and leaves what was known")
{
    struct row {
        std::string text;
        decode_error why;
    };
    row const rows[] = {
        {base64_encode("v1:c:18446744073709551616:0:"), decode_error::local_index},
        {base64_encode("v1:c:1:18446744073709551616:"), decode_error::replicated_index},
        {base64_encode("v1:c:1:0"), decode_error::hmac_hex},
        {base64_encode("v1::1:0:"), decode_error::format},
        {base64_encode("{}"), decode_error::missing_field},
        {base64_encode("{\"cluster\":[]}"), decode_error::not_json},
        {std::string(max_index_size + 1, 'a'), decode_error::too_long},
        {std::string(10'000'000, 'a'), decode_error::too_long},
        {"djE6Y2lkOjE6MDo=\x7f", decode_error::unsafe_bytes},
        {"a\r\nX-Vault-Token: t", decode_error::unsafe_bytes},
        {std::string("a\0b", 3), decode_error::unsafe_bytes},
        {"a b", decode_error::unsafe_bytes},
    };
    for (auto const& [text, why] : rows) {
        auto required = states({vault("c", 5, 3)});
        CHECK(required.record(text) == recorded{.rejected = 1, .why = why});
        CHECK(texts_of(required) == texts{vault("c", 5, 3)});
        CHECK_FALSE(required.fenced());
    }
    auto required = states({vault("c", 5, 3)});
    CHECK(required.record("") == recorded());
    CHECK(required.record(" , ,") == recorded());
}

TEST_CASE("garbage beside an index does not harm it")
{
    required_states required;
    auto const total = required.record("djE6, " + vault("c", 5, 3) + ", ?, \x01");
    CHECK(total.kept == 1);
    CHECK(total.rejected == 2);
    CHECK(total.unknown_form == 1);
    CHECK(texts_of(required) == texts{vault("c", 5, 3)});
}

TEST_CASE("two thousand values of one field are a join like any other")
{
    std::string joined;
    for (std::uint64_t i = 0; i < 2000; ++i)
        joined.append(vault("c", i * 7 % 2000, i * 11 % 2000)).append(",");
    required_states required;
    auto const total = required.record(joined);
    CHECK(total.kept + total.superseded + total.held == 2000);
    CHECK(required.demand("c") == wal_position{1999, 1999});
    CHECK(required.size() <= 2);
}

TEST_CASE("a text of neither dialect is kept apart, and sent only where nothing else is held")
{
    required_states required;
    CHECK(required.record("future-format") == recorded{.unknown_form = 1, .why = decode_error::unknown_form});
    CHECK_FALSE(required.empty());
    CHECK(required.clusters() == 0);
    CHECK(required.is_expressible());
    CHECK(texts_of(required) == texts{"future-format"});
    required.record("future-format");
    CHECK(required.is_expressible());
    required.record("newer-format", required_states(required)); // the answer to a request that had carried it
    CHECK(texts_of(required) == texts{"newer-format"});
    CHECK(required.is_expressible());

    required.record(vault("c", 1, 0));
    CHECK(texts_of(required) == texts{vault("c", 1, 0)});
    required.forget("c");
    CHECK(texts_of(required) == texts{"newer-format"});
    required.forget_unknown_form();
    CHECK(required.empty());
}

TEST_CASE("a text of neither dialect is given up for another one only if that answers a request that sent it")
{
    auto const held = states({"future-format"});
    auto const states_first = states({"future-format", vault("c", 1, 0)});
    for (auto const& [carried, is_fenced] :
         {std::pair(held, false), std::pair(states_first, true), std::pair(states({"other-format"}), true)}) {
        auto required = held;
        required.record("newer-format", carried);
        CHECK(required.unplaced().has_strays() == is_fenced);
        CHECK(texts_of(required) == texts{"newer-format"});
    }
}

TEST_CASE("Vault takes several indices, of one cluster and of more")
{
    CHECK(states({vault("c", 1, 2), vault("c", 2, 1)}).is_expressible());
    CHECK(states({vault("c", 1, 2), vault("c", 2, 1), vault("d", 1, 1)}).is_expressible());
    CHECK_FALSE(states({vault("c", 1, 2), openbao("d", "1")}).is_expressible());
}

TEST_CASE("OpenBao takes one index: two without order cannot be expressed, nor can two clusters")
{
    CHECK(states({openbao("c", "abc")}).is_expressible());
    CHECK(states({openbao("c", "1"), openbao("c", "2")}).is_expressible());
    auto const two = states({openbao("c", "abc"), openbao("c", "xyz")});
    CHECK_FALSE(two.is_expressible());
    CHECK_FALSE(two.fenced());
    CHECK(two.size() == 2);
    CHECK_FALSE(states({openbao("c", "1"), openbao("d", "1")}).is_expressible());
    CHECK_FALSE(two.demand("c").has_value());
}

TEST_CASE("an answer supersedes what its request had carried, so that the demand can be expressed again")
{
    auto required = states({openbao("c", "abc"), openbao("c", "def")});
    auto const carried = required;
    CHECK(required.record(openbao("c", "xyz"), carried) == recorded{.superseded = 1});
    CHECK(required.is_expressible());
    CHECK(texts_of(required) == texts{openbao("c", "xyz")});
}

TEST_CASE("a value that finds no room sets a fence, and others are kept")
{
    auto const required = three_unordered("c");
    CHECK(required.fenced());
    CHECK_FALSE(required.is_expressible());
    CHECK_FALSE(required.empty());
    CHECK(texts_of(required) == sorted({openbao("c", "abc"), openbao("c", "def")}));
    auto again = required;
    CHECK(again.record(openbao("c", "uvw")).unkept == 1);
}

TEST_CASE("a fence is repaid by an answer whose request was sent behind it")
{
    auto required = three_unordered("c");
    auto const carried = required;
    CHECK(required.record(openbao("c", "now"), carried).superseded == 1);
    CHECK(required.fenced()); // any node answers an index: a lagging one may lack what was lost
    CHECK(required.record(openbao("c", "newer"), at_active_node(required)).superseded == 1);
    CHECK_FALSE(required.fenced());
    CHECK(required.is_expressible());
}

TEST_CASE(
    "Vault: an answer with an index has written, so it repays, but for what another cluster has to send")
{
    auto required = states({vault("c", 1, 0)});
    required.fence(cluster_id("c"), dialect::vault);
    required.record(vault("c", 2, 0), required_states(required));
    CHECK_FALSE(required.fenced());
    required.fence(cluster_id("c"), dialect::vault);
    required.record(vault("c", 3, 7), at_active_node(required));
    CHECK(required.fenced());
}

TEST_CASE("of two texts that nobody can order the later is kept, and a fence for the other")
{
    required_states required;
    required.record("future-format");
    required.record("newer-format");
    CHECK(texts_of(required) == texts{"newer-format"});
    CHECK(required.fenced());
}

TEST_CASE("a fence is not repaid by the late answer of a request that was sent before it")
{
    auto required = states({openbao("c", "abc"), openbao("c", "def")});
    auto const carried = required;
    required.record(openbao("c", "xyz"));
    REQUIRE(required.fenced());
    required.record(openbao("c", "now"), carried);
    CHECK(required.fenced());
    CHECK(required.size() == 1);
    required.record(openbao("c", "and now")); // nor by one that nobody says the request of
    CHECK(required.fenced());
}

TEST_CASE("a fence that was set while the request was on its way outlives the answer")
{
    auto required = three_unordered("c");
    auto const carried = required;
    required.record(openbao("c", "meanwhile"));
    required.record(openbao("c", "now"), carried);
    CHECK(required.fenced());
    required.record(openbao("c", "later"), at_active_node(required));
    CHECK_FALSE(required.fenced());
}

TEST_CASE("a fence is not repaid by an answer that shows nothing newer")
{
    auto required = three_unordered("c");
    auto const carried = required;
    CHECK(required.record(openbao("c", "abc"), carried).held == 1);
    CHECK(required.fenced());
    required.record("garbage", carried);
    required.record(base64_encode("{}"), carried);
    required.record(" ", carried);
    CHECK(required.fenced());
}

TEST_CASE("a fence of one cluster is not repaid by another cluster's answer, nor in its way")
{
    auto required = three_unordered("a");
    required.record(openbao("b", "1"));
    auto const to_b = required.of(cluster_id("b"));
    CHECK_FALSE(to_b.fenced());
    CHECK(to_b.is_expressible());
    required.record(openbao("b", "2"), to_b);
    required.record(openbao("b", "3"), required_states(required));
    CHECK(required.of(cluster_id("a")).fenced());
}

TEST_CASE("an index past our bounds sets a fence for the cluster that the request went to")
{
    auto required = states({openbao("a", "1"), openbao("b", "1")});
    auto to_a = required.of(cluster_id("a"));
    to_a.set_sent_as({.cluster = cluster_id("a"), .form = dialect::openbao});
    CHECK(required.record(openbao_past_bound("a"), to_a) ==
          recorded{.unkept = 1, .why = decode_error::value_too_long});
    CHECK(required.of(cluster_id("a")).fenced());
    CHECK_FALSE(required.of(cluster_id("b")).fenced());
    required.record(openbao("b", "2"), required.of(cluster_id("b")));
    CHECK(required.of(cluster_id("a")).fenced());
    required.record(openbao("a", "2"), at_active_node(required.of(cluster_id("a"))));
    CHECK_FALSE(required.fenced());
}

TEST_CASE("an index past our bounds of nobody knows which cluster sets a fence that the next index repays")
{
    // Addresses have one cluster: what answers a request that was sent behind the fence is newer.
    std::string const rows[] = {openbao_past_bound("c"),
                                base64_encode(std::string("v1:") + std::string(65, 'c') + ":1:0:"),
                                std::string("djE6") + std::string(max_index_size, 'a'),
                                std::string("eyJj") + std::string(max_index_size, 'a')};
    for (auto const& text : rows) {
        required_states required;
        CHECK(required.record(text) == recorded{.unkept = 1, .why = decode_index(text).error()});
        CHECK(required.unplaced().has_strays());
        required = {};
        CHECK(required.record(text, required_states()).unkept == 1);
        CHECK(required.fenced());
        CHECK(required.size() == 0);
        required_states const sent_before;
        required.record(openbao("c", "1"), sent_before);
        CHECK(required.fenced());
        CHECK(required.of(cluster_id("c")).fenced());
        required.forget("c");
        CHECK(required.fenced());
        auto elsewhere = at_active_node(required); // whose cluster was known: it may be another one's
        elsewhere.set_sent_as({.asked_active_node = true, .cluster = cluster_id("c")});
        required.record(openbao("c", "2"), elsewhere);
        CHECK(required.fenced());
        required.record(openbao("c", "3"), at_active_node(required));
        CHECK_FALSE(required.fenced());
    }
}

TEST_CASE("a ninth cluster is counted and sets a fence, the eight others are kept")
{
    required_states required;
    for (int i = 0; i < required_states::max_clusters; ++i)
        CHECK(required.record(vault(std::string("c") + std::to_string(i), 1, 1)).kept == 1);
    CHECK_FALSE(required.fenced());
    CHECK(required.record(vault("ninth", 7, 7)).unkept == 1);
    CHECK(required.fenced());
    CHECK(required.clusters() == required_states::max_clusters);
    for (int i = 0; i < required_states::max_clusters; ++i)
        CHECK(required.demand(std::string("c") + std::to_string(i)) == wal_position{1, 1});
    CHECK(required.record(vault("c3", 2, 2)).superseded == 1);
    CHECK(required.of(cluster_id("ninth")).fenced());
}

TEST_CASE("to forget another cluster does not make the ninth's lost state known")
{
    required_states required;
    for (int i = 0; i < 9; ++i)
        required.record(vault(std::string("c") + std::to_string(i), 1, 1));
    required.forget("c0");
    CHECK(required.of(cluster_id("c8")).fenced());
    required.record(vault("c8", 0, 1), required.of(cluster_id("c8"))); // a late answer finds the room
    CHECK(required.of(cluster_id("c8")).fenced());
    for (int i = 1; i < 9; ++i)
        required.forget(std::string("c") + std::to_string(i));
    CHECK(required.clusters() == 0);
    CHECK(required.fenced());
}

TEST_CASE("only the states of one cluster go to that cluster")
{
    auto const required = states({vault("a", 1, 0), vault("b", 2, 0), vault("b", 0, 2)});
    CHECK(texts_of(required.of(cluster_id("a"))) == texts{vault("a", 1, 0)});
    CHECK(texts_of(required.of(cluster_id("b"))) == sorted({vault("b", 2, 0), vault("b", 0, 2)}));
    CHECK(texts_of(required.of(cluster_id("stranger"))).empty());
    CHECK_FALSE(required.of(cluster_id("stranger")).fenced());
    CHECK(texts_of(states({vault("a", 1, 0)}).of(cluster_id("b"))).empty());
}

TEST_CASE("what goes to the only cluster that there is, is a copy of all")
{
    auto required = states({"a-future-form", vault("a", 1, 0)});
    required.advance(at(5s));
    for (auto const& copied : {required.of(cluster_id("a")), required.of({})}) {
        CHECK(texts_of(copied) == texts{vault("a", 1, 0)});
        CHECK(copied.unplaced().text() == "a-future-form");
        CHECK(copied.advanced_at() == at(5s));
    }
    CHECK(required.of(cluster_id("b")).unplaced().text().empty());
}

TEST_CASE("where the cluster is not known yet, the only one's states go; of several none, behind a fence")
{
    CHECK(texts_of(states({vault("a", 1, 0)}).of({})) == texts{vault("a", 1, 0)});
    auto const several = states({vault("a", 1, 0), vault("b", 2, 0)}).of({});
    CHECK(texts_of(several).empty());
    CHECK(several.fenced());
    CHECK_FALSE(several.empty());
}

TEST_CASE("a text of neither dialect goes where nothing is held at all")
{
    CHECK(texts_of(states({"future-format"}).of(cluster_id("a"))) == texts{"future-format"});
    CHECK(texts_of(states({"future-format", vault("b", 1, 0)}).of(cluster_id("a"))).empty());
}

TEST_CASE("to forget a cluster is to require nothing of it, and what is held of others stays")
{
    auto required = states({vault("a", 1, 0), vault("b", 2, 0), vault("c", 3, 0)});
    required.forget("b");
    required.forget("unheard of");
    CHECK(texts_of(required) == sorted({vault("a", 1, 0), vault("c", 3, 0)}));
    CHECK(required.record(vault("b", 1, 0)).kept == 1);

    auto fenced = three_unordered("c");
    fenced.forget("c");
    CHECK(fenced.empty());
}

TEST_CASE("a copy is a value: what happens to the one does not happen to the other")
{
    auto required = states({vault("a", 1, 0), "unknown"});
    auto copy = required;
    required.record(vault("a", 2, 0));
    CHECK(texts_of(copy) == texts{vault("a", 1, 0)});
    copy = required;
    CHECK(texts_of(copy) == texts{vault("a", 2, 0)});
    copy = *&copy;
    CHECK(texts_of(copy) == texts{vault("a", 2, 0)});
    copy = required_states();
    CHECK(copy.empty());
}

TEST_CASE("when something was written without an index goes with each copy, whichever cluster it is for")
{
    auto required = states({vault("a", 1, 0), vault("b", 2, 0)});
    required.unplaced().note_unindexed_write(at(5s));
    for (auto const& copied :
         {required, required.of(cluster_id("a")), required.of(cluster_id("stranger")), required.of({})})
        CHECK(copied.unindexed_write_at() == at(5s));
    CHECK_FALSE(required.fenced());
    required.forget("a");
    required.forget("b");
    CHECK(required.empty());
    CHECK(required.unindexed_write_at() == at(5s));

    required_states other;
    CHECK_FALSE(other.merge(required).raised_demand());
    CHECK(other.unindexed_write_at() == at(5s));
    required = {};
    CHECK(required.unindexed_write_at() == time_point::min());
}

TEST_CASE("to record what is sent changes nothing")
{
    for (auto const& held : {states({vault("a", 0, 1), vault("a", 1, 0), vault("b", 1, 1)}),
                             states({"unknown"}), states({openbao("c", "abc"), openbao("c", "xyz")})}) {
        auto required = held;
        held.for_each([&](std::string_view text) { required.record(text); });
        CHECK(texts_of(required) == texts_of(held));
        CHECK(required.fenced() == held.fenced());
    }
}

TEST_CASE("to merge is to require what both do, and to be fenced where either was")
{
    auto required = states({vault("c", 5, 3), openbao("d", "7")});
    auto other = states({vault("c", 1, 9), vault("e", 1, 1), openbao("d", "6"), "a-future-form"});
    other.fence(cluster_id("d"), dialect::openbao);
    CHECK(required.merge(other) ==
          recorded{.kept = 2, .held = 1, .unknown_form = 1, .unkept = 1, .why = decode_error::no_room});
    CHECK(required.demand("c") == wal_position{5, 9});
    CHECK(required.demand("e") == wal_position{1, 1});
    CHECK(required.holds(openbao("d", "7")));
    CHECK(required.unplaced().text() == "a-future-form");
    CHECK(required[0].cluster() == "c");
    CHECK_FALSE(required[0].fenced());
    CHECK(required[1].fenced());
    CHECK_FALSE(required.unplaced().fenced());

    auto const texts_before = texts_of(required);
    CHECK_FALSE(required.merge(required_states()).raised_demand());
    required.merge(required);
    CHECK(texts_of(required) == texts_before);
    CHECK(required.clusters() == 3);
}

TEST_CASE("a fence stands for a cluster of which no index is held, until its first answer repays it")
{
    required_states required;
    CHECK(required.fence(cluster_id("c"), dialect::openbao) ==
          recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK(required.fenced());
    CHECK_FALSE(required.empty());
    CHECK(required.size() == 0);
    CHECK(required.find("c", dialect::openbao) != nullptr);
    required.record(openbao("c", "5"), at_active_node(required));
    CHECK_FALSE(required.fenced());

    required.fence(cluster_id(), dialect::openbao);
    CHECK(required.unplaced().has_strays());
}

TEST_CASE("a fence finds no room beside eight clusters, and then stands for good")
{
    required_states required;
    for (char cluster = 'a'; cluster < 'a' + required_states::max_clusters; ++cluster)
        required.record(vault(std::string(1, cluster), 1, 1));
    required.fence(cluster_id("ninth"), dialect::vault);
    CHECK(required.unplaced().is_crowded());
}

TEST_CASE("what answers a request of an older history is not required, and leaves a fence")
{
    auto required = states({vault("c", 10, 0)});
    auto carried = required;
    carried.advance(at(1s));
    required.demands()[0].begin_epoch(at(2s)); // the cluster was restored while the request was on its way
    auto const total = required.record(vault("c", 99, 0), arrival{.carried = &carried, .now = at(3s)});
    CHECK(total == recorded{.outdated = 1});
    CHECK_FALSE(required.holds(vault("c", 99, 0)));
    CHECK(required.fenced());
}

TEST_CASE("a fence ends with its time, whether its cluster is known or not")
{
    auto required = states({vault("c", 5, 0)});
    required.fence(cluster_id("c"), dialect::vault);
    required.advance(at(0s), 10s);
    required.fence({}, dialect::vault);
    required.advance(at(5s), 10s);
    CHECK(required.advanced_at() == at(5s));
    required.advance(at(10s), 10s);
    CHECK_FALSE(required[0].fenced());
    CHECK(required.unplaced().fenced());
    required.advance(at(15s), 10s);
    CHECK_FALSE(required.fenced());
    CHECK(required.demand("c") == wal_position{5, 0});
}

TEST_CASE("the history of a cluster is learned from indices of which the time is known")
{
    for (bool const is_known : {true, false}) {
        required_states required;
        required.record(vault("c", 5, 0), arrival{.now = is_known ? at(0s) : time_point::min()});
        required.advance(at(1s));
        CHECK(required.demand("c") == wal_position{5, 0});
        CHECK(required[0].history().settled() == (is_known ? wal_position{5, 0} : wal_position{}));
    }
}

TEST_CASE("one field value hands on all that can be sent")
{
    CHECK(required_states().field_value().empty());
    CHECK(states({vault("c", 5, 3)}).field_value() == vault("c", 5, 3));
    auto const several = states({vault("c", 0, 2), vault("c", 2, 0), openbao("d", "7")});
    CHECK(texts_of(states({several.field_value()})) == texts_of(several));
    CHECK(states({several.field_value()}).size() == 3);
}

TEST_CASE("who never heard of time says so")
{
    required_states required;
    CHECK(required.advanced_at() == time_point::max());
    required.advance(at(5s));
    CHECK(required.advanced_at() == at(5s));
}

TEST_CASE("an answer that brings what is held already says nothing of the history")
{
    required_states required;
    required.record(vault("c", 5, 1), {.now = at(0s)});
    required.record(vault("c", 1, 5), {.now = at(0s)});
    auto carried = required;
    carried.advance(at(10s));
    carried.set_sent_as({.was_checked = true});
    REQUIRE(carried[0].history().settled() == wal_position{5, 5});
    CHECK(required.record(vault("c", 5, 1), {.carried = &carried, .now = at(11s)}) == recorded{.held = 1});
    CHECK_FALSE(required[0].history().is_suspected());
}

TEST_CASE("what was superseded or forgotten is not sent, held, merged or in the way any more")
{
    auto required = states({openbao("c", "5"), openbao("c", "abc"), openbao("d", "1")});
    required.record(openbao("c", "9"), required_states(required));
    required.forget("d");
    CHECK(texts_of(required) == texts{openbao("c", "9")});
    CHECK(required.size() == 1);
    CHECK(required.clusters() == 1);
    CHECK(required.is_expressible());
    CHECK_FALSE(required.holds(openbao("c", "abc")));
    required_states other;
    CHECK(other.merge(required) == recorded{.kept = 1});
    CHECK(texts_of(other) == texts{openbao("c", "9")});
    CHECK(other.clusters() == 1);
}

TEST_CASE("of a cluster that is merely fenced no position is demanded")
{
    required_states required;
    required.fence(cluster_id("c"), dialect::vault);
    CHECK_FALSE(required.demand("c").has_value());
    CHECK(required.clusters() == 1);
    required.record(vault("c", 0, 0));
    CHECK(required.demand("c") == wal_position{0, 0});
}

TEST_CASE("a fence of which the end is told ends then, also where it is merged")
{
    required_states known;
    known.fence(cluster_id("c"), dialect::vault, at(5s));
    CHECK(known[0].fenced_until() == at(5s));
    required_states unknown;
    unknown.fence({}, dialect::vault, at(6s));
    CHECK(unknown.unplaced().fenced_until() == at(6s));
    required_states full;
    for (char cluster = 'a'; cluster < 'a' + required_states::max_clusters; ++cluster)
        full.record(vault(std::string(1, cluster), 1, 1));
    full.fence(cluster_id("ninth"), dialect::vault, at(7s));
    CHECK(full.unplaced().fenced_until() == at(7s));

    for (auto const& each : {known, unknown, full}) {
        required_states required;
        required.merge(each);
        required.advance(at(5s) - 1ns, 1h);
        CHECK(required.fenced());
        required.advance(at(7s), 1h);
        CHECK_FALSE(required.fenced());
    }
}

TEST_CASE("a history that was another one is so where it is merged, if there is room for its cluster")
{
    auto other = states({vault("ninth", 5, 0)});
    other.demands()[0].set_regressed(true);
    required_states required;
    required.merge(other);
    CHECK(required.has_regressed());
    required.merge(states({vault("ninth", 6, 0)}));
    CHECK(required.has_regressed());
    CHECK(required.demand("ninth") == wal_position{6, 0});

    required_states full;
    for (char cluster = 'a'; cluster < 'a' + required_states::max_clusters; ++cluster)
        full.record(vault(std::string(1, cluster), 1, 1));
    CHECK(full.merge(other) == recorded{.unkept = 1, .why = decode_error::no_room});
    CHECK_FALSE(full.has_regressed());
    CHECK(full.fenced());
}

TEST_CASE("a merge teaches the history of a cluster where its time is known")
{
    for (bool const is_known : {true, false}) {
        required_states required;
        if (is_known)
            required.merge(states({vault("c", 5, 0)}), at(0s));
        else
            required.merge(states({vault("c", 5, 0)}));
        required.advance(at(1s));
        required.advance(at(2s));
        CHECK(required[0].history().settled() == (is_known ? wal_position{5, 0} : wal_position{}));
    }
}

TEST_CASE("another history is reported with what gave it away, and nothing is where there was none")
{
    required_states required;
    required.record(vault("c", 10, 0), {.now = at(0s)});
    auto carried = required;
    carried.advance(at(10s));
    carried.set_sent_as({.was_checked = true});
    regression report;
    auto const told = [&](std::uint64_t local, duration when, regression* where) {
        return required.record(vault("c", local, 0), {.carried = &carried, .now = at(when), .report = where});
    };
    CHECK(told(11, 11s, &report) == recorded{.superseded = 1});
    CHECK(told(3, 12s, &report) == recorded{.held = 1, .suspected = 1});
    CHECK(report.found.cluster().empty());
    CHECK_FALSE(static_cast<bool>(report));
    auto const suspected = required;
    CHECK(told(4, 13s, &report) == recorded{.kept = 1, .regressed = 1});
    CHECK(report.lost.holds(vault("c", 11, 0)));
    CHECK(report.found.holds(vault("c", 4, 0)));
    CHECK(report.at == at(13s));

    required = suspected;
    CHECK(told(4, 13s, nullptr) == recorded{.kept = 1, .regressed = 1});
    CHECK(texts_of(required) == texts{vault("c", 4, 0)});
}
