// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/session/cached_state.hpp>

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sequences.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

static_assert(std::is_trivially_copyable_v<cached_state>);
static_assert(std::is_trivially_destructible_v<cached_state>);
static_assert(sizeof(cached_state) == 152 && alignof(cached_state) == 8);
static_assert(!std::is_convertible_v<required_states, cached_state>);

namespace {

cached_state fetched_at(std::vector<std::string> const& carried) { return cached_state(states(carried)); }

bool serves(std::vector<std::string> const& carried, std::vector<std::string> const& required)
{
    return fetched_at(carried).usable_for(states(required));
}

/// An OpenBao index with a field that is not known here.
std::string openbao_with_namespace(std::string_view value)
{
    return base64_encode(std::string(R"({"cluster":"c","namespace":"n","value":")").append(value) + "\"}");
}

/// A small world: what a server may have written, and which nodes are known to have it.
template <class Node>
struct world {
    struct letter {
        std::string text;
        std::function<bool(Node const&)> is_satisfied_by;
    };
    std::vector<letter> letters{};
    std::vector<Node> nodes{};

    [[nodiscard]] std::vector<std::string> texts_at(std::vector<std::size_t> const& sequence) const
    {
        std::vector<std::string> texts;
        for (auto const i : sequence)
            texts.push_back(letters[i].text);
        return texts;
    }

    [[nodiscard]] bool satisfies(Node const& node, std::vector<std::size_t> const& sequence) const
    {
        return std::all_of(sequence.begin(), sequence.end(),
                           [&](std::size_t i) { return letters[i].is_satisfied_by(node); });
    }

    /// Whether each node that satisfies the one demand satisfies the other.
    [[nodiscard]] bool implies(std::vector<std::size_t> const& carried,
                               std::vector<std::size_t> const& required) const
    {
        return std::all_of(nodes.begin(), nodes.end(), [&](Node const& node) {
            return !satisfies(node, carried) || satisfies(node, required);
        });
    }

    [[nodiscard]] std::vector<std::vector<std::size_t>> sequences(std::size_t first, std::size_t end,
                                                                  std::size_t longest) const
    {
        std::vector<std::vector<std::size_t>> all;
        for (std::size_t length = 0; length <= longest; ++length)
            for_each_sequence(end - first, length, [&](std::vector<std::size_t> sequence) {
                for (auto& i : sequence)
                    i += first;
                all.push_back(sequence);
            });
        return all;
    }
};

struct vault_node {
    char cluster;
    std::uint64_t local, replicated;
};

/// Positions {0..2} squared of clusters a and b; nodes at {0..3} squared.
world<vault_node> vault_world()
{
    world<vault_node> made;
    for (char const cluster : {'a', 'b'}) {
        for (std::uint64_t i = 0; i < 9; ++i)
            made.letters.push_back(
                {vault(std::string(1, cluster), i / 3, i % 3), [=](vault_node const& node) {
                     return node.cluster == cluster && node.local >= i / 3 && node.replicated >= i % 3;
                 }});
        for (std::uint64_t i = 0; i < 16; ++i)
            made.nodes.push_back({cluster, i / 4, i % 4});
    }
    return made;
}

/// The session after the answer to a write that was sent now.
session repaid(session caller, time_point now)
{
    auto const carried = caller.required();
    caller.record(written(vault("c", 2, 0)), carried, now);
    return caller;
}

/// Requests of a small server with a cache before it, each with a session of its own.
struct cached_server {
    struct entry {
        std::string data;
        cached_state at;
    };

    replication_view view{};
    std::uint64_t data = 0;       ///< each write is one more
    std::optional<entry> cache{}; ///< the only key
    int asked = 0;                ///< how often a node had to answer
    manual_clock time{};

    void write(session& caller)
    {
        time.time += 1s;
        caller.record(written(vault("c", ++data, 0)), {}, time.now());
        view.learn(dialect::vault, cluster_id("c"));
    }

    std::string read(session& caller)
    {
        auto const required = caller.required(view);
        if (cache && cache->at.usable_for(required))
            return cache->data;
        exchange exchange({}, required, {.safe = true, .idempotent = true}, time.now(), 1);
        auto request = get();
        exchange.prepare(request, view);
        ++asked;
        auto const response = answer(200, std::to_string(data));
        caller.record(response, exchange.carried(), time.now());
        REQUIRE(exchange.on_response(response, view, time.now()).why == reason::answered);
        cache = entry{response.body, cached_state(exchange.carried())};
        return response.body;
    }
};

} // namespace

