// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/decision/decide.hpp>

#include <doctest/doctest.h>

#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"
#include "support/tokens.hpp"

#include <array>
#include <string>
#include <string_view>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::array roles = {node_role::active, node_role::performance_standby, node_role::standby};
constexpr std::array replications = {cluster_role::primary, cluster_role::secondary};

/// A performance standby of cluster "c" that stands at 10, and at 5 of a primary's log.
node_view vault_node(node_role role = node_role::performance_standby, node_settings const& settings = {})
{
    return {
        .cluster = cluster_id("c"), .position = {10, 5}, .role = role, .now = at(0ms), .settings = settings};
}

node_view openbao_node(node_role role = node_role::performance_standby, node_settings const& settings = {})
{
    auto node = vault_node(role, settings);
    node.form = dialect::openbao;
    node.position.replicated = 0;
    return node;
}

test_message with_index(std::string const& line) { return get().with("X-Vault-Index", line); }

test_message inconsistent(test_message request, std::string_view first, std::string_view second = {})
{
    request.with("X-Vault-Inconsistent", first);
    return second.empty() ? request : request.with("X-Vault-Inconsistent", second);
}

ruling of(test_message const& request, node_view const& node)
{
    return decide(requirement_of(request), node);
}

verdict what(test_message const& request, node_view const& node) { return of(request, node).what; }

refusal_answer refusal_of(test_message const& request, node_view const& node)
{
    auto const ruled = of(request, node);
    return ruled.what == verdict::refuse ? ruled.answer : refusal_answer{};
}

std::string const reached = vault("c", 10, 5);
std::string const ahead = vault("c", 11, 5);
std::string const ahead_above = vault("c", 10, 6);
constexpr node_settings allowing{.allow_forwarding_via_header = true};

} // namespace

TEST_CASE("it can be decided in a constant expression")
{
    constexpr auto ruled = decide(requirement{}, node_view{});
    static_assert(ruled.what == verdict::serve);
    static_assert(ruled.why == ruling_reason::nothing_required);
    CHECK(decide(requirement{}, node_view{}) == ruled);
}

TEST_CASE("a node serves what it has reached, and what requires nothing")
{
    for (auto const role : {node_role::active, node_role::performance_standby}) {
        CHECK(of(get(), vault_node(role)).why == ruling_reason::nothing_required);
        CHECK(of(with_index(reached), vault_node(role)).why == ruling_reason::reached);
        CHECK(what(with_index(vault("c", 0, 0)), vault_node(role)) == verdict::serve);
        CHECK(of(get(), openbao_node(role)).why == ruling_reason::nothing_required);
        CHECK(of(with_index(openbao("c", "10")), openbao_node(role)).why == ruling_reason::reached);
    }
}

TEST_CASE("Vault refuses what it has not reached in either number, with its own words")
{
    for (auto const role : {node_role::active, node_role::performance_standby})
        for (auto const& line : {ahead, ahead_above, vault("c", 99, 0), vault("c", 0, 99)}) {
            auto const ruled = of(put().with("X-Vault-Index", line), vault_node(role));
            CHECK(ruled.what == verdict::refuse);
            CHECK(ruled.why == ruling_reason::not_reached);
            CHECK(ruled.answer.status == 412);
            CHECK(ruled.answer.body == R"({"errors":["required index state not present"]})");
        }
}

TEST_CASE("Vault counts each line that it cannot use as not reached")
{
    for (auto const& line : {vault("other", 1, 0), openbao("c", "1"), std::string("x"), std::string()}) {
        auto const ruled = of(with_index(reached).with("X-Vault-Index", line), vault_node());
        CHECK(ruled.why == ruling_reason::unusable_index);
        CHECK(ruled.answer == refusal_answers::vault_stale);
    }
    CHECK(what(with_index(vault("", 0, 0)), vault_node()) == verdict::refuse);
    CHECK(what(with_index(vault("c", 5, 5)).with("X-Vault-Index", vault("c", 9, 1)), vault_node()) ==
          verdict::serve);
    CHECK(what(with_index(vault("c", 5, 5)).with("X-Vault-Index", vault("c", 11, 1)), vault_node()) ==
          verdict::refuse);
    CHECK(what(with_index(reached), node_view{.position = {99, 99}}) == verdict::refuse);
}

