// SPDX-License-Identifier: BSL-1.0
// The programs and their callers: how they begin, and how they end.
#include "clients.hpp"

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

namespace simulation {

using namespace afterwrite;
using namespace std::chrono_literals;

namespace {

dialect dialect_of(site const& there)
{
    return there.speaks == cluster::dialect::vault ? dialect::vault : dialect::openbao;
}

bool is_of_store(keeping how)
{
    return how == keeping::store || how == keeping::small_store || how == keeping::proxy;
}

} // namespace

clients::clients(plan const& what, world& servers, network& way, oracle& truth, index_book& book,
                 timeline& time, weather& sky, report& into, journal const& book_of_events)
    : plan_(what), servers_(servers), way_(way), truth_(truth), book_(book), time_(time), sky_(sky),
      report_(into), journal_(book_of_events)
{
    processes_.resize(what.processes.size());
    for (std::size_t i = 0; i < processes_.size(); ++i) {
        processes_[i].what = what.processes[i];
        set_up(processes_[i]);
    }
    for (std::size_t caller = 0; caller < what.callers.size(); ++caller) {
        auto const number = what.callers[caller].process;
        auto& host = processes_[number];
        auto const how = host.what.how;
        auto const companions = how == keeping::shared_session ? what.callers.size() : 2;
        bool const joins = caller > 0 && what.callers[caller - 1].process == number &&
                           caller % companions != 0; // several callers may act for one identity
        if (!joins) {
            host.scopes.push_back(scopes_.size());
            if (is_of_store(how))
                scopes_.emplace_back(*host.store, "identity " + std::to_string(scopes_.size()));
            else
                scopes_.emplace_back(how == keeping::shared_session, host.what.options);
        }
        scope_of_.push_back(scopes_.size() - 1);
    }
    add_newborns();
    work_.resize(what.callers.size());
}

void clients::set_up(process& one)
{
    one.programs.resize(one.what.programs);
    for (auto& each : one.programs)
        make_views(one.what, each);
    for (auto& [scope, memory] : one.memories)
        memory.states.clear();
    one.has_floor = one.has_floor || one.what.how == keeping::small_store;
    if (is_of_store(one.what.how) && one.store == nullptr)
        one.store = std::make_unique<store_type>(one.what.how == keeping::small_store ? 1 : 500,
                                                 store_options{.sessions = one.what.options});
}

void clients::make_views(process_plan const& of, program& one)
{
    one.views.clear();
    one.allowed.assign(servers_.sites(), {allowance(of.traffic.retries), allowance(of.traffic.forwards)});
    for (std::size_t site = 0; site < servers_.sites(); ++site) {
        auto const& there = servers_.at(servers_.behind(site));
        auto const form = of.knows_dialect || of.knows_cluster ? dialect_of(there) : dialect{};
        auto const id = of.knows_cluster ? cluster_id(there.id) : cluster_id{};
        auto& view = one.views.emplace_back(form, id);
        view.limit(of.breaks == sabotage::overspends ? traffic_limits{} : of.traffic);
        if (!of.addressable)
            continue;
        for (auto const& address : servers_.addresses(site))
            view.add_node(address);
        view.set_active_address(servers_.active_address(site));
    }
}

/// An Agent has one memory for all who come to it; of the others each identity has its own client.
rival_memory& clients::memory_of(process& host, std::size_t scope)
{
    auto& memory = host.memories[host.what.as == rival::vault_agent ? 0 : scope];
    memory.kind = host.what.as;
    return memory;
}

time_point clients::now_of(process const& one) const { return support::at(time_.now()) + one.ahead; }

void clients::begin_clock(process& one, duration at)
{
    one.latest = std::max(one.latest, now_of(one));
    one.ahead = time_point() + at - support::at(time_.now());
    one.floors_since = one.clock_began = now_of(one);
    for (auto const number : one.scopes)
        for (auto& [cluster, naive] : scopes_[number].naive)
            naive.since = std::min(naive.since, now_of(one));
}

void clients::end_fences(process& one)
{
    for (auto const number : one.scopes) {
        auto& who = scopes_[number];
        if (!one.may_be_fences()) {
            who.promised.release_fences();
            continue;
        }
        who.promised.release();
        who.naive.clear();
    }
    one.floors_since = now_of(one);
    one.renewals += one.may_be_fences() ? 1 : 0;
}

void clients::abandon(std::size_t process, std::optional<std::size_t> only, bool keeps_sessions)
{
    auto& host = processes_[process];
    for (auto& one : operations_) {
        bool const is_of_it = one.process == process && (!only || *only == plan_.callers[one.caller].program);
        if (!one.is_used || !is_of_it || one.is_abandoned)
            continue;
        one.is_abandoned = true;
        write_loss(one);
        time_.put(time_.now() + 1ms, task::begin, one.caller);
    }
    for (std::size_t i = 0; i < host.programs.size(); ++i)
        host.programs[i].generation += !only || *only == i ? 1 : 0;
    host.generation += only || keeps_sessions ? 0 : 1;
}

/// A program dies in the middle of what it does with a store. One that shares it goes on, and so does the one
/// that is started in the place of the dead one, which finds it as it was left.
void clients::die(operation& one, flight& got)
{
    ++sky_.struck[fault::killed];
    auto& host = processes_[one.process];
    host.is_doomed = false;
    abandon(one.process, plan_.callers[one.caller].program);
    make_views(host.what, program_of(one));
    auto const attached = store_type::store_type::attach(host.store->block.bytes(), support::store_key,
                                                         host.store->store.options());
    if (auto const wrong = invariant::of_loading(attached.has_value(), true))
        fail(invariant::nothing_is_forgotten, recording_of(one, false), got.what, "of a store: " + *wrong);
}

void clients::declare_active_nodes()
{
    for (auto& host : processes_)
        if (host.what.addressable)
            for (auto& program : host.programs)
                for (std::size_t of = 0; of < servers_.sites(); ++of)
                    program.views[of].set_active_address(servers_.active_address(of));
}

} // namespace simulation
