// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/proxied_exchange.hpp>

#include <afterwrite/lock.hpp>
#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/policy/single_flight.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>
#include <afterwrite/store/session_store.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/test_message.hpp"
#include "support/vault_agent.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

/// A token with an index of its own, which a node may not have reached.
std::string const fresh_token = std::string("hvs.") + std::string(91, 'x');

/// A standby of Vault that stays behind for a while, and sends its writes to the active node.
struct lagging_node {
    time_point caught_up = at(0s);
    bool may_forward = false;
    std::uint64_t writes = 0;
    std::vector<test_message> log{};

    test_message operator()(test_message const& request, time_point now)
    {
        log.push_back(request);
        auto const forward = request.values("X-Vault-Forward");
        auto const inconsistent = request.values("X-Vault-Inconsistent");
        bool const asks = !inconsistent.empty() && inconsistent.front() == "forward-active-node";
        if (!may_forward && !forward.empty() && !forward.front().empty())
            return forward_barred("X-Vault-Forward");
        if (!may_forward && asks)
            return forward_barred();
        bool const is_behind = now < caught_up;
        bool const is_forwarded = may_forward && (asks || !forward.empty());
        auto const indices = request.values("X-Vault-Index");
        bool const requires_state =
            std::any_of(indices.begin(), indices.end(), [](auto const& index) { return !index.empty(); }) ||
            request.values("X-Vault-Token") == texts{fresh_token};
        if (is_behind && requires_state && !is_forwarded)
            return vault_stale();
        if (request.method == "PUT")
            return written(vault("c", ++writes, 0));
        return answer(200, is_behind && !is_forwarded ? "old" : "new");
    }

    [[nodiscard]] texts last_indices() const { return log.back().values("X-Vault-Index"); }
};

/// A proxy of ours: its loop, a session a token, and a cache.
struct our_proxy {
    proxy_policy policy;
    bool has_cache = false;
    replication_view view{dialect::vault};
    time_point now = at(0s);
    store_of<no_lock> sessions{1000};
    std::map<std::string, std::pair<test_message, cached_state>> cache{};
    std::size_t attempts = 0; ///< of the last request
    step last{};

    explicit our_proxy(when_inconsistent when, proxy_scope scope = proxy_scope::identity)
    {
        constexpr backoff wait{.spread = backoff::jitter::none, .first = 10ms, .longest = 1s};
        policy.consistency = {.when = when, .wait = wait, .repeat_wait = wait};
        policy.scope = scope;
    }

    [[nodiscard]] required_states required(std::string_view token)
    {
        return sessions.store.of(token, now).required(view);
    }

    test_message send(test_message request, upstream const& server)
    {
        attempts = 0;
        auto const key = request.method + request.target;
        auto caller = sessions.store.of(session_name_of(request, policy), now);
        proxied_exchange run(policy, request, request_facts::of_method(request.method), caller, view, now, 1);
        bool const may_cache = has_cache && request.method == "GET";
        if (auto const found = cache.find(key);
            may_cache && found != cache.end() && run.may_serve(found->second.second))
            return found->second.first;
        test_message response;
        for (last = run.first(view); !last.is_final();) {
            if (last.not_before > now) {
                now = last.not_before;
                last = run.resume(view, now);
                continue;
            }
            run.prepare(request, view);
            response = server(request, now);
            ++attempts;
            last = response.status == 0 ? run.on_transport_error(caller, view, now)
                                        : run.on_response(response, caller, view, now);
        }
        if (auto const instead = run.instead(last); instead.status != 0)
            return answer(instead.status, instead.body);
        if (may_cache && last.why == reason::answered && response.status == 200)
            cache[key] = {response, run.fetched_at()};
        return response;
    }
};

/// Counts how often it is asked.
struct counting_session : session {
    mutable int asked = 0;

    [[nodiscard]] required_states required(cluster_view auto const& view) const
    {
        ++asked;
        return session::required(view);
    }
};

test_message by(std::string_view token, test_message request) { return request.with("X-Vault-Token", token); }