namespace {

/// How often what was fetched at one of these serves a requirement of the world; and checks each against it.
template <class World, class Sequences>
std::size_t count_usable(World const& all, Sequences const& fetched)
{
    std::size_t wrong = 0;
    std::size_t usable = 0;
    auto const requirements = all.sequences(0, all.letters.size(), 2);
    for (auto const& carried : fetched) {
        auto const at = fetched_at(all.texts_at(carried));
        for (auto const& required : requirements) {
            bool const is_usable = at.usable_for(states(all.texts_at(required)));
            usable += is_usable ? 1U : 0U;
            wrong += is_usable != all.implies(carried, required) ? 1U : 0U;
        }
    }
    CHECK(wrong == 0);
    return usable;
}

} // namespace

TEST_CASE("Vault: it serves exactly where each node that satisfies the carried demand satisfies the required")
{
    auto const all = vault_world();
    // What was fetched is of one cluster.
    CHECK(count_usable(all, all.sequences(0, 9, 2)) > 1000);
}

TEST_CASE("OpenBao: the same for values with an order and without")
{
    struct node {
        std::string_view backend;
        std::uint64_t reached;
    };
    world<node> all;
    for (std::uint64_t i : {2U, 9U, 10U}) {
        all.letters.push_back({openbao("c", std::to_string(i)),
                               [=](node const& n) { return n.backend == "raft" && n.reached >= i; }});
        all.letters.push_back({openbao("c", "0/" + std::string(1, "0123456789A"[i])),
                               [=](node const& n) { return n.backend == "postgresql" && n.reached >= i; }});
    }
    for (std::string_view const other : {"abc", "abd"})
        all.letters.push_back({openbao("c", other), [=](node const& n) { return n.backend == other; }});
    for (std::string_view const backend : {"raft", "postgresql", "abc", "abd", "neither"})
        for (std::uint64_t i = 0; i < 12; ++i)
            all.nodes.push_back({backend, i});

    CHECK(count_usable(all, all.sequences(0, all.letters.size(), 1)) > 50);
}

TEST_CASE("where nothing is required, anything serves")
{
    CHECK(cached_state().usable_for({}));
    CHECK(serves({}, {}));
    CHECK(serves({vault("c", 1, 2)}, {}));
    CHECK(serves({openbao("c", "abc")}, {}));
    CHECK(serves({"a-future-form"}, {}));
    CHECK_FALSE(serves({}, {vault("c", 0, 0)})); // it may have come of another cluster
}

TEST_CASE("states of another cluster prove nothing, and neither do those of another dialect")
{
    CHECK_FALSE(serves({vault("c", 9, 9)}, {vault("d", 1, 1)}));
    CHECK_FALSE(serves({vault("c", 9, 9)}, {vault("c", 1, 1), vault("d", 1, 1)}));
    CHECK_FALSE(serves({vault("c", 9, 9)}, {openbao("c", "1")}));
    CHECK_FALSE(serves({openbao("c", "9")}, {vault("c", 1, 1)}));
    CHECK_FALSE(serves({openbao("c", "9")}, {openbao("d", "1")}));
}

TEST_CASE("what no node can check proves nothing: several clusters, or several values of OpenBao")
{
    CHECK_FALSE(serves({vault("c", 1, 1), vault("d", 1, 1)}, {vault("c", 1, 1)}));
    CHECK_FALSE(serves({openbao("c", "abc"), openbao("c", "def")}, {openbao("c", "abc")}));
    CHECK(fetched_at({vault("c", 1, 1), vault("d", 1, 1)}) == cached_state());
    CHECK(fetched_at({vault("c", 1, 1)}).cluster() == "c");
}

TEST_CASE("texts by which two writes were required prove their join, whoever had signed them")
{
    CHECK(serves({vault("c", 2, 0), vault("c", 0, 2)}, {vault("c", 2, 2, hmac_key("another"))}));
    CHECK_FALSE(serves({vault("c", 2, 0), vault("c", 0, 2)}, {vault("c", 2, 3)}));
}

TEST_CASE("a text that cannot be ordered is met by that same text, and by nothing else")
{
    auto const longest = std::string(max_index_size, '~');
    for (auto const& text : {std::string("a-future-form"), longest, openbao_with_namespace("5")}) {
        CHECK(serves({text}, {text}));
        CHECK_FALSE(serves({text}, {text.substr(1)}));
        CHECK_FALSE(serves({text}, {vault("c", 0, 0)}));
        CHECK_FALSE(serves({vault("c", 9, 9)}, {text}));
        CHECK_FALSE(serves({openbao("c", "9")}, {text}));
        CHECK_FALSE(serves({}, {text}));
    }
    CHECK_FALSE(serves({openbao_with_namespace("5")}, {openbao_with_namespace("4")}));
    CHECK_FALSE(serves({openbao_with_namespace("5")}, {openbao("c", "4")}));
    // Beside a known state it is not sent, so it is not required either.
    CHECK(serves({vault("c", 1, 1)}, {"a-future-form", vault("c", 1, 1)}));
}

