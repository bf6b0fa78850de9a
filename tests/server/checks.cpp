// SPDX-License-Identifier: BSL-1.0
#include "server/checks.hpp"

#include "probe/interrupt.hpp"
#include "probe/percentile.hpp"
#include "probe/policies.hpp"
#include "probe/tally.hpp"
#include "support/store_block.hpp"

#include <afterwrite/clock.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/wire/field_names.hpp>
#include <afterwrite/wire/newborn.hpp>
#include <afterwrite/wire/openbao_index.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>

namespace server {

namespace {

using afterwrite::consistency_policy;
using afterwrite::curl_reply;
using afterwrite::curl_request;
using nlohmann::json;
using probe::interruptible_wait;

constexpr consistency_policy blind{.enforce = afterwrite::enforce_consistency::never};

void stop_if_asked()
{
    if (probe::interrupt_guard::is_asked_to_stop())
        throw interrupted{};
}

std::string counted(std::size_t count, std::string_view of_what)
{
    return std::to_string(count) + " " + std::string(of_what);
}

std::string_view index_of(curl_reply const& reply)
{
    return reply ? reply->head.field(afterwrite::field_names::index) : std::string_view{};
}

std::string value_of(std::size_t number) { return "{\"v\":\"value-" + std::to_string(number) + "\"}"; }

bool shows(curl_reply const& reply, std::string const& value)
{
    return reply && reply->status == 200 &&
           reply->body.find(value.substr(1, value.size() - 2)) != std::string::npos;
}

/// Served, and older than what was written.
bool is_stale_answer(curl_reply const& reply, std::string const& value)
{
    return reply && (reply->status == 200 || reply->status == 404) && !shows(reply, value);
}

/// An index in the form that the library reads, of the cluster that `sys/health` names.
void check_index(nodes& cluster, findings& into, std::string const& of, curl_reply const& reply)
{
    auto const text = std::string(index_of(reply));
    into.check(!text.empty(), "The answer to a " + of + " has an X-Vault-Index",
               reply ? std::to_string(reply->status) : std::string(reply.what()));
    auto const index = afterwrite::decode_openbao_index(text);
    into.check(bool(index), "The library reads the index of a " + of, text);
    auto const health = json::parse(cluster.ask(cluster.active(), "GET", "sys/health")->body, nullptr, false);
    auto const id = health.is_object() ? health.value("cluster_id", std::string()) : std::string();
    into.check(index && !id.empty() && index->cluster.view() == id,
               "The index of a " + of + " names the cluster that sys/health names", id);
}

/// Writes through one node, and reads at the slow one at once with the index that the write was answered,
/// by hand.
struct by_hand {
    std::size_t stale = 0;
    std::size_t refused = 0;
    std::size_t recognised = 0;
    std::string first_refusal{};
};

by_hand read_by_hand(nodes& cluster, std::size_t writer, std::size_t rounds)
{
    by_hand seen;
    auto const reader = cluster.connect(cluster.slow());
    for (std::size_t round = 0; round < rounds; ++round) {
        stop_if_asked();
        auto const value = value_of(round);
        auto const written = cluster.ask(writer, "POST", "kv/by-hand", value);
        auto asked = nodes::request(cluster.token(), "GET", "kv/by-hand");
        asked.fields.set(afterwrite::field_names::index, index_of(written));
        auto const answer = (*reader)(asked, {});
        seen.stale += is_stale_answer(answer, value) ? 1 : 0;
        if (!answer || answer->status == 200 || answer->status == 404)
            continue;
        ++seen.refused;
        auto const kind = afterwrite::classify(
            {.status = answer->status,
             .has_retry_after = !answer->head.field(afterwrite::field_names::retry_after).empty(),
             .body = answer->body,
             .carried_index = true,
             .carried_form = afterwrite::dialect::openbao,
             .token_may_carry_index = false});
        seen.recognised += kind == afterwrite::refusal::stale_index ? 1 : 0;
        if (seen.first_refusal.empty())
            seen.first_refusal = std::to_string(answer->status) + " " + answer->body.substr(0, 100);
    }
    return seen;
}

/// The same with the library. `session` and `view` are those of the caller.
probe::tally run_policy(nodes& cluster, probe::named_policy const& policy, std::size_t rounds)
{
    probe::tally seen;
    afterwrite::session session;
    afterwrite::replication_view view(afterwrite::dialect::openbao);
    for (std::size_t i = 0; i < cluster.count(); ++i)
        static_cast<void>(view.add_node(cluster.address(i)));
    static_cast<void>(view.set_active_address(cluster.address(cluster.active())));
    auto const writer = cluster.connect(cluster.active());
    auto const reader = cluster.connect(cluster.slow());
    for (std::size_t round = 0; round < rounds; ++round) {
        stop_if_asked();
        auto const value = value_of(round);
        auto const path = "kv/policy-" + std::string(policy.name);
        auto write = nodes::request(cluster.token(), "POST", path, value);
        auto read = nodes::request(cluster.token(), "GET", path);
        auto const written = afterwrite::send(*writer, write, session, view, blind, interruptible_wait{});
        auto const begin = afterwrite::clock::now();
        auto const got = afterwrite::send(*reader, read, session, view, policy.policy, interruptible_wait{});
        std::chrono::duration<double, std::milli> const took = afterwrite::clock::now() - begin;
        ++seen.reads;
        if (!written.delivered() || !written.response || written.response->status > 299)
            ++seen.failed;
        else if (got.delivered() && shows(got.response, value))
            seen.fresh_ms.push_back(took.count());
        else if (got.delivered() && is_stale_answer(got.response, value))
            ++seen.stale;
        else
            ++(is_stale(got.last.refused_as) ? seen.refused : seen.failed);
    }
    return seen;
}

std::string summary(probe::tally const& seen)
{
    auto const middle = probe::percentile(seen.fresh_ms, 50).value_or(0);
    auto const tail = probe::percentile(seen.fresh_ms, 99).value_or(0);
    char text[160];
    std::snprintf(text, sizeof text,
                  "%zu reads: %zu stale, %zu refused, %zu failed; p50 %.1f ms, p99 %.1f ms",
                  std::size_t{seen.reads}, std::size_t{seen.stale}, std::size_t{seen.refused},
                  std::size_t{seen.failed}, middle, tail);
    return text;
}

std::string token_in(curl_reply const& reply)
{
    return reply ? std::string(afterwrite::find_newborn(reply->body)) : std::string();
}

/// Logs in at the active node and reads at the slow one, with what the login gave.
void check_births(nodes& cluster, findings& into, std::size_t rounds)
{
    support::store_of<afterwrite::no_lock> sessions{1000};
    afterwrite::replication_view view(afterwrite::dialect::openbao);
    static_cast<void>(view.set_active_address(cluster.address(cluster.active())));
    auto const here = cluster.connect(cluster.active());
    auto const there = cluster.connect(cluster.slow());
    constexpr std::string_view password = R"({"password":"secret"})";
    std::size_t denied_without = 0;
    std::size_t served = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        stop_if_asked();
        auto login = nodes::request({}, "POST", "auth/userpass/login/ann", password);
        auto nobody = sessions.store.of("", afterwrite::clock::now());
        auto const born = afterwrite::send(*here, login, nobody, view, {}, interruptible_wait{});
        auto const token = token_in(born.response);
        // The control: who does not know what the token needs.
        auto plain = nodes::request(token, "GET", "kv/shared");
        auto const without = (*there)(plain, {});
        denied_without += without && without->status == 403 ? 1 : 0;
        auto caller = sessions.store.of(token, afterwrite::clock::now());
        auto read = nodes::request(token, "GET", "kv/shared");
        auto const seen = afterwrite::send(*there, read, caller, view, {}, interruptible_wait{});
        served += seen.delivered() && shows(seen.response, value_of(0)) ? 1 : 0;
    }
    into.check(denied_without > 0, "The control: without the library the slow node denies new tokens",
               counted(denied_without, "of ") + std::to_string(rounds));
    into.check(served == rounds, "With the library each new token is good at the slow node at once",
               counted(served, "of ") + std::to_string(rounds));
}

} // namespace