/// The node as something that is called, and stays where it is.
upstream at_node(lagging_node& node)
{
    return [&node](test_message const& request, time_point now) { return node(request, now); };
}

} // namespace

// -----------------------------------------------------------------------------------------------------------
// What Agent does wrong

TEST_CASE("one list for all callers: ours lets nobody wait for what another one wrote")
{
    lagging_node node{.caught_up = at(3s)};
    our_proxy ours(when_inconsistent::retry);
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.send(by("bob", get()), at_node(node)).body == "old"); // which he has no claim to
    CHECK(node.last_indices().empty());
    CHECK(ours.now == at(0s));
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    CHECK(ours.now >= at(3s));

    lagging_node other{.caught_up = at(3s)};
    vault_agent agent{.when_inconsistent = "retry"};
    agent.send(by("alice", put()), at_node(other));
    agent.send(by("bob", get()), at_node(other));
    CHECK(other.last_indices() == texts{vault("c", 1, 0)});
    CHECK(agent.now >= at(3s)); // bob has waited for alice's write
}

TEST_CASE("the global scope is what Agent is")
{
    lagging_node node{.caught_up = at(3s)};
    our_proxy ours(when_inconsistent::retry, proxy_scope::global);
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.send(by("bob", get()), at_node(node)).body == "new");
    CHECK(ours.now >= at(3s));
    CHECK(ours.send(get("/v1/sys/mounts"), at_node(node)).status == 200);
    CHECK(node.last_indices() == texts{vault("c", 1, 0)}); // whoever it is
}

TEST_CASE("an answer goes unrecorded if the client brought its own fields: ours records it")
{
    for (std::string_view const field : {"X-Vault-Index", "X-Vault-Inconsistent", "X-Vault-Forward"}) {
        CAPTURE(field);
        lagging_node node{.caught_up = at(3s), .may_forward = true};
        auto const write = by("alice", put())
                               .with(field, field == "X-Vault-Index"     ? vault("c", 0, 0)
                                            : field == "X-Vault-Forward" ? "active-node"
                                                                         : "forward-active-node");
        auto const behind = [&node](test_message const& request, time_point now) {
            node.caught_up = request.method == "PUT" ? at(0s) : at(3s); // the index of the write is there
            return node(request, now);
        };
        our_proxy ours(when_inconsistent::retry);
        REQUIRE(ours.send(write, behind).status == 204);
        CHECK(ours.send(by("alice", get()), behind).body == "new");
        CHECK(node.last_indices() == texts{vault("c", 1, 0)});

        vault_agent agent{.when_inconsistent = "retry"};
        agent.send(write, behind);
        CHECK(agent.send(by("alice", get()), behind).body == "old"); // her own write is not in it
        CHECK(node.last_indices().empty());
    }
}

TEST_CASE("the mode is skipped before the first state: ours applies it from the first request on")
{
    lagging_node node{.caught_up = at(3s)};
    auto const read = by(fresh_token, get()); // whose token the node does not know yet
    our_proxy failing(when_inconsistent::fail);
    CHECK(failing.send(read, at_node(node)).status == 412);
    CHECK(failing.attempts == 1);
    our_proxy waiting(when_inconsistent::retry);
    CHECK(waiting.send(read, at_node(node)).status == 200);
    CHECK(waiting.attempts > 1);

    vault_agent agent{.when_inconsistent = "fail"};
    CHECK(agent.send(read, at_node(node)).status == 200);
    CHECK(agent.attempts > 1); // it was told to fail
}

TEST_CASE("the mode is skipped where the client brought its own index: ours hands the refusal on")
{
    auto const read = by("alice", get()).with("X-Vault-Index", vault("c", 1, 0));
    for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::forward,
                            when_inconsistent::await, when_inconsistent::retry_then_forward}) {
        lagging_node node{.caught_up = at(3s)};
        our_proxy ours(when);
        auto const response = ours.send(read, at_node(node));
        CHECK(response.status == 412);
        CHECK(response.body == vault_stale().body);
        CHECK(ours.attempts == 1);
        CHECK(node.log.front().fields == read.fields); // as it came
    }
    lagging_node node{.caught_up = at(3s)};
    vault_agent agent{.when_inconsistent = "fail"};
    agent.send(read, at_node(node));
    CHECK(agent.attempts > 1);
}