TEST_CASE("behind a fence nothing from a cache will do, and one that was carried takes nothing away")
{
    auto required = states({vault("c", 1, 1)});
    auto const at = fetched_at({vault("c", 9, 9)});
    REQUIRE(at.usable_for(required));
    for (auto const& [cluster, form] : {std::pair("c", dialect::vault), std::pair("d", dialect::openbao),
                                        std::pair("", dialect::unknown)}) {
        auto fenced = required;
        fenced.fence(cluster_id(cluster), form);
        CHECK_FALSE(at.usable_for(fenced));
        CHECK(cached_state(fenced).usable_for(required));
        CHECK_FALSE(cached_state(fenced).usable_for(states({vault("c", 2, 1)})));
    }
}

TEST_CASE("an answer of one history is no proof for another one, however small the state")
{
    session caller({.regression = on_regression::reset});
    caller.record(vault("c", 9, 0), at(0s));
    auto const before = caller.required();
    auto asked = before;
    asked.advance(at(1s));
    CHECK(caller.record_active_position("c", 1, asked, at(1s)).suspected == 1);
    CHECK_FALSE(cached_state(before).usable_for(caller.required())); // nobody knows which history it is
    CHECK(caller.record_active_position("c", 1, asked, at(3s)).regressed == 1);
    auto const after = caller.required();
    REQUIRE(after.size() == 0);
    REQUIRE_FALSE(after.fenced());
    CHECK_FALSE(cached_state(before).usable_for(after)); // nothing is required yet, but not of that history
    caller.record(vault("c", 1, 0), at(3s));
    caller = repaid(caller, at(3s));
    REQUIRE_FALSE(caller.required().fenced());
    CHECK_FALSE(cached_state(before).usable_for(caller.required()));
    CHECK(cached_state(caller.required()).usable_for(caller.required()));
    CHECK_FALSE(cached_state(caller.required()).usable_for(states({vault("c", 1, 0)})));

    auto entry = cached_state(before);
    CHECK(entry.revalidate(caller.required()));
    CHECK(entry == cached_state(caller.required()));
}

TEST_CASE("nothing is served while a regression is not accepted")
{
    session caller({.regression = on_regression::fail});
    caller.record(vault("c", 9, 0), at(0s));
    auto asked = caller.required();
    asked.advance(at(1s));
    caller.record_active_position("c", 1, asked, at(1s));
    caller.record_active_position("c", 1, asked, at(3s));
    caller = repaid(caller, at(3s));
    REQUIRE_FALSE(caller.required().fenced());
    cached_state const entry(caller.required());
    CHECK_FALSE(entry.usable_for(caller.required()));
    caller.accept_regression("c");
    CHECK(entry.usable_for(caller.required()));
}

TEST_CASE("an answer that still holds is as good as one that was just fetched")
{
    auto entry = fetched_at({vault("c", 2, 1)});
    CHECK_FALSE(entry.revalidate(states({vault("c", 2, 1)})));
    CHECK_FALSE(entry.revalidate(states({vault("c", 1, 0)})));
    CHECK_FALSE(entry.revalidate({}));
    CHECK(entry == fetched_at({vault("c", 2, 1)}));
    CHECK(entry.revalidate(states({vault("c", 3, 1)})));
    CHECK(entry == fetched_at({vault("c", 3, 1)}));
    CHECK(entry.revalidate(states({openbao("c", "5")})));
    CHECK(entry == fetched_at({openbao("c", "5")}));
    CHECK(entry.revalidate(states({openbao("c", "abc")}))); // no order: the new one
    CHECK_FALSE(entry.revalidate(states({openbao("c", "abc")})));
    CHECK_FALSE(entry.revalidate(states({openbao("c", "d"), openbao("c", "e")})));
    CHECK(entry.usable_for(states({openbao("c", "abc")})));

    cached_state unknown;
    CHECK(unknown.revalidate(states({vault("c", 0, 0)})));
    CHECK(unknown.usable_for(states({vault("c", 0, 0)})));
}

TEST_CASE("after a revalidation it serves those whom one of its two fetches would serve, and no others")
{
    auto const all = vault_world();
    std::size_t wrong = 0;
    auto const fetches = all.sequences(0, 12, 1); // all of cluster a, three of b
    for (auto const& first : fetches)
        for (auto const& second : fetches) {
            auto const before = fetched_at(all.texts_at(first));
            auto const fresh = fetched_at(all.texts_at(second));
            auto entry = before;
            bool const is_raised = entry.revalidate(states(all.texts_at(second)));
            wrong += entry == (is_raised ? fresh : before) ? 0U : 1U;
            for (auto const& each : fetches) {
                auto const required = states(all.texts_at(each));
                bool const is_usable = entry.usable_for(required);
                wrong += is_usable && !before.usable_for(required) && !fresh.usable_for(required) ? 1U : 0U;
                // What is new serves at once the one who had asked for it.
                wrong += fresh.usable_for(required) && !is_usable ? 1U : 0U;
            }
        }
    CHECK(wrong == 0);
}

