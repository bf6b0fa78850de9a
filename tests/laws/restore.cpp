// SPDX-License-Identifier: BSL-1.0
// A snapshot restored into a new cluster of the same id, under concurrent writers whose answers overtake each
// other: it is noticed soon in every run, and nothing is ever noticed where nothing was restored. The world
// here is an active node and two lagging standbys, behind exchanges in virtual time.
#include <afterwrite/session/session.hpp>

#include <afterwrite/decision/exchange.hpp>

#include <doctest/doctest.h>

#include "support/answers.hpp"
#include "support/indices.hpp"
#include "support/manual_clock.hpp"
#include "support/sanitizers.hpp"
#include "support/test_message.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <string_view>
#include <vector>

using namespace afterwrite;
using namespace support;

namespace {

/// How the servers of a run behave.
struct habits {
    dialect form = dialect::openbao;
    bool is_restored = true;
    bool standby_stamps = false; ///< what a standby has forwarded shows the standby's own index
    bool is_secondary = false;   ///< Vault: some writes are of mounts shared with a primary above
    duration age = 0ms;          ///< how old the index may be that an answer shows
    duration longest_lag = 25ms;
    when_inconsistent when = when_inconsistent::retry_then_forward;
};

constexpr int writers = 16;
constexpr int writes = 600;
constexpr std::uint64_t lost = 200; ///< what the snapshot lacks

/// What was committed when: the log of the cluster, and of the primary above it.
class history {
public:
    wal_position commit(time_point now, bool is_shared)
    {
        (is_shared ? upstream_ : own_).push_back(now);
        // A write to a shared mount answers the primary's position, which the secondary need not have yet.
        return {base_.local + own_.size(),
                is_shared ? base_.replicated + upstream_.size() : applied(now).replicated};
    }

    /// What whoever lags that much had at this time.
    [[nodiscard]] wal_position at(time_point when) const
    {
        return {base_.local + count(own_, when), base_.replicated + count(upstream_, when - 30ms)};
    }

    [[nodiscard]] wal_position applied(time_point now) const { return at(now); }

    void restore(time_point now)
    {
        auto const reached = at(now);
        base_ = {reached.local - std::min(reached.local, lost),
                 reached.replicated - std::min(reached.replicated, lost)};
        own_.clear();
        upstream_.clear();
    }

private:
    static std::uint64_t count(std::vector<time_point> const& commits, time_point until)
    {
        return static_cast<std::uint64_t>(std::upper_bound(commits.begin(), commits.end(), until) -
                                          commits.begin());
    }

    wal_position base_{1000, 1000};
    std::vector<time_point> own_;
    std::vector<time_point> upstream_;
};

/// What a run showed. Writes that came after the restore are counted, in the order of their answers.
struct outcome_of_run {
    std::optional<int> suspected;
    std::optional<int> confirmed;
    int regressions = 0;
    int doubts = 0;
    int missing = 0;     ///< answers after which less is required than was answered, and no fence says so
    int unreachable = 0; ///< what is required in the end and no node will ever have
};

class run {
public:
    run(habits const& chosen, std::uint64_t seed) : habits_(chosen), random_(seed) {}

    outcome_of_run operator()()
    {
        view_.learn(habits_.form, cluster_id("c"));
        for (int i = 0; i < writers; ++i)
            begin();
        while (!events_.empty()) {
            auto const next = events_.top();
            events_.pop();
            now_ = next.due;
            next.what();
        }
        auto const required = session_.required(view_);
        auto const here = log_.applied(now_ + 1h);
        for (auto const& text : texts_of(required)) {
            auto const where = decode_index(text)->position().value_or(wal_position{});
            seen_.unreachable += where.local <= here.local ? 0 : 1;
        }
        return seen_;
    }

private:
    struct event {
        time_point due;
        std::uint64_t order;
        std::function<void()> what;
        friend bool operator<(event const& a, event const& b)
        {
            return a.due != b.due ? a.due > b.due : a.order > b.order;
        }
    };

