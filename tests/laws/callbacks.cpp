// SPDX-License-Identifier: BSL-1.0
// One state machine serves every way to wait: driven by callbacks it takes the steps that it takes in a loop.
#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/scripted_transport.hpp"
#include "support/test_message.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr std::string_view active_url = "https://active:8200";

struct driven {
    std::vector<step> steps{};
    std::vector<std::string> said{};
    required_states required{};
    std::uint32_t attempts = 0;
};

/// All that one run needs, the same for each way to drive it.
struct setting {
    session mine{};
    replication_view view{dialect::vault};
    consistency_policy policy{};
    request_facts facts{};
    std::uint64_t seed = 0;

    explicit setting(std::uint64_t s) : seed(s)
    {
        mine.record(vault("c", 7, 0), at(0s));
        view.set_active_address(active_url);
        facts = request_facts::of_method("GET");
        facts.addressable = true;
        facts.to = s % 2 == 0 ? route::any_node : route::active_node;
        policy.when = static_cast<when_inconsistent>(s % 5);
    }
};

/// As `send` does it, step by step, so that each can be seen.
driven in_a_loop(setting set, scripted_transport transport)
{
    driven result;
    manual_clock clock;
    auto request = get();
    exchange exchange(set.policy, set.mine.required(set.view), set.facts, clock.now(), set.seed);
    auto last = exchange.first(set.view);
    result.steps.push_back(last);
    while (!last.is_final()) {
        clock(last.not_before);
        exchange.prepare(request, set.view);
        result.said.push_back(said(request));
        auto const response = transport(request, {exchange.to(), set.view.active_address()});
        if (response)
            set.mine.record(*response, exchange.carried(), clock.now());
        else
            set.mine.record_lost(exchange.carried(), clock.now());
        last = response ? exchange.on_response(*response, set.view, clock.now())
                        : exchange.on_transport_error(set.view, clock.now());
        result.steps.push_back(last);
    }
    result.required = set.mine.required();
    result.attempts = exchange.attempts();
    return result;
}

/// The same as a chain of callbacks: nothing is on the stack while an answer or a timer is waited for.
class chain : public std::enable_shared_from_this<chain> {
public:
    chain(setting set, event_loop& loop, scripted_transport& transport, std::function<void(driven)> done)
        : set_(std::move(set)), loop_(loop), network_{loop, transport}, done_(std::move(done)),
          exchange_(set_.policy, set_.mine.required(set_.view), set_.facts, loop.now(), set_.seed)
    {}

    void start() { next(exchange_.first(set_.view)); }

private:
    void next(step const& last)
    {
        result_.steps.push_back(last);
        if (!last.is_final())
            return loop_.at(last.not_before, [self = shared_from_this()] { self->attempt(); });
        result_.required = set_.mine.required();
        result_.attempts = exchange_.attempts();
        done_(result_);
    }

    void attempt()
    {
        exchange_.prepare(request_, set_.view);
        result_.said.push_back(said(request_));
        network_.send(request_, {exchange_.to(), set_.view.active_address()},
                      [self = shared_from_this()](reply const& response) { self->answered(response); });
    }

    void answered(reply const& response)
    {
        if (response)
            set_.mine.record(*response, exchange_.carried(), loop_.now());
        else
            set_.mine.record_lost(exchange_.carried(), loop_.now());
        next(response ? exchange_.on_response(*response, set_.view, loop_.now())
                      : exchange_.on_transport_error(set_.view, loop_.now()));
    }

    setting set_;
    event_loop& loop_;
    async_transport network_;
    std::function<void(driven)> done_;
    exchange exchange_;
    test_message request_ = get();
    driven result_{};
};

driven by_callbacks(setting set, scripted_transport transport)
{
    driven result;
    event_loop loop(at(0s));
    std::make_shared<chain>(std::move(set), loop, transport, [&](driven d) {
        result = std::move(d);
    })->start();
    loop.run();
    return result;
}

} // namespace

TEST_CASE("callbacks and a loop come to the same steps, fields and states, for every mode")
{
    std::vector<std::vector<reply>> const scripts = {
        {answer(200)},
        {vault_stale(), vault_stale(), answer(200)},
        {vault_stale()},
        {std::nullopt, vault_stale(), written(vault("c", 9, 1))},
        {forward_barred(), vault_stale(), answer(200)},
        {redirect_to(active_url), quota_used_up("2"), answer(200)},
        {answer(0), no_active_node(), no_active_node(), answer(500), answer(500), answer(500)},
        {unreadable_index()},
    };
    for (auto const& script : scripts)
        for (std::uint64_t seed = 0; seed < 20; ++seed) {
            auto const loop = in_a_loop(setting(seed), {script});
            auto const callbacks = by_callbacks(setting(seed), {script});
            REQUIRE_FALSE(loop.steps.empty());
            CHECK(loop.steps.back().is_final());
            CHECK(callbacks.steps == loop.steps);
            CHECK(callbacks.said == loop.said);
            CHECK(callbacks.attempts == loop.attempts);
            CHECK(texts_of(callbacks.required) == texts_of(loop.required));
        }
}

TEST_CASE("two exchanges may be under way at once, and teach each other through the view alone")
{
    event_loop loop(at(0s));
    scripted_transport transport{.script = {answer(200)}};
    int done = 0;
    for (std::uint64_t seed = 0; seed < 2; ++seed)
        std::make_shared<chain>(setting(seed), loop, transport, [&](driven const& d) {
            CHECK(d.steps.back().why == reason::answered);
            ++done;
        })->start();
    CHECK(done == 0); // nothing happens before the loop runs
    loop.run();
    CHECK(done == 2);
}