TEST_CASE("it is plain bytes: a copy somewhere else says the same")
{
    for (auto const& carried :
         {states({vault("c", 1, 2)}), states({openbao("c", "5")}), states({"a-form"})}) {
        cached_state const original(carried);
        alignas(cached_state) unsigned char shared[sizeof original];
        std::memcpy(shared, &original, sizeof original);
        cached_state copied;
        std::memcpy(static_cast<void*>(&copied), shared, sizeof copied);
        CHECK(copied == original);
        CHECK(copied.usable_for(carried));
    }
}

TEST_CASE("a cache serves who may see what it holds, and nobody his own write from before")
{
    cached_server server;
    session writer;
    session other;
    CHECK(server.read(other) == "0");
    CHECK(server.read(other) == "0");
    CHECK(server.asked == 1);

    server.write(writer);
    CHECK(server.read(other) == "0"); // required nothing: the old answer will do
    CHECK(server.asked == 1);
    CHECK(server.read(writer) == "1");
    CHECK(server.asked == 2);
    CHECK(server.read(writer) == "1");
    CHECK(server.read(other) == "1");
    CHECK(server.asked == 2);

    session late;
    server.write(late);
    CHECK(server.read(writer) == "1");
    CHECK(server.read(late) == "2");
    CHECK(server.asked == 3);
}

TEST_CASE("the index that an answer brings is no proof of what it shows")
{
    replication_view view;
    session reader;
    reader.record(written(openbao("c", "5")), {}, at(0s));
    exchange exchange({}, reader.required(view), {.safe = true, .idempotent = true}, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view);
    // The node was at 5 when it read, and at 8 when it wrote the field.
    auto const response = answer(200, "old").with("X-Vault-Index", openbao("c", "8"));
    REQUIRE(exchange.on_response(response, view, at(0s)).why == reason::answered);
    cached_state const entry(exchange.carried());
    CHECK(entry.usable_for(states({openbao("c", "5")})));
    CHECK_FALSE(entry.usable_for(states({openbao("c", "6")})));
}

TEST_CASE("what a policy that enforces nothing has fetched proves nothing")
{
    replication_view view;
    consistency_policy policy;
    policy.enforce = enforce_consistency::never;
    exchange exchange(policy, states({vault("c", 1, 1)}), {.safe = true}, at(0s), 1);
    auto request = get();
    exchange.prepare(request, view);
    REQUIRE(exchange.on_response(answer(200), view, at(0s)).why == reason::not_enforced);
    CHECK(cached_state(exchange.carried()) == cached_state());
}

TEST_CASE("a cluster that requires no state any more is neither a proof nor in the way of one")
{
    auto required = states({openbao("c", "5"), openbao("c", "abc"), vault("d", 1, 0)});
    required.record(openbao("c", "9"), required_states(required));
    required.forget("d");
    CHECK(cached_state(required) == fetched_at({openbao("c", "9")}));
    CHECK(fetched_at({openbao("c", "9")}).usable_for(required));

    auto with_empty = states({openbao("c", "9")});
    REQUIRE(with_empty.demands().find_or_add(cluster_id("d"), dialect::vault) != nullptr);
    CHECK(cached_state(with_empty) == fetched_at({openbao("c", "9")}));
    CHECK(fetched_at({openbao("c", "9")}).usable_for(with_empty));
    CHECK_FALSE(fetched_at({openbao("c", "8")}).usable_for(with_empty));

    auto text = states({"a-form"});
    REQUIRE(text.demands().find_or_add(cluster_id("d"), dialect::vault) != nullptr);
    CHECK(cached_state(text) == fetched_at({"a-form"}));
    CHECK(fetched_at({"a-form"}).usable_for(text));
    CHECK_FALSE(fetched_at({vault("d", 1, 0)}).usable_for(text));
}

TEST_CASE("states that were shown by other nodes are not equal")
{
    cached_state const state(states({vault("c", 1, 2)}));
    CHECK(state == cached_state(states({vault("c", 1, 2)})));
    for (auto const& other :
         {states({vault("c", 2, 2)}), states({vault("c", 1, 3)}), states({vault("d", 1, 2)}),
          states({openbao("c", "1")}), states({"a-form"}), states({})})
        CHECK_FALSE(state == cached_state(other));
}