    struct attempt {
        exchange machine;
        test_message request = put();
        bool is_after_restore = false;
    };

    void after(duration wait, std::function<void()> what)
    {
        events_.push({now_ + wait, order_++, std::move(what)});
    }

    duration random_wait(double mean_ms)
    {
        std::exponential_distribution<double> spread(1 / mean_ms);
        return std::chrono::microseconds(static_cast<std::int64_t>(spread(random_) * 1000));
    }

    void begin()
    {
        if (begun_ == writes)
            return;
        if (++begun_ == writes / 2 && habits_.is_restored) {
            log_.restore(now_);
            is_after_ = true;
            acknowledged_ = {};
        }
        consistency_policy const policy{.when = habits_.when, .limit = {.timeout = 1h}};
        auto one = std::make_shared<attempt>(
            attempt{exchange(policy, session_.required(view_), {}, now_, random_())});
        if (one->machine.first(view_).is_final())
            ++seen_.missing; // nothing stands against it
        send(one);
    }

    void send(std::shared_ptr<attempt> const& one)
    {
        one->machine.prepare(one->request, view_);
        auto const node = random_() % 3;
        after(random_wait(3), [this, one, node] { arrive(one, node); });
    }

    /// The request is at a node: 0 is the active one.
    void arrive(std::shared_ptr<attempt> const& one, std::uint64_t node)
    {
        duration const lag = node == 0 ? 0ms : node == 1 ? 8ms : habits_.longest_lag;
        if (node != 0 && lacks(one->request, lag) &&
            one->request.values("X-Vault-Inconsistent") != texts{"forward-active-node"})
            return reply(one, habits_.form == dialect::openbao ? openbao_stale() : vault_stale());
        bool const is_shared = habits_.is_secondary && random_() % 5 < 2;
        auto where = log_.commit(now_, is_shared);
        one->is_after_restore = is_after_;
        if (node != 0 && habits_.standby_stamps)
            where = log_.at(now_ - lag - habits_.age);
        else if (habits_.age > 0ms)
            where = log_.at(now_ - habits_.age);
        reply(one, written(index_at(where)));
    }

    [[nodiscard]] bool lacks(test_message const& request, duration lag) const
    {
        auto const has = log_.at(now_ - lag);
        for (auto const& text : request.values("X-Vault-Index")) {
            auto const wanted = decode_index(text)->position().value_or(wal_position{});
            if (!(wanted <= has))
                return true;
        }
        return false;
    }

    [[nodiscard]] std::string index_at(wal_position const& where) const
    {
        return habits_.form == dialect::openbao ? openbao("c", std::to_string(where.local))
                                                : vault("c", where.local, where.replicated);
    }

    void reply(std::shared_ptr<attempt> const& one, test_message const& response)
    {
        after(random_wait(20), [this, one, response] { answered(one, response); });
    }

    void answered(std::shared_ptr<attempt> const& one, test_message const& response)
    {
        auto const total = session_.record(response, one->machine.carried(), now_);
        int const ordinal = answers_after_ += one->is_after_restore ? 1 : 0;
        if (total.suspected > 0 && !seen_.suspected)
            seen_.suspected = ordinal;
        if (total.regressed > 0 && !seen_.confirmed)
            seen_.confirmed = ordinal;
        look(one->is_after_restore, response);
        seen_.regressions += static_cast<int>(total.regressed);
        seen_.doubts += static_cast<int>(total.suspected);
        auto const next = one->machine.on_response(response, view_, now_);
        if (next.is_final())
            return begin();
        after(std::max(next.not_before - now_, duration::zero()), [this, one] { send(one); });
    }