TEST_CASE("Vault refuses to be asked to forward where that is not allowed, on every node and in any state")
{
    for (auto const role : roles)
        for (auto const& request : {get(), with_index(reached), with_index(ahead)}) {
            auto const always = test_message(request).with("X-Vault-Forward", "active-node");
            CHECK(refusal_of(always, vault_node(role)).body ==
                  R"({"errors":["forwarding via header X-Vault-Forward disabled in configuration"]})");
            CHECK(refusal_of(test_message(request).with("X-Vault-Forward", "x"), vault_node(role)).status ==
                  400);
            CHECK(refusal_of(inconsistent(request, "forward-active-node"), vault_node(role)).body ==
                  R"({"errors":["forwarding via header X-Vault-Inconsistent=forward-active-node )"
                  R"(disabled in configuration"]})");
            auto const both = inconsistent(always, "forward-active-node");
            CHECK(refusal_of(both, vault_node(role)) == refusal_answers::forward_disabled);
        }
}

TEST_CASE("Vault ignores other words of X-Vault-Inconsistent, and all but the first line")
{
    for (auto const* const word : {"fail", "await-state", "x", ""}) {
        CHECK(what(inconsistent(with_index(reached), word), vault_node()) == verdict::serve);
        CHECK(what(inconsistent(with_index(ahead), word), vault_node()) == verdict::refuse);
        auto const second = inconsistent(with_index(ahead), word, "forward-active-node");
        CHECK(refusal_of(second, vault_node()).status == 412);
        CHECK(refusal_of(second, vault_node(node_role::performance_standby, allowing)).status == 412);
    }
}

TEST_CASE("Vault forwards what lacks its index if asked to, and always if asked so")
{
    auto const node = vault_node(node_role::performance_standby, allowing);
    auto const conditional = [](std::string const& line) {
        return inconsistent(with_index(line), "forward-active-node");
    };
    CHECK(what(conditional(reached), node) == verdict::serve);
    CHECK(what(inconsistent(get(), "forward-active-node"), node) == verdict::serve);
    CHECK(of(conditional(ahead), node).why == ruling_reason::not_reached);
    CHECK(what(conditional(ahead), node) == verdict::forward_to_active);
    CHECK(of(conditional("x"), node).why == ruling_reason::unusable_index);
    auto const always = of(get().with("X-Vault-Forward", "active-node"), node);
    CHECK(always.what == verdict::forward_to_active);
    CHECK(always.why == ruling_reason::asked_for_active);
    auto const other_word = conditional(ahead).with("X-Vault-Forward", "x"); // hides the other field
    CHECK(refusal_of(other_word, node) == refusal_answers::vault_stale);
}

TEST_CASE("the active node of Vault has nobody to forward to")
{
    auto const node = vault_node(node_role::active, allowing);
    CHECK(what(get().with("X-Vault-Forward", "active-node"), node) == verdict::serve);
    CHECK(what(with_index(ahead).with("X-Vault-Forward", "active-node"), node) == verdict::refuse);
    CHECK(what(inconsistent(with_index(ahead), "forward-active-node"), node) == verdict::refuse);
}

TEST_CASE("another standby of Vault forwards everything that is not an error")
{
    auto const node = vault_node(node_role::standby);
    for (auto const& request : {get(), with_index(reached), with_index(ahead), with_index("x")}) {
        CHECK(what(request, node) == verdict::forward_to_active);
        CHECK(of(request, node).why == ruling_reason::serves_no_requests);
    }
    CHECK(what(inconsistent(get(), "forward-active-node"), node) == verdict::refuse);
    CHECK(what(get("/v1/sys/health"), node) == verdict::serve);
}

