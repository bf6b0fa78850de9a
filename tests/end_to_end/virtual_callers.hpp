// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/lock.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>

#include "cluster/model.hpp"
#include "cluster/random.hpp"
#include "cluster/virtual_time.hpp"
#include "support/manual_clock.hpp"
#include "support/store_block.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Exchanges of many callers with emulated clusters at the same time: no HTTP, and no time but the model's, so
// a run depends on its seed alone.

namespace end_to_end {

/// What became of the requests of a run.
struct counts {
    std::size_t requests = 0;
    std::size_t reads = 0;      ///< requests of which it is known what they must show
    std::size_t stale = 0;      ///< reads that were delivered, and do not show it
    std::size_t unanswered = 0; ///< requests that were given up when their time was over, or not sent
    std::size_t unanswered_reads = 0;

    counts& operator+=(counts const& more)
    {
        requests += more.requests;
        reads += more.reads;
        stale += more.stale;
        unanswered += more.unanswered;
        unanswered_reads += more.unanswered_reads;
        return *this;
    }
};

/// Who asks: somebody with a session of his own, or an identity of a store.
class identity {
public:
    using store = support::store_of<afterwrite::no_lock>::store_type;

    explicit identity(std::shared_ptr<afterwrite::session> own) : own_(std::move(own)) {}
    identity(store& all, std::string name) : all_(&all), name_(std::move(name)) {}

    template <class F>
    decltype(auto) with(afterwrite::time_point now, F&& f) const
    {
        if (own_ != nullptr)
            return f(*own_);
        auto handle = all_->of(name_, now);
        return f(handle);
    }

private:
    std::shared_ptr<afterwrite::session> own_;
    store* all_ = nullptr;
    std::string name_;
};

/// Nodes behind one address, and what is known of their cluster.
struct place {
    std::vector<std::size_t> nodes{};
    afterwrite::replication_view view{};
};

/// A request to be sent until it is answered.
struct errand {
    identity who;
    place* where = nullptr;
    std::size_t node = 0;  ///< that the first attempt reaches
    bool balanced = false; ///< further attempts reach any node of the place; else the same
    afterwrite::consistency_policy policy{};
    support::test_message request{};
    afterwrite::route to = afterwrite::route::any_node;
    std::function<void(support::test_message const*)> then{}; ///< what is delivered; null if it is given up
};

class traffic {
public:
    static constexpr cluster::nanoseconds one_way = std::chrono::microseconds(500);

    traffic(cluster::settings const& chosen, std::uint64_t seed) : model(chosen), time(model), random(seed) {}

    [[nodiscard]] afterwrite::time_point now() const { return support::at(time.now()); }

    [[nodiscard]] std::size_t any_of(std::vector<std::size_t> const& nodes)
    {
        return nodes.at(random.next() % nodes.size());
    }

    [[nodiscard]] std::size_t any_but(std::vector<std::size_t> nodes, std::size_t node)
    {
        if (nodes.size() > 1)
            std::erase(nodes, node);
        return any_of(nodes);
    }

    void send(errand what)
    {
        auto facts = afterwrite::request_facts::of_method(what.request.method);
        facts.addressable = true;
        facts.to = what.to;
        auto const required =
            what.who.with(now(), [&](auto& session) { return session.required(what.where->view); });
        auto one = std::make_shared<under_way>(std::move(what), required, facts, now(), random.next());
        ++total.requests;
        one->last = one->machine.first(one->what.where->view);
        drive(one);
    }

    cluster::model model;
    cluster::virtual_time time;
    cluster::random_source random;
    support::store_of<afterwrite::no_lock> store{4096};
    counts total;

private:
    struct under_way {
        under_way(errand asked, afterwrite::required_states const& required,
                  afterwrite::request_facts const& facts, afterwrite::time_point now, std::uint64_t seed)
            : what(std::move(asked)), machine(what.policy, required, facts, now, seed)
        {}

        errand what;
        afterwrite::exchange machine;
        afterwrite::step last{};
        support::test_message answer{};
    };

    void drive(std::shared_ptr<under_way> const& one)
    {
        auto& view = one->what.where->view;
        if (one->last.is_final())
            return finish(*one, one->last.what == afterwrite::action::deliver);
        if (one->last.not_before > now()) {
            time.after(one->last.not_before - now(), [this, one, &view] {
                one->last = one->machine.resume(view, now());
                drive(one);
            });
            return;
        }
        auto const attempts = one->machine.attempts();
        one->machine.prepare(one->what.request, view);
        auto const address = one->machine.address(view);
        if (one->machine.to() == afterwrite::route::active_node && address.empty())
            return finish(*one, false); // no way leads there
        auto node = attempts > 0 && one->what.balanced ? any_of(one->what.where->nodes) : one->what.node;
        if (!address.empty())
            node = std::stoul(std::string(address.substr(std::string_view("http://node-").size())));
        auto const& asked = one->what.request;
        time.send(
            node, {asked.method, asked.target, asked.fields, asked.body},
            [this, one](cluster::response const& answer, cluster::answer_note const&) { take(one, answer); },
            one_way);
    }

    void finish(under_way& one, bool is_delivered)
    {
        total.unanswered += is_delivered ? 0 : 1;
        one.what.then(is_delivered ? &one.answer : nullptr);
    }

    void take(std::shared_ptr<under_way> const& one, cluster::response const& answer)
    {
        one->answer = {.status = answer.status, .body = answer.body, .fields = answer.fields};
        one->what.who.with(
            now(), [&](auto& session) { session.record(one->answer, one->machine.carried(), now()); });
        one->last = one->machine.on_response(one->answer, one->what.where->view, now());
        drive(one);
    }
};

} // namespace end_to_end
