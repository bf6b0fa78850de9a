// SPDX-License-Identifier: BSL-1.0
// Whole exchanges under the default policy, against nodes that lag in virtual time: how long they wait, when
// they ask another node or the active one, what they cost while a node is behind, and that each one ends.
#include <afterwrite/decision/exchange.hpp>

#include <afterwrite/decision/refusal_answer.hpp>
#include <afterwrite/session/session.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

constexpr duration one_way = 500us; ///< to a node, and as long back

/// The log grows by one each microsecond; what is written now has this position.
std::uint64_t written_by(time_point now)
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - at(-1h)).count());
}

/// A node that shows what was written so long before.
struct lagging_node {
    std::function<duration(time_point)> lag = [](time_point) { return duration(0ms); };
    bool is_reachable = true;
    std::vector<std::string> log{}; ///< what each request said

    [[nodiscard]] bool has(std::uint64_t required, time_point now) const
    {
        return required <= written_by(now - lag(now));
    }

    [[nodiscard]] std::ptrdiff_t requests(std::string_view saying) const
    {
        return std::count_if(log.begin(), log.end(), [saying](std::string const& line) {
            return line.find(saying) != std::string::npos;
        });
    }
};

/// One read, and how it went.
struct reading {
    exchange machine;
    time_point begun;
    step last{};
    test_message request = get();
    time_point ended = time_point::max();
    std::vector<std::string> log{};
    bool is_abandoned = false; ///< its caller has lost interest, and never says so

    [[nodiscard]] bool has_ended() const { return ended != time_point::max(); }
    [[nodiscard]] duration took() const { return ended - begun; }
    [[nodiscard]] bool waited() const { return machine.attempts() > 1; }
};

/// A cluster, all that is known of it, and reads that each require what was written when they begin.
class world {
public:
    dialect form = dialect::vault;
    replication_view view{form, cluster_id("c")};
    consistency_policy policy{};
    request_facts facts = request_facts::of_method("GET");
    std::vector<lagging_node> nodes{1};
    bool may_forward = true; ///< the servers are configured to
    int forwarded = 0;       ///< requests that the active node answered
    int told = 0;            ///< steps that say what the servers are not configured to
    std::function<bool(reading const&)> is_lost = [](reading const&) { return false; }; ///< once it was sent

    explicit world(dialect d = dialect::vault) : form(d), view(d, cluster_id("c")) {}

    /// Nodes with addresses, among which reads choose.
    void declare(std::size_t count)
    {
        nodes.resize(count);
        for (std::size_t i = 0; i < count; ++i)
            view.add_node(address_of(i));
        facts.to = route::best_node;
        facts.addressable = true;
    }

    /// The lag of all nodes.
    void lag(duration much)
    {
        for (auto& node : nodes)
            node.lag = [much](time_point) { return much; };
    }

    /// A read that begins then.
    reading& begin(time_point when)
    {
        auto const index = form == dialect::vault ? vault("c", written_by(when), 0)
                                                  : openbao("c", std::to_string(written_by(when)));
        reads_.push_back({exchange(policy, states({index}), facts, when, ++seed_), when});
        auto& one = reads_.back();
        at_time(when, [this, &one] {
            one.last = one.machine.first(view);
            drive(one);
        });
        return one;
    }

    /// Lets everything happen until nothing more does, or until then.
    void run(time_point until = time_point::max())
    {
        while (!queue_.empty() && queue_.begin()->first.first <= until) {
            auto const next = queue_.begin();
            now_ = next->first.first;
            auto const what = std::move(next->second);
            queue_.erase(next);
            what();
        }
    }

    /// Reads one after the other, as far apart as that.
    std::deque<reading> const& read_each(duration interval, int count)
    {
        reads_.clear();
        for (int i = 0; i < count; ++i) {
            begin(now_ += interval);
            run();
        }
        return reads_;
    }

    reading& read_once(duration after = 1s)
    {
        auto& one = begin(now_ += after);
        run();
        return one;
    }

    [[nodiscard]] std::deque<reading> const& reads() const { return reads_; }
    [[nodiscard]] time_point now() const { return now_; }
    [[nodiscard]] node_knowledge& known(node_number which = anywhere) { return view.nodes()[which]; }

    static std::string address_of(std::size_t i) { return "http://n" + std::to_string(i); }

private:
    void at_time(time_point when, std::function<void()> what)
    {
        queue_.emplace(std::pair(when, ++order_), std::move(what));
    }