TEST_CASE("a cache hit is served unchecked: ours asks whether it shows what is required")
{
    lagging_node node{.caught_up = at(3s)};
    our_proxy ours(when_inconsistent::retry);
    ours.has_cache = true;
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "old");
    node.log.clear();
    ours.send(by("alice", get()), at_node(node));
    CHECK(node.log.empty()); // nothing was required
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    node.log.clear();
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    CHECK(node.log.empty()); // fetched at what she requires
    ours.send(by("alice", get()).with("X-Vault-Index", vault("c", 9, 0)), at_node(node));
    CHECK(node.log.size() == 1); // whether it shows that, the server knows

    lagging_node other{.caught_up = at(3s)};
    vault_agent agent{.when_inconsistent = "retry", .has_cache = true};
    agent.send(by("alice", get()), at_node(other));
    agent.send(by("alice", put()), at_node(other));
    CHECK(agent.send(by("alice", get()), at_node(other)).body == "old");
}

TEST_CASE("forward is answered 400 for everything: ours learns that it is not allowed, and waits")
{
    lagging_node node{.caught_up = at(3s)};
    our_proxy ours(when_inconsistent::forward);
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    node.log.clear();
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    CHECK(node.log.size() == 1); // it is not tried again
    CHECK(node.log.front().values("X-Vault-Inconsistent").empty());

    lagging_node other{.caught_up = at(3s)};
    vault_agent agent{.when_inconsistent = "forward"};
    agent.send(by("alice", put()), at_node(other));
    for (auto const* const target : {"/v1/kv/foo", "/v1/kv/bar", "/v1/sys/mounts"})
        CHECK(agent.send(by("alice", get(target)), at_node(other)).status == 400);
}

TEST_CASE("forward lets the active node answer, where it is allowed")
{
    lagging_node node{.caught_up = at(3s), .may_forward = true};
    our_proxy ours(when_inconsistent::forward);
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "new");
    CHECK(ours.now == at(0s));
}

TEST_CASE("412 is turned into 500: ours hands it on")
{
    lagging_node node{.caught_up = time_point::max()};
    for (auto const when : {when_inconsistent::fail, when_inconsistent::retry, when_inconsistent::forward,
                            when_inconsistent::retry_then_forward}) {
        our_proxy ours(when);
        ours.send(by("alice", put()), at_node(node));
        auto const response = ours.send(by("alice", get()), at_node(node));
        CHECK(response.status == 412);
        CHECK(response.body == vault_stale().body);
    }
    vault_agent agent{.when_inconsistent = "retry"};
    agent.send(by("alice", put()), at_node(node));
    CHECK(agent.send(by("alice", get()), at_node(node)).status == 500);
}

// -----------------------------------------------------------------------------------------------------------
// Whose state it is

TEST_CASE("an index that a client brings is nobody's state")
{
    for (auto const scope : {proxy_scope::identity, proxy_scope::global}) {
        lagging_node node;
        our_proxy ours(when_inconsistent::retry, scope);
        auto const lie = vault("c", 1'000'000, 0);
        CHECK(ours.send(by("mallory", get()).with("X-Vault-Index", lie), at_node(node)).status == 200);
        CHECK(ours.send(by("mallory", put()).with("X-Vault-Index", lie), at_node(node)).status == 204);
        for (std::string_view const name : {"mallory", "alice", ""})
            for (auto const& text : texts_of(ours.required(name)))
                CHECK(text == vault("c", 1, 0)); // of the answer
        ours.send(by("mallory", get()), at_node(node));
        CHECK(node.last_indices() == texts{vault("c", 1, 0)});
    }
}