TEST_CASE("a secondary tells when its active node may lack it too")
{
    for (auto const replication : replications) {
        auto node = vault_node(node_role::performance_standby, allowing);
        node.replication = replication;
        auto const may_lack = [&](std::string const& line) {
            auto const ruled = of(inconsistent(with_index(line), "forward-active-node"), node);
            REQUIRE(ruled.what == verdict::forward_to_active);
            return ruled.active_may_lack_it;
        };
        CHECK_FALSE(may_lack(ahead));
        CHECK(may_lack(ahead_above) == (replication == cluster_role::secondary));
        CHECK(may_lack(vault("other", 0, 0)));
    }
}

TEST_CASE("who wants no forwarding is redirected, but not by a performance standby of Vault")
{
    auto const request =
        get().with("X-Vault-No-Request-Forwarding", "1").with("X-Vault-Forward", "active-node");
    CHECK(of(request, vault_node(node_role::standby, allowing)).by_redirect);
    CHECK_FALSE(of(request, vault_node(node_role::performance_standby, allowing)).by_redirect);
    CHECK_FALSE(of(get(), vault_node(node_role::standby)).by_redirect);
    auto const conditional = inconsistent(with_index(openbao("c", "11")), "forward-active-node");
    CHECK(what(conditional, openbao_node()) == verdict::forward_to_active);
    CHECK_FALSE(of(conditional, openbao_node()).by_redirect);
    CHECK(
        of(test_message(conditional).with("X-Vault-No-Request-Forwarding", "1"), openbao_node()).by_redirect);
}

TEST_CASE("Vault looks at no field of a request for its health")
{
    auto const request =
        inconsistent(get("/v1/sys/health").with("X-Vault-Index", ahead), "forward-active-node");
    for (auto const role : roles)
        CHECK(what(request, vault_node(role)) == verdict::serve);
}

TEST_CASE("Vault holds a request only if it is told to, and not for what never comes")
{
    auto node = vault_node(node_role::performance_standby, {.hold_before_412 = 50ms});
    auto const held = of(with_index(ahead_above), node);
    CHECK(held.what == verdict::await_state);
    CHECK(held.until == at(50ms));
    CHECK(held.awaited == wal_position{10, 6});
    CHECK(what(with_index("x"), node) == verdict::refuse);
    auto const asked = requirement_of(with_index(ahead_above));
    node.now = at(49ms);
    CHECK(decide(asked, node, held.until) == held);
    node.now = at(50ms);
    CHECK(decide(asked, node, held.until).answer == refusal_answers::vault_stale);
    node.position = {10, 6};
    CHECK(decide(asked, node, held.until).what == verdict::serve);
}

TEST_CASE("Vault looks at the index of a token after that of the fields")
{
    auto const with_token = [](std::string const& token, test_message request = get()) {
        return request.with("X-Vault-Token", token);
    };
    CHECK(what(with_token(vault_token(10)), vault_node()) == verdict::serve);
    auto const stale = of(with_token(vault_token(11)), vault_node());
    CHECK(stale.answer == refusal_answers::vault_stale);
    CHECK(stale.why == ruling_reason::token_not_reached);
    CHECK(what(with_token(vault_token(11)), vault_node(node_role::active)) == verdict::refuse);
    CHECK(of(with_token(vault_token(11)), vault_node(node_role::standby)).why ==
          ruling_reason::serves_no_requests);
    CHECK(of(with_token(vault_token(11), with_index(ahead)), vault_node()).why == ruling_reason::not_reached);
    CHECK(what(with_token(openbao_token("11")), vault_node()) == verdict::serve); // no token of its own
    CHECK(what(with_token("hvs.ABCDEFGHIJKLMNOPQRSTUVWX"), vault_node()) == verdict::serve);
}

