// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/transport/send.hpp>

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/test_message.hpp"

#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::string_view active_url = "https://active:8200";

consistency_policy const plain{.when = when_inconsistent::retry,
                               .limit = {.timeout = 10s},
                               .wait = {.spread = backoff::jitter::none, .first = 10ms, .longest = 1s}};

struct fixture {
    session mine{};
    replication_view view{};
    manual_clock clock{};
};

/// The first call throws, as a client may whose host has no address.
struct throwing_transport {
    std::optional<test_message> operator()(test_message&) { throw std::runtime_error("no route to host"); }
};

} // namespace

template <class Request>
concept can_be_sent = requires(scripted_transport& transport, Request&& request, session& mine,
                               replication_view& view)
{
    send(transport, std::forward<Request>(request), mine, view);
};

// The fields of the next attempt are written into it.
static_assert(can_be_sent<test_message> && can_be_sent<test_message&>);
static_assert(!can_be_sent<test_message const&> && !can_be_sent<std::string&>);

TEST_CASE("a write is required of the next read, and a node that is behind is asked until it is not")
{
    fixture f;
    scripted_transport transport{
        .script = {written(vault("c", 7, 0)), vault_stale(), vault_stale(), answer(200, "1")}};
    auto const write = send(transport, put(), f.mine, f.view, plain, f.clock);
    CHECK(write.delivered());
    CHECK(write.attempts == 1);
    CHECK(f.view.cluster() == "c");

    auto const read = send(transport, get(), f.mine, f.view, plain, f.clock);
    CHECK(read.delivered());
    CHECK(read.last.why == reason::answered);
    CHECK(read.response->body == "1");
    CHECK(read.attempts == 3);
    CHECK(f.clock.waits == std::vector{at(10ms), at(30ms)});
    REQUIRE(transport.log.size() == 4);
    CHECK(transport.log[0].request.fields.empty());
    for (std::size_t i = 1; i < 4; ++i)
        CHECK(said(transport.log[i].request) == "1 index");
}

TEST_CASE("before anything was sent, nothing is delivered")
{
    outcome<std::optional<test_message>> const none;
    CHECK(none.attempts == 0);
    CHECK_FALSE(none.delivered());
    CHECK_FALSE(none.response.has_value());
    CHECK_FALSE(none.missing.has_value());
}

TEST_CASE("what was refused last is returned, with the reason")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    scripted_transport transport{.script = {vault_stale()}};
    auto policy = plain;
    policy.when = when_inconsistent::fail;
    auto const result = send(transport, get(), f.mine, f.view, policy, f.clock);
    CHECK_FALSE(result.delivered());
    CHECK(result.last.what == action::give_up);
    CHECK(result.last.why == reason::refused);
    CHECK(result.last.refused_as == refusal::stale_index);
    CHECK(result.response->status == 412);
    CHECK(result.attempts == 1);
}

TEST_CASE("the deadline ends it, in virtual time")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    scripted_transport transport{.script = {vault_stale()}};
    auto const result = send(transport, get(), f.mine, f.view, plain, f.clock);
    CHECK(result.last.why == reason::deadline_passed);
    CHECK(f.clock.time == at(10s));
    CHECK(result.attempts == transport.log.size());
}

TEST_CASE("who waits for another read, unsent, gives up at its deadline without having asked")
{
    fixture f;
    f.mine.record(vault("c", 5, 0), at(0s));
    f.view.learn(dialect::vault, cluster_id("c"));
    f.view.add_node("http://a");
    single_flight::reader leader{.required = {4, 0}};
    REQUIRE(f.view.nodes()[0].flight.refused(leader, at(0s), at(400ms), 0) == at(400ms));
    scripted_transport transport{.script = {answer(200)}};
    test_message request = get();
    auto facts = request_facts::of_method("GET");
    facts.to = route::best_node;
    facts.deadline = at(50ms);
    consistency_policy const joining{.when = when_inconsistent::retry};
    auto const result = send(transport, request, facts, f.mine, f.view, joining, f.clock);
    CHECK(result.last.why == reason::deadline_passed);
    CHECK(f.clock.time == at(50ms));
    CHECK(result.attempts == 0);
    CHECK(transport.log.empty());
}