TEST_CASE("a client's own fields go through as they are, even where the host wants the active node")
{
    replication_view view(dialect::vault);
    session mine;
    mine.record(vault("c", 1, 0), at(0s));
    our_proxy const ours(when_inconsistent::retry_then_forward);
    auto facts = request_facts::of_method("GET");
    facts.to = route::active_node;
    auto request =
        get().with("X-Vault-Token", "a").with("X-Vault-Inconsistent", "").with("X-Vault-Index", "b,c");
    auto const sent = request.fields;
    proxied_exchange run(ours.policy, request, facts, mine, view, at(0s), 1);
    CHECK(run.is_clients_own());
    CHECK(run.first(view).what == action::send_again);
    run.prepare(request, view);
    CHECK(request.fields == sent);
    CHECK(run.to() == route::any_node);
    CHECK_FALSE(run.may_serve({}));
}

TEST_CASE("empty fields of a client count as absent, and are replaced")
{
    lagging_node node;
    our_proxy ours(when_inconsistent::retry);
    ours.send(by("alice", put()), at_node(node));
    ours.send(by("alice", get())
                  .with("X-Vault-Index", "")
                  .with("X-Vault-Inconsistent", "")
                  .with("X-Vault-Forward", ""),
              at_node(node));
    CHECK(node.last_indices() == texts{vault("c", 1, 0)});
    CHECK(node.log.back().values("X-Vault-Inconsistent").empty());
    CHECK(node.log.back().values("X-Vault-Forward").empty());
}

TEST_CASE("who logs in waits for no other login, and the new token sees its own")
{
    our_proxy ours(when_inconsistent::retry);
    std::uint64_t logins = 0;
    std::vector<test_message> log;
    auto const server = [&](test_message const& request, time_point) {
        log.push_back(request);
        if (request.target != "/v1/auth/userpass/login/a")
            return answer(200);
        auto const name = std::string("token-") + std::to_string(++logins);
        return answer(200, R"({"auth":{"client_token":")" + name + "\"}}")
            .with("X-Vault-Index", vault("c", logins, 0));
    };
    test_message const login = put("/v1/auth/userpass/login/a");
    ours.send(login, server);
    ours.send(login, server);
    CHECK(log.back().values("X-Vault-Index").empty());
    ours.send(by("token-1", get()), server);
    CHECK(log.back().values("X-Vault-Index") == texts{vault("c", 1, 0)});
    ours.send(get().with("Authorization", "Bearer token-2"), server);
    CHECK(log.back().values("X-Vault-Index") == texts{vault("c", 2, 0)});
    ours.send(by("token-3", get()), server);
    CHECK(log.back().values("X-Vault-Index").empty());
}

TEST_CASE("what is never enforced is neither required nor recorded, and goes through once")
{
    lagging_node node{.caught_up = at(3s)};
    our_proxy ours(when_inconsistent::retry);
    ours.policy = {};
    ours.has_cache = true;
    ours.send(by("alice", put()), at_node(node));
    CHECK(ours.required("alice").empty());
    CHECK(ours.send(by("alice", get()), at_node(node)).body == "old");
    auto const odd = by(fresh_token, get("/v1/kv/odd")).with("X-Vault-Inconsistent", "");
    CHECK(ours.send(odd, at_node(node)).status == 412);
    CHECK(node.log.back().fields == odd.fields);
    CHECK(ours.attempts == 1);
}

// -----------------------------------------------------------------------------------------------------------
// What the client gets

TEST_CASE("a write whose answer is lost is answered 502, and the next read goes to the active node")
{
    our_proxy ours(when_inconsistent::retry);
    lagging_node node{.may_forward = true};
    CHECK(ours.send(by("alice", put()), [](auto const&, auto) { return answer(0); }).status == 502);
    CHECK(ours.required("alice").fenced());
    CHECK_FALSE(ours.required("bob").fenced());
    CHECK(ours.send(by("alice", get()), at_node(node)).status == 200);
    CHECK(node.log.back().values("X-Vault-Forward") == texts{"active-node"});
}

TEST_CASE("a lost write with fields of its own is remembered, and one that was not sent is not")
{
    our_proxy ours(when_inconsistent::retry);
    auto request = by("alice", put()).with("X-Vault-Forward", "active-node");
    for (bool const sent : {false, true}) {
        auto caller = ours.sessions.store.of("alice", at(0s));
        proxied_exchange run(ours.policy, request, {}, caller, ours.view, at(0s), 1);
        CHECK_FALSE(run.first(ours.view).is_final());
        run.prepare(request, ours.view);
        auto const last = run.on_transport_error(caller, ours.view, at(0s), sent);
        CHECK(run.instead(last) == proxy_answers::no_answer);
        CHECK(ours.required("alice").fenced() == sent);
    }
}