TEST_CASE("Vault does not look at a token's index in a login, of an older epoch, or without raft")
{
    auto const token = vault_token(11, 1);
    auto const request = get().with("X-Vault-Token", token);
    auto node = vault_node();
    node.token_epoch = 1;
    CHECK(what(request, node) == verdict::refuse);
    node.token_epoch = 2;
    CHECK(what(request, node) == verdict::serve);
    node = vault_node(node_role::performance_standby, {.storage = node_storage::other});
    CHECK(what(request, node) == verdict::serve);
    auto const login = put("/v1/auth/userpass/login/anna").with("X-Vault-Token", token);
    CHECK(what(login, vault_node()) == verdict::serve);
}

TEST_CASE("a performance standby forwards a new token where that is allowed, the active node cannot")
{
    constexpr node_settings settings{.allow_forwarding_via_token = true};
    auto const request = get().with("X-Vault-Token", vault_token(11));
    auto const ruled = of(request, vault_node(node_role::performance_standby, settings));
    CHECK(ruled.what == verdict::forward_to_active);
    CHECK(ruled.why == ruling_reason::token_not_reached);
    CHECK(what(request, vault_node(node_role::active, settings)) == verdict::refuse);
    auto const login = put("/v1/auth/userpass/login/anna").with("X-Vault-Token", vault_token(11));
    CHECK(what(login, vault_node(node_role::performance_standby, settings)) == verdict::forward_to_active);
    CHECK(what(login, vault_node(node_role::active, settings)) == verdict::serve);
}

TEST_CASE("OpenBao refuses what it has not reached by 429, and says when to come again")
{
    auto const ruled = of(with_index(openbao("c", "11")), openbao_node());
    CHECK(ruled.what == verdict::refuse);
    CHECK(ruled.why == ruling_reason::not_reached);
    CHECK(ruled.answer.status == 429);
    CHECK(ruled.answer.body == R"({"errors":[]})");
    REQUIRE(ruled.answer.fields.size() == 3);
    CHECK(ruled.answer.fields[2] == answer_field{"Retry-After", "1"});
    CHECK(what(inconsistent(with_index(openbao("c", "11")), "fail"), openbao_node()) == verdict::refuse);
}

TEST_CASE("OpenBao compares numbers, as its storage writes them")
{
    auto node = openbao_node();
    CHECK(what(with_index(openbao("c", "9")), node) == verdict::serve);
    CHECK(what(with_index(openbao("c", "0000010")), node) == verdict::serve);
    CHECK(what(with_index(openbao("c", "100")), node) == verdict::refuse);
    auto const unknown_field = base64_encode(R"({"cluster":"c","value":"11","namespace":"n"})");
    CHECK(what(with_index(unknown_field), node) == verdict::refuse);
    for (auto const* const value : {"0/5", "x", "-1", "18446744073709551616"})
        CHECK(of(with_index(openbao("c", value)), node).why == ruling_reason::not_comparable);

    node.settings.storage = node_storage::postgresql;
    node.position.local = 0x10'0000'0000;
    CHECK(what(with_index(openbao("c", "F/FFFFFFFF")), node) == verdict::serve);
    CHECK(of(with_index(openbao("c", "10/0")), node).why == ruling_reason::reached);
    CHECK(what(with_index(openbao("c", "10/1")), node) == verdict::refuse);
    CHECK(of(with_index(openbao("c", "99999999999999")), node).why == ruling_reason::not_comparable);

    node.settings.storage = node_storage::other;
    for (auto const& line : {openbao("c", "10/1"), openbao_past_bound("c")}) {
        CHECK(of(with_index(line), node).why == ruling_reason::not_comparable);
        CHECK(of(inconsistent(with_index(line), "await-state"), node).why == ruling_reason::not_comparable);
    }
}