    void drive(reading& one)
    {
        if (one.is_abandoned)
            return;
        if (one.last.is_final()) {
            one.ended = now_;
            return;
        }
        if (one.last.not_before > now_) {
            at_time(one.last.not_before, [this, &one] {
                one.last = one.machine.resume(view, now_);
                drive(one);
            });
            return;
        }
        one.machine.prepare(one.request, view);
        auto const address = std::string(one.machine.address(view));
        std::size_t i = 0;
        while (!address.empty() && address_of(i) != address)
            ++i;
        one.log.push_back(std::to_string((now_ - one.begun) / 1ms) + " " +
                          (address.empty() ? "" : address + " ") + std::string(name_of(one.last.why)) + ": " +
                          said(one.request));
        if (!nodes.at(i).is_reachable) {
            one.last = one.machine.on_transport_error(view, now_, false);
            drive(one);
            return;
        }
        at_time(now_ + one_way, [this, &one, &node = nodes[i]] { arrive(one, node); });
    }

    /// What the node makes of the request.
    void arrive(reading& one, lagging_node& node)
    {
        one.is_abandoned = is_lost(one);
        auto const line = said(one.request);
        node.log.push_back(line);
        auto const required = written_by(one.begun);
        bool const asks_to_forward = line.find("active-node") != std::string::npos;
        duration held{};
        if (line.find("await-state") != std::string::npos)
            while (held < 25ms && !node.has(required, now_ + held))
                held += 1ms;
        if (asks_to_forward && !may_forward && form == dialect::vault)
            reply_with(one, forward_barred(), 0ms);
        else if (node.has(required, now_ + held))
            reply_with(one, answer(200), held);
        else if (asks_to_forward) {
            ++forwarded;
            reply_with(one, answer(200), 1ms);
        } else
            reply_with(one, form == dialect::vault ? vault_stale() : openbao_stale(), held);
    }

    void reply_with(reading& one, test_message response, duration after)
    {
        at_time(now_ + after + one_way, [this, &one, response = std::move(response)] {
            if (one.is_abandoned)
                return;
            one.last = one.machine.on_response(response, view, now_);
            told += one.last.missing.has_value() ? 1 : 0;
            drive(one);
        });
    }

    std::map<std::pair<time_point, int>, std::function<void()>> queue_{};
    std::deque<reading> reads_{};
    time_point now_ = at(0s);
    std::uint64_t seed_ = 0;
    int order_ = 0;
};

duration median_of(std::deque<reading> const& reads, std::size_t from = 0)
{
    std::vector<duration> times;
    for (auto i = from; i < reads.size(); ++i)
        times.push_back(reads[i].took());
    std::sort(times.begin(), times.end());
    return times.at(times.size() / 2);
}

/// What is waited for after a first refusal, if no read tries out less.
duration learned_wait(world& servers, bool may_forward = true)
{
    return estimate_lag(servers.known().lag, servers.view.lag(), 1, may_forward).wait;
}

constexpr retry_budget::terms nothing{.percent_of_reads = 0, .per_second = 0, .burst = 0};

std::ptrdiff_t count_of(std::vector<std::string> const& log, std::string_view words)
{
    return std::count_if(log.begin(), log.end(),
                         [words](std::string const& line) { return line.find(words) != std::string::npos; });
}

} // namespace

// -----------------------------------------------------------------------------------------------------------
// Waits

TEST_CASE("a lag of 5 ms is waited for with less than 10 ms, for ever, and nobody is forwarded")
{
    world servers;
    servers.lag(5ms);
    for (int i = 0; i < 2000; ++i) {
        CHECK(servers.read_once(20ms).took() < 20ms);
        CHECK(learned_wait(servers) < 10ms);
    }
    CHECK(median_of(servers.reads()) >= 5ms);
    CHECK(median_of(servers.reads()) < 6250us);
    CHECK(servers.forwarded == 0);
    CHECK(servers.nodes[0].log.size() < 5000);
}

TEST_CASE("a lag that rises to 200 ms and falls again is followed within a hundred reads")
{
    for (bool const may_forward : {false, true}) {
        CAPTURE(may_forward);
        world servers;
        servers.policy.when = may_forward ? when_inconsistent::retry_then_forward : when_inconsistent::retry;
        for (auto const lag : {5ms, 200ms, 5ms, 200ms, 5ms}) {
            servers.lag(lag);
            servers.read_each(6s, may_forward ? 200 : 100); // of what is forwarded nothing is learned
            if (lag == 5ms)
                CHECK(learned_wait(servers, may_forward) < 10ms);
            else
                CHECK(learned_wait(servers, may_forward) >= 150ms);
            CHECK(learned_wait(servers, may_forward) <= 250ms);
        }
    }
}