TEST_CASE("a refusal is at hand until the next attempt, and not while that one is under way")
{
    our_proxy const ours(when_inconsistent::retry);
    replication_view view(dialect::vault);
    session mine;
    mine.record(vault("c", 1, 0), at(0s));
    auto request = get();
    request.with("X-Vault-Token", "a");
    step const cancelled{.what = action::give_up, .why = reason::cancelled};
    proxied_exchange run(ours.policy, request, request_facts::of_method("GET"), mine, view, at(0s), 1);
    CHECK_FALSE(run.first(view).is_final());
    CHECK(run.instead(cancelled) == proxy_answers::cancelled);
    run.prepare(request, view);
    auto const waits = run.on_response(vault_stale(), mine, view, at(0s));
    CHECK(waits.why == reason::waiting);
    CHECK(run.instead(cancelled).status == 0);
    run.prepare(request, view);
    CHECK(run.instead(cancelled) == proxy_answers::cancelled);
    CHECK(run.attempts() == 2);
}

TEST_CASE("a read that would need the active node, which nobody knows, is told so")
{
    our_proxy ours(when_inconsistent::retry);
    ours.view.missing().note_missing(capability::forwarding, at(0s));
    ours.send(by("alice", put()), [](auto const&, auto) { return answer(0); });
    auto const response = ours.send(by("alice", get()), [](auto const&, auto) { return answer(200, "old"); });
    CHECK(response.status == 503);
    CHECK(ours.attempts == 0);
}

TEST_CASE("sessions and views with locks of their own do as well")
{
    our_proxy const ours(when_inconsistent::retry);
    shared_session<no_lock> mine;
    shared_replication_view<no_lock> view;
    auto request = by("alice", put());
    proxied_exchange writing(ours.policy, request, {}, mine, view, at(0s), 1);
    CHECK_FALSE(writing.first(view).is_final());
    writing.prepare(request, view);
    CHECK(writing.on_response(written(vault("c", 1, 0)), mine, view, at(0s)).what == action::deliver);
    CHECK(mine.required().size() == 1);

    auto read = by("alice", get());
    proxied_exchange reading(ours.policy, read, request_facts::of_method("GET"), mine, view, at(0s), 1);
    CHECK(reading.carried().size() == 1);
    auto const due = reading.first(view);
    reading.prepare(read, view);
    CHECK(read.values("X-Vault-Index") == texts{vault("c", 1, 0)});
    CHECK(reading.on_transport_error(mine, view, due.not_before).what == action::send_again);
    CHECK(reading.resume(view, at(1s)).what == action::send_again);
}

TEST_CASE("a session is asked only where something of it may be required")
{
    replication_view view(dialect::vault);
    counting_session mine;
    our_proxy const ours(when_inconsistent::retry);
    auto const ask = [&](proxy_policy const& policy, test_message const& request) {
        mine.asked = 0;
        proxied_exchange const run(policy, request, {}, mine, view, at(0s), 1);
        return mine.asked;
    };
    CHECK(ask(ours.policy, by("alice", get())) == 1);
    CHECK(ask(ours.policy, by("alice", get()).with("X-Vault-Forward", "active-node")) == 0);
    CHECK(ask(ours.policy, get()) == 0);
    CHECK(ask({}, by("alice", get())) == 0);
}

TEST_CASE("nothing is served from a cache where the active node is to answer")
{
    replication_view view(dialect::vault);
    session const mine;
    auto facts = request_facts::of_method("GET");
    auto const may_serve = [&] {
        our_proxy const ours(when_inconsistent::retry);
        auto const request = by("alice", get());
        return proxied_exchange(ours.policy, request, facts, mine, view, at(0s), 1).may_serve({});
    };
    CHECK(may_serve());
    facts.to = route::active_node;
    CHECK_FALSE(may_serve());
}