TEST_CASE("OpenBao takes another cluster's index for none, and one beyond our bound for not reached")
{
    CHECK(of(with_index(openbao("other", "99")), openbao_node()).why == ruling_reason::nothing_required);
    auto const long_index = with_index(openbao_past_bound("c"));
    CHECK(refusal_of(long_index, openbao_node()) == refusal_answers::openbao_stale);
    CHECK(what(inconsistent(long_index, "forward-active-node"), openbao_node()) ==
          verdict::forward_to_active);
    CHECK(what(long_index, openbao_node(node_role::active)) == verdict::serve);
    auto nameless = openbao_node();
    nameless.cluster = {};
    CHECK(what(with_index(openbao("c", "11")), nameless) == verdict::refuse);
    CHECK(of(get(), nameless).why == ruling_reason::nothing_required);
}

TEST_CASE("OpenBao holds what may be awaited, and decides again")
{
    auto node = openbao_node();
    auto const request = inconsistent(with_index(openbao("c", "12")), "await-state", "forward-active-node");
    auto const held = of(request, node);
    CHECK(held.what == verdict::await_state);
    CHECK(held.awaited == wal_position{12, 0});
    CHECK(held.until == at(25ms));
    auto const asked = requirement_of(request);
    node.now = at(20ms);
    node.position.local = 11;
    CHECK(decide(asked, node, held.until) == held);
    node.now = at(25ms);
    CHECK(decide(asked, node, held.until).what == verdict::forward_to_active);
    node.position.local = 12;
    CHECK(decide(asked, node, held.until).what == verdict::serve);
}

TEST_CASE("what OpenBao does after a wait in vain is said by the request, or else by the listener")
{
    constexpr node_settings forwards{.consistency_fallback_behavior = after_await::forward_active_node,
                                     .consistency_max_index_wait = 100ms};
    auto const after = [](test_message const& request, node_settings const& settings) {
        auto node = openbao_node(node_role::performance_standby, settings);
        auto const asked = requirement_of(request);
        auto const held = decide(asked, node);
        REQUIRE(held.what == verdict::await_state);
        CHECK(held.until == at(settings.index_wait()));
        node.now = held.until;
        return decide(asked, node, held.until).what;
    };
    auto const stale = with_index(openbao("c", "12"));
    CHECK(after(inconsistent(stale, "await-state"), {}) == verdict::refuse);
    CHECK(after(inconsistent(stale, "await-state"), forwards) == verdict::forward_to_active);
    CHECK(after(inconsistent(stale, "await-state", "fail"), forwards) == verdict::refuse);
    CHECK(after(inconsistent(stale, "await-state", "forward-active-node"), {}) == verdict::forward_to_active);
    auto const garbage = with_index(openbao("c", "0/5")); // cannot come, and is awaited nevertheless
    CHECK(after(inconsistent(garbage, "await-state"), {}) == verdict::refuse);
    CHECK(of(inconsistent(garbage, "await-state"), openbao_node()).awaited == unreachable_position);
}

