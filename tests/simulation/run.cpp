// SPDX-License-Identifier: BSL-1.0
#include "run.hpp"

#include "clients.hpp"
#include "faults.hpp"
#include "network.hpp"
#include "oracle.hpp"
#include "timeline.hpp"
#include "world.hpp"

#include <algorithm>
#include <chrono>

namespace simulation {

namespace {

using namespace std::chrono_literals;

bool has_planned(plan const& what, fault kind)
{
    return std::any_of(what.script.begin(), what.script.end(),
                       [kind](script_line const& line) { return line.is_fault && line.kind == kind; });
}

/// Everything of a run, in the order in which one thing needs the other.
class simulator {
public:
    simulator(plan const& what, journal const& into)
        : plan_(what), servers_(what), truth_(servers_.sites(), what.keys),
          way_(servers_, truth_, book_, time_, sky_, has_planned(what, fault::old_cache)),
          clients_(what, servers_, way_, truth_, book_, time_, sky_, report_, into),
          faults_(what, servers_, way_, truth_, clients_, time_, sky_, report_, into)
    {
        report_.seed = what.seed;
        clients_.moments().come_between([this] { return come_between(); });
    }

    report run()
    {
        follow_script();
        faults_.heal_all();
        end_well();
        report_.struck = sky_.struck;
        return report_;
    }

private:
    void follow_script()
    {
        bool is_calm = false;
        for (auto const& line : plan_.script) {
            work_until(line.at);
            if (!is_calm && line.at >= plan_.calm) {
                is_calm = true;
                faults_.heal_all();
            }
            if (line.is_fault)
                alone([&] { faults_.strike(line); });
            else
                clients_.take(line);
            follow_elections();
        }
        work_until(nanoseconds::max());
    }

    /// Nothing goes wrong any more, and everybody has had the time to find that out.
    void end_well()
    {
        constexpr int rounds = 12;
        servers_.set_lag(invariant::lag_in_the_end);
        auto const at = time_.now() + 20s;
        time_.put(at, task::heal, nothing);
        work_until(at);
        clients_.expect_good_ends();
        for (int round = 0; round < rounds; ++round) {
            for (std::size_t caller = 0; caller < plan_.callers.size(); ++caller)
                clients_.take(
                    {.luck = dice(plan_.seed, 1000 + static_cast<std::uint64_t>(round)).next() + caller,
                     .who = static_cast<std::uint16_t>(caller)});
            if (round < rounds / 2)
                continue; // one after the other at first, and then with time for what is done once a second
            work_until(nanoseconds::max());
            time_.advance(time_.now() + 1500ms);
        }
        clients_.check_calm();
    }

    void work_until(nanoseconds end)
    {
        while (time_.has_before(end)) {
            work();
        }
        if (end != nanoseconds::max())
            time_.advance(end);
    }

    /// Does what is due next.
    void work()
    {
        auto const next = time_.take();
        switch (next.what) {
        case task::arrive: way_.arrive(next.id); break;
        case task::wake: way_.wake(next.id); break;
        case task::deliver: clients_.deliver(next.id); break;
        case task::begin: clients_.begin(next.id); break;
        case task::resume: clients_.resume(next.id); break;
        case task::heal:
            if (next.id != static_cast<std::uint32_t>(nothing))
                alone([&] { faults_.heal(next.id); });
            break;
        }
        follow_elections();
    }

    /// Nobody comes between what a fault does.
    template <class F>
    void alone(F&& f)
    {
        is_alone_ = true;
        f();
        is_alone_ = false;
    }

    /// Somebody is about to take a lock of a store, and others go on before that: no fault ends there, since
    /// that may take the store away.
    bool come_between()
    {
        auto const is_due = [this] {
            return time_.has_before(time_.now() + 1ms) && time_.next() != task::heal;
        };
        if (is_alone_ || !is_due() || !sky_.strikes(fault::interleaved, 0, time_.now(), between_))
            return false;
        for (auto left = 1 + between_.below(4); left > 0 && is_due(); --left)
            work();
        return true;
    }

    /// Whoever is active is declared at once.
    void follow_elections()
    {
        if (elections_ == servers_.elections())
            return;
        elections_ = servers_.elections();
        clients_.declare_active_nodes();
    }

    static constexpr std::size_t nothing = 0xffff'ffff;

    plan const& plan_;
    report report_;
    timeline time_;
    weather sky_;
    world servers_;
    oracle truth_;
    index_book book_;
    network way_;
    clients clients_;
    faults faults_;
    dice between_{plan_.seed, 8};
    std::uint64_t elections_ = 0;
    bool is_alone_ = false;
};

} // namespace

report run(plan const& what, journal const& into) { return simulator(what, into).run(); }

} // namespace simulation
