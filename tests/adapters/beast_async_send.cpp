// SPDX-License-Identifier: BSL-1.0
#include <afterwrite/adapters/beast_async_send.hpp>

#include <afterwrite/adapters/beast_transport.hpp>
#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/session/shared_session.hpp>

#include "beast_peer.hpp"
#include "support.hpp"
#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/test_message.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace afterwrite;
using namespace std::chrono_literals;
using boost::asio::awaitable;
using boost::asio::io_context;
using scripted::asked;
using scripted::kept_answer;
using scripted::reaction;
namespace http = boost::beast::http;
using support::at;

/// The scripted transport, whose answers come later.
struct late_transport {
    support::scripted_transport& script;

    awaitable<support::reply> operator()(support::test_message& request, destination const& where)
    {
        auto reply = script(request, where);
        co_await boost::asio::post(co_await boost::asio::this_coro::executor, boost::asio::use_awaitable);
        co_return reply;
    }
};

/// Waits by the test's clock.
struct manual_wait {
    support::manual_clock* clock;

    awaitable<bool> operator()(time_point until) { co_return (*clock)(until); }
    [[nodiscard]] time_point now() const { return clock->now(); }
};

/// Runs it to its end, on this thread.
template <class T>
T run(awaitable<T> what)
{
    io_context context;
    std::optional<T> result;
    std::exception_ptr thrown;
    boost::asio::co_spawn(context, std::move(what), [&](std::exception_ptr error, T value) {
        thrown = error;
        result = std::move(value);
    });
    context.run();
    if (thrown)
        std::rethrow_exception(thrown);
    return std::move(result.value());
}

consistency_policy const plain{.when = when_inconsistent::retry,
                               .limit = {.timeout = 10s},
                               .wait = {.spread = backoff::jitter::none, .first = 10ms, .longest = 1s}};

struct fixture {
    session mine{};
    replication_view view{};
    support::manual_clock clock{};
    manual_wait wait{&clock};
};

using request = http::request<http::string_body>;

request make(http::verb method, std::string_view path) { return {method, detail::to_beast(path), 11}; }

} // namespace

TEST_CASE("a read carries what the write answered, and is repeated until the node has it")
{
    fixture f;
    support::scripted_transport script{.script = {support::written(support::vault("c", 7, 0)),
                                                  support::vault_stale(), support::vault_stale(),
                                                  support::answer(200, "1")}};
    late_transport transport{script};
    auto write = support::put();
    CHECK(run(async_send(transport, write, f.mine, f.view, plain, f.wait)).delivered());
    auto read = support::get();
    auto const seen = run(async_send(transport, read, f.mine, f.view, plain, f.wait));
    CHECK(seen.delivered());
    CHECK(seen.response->body == "1");
    CHECK(seen.attempts == 3);
    CHECK(f.clock.waits == std::vector{at(10ms), at(30ms)});
    REQUIRE(script.log.size() == 4);
    CHECK(script.log[3].request.values("X-Vault-Index").size() == 1);
}

TEST_CASE("a wait that returns false cancels")
{
    fixture f;
    f.mine.record(support::vault("c", 7, 0), at(0s));
    f.clock.waits_allowed = 1;
    support::scripted_transport script{.script = {support::vault_stale()}};
    late_transport transport{script};
    auto read = support::get();
    auto const seen = run(async_send(transport, read, f.mine, f.view, plain, f.wait));
    CHECK_FALSE(seen.delivered());
    CHECK(seen.last.why == reason::cancelled);
    CHECK(seen.last.refused_as == refusal::stale_index);
    CHECK(seen.attempts == 2);
}

TEST_CASE("where no way leads to the active node nothing is sent")
{
    fixture f;
    f.view = replication_view(dialect::openbao);
    support::scripted_transport script{.script = {support::answer(200)}};
    late_transport transport{script};
    auto read = support::get();
    auto facts = request_facts::of_method("GET");
    facts.to = route::active_node;
    auto const seen = run(async_send(transport, read, facts, f.mine, f.view, plain, f.wait));
    CHECK(seen.last.why == reason::not_offered);
    CHECK(seen.attempts == script.log.size());
    CHECK(script.log.empty());

    REQUIRE(f.view.set_active_address("https://active:8200"));
    CHECK(run(async_send(transport, read, facts, f.mine, f.view, plain, f.wait)).delivered());
    REQUIRE(script.log.size() == 1);
    CHECK(script.log[0].address == "https://active:8200");
}

TEST_CASE("what the transport throws passes through, and what it may have written is lost")
{
    fixture f;
    auto broken = [](support::test_message&) -> awaitable<support::reply> {
        throw std::runtime_error("no route to host");
        co_return std::nullopt;
    };
    auto write = support::put();
    CHECK_THROWS_AS(run(async_send(broken, write, f.mine, f.view, plain, f.wait)), std::runtime_error);
    CHECK(f.mine.required().fenced());
}