TEST_CASE("a wait that returns false cancels")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    f.clock.waits_allowed = 1;
    scripted_transport transport{.script = {vault_stale()}};
    auto const result = send(transport, get(), f.mine, f.view, plain, f.clock);
    CHECK_FALSE(result.delivered());
    CHECK(result.last.why == reason::cancelled);
    CHECK(result.last.refused_as == refusal::stale_index);
    CHECK(result.attempts == 2);
    CHECK(f.mine.required().demand("c") == wal_position{7, 0});
}

TEST_CASE("a plain function may wait, by the real clock")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    scripted_transport transport{.script = {vault_stale(), answer(200)}};
    int waits = 0;
    auto const result = send(transport, get(), f.mine, f.view, plain, [&](time_point until) {
        CHECK(until > clock::now());
        return ++waits < 10;
    });
    CHECK(result.delivered());
    CHECK(waits == 1);
}

TEST_CASE("who gives no wait sleeps")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    scripted_transport transport{.script = {vault_stale(), answer(200)}};
    auto const begin = clock::now();
    CHECK(send(transport, get(), f.mine, f.view, plain).delivered());
    CHECK(clock::now() - begin >= 10ms);
}

TEST_CASE("without an answer only what does no harm is repeated")
{
    fixture f;
    scripted_transport transport{.script = {std::nullopt, answer(200)}};
    CHECK(send(transport, get(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(transport.log.size() == 2);

    scripted_transport writing{.script = {std::nullopt, answer(204)}};
    auto const result = send(writing, put(), f.mine, f.view, plain, f.clock);
    CHECK(result.last.why == reason::outcome_unknown);
    CHECK_FALSE(result.response.has_value());
    CHECK(writing.log.size() == 1);

    test_message request = put();
    fixture other;
    scripted_transport declared{.script = {std::nullopt, answer(204)}};
    CHECK(send(declared, request, {.idempotent = true}, other.mine, other.view, plain, other.clock)
              .delivered());
    CHECK(declared.log.size() == 2);
    CHECK(other.mine.required().fenced()); // the first may still be executed, and no index tells of either
}

TEST_CASE("what the transport throws passes through, and costs nothing that was known")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    CHECK_THROWS_AS(send(throwing_transport(), get(), f.mine, f.view, plain, f.clock), std::runtime_error);
    CHECK(f.mine.required().demand("c") == wal_position{7, 0});
}

TEST_CASE("an index in a refusal is not recorded, one in a later answer is")
{
    fixture f;
    f.mine.record(vault("c", 1, 0), at(0s));
    scripted_transport transport{
        .script = {vault_stale().with("X-Vault-Index", vault("c", 99, 0)), written(vault("c", 2, 0))}};
    CHECK(send(transport, put(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(f.mine.required().demand("c") == wal_position{2, 0});
}

TEST_CASE("a transport that can be told an address is told the active node's where it is to go there")
{
    fixture f;
    f.view = replication_view(dialect::openbao);
    f.view.set_active_address(active_url);
    scripted_transport transport{.script = {answer(200)}};
    test_message request = get();
    CHECK(send(transport, request, {.to = route::active_node}, f.mine, f.view, plain, f.clock).delivered());
    CHECK(transport.log.at(0).to == route::active_node);
    CHECK(transport.log.at(0).address == active_url);

    CHECK(send(transport, get(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(transport.log.at(1).to == route::any_node);
    CHECK(transport.log.at(1).address.empty());
}

TEST_CASE("a transport that is bound to an address cannot reach the active node there, and nothing is sent")
{
    fixture f;
    f.view = replication_view(dialect::openbao);
    f.view.set_active_address(active_url);
    bound_transport transport{.script = {answer(200)}};
    test_message request = get();
    // Whatever the caller says of it, the transport tells what it can.
    auto const result = send(transport, request, {.addressable = true, .to = route::active_node}, f.mine,
                             f.view, plain, f.clock);
    CHECK(result.last.why == reason::not_offered);
    CHECK(transport.log.empty());
    CHECK_FALSE(result.response.has_value());
    CHECK(result.attempts == 0);
    CHECK_FALSE(f.mine.required().fenced());
}

TEST_CASE("a redirect leads to a declared node and no further")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    f.view.add_node(active_url);
    scripted_transport transport{.script = {redirect_to("https://active:8200/v1/kv/foo"), answer(200)}};
    CHECK(send(transport, get(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(transport.log.at(1).address == active_url);

    scripted_transport astray{.script = {redirect_to("https://evil/v1/kv/foo"), answer(200)}};
    auto const result = send(astray, get(), f.mine, f.view, plain, f.clock);
    CHECK(result.delivered());
    CHECK(result.last.why == reason::redirected_elsewhere);
    CHECK(result.response->status == 307);
    CHECK(astray.log.size() == 1);
}

namespace {

/// Like `single_field_message` of a stack that keeps fields in a map.
struct map_like_message : test_message {};

} // namespace

template <>
struct afterwrite::message_traits<map_like_message> : message_traits<test_message> {
    static constexpr bool repeats_fields = false;
};

TEST_CASE("a stack that cannot repeat a field reaches the active node by its address, though the first step "
          "knew nothing")
{
    fixture f;
    f.mine.record(vault("c", 0, 2) + "," + vault("c", 2, 0), at(0s));
    f.view.learn(dialect::vault, cluster_id("c"));
    f.view.missing().note_missing(capability::forwarding, at(0s));
    map_like_message request;
    int sent_anywhere = 0;
    auto const bound = [&](map_like_message&) {
        ++sent_anywhere;
        return answer(200);
    };
    auto const nowhere =
        send(bound, request, request_facts::of_method("GET"), f.mine, f.view, plain, f.clock);
    CHECK(nowhere.last.why == reason::not_offered);
    CHECK(sent_anywhere == 0);

    f.view.set_active_address(active_url);
    CHECK(send(bound, request, request_facts::of_method("GET"), f.mine, f.view, plain, f.clock).last.why ==
          reason::not_offered); // it could not be told where
    CHECK(sent_anywhere == 0);
    std::string sent_to;
    auto const addressed = [&](map_like_message&, destination const& where) {
        sent_to = where.address;
        return answer(200);
    };
    CHECK(send(addressed, request, request_facts::of_method("GET"), f.mine, f.view, plain, f.clock)
              .delivered());
    CHECK(sent_to == active_url);
}

TEST_CASE("sessions and views may be shared, and are locked for no longer than a call")
{
    shared_session<std::mutex> ours;
    shared_replication_view<std::mutex> shared;
    manual_clock clock;
    int calls = 0;
    // Would not return if a lock were held while something is sent.
    auto const transport = [&](test_message&) {
        CHECK_FALSE(ours.required().clusters() > 1);
        shared.with([](replication_view&) {});
        return ++calls == 1 ? written(vault("c", 7, 0)) : calls == 2 ? vault_stale() : answer(200);
    };
    CHECK(send(transport, put(), ours, shared, plain, clock).delivered());
    auto const read = send(transport, get(), ours, shared, plain, clock);
    CHECK(read.delivered());
    CHECK(read.attempts == 2);
    CHECK(read.response.status == 200);
    CHECK(shared.with([](replication_view& view) { return view.cluster() == "c"; }));
}

TEST_CASE("an address that another thread takes away meanwhile does not let the request go astray")
{
    session mine;
    shared_replication_view<std::mutex> shared;
    manual_clock clock;
    shared.with([](replication_view& view) {
        view.learn(dialect::openbao, cluster_id("c"));
        view.set_active_address(active_url);
    });
    test_message request = get();
    int sends = 0;
    auto const transport = [&](test_message&, destination const& where) {
        ++sends;
        CHECK(where.address == active_url);
        shared.with([](replication_view& view) { view.set_active_address(""); });
        return quota_used_up("1");
    };
    auto const result =
        send(transport, request, {.safe = true, .to = route::active_node}, mine, shared, plain, clock);
    CHECK(result.last.why == reason::not_offered);
    CHECK(sends == 1);
}

namespace {

/// An error of which it is known that nothing was sent.
struct no_connection {
    std::optional<test_message> answer{};
    [[nodiscard]] explicit operator bool() const { return answer.has_value(); }
    [[nodiscard]] test_message const& operator*() const { return *answer; }
    [[nodiscard]] bool is_unsent() const { return true; }
};

struct unreachable_transport {
    no_connection operator()(test_message&) const { return {}; }
};

} // namespace

TEST_CASE("a write whose answer is lost fences the session, however it was lost")
{
    fixture broken;
    bound_transport nothing_comes{.script = {std::nullopt}};
    CHECK_FALSE(send(nothing_comes, put(), broken.mine, broken.view, plain, broken.clock).delivered());
    CHECK(broken.mine.required().fenced());

    fixture thrown;
    throwing_transport throws;
    CHECK_THROWS_AS(send(throws, put(), thrown.mine, thrown.view, plain, thrown.clock), std::runtime_error);
    CHECK(thrown.mine.required().fenced());

    fixture gateway;
    bound_transport says_504{.script = {answer(504)}};
    send(says_504, put(), gateway.mine, gateway.view, plain, gateway.clock);
    CHECK(gateway.mine.required().fenced());
}

TEST_CASE("nothing was lost where nothing was sent, or written")
{
    fixture f;
    unreachable_transport unreachable;
    send(unreachable, put(), f.mine, f.view, plain, f.clock);
    CHECK_FALSE(f.mine.required().fenced());
    bound_transport nothing_comes{.script = {std::nullopt}};
    send(nothing_comes, get(), f.mine, f.view, plain, f.clock);
    CHECK_FALSE(f.mine.required().fenced());
}

TEST_CASE("behind the fence of a lost write the active node answers, until a later write repays it")
{
    fixture f;
    f.view.learn(dialect::vault, cluster_id("c"));
    scripted_transport transport{
        .script = {std::nullopt, answer(200, "1"), written(vault("c", 8, 0)), answer(200, "2")}};
    send(transport, put(), f.mine, f.view, plain, f.clock);
    for (auto const& request : {get(), put(), get()})
        CHECK(send(transport, test_message(request), f.mine, f.view, plain, f.clock).delivered());
    REQUIRE(transport.log.size() == 4);
    CHECK(transport.log[1].request.values("X-Vault-Forward") == texts{"active-node"});
    CHECK(transport.log[3].request.values("X-Vault-Forward").empty());
    CHECK(transport.log[3].request.values("X-Vault-Index") == texts{vault("c", 8, 0)});
}

TEST_CASE("an address that is taken away before anything is sent leaves the request at home")
{
    fixture f;
    f.view = replication_view(dialect::openbao);
    f.view.set_active_address(active_url);
    test_message request = get();
    detail::sending<test_message, session, replication_view> one(
        {.addressable = true, .to = route::active_node}, f.mine, f.view, plain, at(0s));
    REQUIRE_FALSE(one.is_over());
    f.view.set_active_address("");
    CHECK_FALSE(one.prepare(request));
    CHECK(one.is_over());
    CHECK(one.finish().last.why == reason::not_offered);
}

TEST_CASE("what the cluster turned out to lack on the way is told at the end")
{
    fixture f;
    f.mine.record(vault("c", 7, 0), at(0s));
    auto policy = plain;
    policy.when = when_inconsistent::forward;
    scripted_transport transport{.script = {forward_barred(), answer(200)}};
    auto const result = send(transport, get(), f.mine, f.view, policy, f.clock);
    CHECK(result.delivered());
    CHECK_FALSE(result.last.missing.has_value());
    CHECK(result.missing == capability::forwarding);
    CHECK_FALSE(send(transport, get(), f.mine, f.view, policy, f.clock).missing.has_value());
}

TEST_CASE("an answer counts from when it is there, and so does the wait after it")
{
    fixture f;
    scripted_transport transport{.script = {written(vault("c", 7, 0)), vault_stale(), answer(200)}};
    auto const slow = [&](test_message& request, destination const& where) {
        f.clock.time += 3s;
        return transport(request, where);
    };
    CHECK(send(slow, put(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(f.mine.raised() == at(3s));
    CHECK(send(slow, get(), f.mine, f.view, plain, f.clock).delivered());
    CHECK(f.clock.waits == std::vector{at(6010ms)});
}