TEST_CASE("a read that waits alone does not wait for the probe of another one that was answered long ago")
{
    world servers;
    servers.policy.when = when_inconsistent::retry;
    servers.lag(200ms);
    servers.read_each(20ms, 100);
    CHECK(median_of(servers.reads()) < 350ms);
    for (auto const& read : servers.reads())
        CHECK(read.took() < 700ms);
}

// -----------------------------------------------------------------------------------------------------------
// The breaker, and what forwards may cost

TEST_CASE("after five escalations the first attempt may be forwarded already, but for one a second")
{
    world servers;
    servers.lag(1h);
    for (int i = 0; i < 5; ++i) {
        CHECK_FALSE(servers.known().guard.is_open());
        auto const& slow = servers.read_once(20ms);
        CHECK(slow.took() >= 100ms);
        CHECK(slow.log.front() == "0 first_attempt: 1 index");
        CHECK(slow.log.back().ends_with("forwarding: 1 index, forward-active-node"));
    }
    CHECK(servers.known().guard.is_open());

    int probes = 0;
    auto const opened = servers.now();
    while (servers.now() < opened + 20s) {
        auto const& read = servers.read_once(20ms);
        bool const is_probe = read.log.front() == "0 first_attempt: 1 index";
        probes += is_probe ? 1 : 0;
        if (!is_probe)
            CHECK(read.log == lines{"0 first_attempt: 1 index, forward-active-node"});
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() <= (is_probe ? 260ms : 3ms));
    }
    CHECK(probes >= 17);
    CHECK(probes <= 22);
}

TEST_CASE("the first probe that the node answers closes the breaker")
{
    world servers;
    servers.lag(1h);
    servers.read_each(20ms, 100);
    REQUIRE(servers.known().guard.is_open());
    servers.lag(0ms);
    servers.read_each(20ms, 60);
    CHECK_FALSE(servers.known().guard.is_open());
    auto const before = servers.nodes[0].log.size();
    auto const& reads = servers.read_each(20ms, 100);
    CHECK(median_of(reads) == 1ms);
    CHECK(servers.nodes[0].log.size() - before == 100);
    CHECK(servers.nodes[0].log.back() == "1 index");
}

TEST_CASE("forwards have a budget; where it is used up a read waits on, says so, and still ends")
{
    world servers;
    servers.lag(1h);
    servers.view.limit({.forwards = nothing});
    auto const& read = servers.read_once();
    CHECK(servers.forwarded == 0);
    CHECK(read.last.what == action::give_up);
    CHECK(read.last.why == reason::deadline_passed);
    CHECK(read.took() >= 15s);
    CHECK(count_of(read.log, "over_budget") > 0);
    CHECK(count_of(read.log, "forward") == 0);
    CHECK(read.log.size() < 60);

    servers.view.limit({.forwards = {.percent_of_reads = 0, .per_second = 0, .burst = 2}});
    servers.read_each(20ms, 4);
    CHECK(servers.forwarded == 2);
}

TEST_CASE("while the breaker is open forwards are free, unless the caller has set a cap")
{
    for (bool const is_capped : {false, true}) {
        CAPTURE(is_capped);
        world servers;
        servers.lag(1h);
        servers.policy.limit.timeout = 300ms;
        servers.view.limit({.forwards = {.percent_of_reads = 0, .per_second = 0, .burst = 5}});
        servers.read_each(20ms, 5);
        REQUIRE(servers.known().guard.is_open());
        CHECK(servers.forwarded == 5);
        if (is_capped)
            servers.view.limit({.forwards_while_open = retry_budget::terms{
                                    .percent_of_reads = 0, .per_second = 10, .burst = 10}});
        auto const begun = servers.now();
        for (int i = 0; i < 1000; ++i)
            servers.begin(begun + i * 10ms);
        servers.run();
        CHECK(std::all_of(servers.reads().begin(), servers.reads().end(),
                          [](reading const& one) { return one.has_ended(); }));
        if (is_capped)
            CHECK(servers.forwarded - 5 <= 10 + 10 * 11);
        else
            CHECK(servers.forwarded - 5 >= 990); // the others are probes
        CHECK(servers.forwarded - 5 >= 100);
    }
}

// -----------------------------------------------------------------------------------------------------------
// Retries that the cluster's budget does not allow