TEST_CASE("OpenBao checks the fields on every node, first the index, and says what is wrong")
{
    auto const twice = with_index(openbao("c", "1")).with("X-Vault-Index", "");
    for (auto const role : roles) {
        auto const body = [&](test_message const& request) {
            auto const answer = refusal_of(request, openbao_node(role));
            CHECK(answer.status == 400);
            return answer.body;
        };
        CHECK(body(inconsistent(twice, "x")) ==
              R"({"errors":["expected at most one value for \"X-Vault-Index\""]})");
        CHECK(body(inconsistent(with_index("x"), "x")).starts_with(R"({"errors":["failed to decode )"));
        CHECK(body(inconsistent(get(), "x", "fail").with("X-Vault-Inconsistent", "fail")) ==
              R"({"errors":["expected at most two values for \"X-Vault-Inconsistent\""]})");
        CHECK(body(inconsistent(get(), "fail", "fail")) ==
              R"({"errors":["X-Vault-Inconsistent=fail cannot be used with more than one value"]})");
        CHECK(body(inconsistent(get(), "forward-active-node", "x")) ==
              R"({"errors":["X-Vault-Inconsistent=forward-active-node )"
              R"(cannot be used with more than one value"]})");
        for (auto const* const word : {"await-state", "x"})
            CHECK(body(inconsistent(get(), "await-state", word)) ==
                  R"({"errors":["unknown second value for \"X-Vault-Inconsistent\": )"
                  R"(must either be \"fail\" or \"forward-active-node\""]})");
        for (auto const* const word : {"x", "", "await-state, fail"})
            CHECK(body(inconsistent(get("/v1/sys/leader"), word)) ==
                  R"({"errors":["unknown value for \"X-Vault-Inconsistent\" header"]})");
        CHECK(refusal_of(inconsistent(get(), "await-state"), openbao_node(role)).status == 0);
    }
}

TEST_CASE("the active node of OpenBao serves whatever passes, and ignores Vault's field")
{
    auto const node = openbao_node(node_role::active, {.consistency_missing_header_forward = true});
    CHECK(what(get(), node) == verdict::serve);
    CHECK(what(inconsistent(with_index(openbao("c", "99")), "forward-active-node"), node) == verdict::serve);
    CHECK(what(get().with("X-Vault-Forward", "active-node"), openbao_node()) == verdict::serve);
}

TEST_CASE("OpenBao forwards what carries no index, where the listener is told so")
{
    constexpr node_settings settings{.consistency_missing_header_forward = true};
    auto const node = openbao_node(node_role::performance_standby, settings);
    CHECK(of(get(), node).why == ruling_reason::without_index);
    CHECK(what(get(), node) == verdict::forward_to_active);
    CHECK(what(with_index(openbao("other", "1")), node) == verdict::forward_to_active);
    CHECK(what(inconsistent(get(), "fail"), node) == verdict::serve);
    CHECK(what(with_index(openbao("c", "1")), node) == verdict::serve);
    CHECK(what(get(), openbao_node(node_role::standby, settings)) == verdict::forward_to_active);
}

TEST_CASE("a standby of OpenBao that serves no reads checks, and hands on what passes")
{
    auto const node = openbao_node(node_role::standby);
    CHECK(of(get(), node).why == ruling_reason::serves_no_requests);
    CHECK(what(with_index(openbao("c", "10")), node) == verdict::forward_to_active);
    CHECK(refusal_of(with_index(openbao("c", "11")), node).status == 429);
}

TEST_CASE("OpenBao looks at the index of a token where it would serve")
{
    auto const with_token = [](std::string_view local_index, test_message request = get()) {
        return request.with("X-Vault-Token", openbao_token(local_index, 1));
    };
    CHECK(what(with_token("10"), openbao_node()) == verdict::serve);
    auto const answer = refusal_of(with_token("11"), openbao_node());
    CHECK(answer.status == 412);
    CHECK(answer.body == R"({"errors":["SSCT token referenced a newer index than present locally"]})");
    CHECK(what(with_token("11"), openbao_node(node_role::active)) == verdict::refuse);
    CHECK(what(with_token("11"), openbao_node(node_role::standby)) == verdict::forward_to_active);
    CHECK(what(with_token("0/11"), openbao_node()) == verdict::serve); // another storage's
    CHECK(what(with_token("11", put("/v1/auth/jwt/login")), openbao_node()) == verdict::serve);
    CHECK(what(with_token("11", get("/v1/sys/health")), openbao_node()) == verdict::serve);
    auto node = openbao_node();
    node.token_epoch = 2;
    CHECK(what(with_token("11"), node) == verdict::serve);
    CHECK(what(get().with("X-Vault-Token", vault_token(11)), openbao_node()) == verdict::serve);
}