    /// The oracle: everything that was answered of the present history is required, or a fence stands for it.
    void look(bool is_of_present, test_message const& response)
    {
        for (auto const& text : response.values("X-Vault-Index"))
            if (is_of_present == is_after_)
                acknowledged_ = join(acknowledged_, decode_index(text)->position().value_or(wal_position{}));
        auto const required = session_.required(view_);
        wal_position held{};
        for (auto const& text : texts_of(required))
            held = join(held, decode_index(text)->position().value_or(wal_position{}));
        seen_.missing += acknowledged_ <= held || required.fenced() ? 0 : 1;
    }

    habits habits_;
    std::mt19937_64 random_;
    wal_position acknowledged_{};
    history log_;
    session session_;
    replication_view view_;
    std::priority_queue<event> events_;
    std::uint64_t order_ = 0;
    time_point now_ = at(0s);
    int begun_ = 0;
    int answers_after_ = 0;
    bool is_after_ = false;
    outcome_of_run seen_;
};

constexpr int seeds = rounds(200, 20);

/// All seeds; the latest write that raised a suspicion, and that confirmed it.
struct verdict {
    int runs_suspected = 0;
    int runs_confirmed = 0;
    int latest_suspicion = 0;
    int latest_confirmation = 0;
    int regressions = 0;
    int doubts = 0;
    int missing = 0;
    int unreachable = 0;
};

verdict judge(habits const& chosen)
{
    verdict all;
    for (int seed = 1; seed <= seeds; ++seed) {
        auto const seen = run(chosen, static_cast<std::uint64_t>(seed))();
        all.runs_suspected += seen.suspected ? 1 : 0;
        all.runs_confirmed += seen.confirmed ? 1 : 0;
        all.latest_suspicion = std::max(all.latest_suspicion, seen.suspected.value_or(0));
        all.latest_confirmation = std::max(all.latest_confirmation, seen.confirmed.value_or(0));
        all.regressions += seen.regressions;
        all.doubts += seen.doubts;
        all.missing += seen.missing;
        all.unreachable += seen.unreachable;
    }
    return all;
}

constexpr std::array<habits, 7> kinds = {{
    {.form = dialect::openbao},
    {.form = dialect::openbao, .standby_stamps = true},
    {.form = dialect::openbao, .age = 5ms},
    {.form = dialect::openbao, .standby_stamps = true, .age = 5ms},
    {.form = dialect::vault},
    {.form = dialect::vault, .is_secondary = true},
    {.form = dialect::vault, .is_secondary = true, .age = 5ms},
}};

} // namespace

TEST_CASE("a restored cluster is suspected within 12 writes and certain within 25, in every run")
{
    for (auto const& kind : kinds) {
        CAPTURE(kind.standby_stamps);
        CAPTURE(kind.is_secondary);
        CAPTURE(kind.age.count());
        auto const all = judge(kind);
        CHECK(all.runs_suspected == seeds);
        CHECK(all.runs_confirmed == seeds);
        CHECK(all.latest_suspicion <= 12);
        CHECK(all.latest_confirmation <= 25);
        CHECK(all.regressions == seeds); // one epoch each, whatever comes late
        CHECK(all.missing == 0);
        CHECK(all.unreachable == 0);
        MESSAGE("suspected at write " << all.latest_suspicion << " at the latest, certain at "
                                      << all.latest_confirmation);
    }
}

TEST_CASE("without a restore no demand is ever dropped, nor doubted")
{
    std::vector<habits> all_kinds(kinds.begin(), kinds.end());
    // A standby that lacks the state forwards, and shows its own index: smaller than what was carried.
    all_kinds.push_back(
        {.standby_stamps = true, .age = 5ms, .longest_lag = 300ms, .when = when_inconsistent::forward});
    all_kinds.push_back({.standby_stamps = true, .longest_lag = 300ms});
    for (auto kind : all_kinds) {
        kind.is_restored = false;
        CAPTURE(kind.standby_stamps);
        CAPTURE(kind.is_secondary);
        CAPTURE(kind.age.count());
        auto const all = judge(kind);
        CHECK(all.regressions == 0);
        CHECK(all.doubts == 0);
        CHECK(all.missing == 0);
    }
}