TEST_CASE("the first retry is free; each one over the budget comes later, and none comes without a wait")
{
    world servers;
    servers.lag(1h);
    servers.policy = {.when = when_inconsistent::retry, .limit = {.timeout = 5s}};
    servers.view.limit({.retries = nothing});
    for (int i = 0; i < 20; ++i) {
        auto const& read = servers.read_once(10s);
        CHECK(read.last.why == reason::deadline_passed);
        REQUIRE(read.log.size() > 4);
        CHECK(read.log.size() < 40);
        CHECK(std::stoi(read.log[1]) <= 6); // 5 ms and the way, a tenth more or less
        CHECK(count_of({read.log[1]}, " waiting") == 1);
        auto before = 0;
        for (std::size_t k = 1; k + 1 < read.log.size(); ++k) { // the last is sent at the deadline
            auto const sent = std::stoi(read.log[k]);
            if (k > 1) {
                CHECK(count_of({read.log[k]}, "over_budget") == 1);
                CHECK(sent - before >= 45);
            }
            before = sent;
        }
    }
}

TEST_CASE("with a budget, a crowd that waits for a node sends little more than it may")
{
    world servers;
    servers.lag(1h);
    servers.policy = {.when = when_inconsistent::retry, .limit = {.timeout = 2s}};
    for (int i = 0; i < 1000; ++i)
        servers.begin(servers.now() + i * 5ms);
    servers.run();
    for (auto const& read : servers.reads())
        CHECK(read.last.why == reason::deadline_passed);
    CHECK(servers.nodes[0].log.size() < 2500);
}

// -----------------------------------------------------------------------------------------------------------
// OpenBao

TEST_CASE("OpenBao holds the first attempt, so a short lag costs one request")
{
    world servers(dialect::openbao);
    servers.lag(10ms);
    for (int i = 0; i < 100; ++i) {
        auto const& read = servers.read_once(20ms);
        CHECK(read.log == lines{"0 first_attempt: 1 index, await-state + fail"});
        CHECK(read.took() <= 11ms);
    }
    CHECK(servers.forwarded == 0);
}

TEST_CASE("OpenBao forwards what it held in vain under the same rule and budget as any other forward")
{
    world servers(dialect::openbao);
    servers.lag(1h);
    auto const& slow = servers.read_once();
    CHECK(slow.last.why == reason::answered);
    CHECK(slow.log.front() == "0 first_attempt: 1 index, await-state + fail");
    CHECK(slow.log.back().ends_with("forwarding: 1 index, forward-active-node"));
    for (std::size_t i = 1; i + 1 < slow.log.size(); ++i)
        CHECK(slow.log[i].ends_with("waiting: 1 index, fail"));
    CHECK(slow.took() >= 100ms);
    CHECK(slow.took() < 150ms);
    servers.read_each(20ms, 4);
    CHECK(servers.known().guard.is_open());
    CHECK(servers.read_once(20ms).log == lines{"0 first_attempt: 1 index, forward-active-node"});

    world poor(dialect::openbao);
    poor.lag(300ms);
    poor.view.limit({.forwards = nothing});
    auto const& read = poor.read_once();
    CHECK(read.last.why == reason::answered);
    CHECK(read.took() >= 300ms);
    CHECK(count_of(read.log, "forward") == 0);
    CHECK(count_of(read.log, "over_budget") > 0);
}

// -----------------------------------------------------------------------------------------------------------
// Several nodes

TEST_CASE("a read that was refused twice asks another node at once, while that is seen to help")
{
    world servers;
    servers.declare(2);
    servers.nodes[0].lag = [](time_point) { return duration(1h); };
    int hops = 0;
    for (auto const& read : servers.read_each(200ms, 20)) {
        CHECK(read.last.why == reason::answered);
        if (count_of(read.log, "another_node") == 0)
            continue;
        ++hops;
        REQUIRE(read.log.size() == 3);
        CHECK(read.log[0] == "0 http://n0 first_attempt: 1 index");
        CHECK(count_of({read.log[1]}, " http://n0 waiting: 1 index") == 1);
        CHECK(count_of({read.log[2]}, " http://n1 another_node: 1 index") == 1);
        CHECK(read.took() < 50ms);
    }
    CHECK(hops > 0);
    CHECK(servers.forwarded == 0);
}

TEST_CASE("where all nodes lag together, nobody asks round for long")
{
    world servers;
    servers.declare(3);
    servers.lag(20ms);
    servers.policy.when = when_inconsistent::retry;
    servers.read_each(100ms, 300);
    int hops = 0;
    for (auto const& read : servers.read_each(100ms, 300))
        hops += count_of(read.log, "another_node") > 0 ? 1 : 0;
    CHECK(hops < 30);
}