void set_up(nodes& cluster)
{
    cluster.set_up("sys/mounts/kv", R"({"type":"kv","options":{"version":"1"}})");
    cluster.set_up("sys/mounts/versions", R"({"type":"kv","options":{"version":"2"}})");
    cluster.set_up("sys/auth/userpass", R"({"type":"userpass"})");
    cluster.set_up(
        "sys/policies/acl/everything",
        R"({"policy":"path \"kv/*\" { capabilities = [\"create\",\"read\",\"update\",\"list\"] }"})");
    cluster.set_up("auth/userpass/users/ann", R"({"password":"secret","token_policies":"everything"})");
    cluster.set_up("kv/shared", value_of(0));
    // A fresh mount of version 2 refuses for a moment: with 400, which says that it is being upgraded.
    for (std::size_t i = 0; i < cluster.count(); ++i) {
        cluster.wait_until("versions/ takes a write through each node", [&] {
            auto const answer = cluster.ask(i, "POST", "versions/data/first", R"({"data":{"v":"0"}})");
            return answer && answer->status == 200;
        });
        cluster.wait_until("each node has the mounts", [&] {
            auto const one = cluster.ask(i, "GET", "kv/shared");
            auto const two = cluster.ask(i, "GET", "versions/data/first");
            return one && one->status == 200 && two && two->status == 200;
        });
    }
}