TEST_CASE("a coroutine that is destroyed under way leaves what it may have written as lost")
{
    fixture f;
    {
        scripted::peer<> node([](asked const&) { return reaction{}; });
        io_context context;
        beast_async_transport vault{context.get_executor(), node.address()};
        auto write = make(http::verb::put, "/v1/kv/foo");
        boost::asio::co_spawn(context, async_send(vault, write, f.mine, f.view), boost::asio::detached);
        while (node.all_asked().empty())
            context.poll();
        CHECK_FALSE(f.mine.required().fenced());
    }
    CHECK(f.mine.required().fenced());
}

TEST_CASE("sessions and views may be shared")
{
    shared_session<std::mutex> mine;
    shared_replication_view<std::mutex> view;
    support::manual_clock clock;
    support::scripted_transport script{
        .script = {support::written(support::vault("c", 7, 0)), support::answer(200)}};
    late_transport transport{script};
    auto write = support::put();
    CHECK(run(async_send(transport, write, mine, view, plain, manual_wait{&clock})).delivered());
    auto read = support::get();
    CHECK(run(async_send(transport, read, mine, view, plain, manual_wait{&clock})).delivered());
    CHECK(script.log.at(1).request.values("X-Vault-Index").size() == 1);
}

TEST_CASE("over connections: stale, then fresh, waiting on a timer")
{
    scripted::peer<> node([number = 0](asked const&) mutable {
        return reaction{++number < 4 ? kept_answer("412 Precondition Failed",
                                                   R"({"errors":["required index state not present"]})")
                                     : kept_answer("200 OK", "fresh")};
    });
    session mine;
    mine.record(scripted::index_at(7), afterwrite::clock::now());
    replication_view view;
    io_context context;
    beast_async_transport vault{context.get_executor(), node.address()};
    auto read = make(http::verb::get, "/v1/kv/foo");
    std::optional<outcome<beast_reply>> seen;
    boost::asio::co_spawn(context, async_send(vault, read, mine, view, plain),
                          [&](std::exception_ptr, outcome<beast_reply> value) { seen = std::move(value); });
    context.run();
    REQUIRE(seen);
    CHECK(seen->delivered());
    CHECK(seen->attempts == 4);
    CHECK(seen->response->body() == "fresh");
    for (auto const& each : node.all_asked()) {
        CHECK(each.connection == 0);
        CHECK(each.request["X-Vault-Index"] == scripted::index_at(7));
    }
}

TEST_CASE("two callers on one thread: one waits for what the other does")
{
    // The reader's node is behind until the writer's write is there. Whoever blocked the thread would block
    // the writer too.
    std::string written;
    scripted::peer<> node([&written](asked const& what) {
        if (what.request.method() == http::verb::put)
            written = what.request.body();
        if (what.request.method() == http::verb::put)
            return reaction{kept_answer("204 No Content")};
        return reaction{written.empty() ? kept_answer("412 Precondition Failed",
                                                      R"({"errors":["required index state not present"]})")
                                        : kept_answer("200 OK", written)};
    });
    io_context context;
    beast_async_transport vault{context.get_executor(), node.address()};
    session reader;
    reader.record(scripted::index_at(7), afterwrite::clock::now());
    session writer;
    replication_view view;
    std::vector<std::string> order;

    auto const read = [&]() -> awaitable<void> {
        auto what = make(http::verb::get, "/v1/kv/foo");
        auto const seen = co_await async_send(vault, what, reader, view, plain);
        CHECK(seen.delivered());
        CHECK(seen.attempts > 1);
        CHECK(seen.response->body() == "x");
        order.emplace_back("read");
    };
    auto const write = [&]() -> awaitable<void> {
        while (node.all_asked().empty()) // until the reader has been refused, or will be
            co_await boost::asio::post(context, boost::asio::use_awaitable);
        auto what = make(http::verb::put, "/v1/kv/foo");
        what.body() = "x";
        auto const done = co_await async_send(vault, what, writer, view, plain);
        CHECK(done.delivered());
        order.emplace_back("written");
    };
    boost::asio::co_spawn(context, read(), boost::asio::detached);
    boost::asio::co_spawn(context, write(), boost::asio::detached);
    context.run();
    CHECK(order.size() == 2);
}

TEST_CASE("a hundred callers wait at the same time on one thread")
{
    constexpr int callers = 100;
    std::atomic<int> refused = 0; // each once, and nobody is answered before all were
    scripted::peer<> node([&refused](asked const&) {
        return reaction{
            ++refused <= callers
                ? kept_answer("412 Precondition Failed", R"({"errors":["required index state not present"]})")
                : kept_answer("200 OK", "fresh")};
    });
    io_context context;
    beast_async_transport vault{context.get_executor(), node.address()};
    int delivered = 0;
    auto const read = [&]() -> awaitable<void> {
        session mine;
        replication_view view; // of one that they shared only some would ask for all
        mine.record(scripted::index_at(7), afterwrite::clock::now());
        auto what = make(http::verb::get, "/v1/kv/foo");
        auto const seen = co_await async_send(vault, what, mine, view, plain);
        delivered += seen.delivered() ? 1 : 0;
    };
    for (int i = 0; i < callers; ++i)
        boost::asio::co_spawn(context, read(), boost::asio::detached);
    context.run();
    CHECK(delivered == callers);
    CHECK(refused >= 2 * callers);
}