TEST_CASE("of several nodes the one that lags less gets most of the reads")
{
    world servers;
    servers.declare(2);
    servers.nodes[0].lag = [](time_point) { return duration(80ms); };
    servers.nodes[1].lag = [](time_point) { return duration(4ms); };
    servers.read_each(200ms, 400);
    servers.read_each(200ms, 400);
    auto const slow = std::count_if(servers.reads().begin(), servers.reads().end(), [](reading const& one) {
        return one.log.front().starts_with("0 http://n0 ");
    });
    CHECK(slow > 50);
    CHECK(slow < 150);
    CHECK(median_of(servers.reads()) < 10ms);
}

TEST_CASE("a node that cannot be reached is left at once, and not asked for a second")
{
    world servers;
    servers.declare(2);
    servers.nodes[0].is_reachable = false;
    int in_vain = 0;
    for (auto const& read : servers.read_each(50ms, 100)) {
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() == 1ms);
        if (read.log.size() == 1)
            continue;
        ++in_vain;
        CHECK(read.log == lines{"0 http://n0 first_attempt: 1 index", "0 http://n1 another_node: 1 index"});
    }
    CHECK(in_vain >= 2);
    CHECK(in_vain <= 6); // 5 s
}

TEST_CASE(
    "where no node can be reached it ends after a few repetitions, and none of them was sent twice over")
{
    world servers;
    servers.declare(3);
    for (auto& node : servers.nodes)
        node.is_reachable = false;
    auto const& read = servers.read_once();
    CHECK(read.last.what == action::give_up);
    CHECK(read.last.why == reason::attempts_exhausted);
    CHECK(read.log.size() <= 9);
    CHECK(count_of(read.log, "another_node") >= 2);
    CHECK(count_of(read.log, "repeating") == 2);
}

// -----------------------------------------------------------------------------------------------------------
// One read finds out for all

namespace {

/// One node that stops to apply what is written, for so long, and reads that have to wait for it.
world stalled_until(time_point end, std::size_t declared = 1)
{
    world servers;
    if (declared > 0)
        servers.declare(declared);
    servers.lag(2ms);
    servers.policy = consistency_policy::patient();
    servers.policy.when = when_inconsistent::retry;
    servers.read_each(20ms, 20);
    servers.nodes[0].log.clear();
    auto const begin = servers.now();
    servers.nodes[0].lag = [begin, end](time_point now) {
        return now < end ? std::max<duration>(2ms, now - begin) : duration(2ms);
    };
    return servers;
}

std::size_t count_ended(std::deque<reading> const& reads)
{
    return static_cast<std::size_t>(
        std::count_if(reads.begin(), reads.end(), [](reading const& one) { return one.has_ended(); }));
}

} // namespace

TEST_CASE("while a node lacks what a hundred reads wait for, far fewer requests than reads reach it")
{
    for (std::size_t const declared : {1U, 0U}) {
        CAPTURE(declared);
        auto servers = stalled_until(at(10s), declared);
        auto const& node = servers.nodes[0];
        auto const from = servers.reads().size();
        for (int i = 0; i < 100; ++i)
            servers.begin(servers.now() + 5ms + i * 10ms);
        servers.run(servers.now() + 1500ms);
        auto const before = node.log.size(); // until it was seen that the node is behind for long
        CHECK(before < 300);
        servers.run(at(10s) - 1ms);
        CHECK(count_ended(servers.reads()) == from);
        CHECK(node.log.size() - before < 20);
        auto const behind = node.log.size();
        servers.run();
        CHECK(count_ended(servers.reads()) == from + 100);
        CHECK(node.log.size() - behind < 120);
        for (auto i = from; i < servers.reads().size(); ++i) {
            CHECK(servers.reads()[i].last.why == reason::answered);
            CHECK(servers.reads()[i].ended < at(13s));
        }
    }
}

TEST_CASE("those who wait unsent are told so")
{
    auto servers = stalled_until(at(10s));
    servers.begin(servers.now() + 5ms);
    servers.run(at(3s));
    auto const& joined = servers.begin(at(3s));
    servers.run(at(3s));
    CHECK(joined.last.what == action::send_again);
    CHECK(joined.last.why == reason::joined);
    CHECK(joined.last.not_before > at(3s));
    CHECK(joined.machine.attempts() == 0);
    servers.run();
    CHECK(joined.last.why == reason::answered);
    CHECK(joined.log.size() == 1); // sent once, when the node had it
}

