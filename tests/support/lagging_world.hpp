// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/exchange.hpp>
#include <afterwrite/decision/refusal_answer.hpp>

#include "support/answers.hpp"
#include "support/exchange_trace.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Nodes that lag in virtual time, and whole exchanges against them.
namespace support {

inline constexpr afterwrite::duration one_way = 500us; ///< to a node, and as long back

/// The log grows by one each microsecond; what is written now has this position.
inline std::uint64_t written_by(afterwrite::time_point now)
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - at(-1h)).count());
}

/// A node that shows what was written so long before.
struct lagging_node {
    std::function<afterwrite::duration(afterwrite::time_point)> lag = [](afterwrite::time_point) {
        return afterwrite::duration(0ms);
    };
    bool is_reachable = true;
    reply always{};                 ///< what it says to everything, if it does
    std::vector<std::string> log{}; ///< what each request said

    [[nodiscard]] bool has(std::uint64_t required, afterwrite::time_point now) const
    {
        return required <= written_by(now - lag(now));
    }
};

/// One exchange, and how it went.
struct reading {
    afterwrite::exchange machine;
    afterwrite::time_point begun;
    std::uint64_t required = 0; ///< the position
    reply always{};             ///< what every node says to it, if they do
    afterwrite::step last{};
    test_message request = get();
    afterwrite::time_point ended = afterwrite::time_point::max();
    std::vector<std::string> log{};
    bool is_abandoned = false; ///< its caller has lost interest, and never says so

    [[nodiscard]] bool has_ended() const { return ended != afterwrite::time_point::max(); }
    [[nodiscard]] afterwrite::duration took() const { return ended - begun; }
    [[nodiscard]] bool is_answered() const
    {
        return last.why == afterwrite::reason::answered && last.refused_as == afterwrite::refusal::none;
    }
};

/// A cluster, all that is known of it, and reads that each require what was written when they begin.
class lagging_world {
public:
    afterwrite::dialect form = afterwrite::dialect::vault;
    std::string cluster = "c"; ///< whose states are required
    afterwrite::replication_view view{form, afterwrite::cluster_id("c")};
    afterwrite::consistency_policy policy{};
    afterwrite::request_facts facts = afterwrite::request_facts::of_method("GET");
    std::vector<lagging_node> nodes{1};
    bool may_forward = true; ///< the servers are configured to
    int forwarded = 0;       ///< requests that the active node answered
    int told = 0;            ///< steps that say what the servers are not configured to
    std::function<bool(reading const&)> is_lost = [](reading const&) { return false; }; ///< once it was sent

    explicit lagging_world(afterwrite::dialect d = afterwrite::dialect::vault)
        : form(d), view(d, afterwrite::cluster_id("c"))
    {}

    /// Nodes with addresses, among which reads choose.
    void declare(std::size_t count)
    {
        nodes.resize(count);
        for (std::size_t i = 0; i < count; ++i)
            view.add_node(address_of(i));
        facts.to = afterwrite::route::best_node;
        facts.addressable = true;
    }

    /// The lag of all nodes.
    void lag(afterwrite::duration much)
    {
        for (auto& node : nodes)
            node.lag = [much](afterwrite::time_point) { return much; };
    }

    /// A read that begins then.
    reading& begin(afterwrite::time_point when) { return begin(when, when); }

    /// A read that begins then, and requires what was written at another time.
    reading& begin(afterwrite::time_point when, afterwrite::time_point written)
    {
        auto const required = written_by(written);
        auto const index = form == afterwrite::dialect::vault ? vault(cluster, required, 0)
                                                              : openbao(cluster, std::to_string(required));
        reads_.push_back(
            {afterwrite::exchange(policy, states({index}), facts, when, ++seed_), when, required});
        auto& one = reads_.back();
        at_time(when, [this, &one] {
            one.last = one.machine.first(view);
            drive(one);
        });
        return one;
    }

    /// Lets everything happen until nothing more does, or until then.
    void run(afterwrite::time_point until = afterwrite::time_point::max())
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
    std::deque<reading> const& read_each(afterwrite::duration interval, int count)
    {
        reads_.clear();
        for (int i = 0; i < count; ++i) {
            begin(now_ += interval);
            run();
        }
        return reads_;
    }

    reading& read_once(afterwrite::duration after = 1s)
    {
        auto& one = begin(now_ += after);
        run();
        return one;
    }

    [[nodiscard]] std::deque<reading> const& reads() const { return reads_; }
    [[nodiscard]] afterwrite::time_point now() const { return now_; }
    [[nodiscard]] afterwrite::node_knowledge& known(afterwrite::node_number which = afterwrite::anywhere)
    {
        return view.nodes()[which];
    }

    static std::string address_of(std::size_t i) { return "http://n" + std::to_string(i); }

private:
    void at_time(afterwrite::time_point when, std::function<void()> what)
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
        if (one.always || node.always) {
            reply_with(one, one.always ? *one.always : *node.always, 0ms);
            return;
        }
        bool const asks_to_forward = line.find("active-node") != std::string::npos;
        afterwrite::duration held{};
        if (line.find("await-state") != std::string::npos)
            while (held < 25ms && !node.has(one.required, now_ + held))
                held += 1ms;
        if (asks_to_forward && !may_forward && form == afterwrite::dialect::vault)
            reply_with(one, forward_barred(), 0ms);
        else if (node.has(one.required, now_ + held))
            reply_with(one, answer(200), held);
        else if (asks_to_forward) {
            ++forwarded;
            reply_with(one, answer(200), 1ms);
        } else
            reply_with(one, form == afterwrite::dialect::vault ? vault_stale() : openbao_stale(), held);
    }

    void reply_with(reading& one, test_message response, afterwrite::duration after)
    {
        at_time(now_ + after + one_way, [this, &one, response = std::move(response)] {
            if (one.is_abandoned)
                return;
            one.last = one.machine.on_response(response, view, now_);
            told += one.last.missing.has_value() ? 1 : 0;
            drive(one);
        });
    }

    std::map<std::pair<afterwrite::time_point, int>, std::function<void()>> queue_{};
    std::deque<reading> reads_{};
    afterwrite::time_point now_ = at(0s);
    std::uint64_t seed_ = 0;
    int order_ = 0;
};

/// What the reads from this one on took, in order.
inline std::vector<afterwrite::duration> times_of(std::deque<reading> const& reads, std::size_t from = 0)
{
    std::vector<afterwrite::duration> times;
    for (auto i = from; i < reads.size(); ++i)
        times.push_back(reads[i].took());
    std::sort(times.begin(), times.end());
    return times;
}

inline afterwrite::duration median_of(std::deque<reading> const& reads)
{
    auto const times = times_of(reads);
    return times.at(times.size() / 2);
}

inline std::ptrdiff_t count_of(std::vector<std::string> const& log, std::string_view words)
{
    return std::count_if(log.begin(), log.end(),
                         [words](std::string const& line) { return line.find(words) != std::string::npos; });
}

/// No budget at all.
inline constexpr afterwrite::retry_budget::terms nothing{.percent_of_reads = 0, .per_second = 0, .burst = 0};

} // namespace support