void check_fields(nodes& cluster, findings& into, std::size_t rounds)
{
    check_index(cluster, into, "write", cluster.ask(cluster.active(), "POST", "kv/shared", value_of(0)));
    check_index(cluster, into, "read", cluster.ask(cluster.active(), "GET", "kv/shared"));

    auto const seen = read_by_hand(cluster, cluster.active(), rounds);
    into.check(seen.refused > 0, "The slow node refuses what it has not got yet",
               counted(seen.refused, "of ") + std::to_string(rounds));
    into.check(seen.recognised == seen.refused && seen.refused > 0,
               "The library takes the refusal for that of a node that is behind", seen.first_refusal);
    into.check(seen.stale == 0, "No read that carries the index of a write is stale",
               counted(seen.stale, "of ") + std::to_string(rounds));
    auto const forwarded = read_by_hand(cluster, cluster.slow(), rounds);
    into.check(forwarded.stale == 0, "Nor is it where the write went through the slow node itself",
               counted(forwarded.stale, "of ") + std::to_string(rounds));
}

void check_policies(nodes& cluster, findings& into, std::size_t rounds)
{
    for (auto const* const name : {"none", "fail", "retry", "await", "forward", "retry_then_forward"}) {
        auto const& policy = *probe::find_policy(name);
        auto const seen = run_policy(cluster, policy, rounds);
        auto const said = summary(seen);
        if (!policy.promises_consistency) {
            into.check(seen.stale > 0, "The control: without the library reads at the slow node are stale",
                       said);
            continue;
        }
        into.check(seen.stale == 0 && seen.failed == 0, std::string(name) + ": no read is stale, none fails",
                   said);
        if (policy.policy.when == afterwrite::when_inconsistent::fail)
            into.check(seen.refused > 0, "fail: what the slow node has not got is refused", said);
        else
            into.check(seen.refused == 0, std::string(name) + ": each read is answered", said);
    }
}

void check_identities(nodes& cluster, findings& into, std::size_t rounds)
{
    afterwrite::replication_view view(afterwrite::dialect::openbao);
    auto const here = cluster.connect(cluster.active());
    auto const there = cluster.connect(cluster.slow());
    std::size_t refused = 0; // of those who had to wait, so that there was something to wait for
    std::size_t undelayed = 0;
    auto const token = [&] {
        return token_in(
            cluster.ask(cluster.active(), "POST", "auth/token/create", R"({"policies":["everything"]})"));
    };
    auto const one_token = token();
    auto const other_token = token();
    cluster.wait_until("the slow node knows two new tokens", [&] {
        auto first = nodes::request(one_token, "GET", "kv/shared");
        auto second = nodes::request(other_token, "GET", "kv/shared");
        auto const one = (*there)(first, {});
        auto const two = (*there)(second, {});
        return one && one->status == 200 && two && two->status == 200;
    });
    afterwrite::session writer;
    for (std::size_t round = 0; round < rounds; ++round) {
        stop_if_asked();
        // A new one each time: nodes look at an index of up to 5 ms ago, and refuse one that is newer.
        afterwrite::session reader;
        auto const value = value_of(round);
        auto write = nodes::request(one_token, "POST", "kv/own", value);
        static_cast<void>(afterwrite::send(*here, write, writer, view, blind, interruptible_wait{}));
        auto other = nodes::request(other_token, "GET", "kv/shared");
        auto const seen = afterwrite::send(*there, other, reader, view, {}, interruptible_wait{});
        undelayed += seen.delivered() && seen.attempts == 1 ? 1 : 0;
        auto own = nodes::request(one_token, "GET", "kv/own");
        auto const fresh = afterwrite::send(
            *there, own, writer, view, {.when = afterwrite::when_inconsistent::fail}, interruptible_wait{});
        refused += is_stale(fresh.last.refused_as) ? 1 : 0;
    }
    into.check(refused > 0, "The control: who has written is not served by the slow node yet",
               counted(refused, "of ") + std::to_string(rounds));
    into.check(undelayed == rounds, "What one token has written delays no other one",
               counted(undelayed, "of ") + std::to_string(rounds));
    check_births(cluster, into, rounds);
}

} // namespace server