TEST_CASE("no read waits for ever for one that never comes back")
{
    for (int const survivors : {5, 10, 50}) {
        CAPTURE(survivors);
        auto servers = stalled_until(at(20s));
        auto const from = servers.reads().size();
        int sent = 0;
        servers.is_lost = [&sent, survivors](reading const&) { return ++sent % (survivors + 1) == 0; };
        for (int i = 0; i < 200; ++i)
            servers.begin(servers.now() + 5ms + i * 20ms);
        servers.run();
        std::size_t lost = 0;
        for (auto i = from; i < servers.reads().size(); ++i) {
            auto const& read = servers.reads()[i];
            lost += read.is_abandoned ? 1 : 0;
            if (!read.is_abandoned)
                CHECK(read.last.why == reason::answered);
        }
        CHECK(lost > 0);
        CHECK(lost < 200);
    }
}

TEST_CASE("who has joined gives up at its deadline, unsent")
{
    auto servers = stalled_until(at(1h));
    servers.policy.limit.timeout = 10min;
    servers.begin(servers.now() + 5ms);
    servers.run(at(5s));
    int unsent = 0;
    for (int i = 0; i < 50; ++i) {
        servers.policy.limit.timeout = 40ms;
        auto const begun = at(5s) + i * 100ms;
        auto const& read = servers.begin(begun);
        servers.run(begun + 90ms);
        CHECK(read.last.what == action::give_up);
        CHECK(read.last.why == reason::deadline_passed);
        CHECK(read.took() <= 41ms);
        unsent += read.machine.attempts() == 0 ? 1 : 0;
        if (read.machine.attempts() == 0)
            CHECK(read.took() == 40ms);
    }
    CHECK(unsent >= 40);
}

TEST_CASE("who may forward does not wait for another read's answer longer than for its own")
{
    auto servers = stalled_until(at(1h));
    servers.begin(servers.now() + 5ms);
    servers.run(at(5s));
    servers.policy = {};
    auto const& read = servers.begin(at(5s));
    servers.run(at(6s));
    CHECK(read.last.why == reason::answered);
    CHECK(read.took() < 110ms);
    CHECK(count_of(read.log, "forwarding: 1 index, forward-active-node") == 1);
}

// -----------------------------------------------------------------------------------------------------------
// What a cluster cannot do

namespace {

request_facts const reading_facts = request_facts::of_method("GET");
request_facts const writing_facts = request_facts::of_method("PUT");

test_message const several_refused = answer(400, refusal_answers::several_indices.body);
test_message const unknown_word = answer(400, refusal_answers::unknown_first.body);

/// An exchange under this policy against a script.
exchange_run scripted(replication_view& view, required_states const& required,
                      std::vector<reply> const& script, consistency_policy const& policy = {},
                      request_facts const& facts = reading_facts)
{
    exchange_run run{exchange(policy, required, facts, at(0s), 1)};
    run.run(script, view);
    return run;
}

} // namespace

TEST_CASE("that a cluster does not forward is told once, and nobody asks it again for ten minutes")
{
    world servers;
    servers.lag(300ms);
    servers.may_forward = false;
    std::ptrdiff_t asked = 0;
    for (int i = 0; i < 20; ++i) {
        auto const& read = servers.read_once(10s);
        asked += count_of(read.log, "forward-active-node");
        CHECK(read.last.why == reason::answered);
        CHECK(read.took() < 1s);
    }
    CHECK(asked == 1);
    CHECK(servers.told == 1);
    CHECK(servers.view.missing().lacks(capability::forwarding, servers.now()));
}

TEST_CASE("a server that does not know how to hold a request gets it with fail alone, from then on")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto const required = states({openbao("c", "5")});
    exchange_run first{exchange({}, required, reading_facts, at(0s), 1)};
    first.last = first.exchange.first(view);
    first.attempt(unknown_word, view);
    CHECK(first.last.why == reason::not_held);
    CHECK(first.last.missing == capability::await_state);
    first.attempt(answer(200), view);
    CHECK(first.last.why == reason::answered);
    CHECK_FALSE(first.last.missing.has_value());
    CHECK(first.log ==
          lines{"0 any first_attempt: 1 index, await-state + fail", "0 any not_held: 1 index, fail"});

    auto const second = scripted(view, required, {answer(200)});
    CHECK(second.log == lines{"0 any first_attempt: 1 index, fail", "0 deliver answered"});
    CHECK_FALSE(second.last.missing.has_value());
}