TEST_CASE("a read that waited behind another one until its deadline is refused, in the words of its cluster")
{
    for (auto const& [index, words] : {std::pair(vault("c", 5, 0), refusal_answers::vault_stale),
                                       std::pair(openbao("c", "5"), refusal_answers::openbao_stale)}) {
        replication_view view;
        view.add_node("http://a");
        session mine;
        mine.record(index, at(0s));
        our_proxy ours(when_inconsistent::retry);
        ours.policy.consistency.wait = backoff::learned();
        auto facts = request_facts::of_method("GET");
        facts.to = route::best_node;
        facts.addressable = true;
        facts.deadline = at(50ms);
        single_flight::reader leader{.required = {4, 0}}; // another read, which was told to come back later
        static_cast<void>(view.nodes()[0].flight.refused(leader, at(0s), at(400ms), 0));
        auto const joining = by("bob", get());
        proxied_exchange run(ours.policy, joining, facts, mine, view, at(0s), 2);
        auto const waits = run.first(view);
        REQUIRE(waits.why == reason::joined);
        auto const last = run.resume(view, waits.not_before);
        REQUIRE(last.why == reason::deadline_passed);
        CHECK(run.attempts() == 0);
        CHECK(run.instead(last) == words);
    }
}

TEST_CASE("an answer of a node that nobody asked as was due is not handed on")
{
    replication_view view(dialect::openbao);
    session mine;
    our_proxy const ours(when_inconsistent::retry);
    auto facts = request_facts::of_method("GET");
    facts.to = route::active_node; // to which no way leads, but the driver sends all the same
    auto request = by("alice", get());
    proxied_exchange run(ours.policy, request, facts, mine, view, at(0s), 1);
    CHECK(run.instead(run.first(view)) == proxy_answers::not_offered);
    run.prepare(request, view);
    auto const last = run.on_response(answer(200), mine, view, at(0s));
    CHECK(last.why == reason::unproven);
    CHECK(run.instead(last) == refusal_answers::openbao_stale);
}

TEST_CASE("a read for which there was no time to begin is told so, and not that a node is behind")
{
    replication_view view(dialect::vault);
    session mine;
    mine.record(vault("c", 5, 0), at(0s));
    our_proxy const ours(when_inconsistent::retry);
    auto facts = request_facts::of_method("GET");
    facts.deadline = at(0s) - 1s;
    proxied_exchange run(ours.policy, by("alice", get()), facts, mine, view, at(0s), 1);
    auto const last = run.first(view);
    REQUIRE(last.why == reason::deadline_passed);
    CHECK(run.instead(last) == proxy_answers::no_time);
}

TEST_CASE("an attempt that broke when no time was left is no answer, and not that there was no time to begin")
{
    replication_view view(dialect::vault);
    session mine;
    our_proxy const ours(when_inconsistent::retry);
    auto facts = request_facts::of_method("GET");
    facts.deadline = at(0s);
    auto request = by("alice", get());
    proxied_exchange run(ours.policy, request, facts, mine, view, at(0s), 1);
    CHECK_FALSE(run.first(view).is_final());
    run.prepare(request, view);
    auto const last = run.on_transport_error(mine, view, at(0s));
    REQUIRE(last.why == reason::deadline_passed);
    CHECK(run.instead(last) == proxy_answers::no_answer);
}

TEST_CASE("what is no status of an answer is none at hand")
{
    our_proxy const ours(when_inconsistent::retry);
    step const cancelled{.what = action::give_up, .why = reason::cancelled};
    for (int const status : {0, 99, 100, 412}) {
        replication_view view(dialect::vault);
        session mine;
        auto request = by("alice", put());
        proxied_exchange run(ours.policy, request, {}, mine, view, at(0s), 1);
        CHECK_FALSE(run.first(view).is_final());
        run.prepare(request, view);
        static_cast<void>(run.on_response(answer(status), mine, view, at(0s)));
        CHECK(run.instead(cancelled) == (status < 100    ? proxy_answers::cancelled
                                         : status == 100 ? proxy_answers::unproven_write
                                                         : refusal_answer()));
    }
}
