// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/lock.hpp>
#include <afterwrite/wire/newborn.hpp>

#include "end_to_end/cases.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

// What happens to identities: they are born in answers, lose answers, and see their cluster restored or
// replaced.

namespace end_to_end {

/// Sessions of many callers.
using sessions_type = support::store_of<afterwrite::no_lock>;

inline cluster::settings settings_with_users(cluster::dialect speaks)
{
    auto chosen = settings_of(speaks, "constant:15ms");
    chosen.users = {{"ann", "secret", {"kv"}}};
    return chosen;
}

template <class Stack>
typename Stack::request request_of(std::string_view token, std::string method, std::string path,
                                   std::string_view body = {})
{
    auto made = Stack::make(std::move(method), std::move(path), body);
    std::string_view const values[] = {token};
    using traits = afterwrite::message_traits<typename Stack::request>;
    if (token.empty())
        traits::remove(made, "X-Vault-Token");
    else
        traits::set(made, "X-Vault-Token", values);
    return made;
}

/// A new token is used at once at another node, which has not got it yet. Tokens carry no index here.
template <class Stack>
void check_births(cluster::dialect speaks)
{
    constexpr int rounds = 10;
    cluster::http_server nodes{settings_with_users(speaks)};
    sessions_type sessions{1000};
    afterwrite::replication_view view;
    recording<Stack> transport{nodes.address(0)};
    auto const now = [] { return afterwrite::clock::now(); };
    auto const ask = [&](std::string const& identity, typename Stack::request request) {
        auto caller = sessions.store.of(identity, now());
        return afterwrite::send(transport, request, caller, view);
    };
    REQUIRE(ask("root", request_of<Stack>("root", "PUT", "/v1/sys/policies/acl/kv",
                                          R"({"policy":"path \"kv/*\" { capabilities = [\"read\"] }"})"))
                .delivered());
    REQUIRE(ask("root", request_of<Stack>("root", "PUT", "/v1/kv/foo", R"({"v":"1"})")).delivered());
    nodes.with_model([](cluster::model& model, cluster::nanoseconds at) { model.drop_lag(at); });

    struct way {
        std::string identity;
        std::string path;
        std::string body;
    };
    way const ways[] = {
        {"", "/v1/auth/userpass/login/ann", R"({"password":"secret"})"},
        {"root", "/v1/auth/token/create", R"({"policies":["kv"]})"},
    };
    for (auto const& each : ways) {
        CAPTURE(each.path);
        int denied_without = 0;
        int denied = 0;
        auto const is_enough = [&] { return denied_without > rounds / 2; };
        run_until(rounds, is_enough, [&](int) {
            transport.set_address(nodes.address(0));
            auto const born =
                ask(each.identity, request_of<Stack>(each.identity, "POST", each.path, each.body));
            REQUIRE(born.delivered());
            std::string const token(afterwrite::find_newborn(born.response->body));
            REQUIRE_FALSE(token.empty());

            transport.set_address(nodes.address(1));
            afterwrite::session stranger; // the control: who does not know what the token needs
            afterwrite::replication_view other;
            auto request = request_of<Stack>(token, "GET", "/v1/kv/foo");
            denied_without += afterwrite::send(transport, request, stranger, other).response->status == 403;

            auto const seen = ask(token, request_of<Stack>(token, "GET", "/v1/kv/foo"));
            denied += seen.response->status == 403;
            CHECK(shows(seen, "1"));
        });
        CHECK(denied == 0);
        CHECK(denied_without > rounds / 2);
    }
}

/// A wrapped answer is unwrapped at once at another node, and a secret that a read has made is known there.
template <class Stack>
void check_wrapping_and_leases(cluster::dialect speaks)
{
    constexpr int rounds = 10;
    auto chosen = settings_of(speaks, "constant:15ms");
    chosen.lease_mounts = {"db"};
    cluster::http_server nodes{chosen};
    sessions_type sessions{1000};
    afterwrite::replication_view view;
    recording<Stack> transport{nodes.address(0)};
    auto const ask = [&](std::string_view identity, typename Stack::request request, std::size_t node,
                         afterwrite::consistency_policy const& policy = {}) {
        transport.set_address(nodes.address(node));
        auto caller = sessions.store.of(identity, afterwrite::clock::now());
        return afterwrite::send(transport, request, caller, view, policy);
    };
    afterwrite::consistency_policy const blind{.enforce = afterwrite::enforce_consistency::never};
    int refused_without = 0;
    int refused = 0;
    auto const is_enough = [&] { return refused_without > rounds / 2; };
    run_until(rounds, is_enough, [&](int round) {
        bool const is_control = round % 2 == 1; // which may use up what it is given
        auto wrapped = request_of<Stack>("root", "GET", "/v1/db/creds/app");
        std::string_view const ttl[] = {"60s"};
        afterwrite::message_traits<typename Stack::request>::set(wrapped, "X-Vault-Wrap-TTL", ttl);
        auto const born = ask("root", std::move(wrapped), 0);
        REQUIRE(born.delivered());
        std::string const token(afterwrite::find_newborn(born.response->body));
        REQUIRE_FALSE(token.empty());
        auto const seen = ask(token, request_of<Stack>(token, "PUT", "/v1/sys/wrapping/unwrap"), 1,
                              is_control ? blind : afterwrite::consistency_policy{});
        (is_control ? refused_without : refused) += seen.response->status != 200;

        auto const made = ask("root", request_of<Stack>("root", "GET", "/v1/db/creds/app"), 0);
        auto const begin = made.response->body.find("\"lease_id\":\"");
        REQUIRE(begin != std::string::npos);
        auto const id =
            made.response->body.substr(begin + 12, made.response->body.find('"', begin + 12) - begin - 12);
        std::string const body = R"({"lease_id":")" + id + R"("})";
        auto const found = ask("root", request_of<Stack>("root", "PUT", "/v1/sys/leases/lookup", body), 1,
                               is_control ? blind : afterwrite::consistency_policy{});
        (is_control ? refused_without : refused) += found.response->status != 200;
    });
    CHECK(refused == 0);
    CHECK(refused_without > rounds / 2);
}

/// Nobody gets the answer to a write that was executed. The next read shows it all the same.
template <class Stack>
void check_lost_answer(cluster::dialect speaks)
{
    for (bool const is_fenced : {true, false}) {
        auto chosen = settings_of(speaks, "constant:1ms");
        chosen.allow_forwarding_via_header = true;
        cluster::http_server nodes{chosen};
        caller<Stack> one{nodes.address(0)};
        one.session = afterwrite::session({.fence_lost_writes = is_fenced});
        REQUIRE(one.view.set_active_address(nodes.address(0)));
        REQUIRE(one.write("/v1/kv/foo", "1").delivered());
        one.transport.set_address(nodes.address(1));
        REQUIRE(shows(one.read("/v1/kv/foo"), "1")); // so the node has it
        stall(nodes, 1);

        one.transport.set_address(nodes.address(0));
        std::string const body = R"({"v":"2"})";
        auto request = Stack::make("PUT", "/v1/kv/foo", body);
        auto const loses = [&one](typename Stack::request& lost, afterwrite::destination const& where) {
            one.transport(lost, where);
            return decltype(one.transport(lost, where)){};
        };
        auto const write = afterwrite::send(loses, request, one.session, one.view);
        CHECK(write.last.why == reason::outcome_unknown);

        one.transport.set_address(nodes.address(1));
        CHECK(shows(one.read("/v1/kv/foo"), is_fenced ? "2" : "1"));
    }
}

/// An older snapshot is restored into a new cluster of the same id. Who required the newer state is not held
/// up for ever, nor is anybody else.
template <class Stack>
void check_restore(cluster::dialect speaks)
{
    cluster::http_server nodes{settings_of(speaks, "none")};
    sessions_type sessions{1000};
    afterwrite::replication_view view;
    recording<Stack> transport{nodes.address(0)};
    REQUIRE(view.set_active_address(nodes.address(0)));
    support::manual_clock clock; // what is settled is a matter of time
    auto const ask = [&](std::string_view identity, typename Stack::request request) {
        clock.time += std::chrono::seconds(1);
        auto caller = sessions.store.of(identity, clock.time);
        return afterwrite::send(transport, request, caller, view, {.when = when_inconsistent::retry}, clock);
    };
    auto const write = [&](std::string_view identity, std::string_view body) {
        return ask(identity, request_of<Stack>("root", "PUT", "/v1/kv/" + std::string(identity), body));
    };
    auto const read = [&](std::string_view identity) {
        return ask(identity, request_of<Stack>("root", "GET", "/v1/kv/" + std::string(identity)));
    };
    REQUIRE(write("ann", R"({"v":"old"})").delivered());
    cluster::snapshot saved;
    nodes.with_model([&](cluster::model& model, cluster::nanoseconds) { saved = model.take_snapshot(); });
    for (int i = 0; i < 20; ++i) {
        REQUIRE(write("ann", R"({"v":"lost"})").delivered());
        REQUIRE(write("bob", R"({"v":"lost"})").delivered());
    }
    nodes.with_model([&](cluster::model& model, cluster::nanoseconds at) { model.restore(saved, at); });

    transport.set_address(nodes.address(1));
    CHECK(read("ann").last.why == reason::deadline_passed); // the control: it waits for what will never come
    transport.set_address(nodes.address(0));
    REQUIRE(write("ann", R"({"v":"new"})").delivered());
    REQUIRE(write("ann", R"({"v":"newer"})").delivered());
    REQUIRE(write("ann", R"({"v":"newest"})").delivered()); // sent in the new epoch
    transport.set_address(nodes.address(1));
    CHECK(shows(read("ann"), "newest"));
    auto const other = read("bob"); // who has not written since then
    CHECK(other.delivered());
    CHECK(other.attempts == 1);
    CHECK(other.response->status == 404); // it is lost
}

/// Vault's active node may refuse an index that is beyond its log, writes included: then it is the refusal
/// that tells.
template <class Stack>
void check_refused_restore()
{
    auto chosen = settings_of(cluster::dialect::vault, "none");
    chosen.allow_forwarding_via_header = true;
    chosen.unknown.active_checks_index = true;
    cluster::http_server nodes{chosen};
    caller<Stack> one{nodes.address(1)};
    cluster::snapshot saved;
    nodes.with_model([&](cluster::model& model, cluster::nanoseconds) { saved = model.take_snapshot(); });
    support::manual_clock clock;
    auto const ask = [&](std::string method, std::string_view body) {
        clock.time += std::chrono::seconds(1);
        auto request = Stack::make(std::move(method), "/v1/kv/foo", body);
        return afterwrite::send(one.transport, request, one.session, one.view, {}, clock);
    };
    REQUIRE(ask("PUT", R"({"v":"lost"})").delivered());
    nodes.with_model([&](cluster::model& model, cluster::nanoseconds at) { model.restore(saved, at); });

    CHECK(ask("PUT", R"({"v":"new"})").last.why == reason::deadline_passed); // raises the suspicion
    CHECK(ask("GET", {}).response->status == 404);                           // confirms it, and is answered
    CHECK(static_cast<bool>(one.session.last_regression()));
    CHECK(ask("PUT", R"({"v":"new"})").delivered());
    CHECK(shows(ask("GET", {}), "new"));
}

/// Another cluster takes over the addresses: reported, and asked for nothing that it never had.
template <class Stack>
void check_change_of_cluster(cluster::dialect speaks)
{
    auto chosen = settings_of(speaks, "none");
    chosen.unknown.foreign_cluster = cluster::unusable_line::ignored; // else Vault refuses until it is told
    cluster::http_server nodes{chosen};
    caller<Stack> one{nodes.address(0)};
    REQUIRE(one.write("/v1/kv/foo", "1").delivered());
    auto other = chosen;
    other.cluster_id = "another cluster";
    nodes.replace_model(cluster::model(other));

    auto const first = one.write("/v1/kv/foo", "2");
    CHECK(first.delivered());
    CHECK(first.last.cluster_changed);
    CHECK(one.view.cluster() == "another cluster");
    auto const seen = one.read("/v1/kv/foo");
    CHECK(shows(seen, "2"));
    CHECK_FALSE(seen.last.cluster_changed);
    auto const sent = one.transport.take();
    CHECK(sent.back().index.size() == 1);
    CHECK(sent.back().index != sent.front().index);
    CHECK(one.session.required().clusters() == 2); // should the first one come back
}

} // namespace end_to_end