TEST_CASE("what was on its way when it became known is not told a second time")
{
    replication_view view(dialect::openbao, cluster_id("c"));
    auto const required = states({openbao("c", "5")});
    exchange_run one{exchange({}, required, reading_facts, at(0s), 1)};
    exchange_run other{exchange({}, required, reading_facts, at(0s), 2)};
    for (auto* run : {&one, &other}) {
        run->last = run->exchange.first(view);
        run->exchange.prepare(run->request, view);
    }
    one.last = one.exchange.on_response(unknown_word, view, at(1ms));
    other.last = other.exchange.on_response(unknown_word, view, at(2ms));
    CHECK(one.last.missing == capability::await_state);
    CHECK_FALSE(other.last.missing.has_value());
    CHECK(other.last.why == reason::not_held);
}

TEST_CASE("where a cluster takes one index only, what needs two goes to the active node")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    replication_view view(dialect::vault, cluster_id("c"));
    exchange_run first{exchange({}, two, reading_facts, at(0s), 1)};
    first.last = first.exchange.first(view);
    first.attempt(several_refused, view);
    CHECK(first.last.why == reason::forwarding);
    CHECK(first.last.missing == capability::several_indices);
    first.attempt(answer(200), view);
    CHECK(first.last.why == reason::answered);
    CHECK(first.log ==
          lines{"0 any first_attempt: 2 index", "0 any forwarding: 1 index, X-Vault-Forward: active-node"});

    auto const second = scripted(view, two, {answer(200)});
    CHECK(second.log ==
          lines{"0 any first_attempt: 1 index, X-Vault-Forward: active-node", "0 deliver answered"});

    auto const one = scripted(view, states({vault("c", 2, 0)}), {answer(200)});
    CHECK(one.log == lines{"0 any first_attempt: 1 index", "0 deliver answered"});
}

TEST_CASE("and where no way leads there it is not offered")
{
    auto const two = states({vault("c", 0, 2), vault("c", 2, 0)});
    replication_view view(dialect::vault, cluster_id("c"));
    view.missing().note_missing(capability::forwarding, at(0s));
    CHECK(scripted(view, two, {several_refused}).log ==
          lines{"0 any first_attempt: 2 index", "0 give up not_offered"});
    CHECK(scripted(view, two, {answer(200)}).log == lines{"0 give up not_offered"});

    replication_view known(dialect::vault, cluster_id("c"));
    known.missing().note_missing(capability::forwarding, at(0s));
    known.set_active_address("https://active");
    auto facts = reading_facts;
    facts.addressable = true;
    CHECK(scripted(known, two, {several_refused, answer(200)}, {}, facts).log ==
          lines{"0 any first_attempt: 2 index", "0 active forwarding: 1 index", "0 deliver answered"});
}

TEST_CASE("three writes without an index tell that there are none to have, once")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (int i = 0; i < 6; ++i) {
        auto const run = scripted(view, {}, {answer(204)}, {}, writing_facts);
        CHECK(run.last.why == reason::answered);
        CHECK(run.last.missing.has_value() == (i == 2));
        if (i == 2)
            CHECK(run.last.missing == capability::consistency_fields);
    }
    for (int i = 0; i < 6; ++i) // reads and errors tell nothing
        CHECK_FALSE(scripted(view, {}, {answer(i % 2 == 0 ? 200 : 403)}).last.missing.has_value());
    CHECK_FALSE(scripted(view, {}, {written(vault("c", 1, 0))}, {}, writing_facts).last.missing.has_value());
    CHECK_FALSE(view.missing().lacks(capability::consistency_fields, at(0s)));
}

// -----------------------------------------------------------------------------------------------------------
// A "no" that may be older than what was written

namespace {

consistency_policy const doubting{.stale_negatives = 2s};

/// Something was written at that time without an index.
required_states after_unindexed_write(duration when)
{
    required_states required;
    required.unplaced().note_unindexed_write(at(when));
    return required;
}

test_message const readonly_storage = answer(400, R"({"errors":["cannot write to readonly storage"]})");

} // namespace

TEST_CASE("a no right after a write without an index is asked again until the time for it is over")
{
    for (auto const& no : {answer(404), answer(403), readonly_storage}) {
        replication_view view(dialect::vault, cluster_id("c"));
        auto const found = scripted(view, after_unindexed_write(-500ms), {no, no, answer(200)}, doubting);
        CHECK(found.last.why == reason::answered);
        REQUIRE(found.log.size() == 4);
        CHECK(count_of(found.log, "any doubted: 0 index") == 2);

        auto const never = scripted(view, after_unindexed_write(-500ms), {no}, doubting);
        CHECK(never.last.what == action::deliver);
        CHECK(never.last.why == reason::answered);
        CHECK(never.now == at(1500ms)); // two seconds after the write
        CHECK(never.log.size() > 4);
        CHECK(never.log.size() < 20);
    }
}

TEST_CASE("a server's error for want of a lease is doubted for as long, and then repeated as others are")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const no = answer(500, "no lease entry found for token that ought to have one");
    auto const run = scripted(view, after_unindexed_write(0s), {no}, doubting);
    CHECK(run.last.what == action::deliver);
    CHECK(count_of(run.log, "doubted") > 2);
    CHECK(count_of(run.log, "repeating") == 2);
    CHECK(run.now > at(2s));
    CHECK(run.now < at(15s));
}

TEST_CASE("a no is the truth where nothing was written without an index, or too long ago")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const is_believed = [&view](required_states const& required, consistency_policy const& policy,
                                     request_facts const& facts) {
        return scripted(view, required, {answer(404)}, policy, facts).log.size() == 2;
    };
    CHECK_FALSE(is_believed(after_unindexed_write(0s), doubting, reading_facts));
    CHECK(is_believed({}, doubting, reading_facts));
    CHECK(is_believed(states({vault("c", 5, 0)}), doubting, reading_facts));
    CHECK(is_believed(after_unindexed_write(-2s), doubting, reading_facts));
    CHECK(is_believed(after_unindexed_write(0s), {}, reading_facts)); // unless asked for
    CHECK(is_believed(after_unindexed_write(0s), doubting, writing_facts));
    auto once = reading_facts;
    once.replayable_body = false;
    CHECK(is_believed(after_unindexed_write(0s), doubting, once));
    auto indifferent = doubting;
    indifferent.enforce = enforce_consistency::never;
    CHECK(is_believed(after_unindexed_write(0s), indifferent, reading_facts));
}

TEST_CASE("a session knows which of its writes no request can carry the index of")
{
    replication_view view(dialect::vault, cluster_id("c"));
    for (bool const has_index : {true, false}) {
        session mine;
        auto write = scripted(view, {}, {answer(204)}, doubting, writing_facts);
        mine.record(has_index ? written(vault("c", 5, 0)) : answer(204), write.exchange.carried(), at(0s));
        auto const read = scripted(view, mine.required(view), {answer(404), answer(200)}, doubting);
        CHECK(count_of(read.log, "doubted") == (has_index ? 0 : 1));
    }
}

TEST_CASE("a no is doubted within the exchange's own limits")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto policy = doubting;
    policy.limit.max_attempts = 2;
    auto const few = scripted(view, after_unindexed_write(0s), {answer(404)}, policy);
    CHECK(few.last.what == action::deliver);
    CHECK(few.exchange.attempts() == 2);
    policy.limit = {.timeout = 100ms};
    auto const brief = scripted(view, after_unindexed_write(0s), {answer(404)}, policy);
    CHECK(brief.last.what == action::deliver);
    CHECK(brief.now == at(100ms));
}

// -----------------------------------------------------------------------------------------------------------
// Servers that fail

TEST_CASE("a failure is repeated once for nothing, and then against the cluster's budget")
{
    for (bool const has_budget : {true, false}) {
        replication_view view(dialect::vault, cluster_id("c"));
        if (!has_budget)
            view.limit({.retries = nothing});
        auto const run = scripted(view, states({vault("c", 5, 0)}), {answer(503)});
        CHECK(run.exchange.attempts() == (has_budget ? 3 : 2));
        CHECK(run.last.what == action::deliver);
        CHECK(run.now >= at(has_budget ? 750ms : 250ms));
        auto const broken = scripted(view, states({vault("c", 5, 0)}), {std::nullopt});
        CHECK(broken.exchange.attempts() == (has_budget ? 3 : 2));
        CHECK(broken.last.why == reason::attempts_exhausted);
    }
}

TEST_CASE("a failed server is asked again when it wants to be, and never what might be executed twice")
{
    replication_view view(dialect::vault, cluster_id("c"));
    auto const later_on = answer(503).with("Retry-After", "4");
    CHECK(scripted(view, {}, {later_on, answer(200)}).log.back() == "4000 deliver answered");
    CHECK(scripted(view, {}, {later_on, answer(200)}, {}, writing_facts).log.back() == "0 deliver answered");
    auto facts = writing_facts;
    facts.idempotent = true;
    CHECK(scripted(view, {}, {later_on, answer(204)}, {}, facts).log.back() == "4000 deliver answered");
    CHECK(scripted(view, {}, {answer(501)}).log.back() == "0 deliver answered");
}
