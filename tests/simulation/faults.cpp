// SPDX-License-Identifier: BSL-1.0
#include "faults.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace simulation {

using namespace std::chrono_literals;

nanoseconds faults::until(dice& luck, nanoseconds least, nanoseconds most) const
{
    return std::min(time_.now() + luck.between(least, most), std::max(plan_.calm, time_.now()));
}

void faults::end_later(lasting what, nanoseconds when)
{
    lasting_.push_back(std::move(what));
    time_.put(when, task::heal, lasting_.size() - 1);
}

void faults::strike(script_line const& line)
{
    dice luck(line.luck);
    auto const& caller = luck.pick(plan_.callers); // where somebody will feel it
    auto const site = caller.site;
    report_.note(static_cast<std::uint64_t>(line.kind) + 1000);
    journal_.note(time_.now(), [&] { return "fault: " + std::string(to_string(line.kind)); });
    switch (line.kind) {
    case fault::stalled:
    case fault::clogged:
    case fault::slow:
    case fault::unreachable:
    case fault::sealed:
    case fault::parted:
    case fault::elected:
    case fault::crashed_before:
    case fault::crashed_after:
    case fault::crashed_kept:
    case fault::crashed_lost:
    case fault::parted_active: strike_node(line.kind, site, luck); break;
    case fault::taken_over:
    case fault::restored:
    case fault::restored_in_place:
    case fault::restored_anew:
    case fault::promoted:
    case fault::disaster:
    case fault::reconfigured: strike_cluster(line.kind, site, luck); break;
    case fault::clock_jumped:
    case fault::restarted:
    case fault::restarted_old:
    case fault::restarted_corrupt:
    case fault::restarted_foreign:
    case fault::crowded:
    case fault::views_lost:
    case fault::clock_leaped:
    case fault::clock_began_anew:
    case fault::killed: strike_process(line.kind, luck); break;
    default: strike_way(line.kind, site, luck);
    }
    way_.look_at_held();
}

void faults::strike_way(fault kind, std::size_t site, dice& luck)
{
    bool const is_rare = kind == fault::forged || kind == fault::foreign_line || kind == fault::bad_gateway ||
                         kind == fault::lost_request || kind == fault::lost_answer;
    auto const share = is_rare ? 10 + luck.below(90) : 50 + luck.below(500);
    auto const where = kind == fault::interleaved ? 0 : site; // a store has no site
    sky_.open(kind, where, until(luck, 20ms, 1500ms), share);
}

void faults::strike_node(fault kind, std::size_t site, dice& luck)
{
    auto const here = servers_.behind(site);
    auto const& there = servers_.at(here);
    auto& model = servers_.model_of(there);
    auto const now = time_.now();
    auto const end = until(luck, 20ms, 3s);
    auto const node = there.nodes[luck.below(there.nodes.size())];
    switch (kind) {
    case fault::stalled: model.stall(node, now, end); break;
    case fault::clogged:
        for (auto const each : there.nodes) // one after the other, and back in another order
            model.stall(each, now + luck.between(0ns, (end - now) / 2),
                        end - luck.between(0ns, (end - now) / 2));
        break;
    case fault::slow:
        model.set_lag(*cluster::parse_lag("lognormal:150ms,1").spec, there.which);
        end_later({.kind = kind, .site = here}, end);
        break;
    case fault::unreachable: return way_.cut_off(site, luck.below(there.nodes.size()), end); // counted there
    case fault::sealed: model.seal(node, now, end); break;
    case fault::elected:
        servers_.elect(here, luck.below(there.nodes.size()), now, luck.between(0ms, 800ms));
        break;
    case fault::parted:
    case fault::parted_active:
        if (!servers_.part(here, kind == fault::parted_active, now, end, luck))
            return;
        if (kind == fault::parted_active) // until the others elect another one
            end_later({.kind = kind, .site = here, .luck = luck}, now + luck.between(0ns, (end - now) / 2));
        break;
    case fault::crashed_kept:
    case fault::crashed_lost:
        if (way_.begin_dying(here))
            end_later({.kind = kind, .site = here, .luck = luck}, until(luck, 1ms, 50ms));
        return;                                                          // counted then
    default: return way_.arm_crash(here, kind == fault::crashed_before); // counted there
    }
    ++sky_.struck[kind];
}

void faults::strike_cluster(fault kind, std::size_t site, dice& luck)
{
    auto const end = until(luck, 50ms, 3s);
    switch (kind) {
    case fault::taken_over:
        if (servers_.behind(0) != 0)
            return; // still
        servers_.swap(0, servers_.stranger());
        end_later({.kind = kind, .site = 0}, end);
        tell_views_later(kind, luck);
        break;
    case fault::restored:
    case fault::restored_in_place:
    case fault::restored_anew: {
        auto const of = servers_.behind(site) == servers_.stranger() ? servers_.stranger() : 0;
        auto const& model = servers_.model_of(servers_.at(of));
        return end_later({.kind = kind,
                          .site = of,
                          .luck = luck,
                          .saved = model.take_snapshot(),
                          .id = servers_.at(of).id,
                          .end_of_log = model.newest(0).local,
                          .versions = truth_.snapshot(of)},
                         end); // counted then
    }
    case fault::promoted:
        if (!promote())
            return;
        break;
    case fault::disaster:
        if (!fail_over(luck))
            return;
        break;
    default: {
        auto const here = servers_.behind(site);
        auto const& there = servers_.at(here);
        servers_.allow_forwarding(here,
                                  !servers_.model_of(there).chosen(there.which).allow_forwarding_via_header);
        end_later({.kind = kind, .site = here}, end);
    }
    }
    ++sky_.struck[kind];
}

void faults::strike_process(fault kind, dice& luck)
{
    auto& all = clients_.processes();
    auto const number = luck.below(all.size());
    auto& host = all[number];
    switch (kind) {
    case fault::clock_jumped: host.ahead += luck.between(1ms, 20s); break;
    case fault::clock_leaped: leap(number, luck); break;
    case fault::views_lost: clients_.set_up(host); break;
    case fault::killed: host.is_doomed = host.store != nullptr; return; // counted when it dies
    case fault::crowded:
        if (host.store == nullptr)
            return;
        crowd(host, luck);
        break;
    case fault::clock_began_anew: clients_.begin_clock(host, luck.between(0s, 10s)); [[fallthrough]];
    case fault::restarted: {
        auto left = save(host);
        restart(number, kind, left, luck);
        break;
    }
    default:
        return end_later({.kind = kind, .site = number, .luck = luck, .left = save(host)},
                         until(luck, 1ms, 1s)); // counted then
    }
    ++sky_.struck[kind];
}

void faults::heal(std::size_t id)
{
    auto what = std::move(lasting_[id]);
    report_.note(static_cast<std::uint64_t>(what.kind) + 2000);
    journal_.note(time_.now(), [&] {
        return (what.is_news ? "all are told of: " : "end of: ") + std::string(to_string(what.kind));
    });
    if (what.is_news)
        return tell_views();
    switch (what.kind) {
    case fault::slow: {
        auto const& there = servers_.at(what.site);
        auto const number = there.model == 0 ? 0U : 1U;
        auto const& usual = there.which == 0 ? plan_.clusters[number] : plan_.clusters[0].secondaries[0];
        servers_.model_of(there).set_lag(usual.lag, there.which);
        break;
    }
    case fault::parted_active:
        if (servers_.model_of(servers_.at(what.site)).is_cut_off(servers_.at(what.site).leader, time_.now()))
            servers_.elect(what.site, what.luck.below(8), time_.now(), what.luck.between(0ms, 800ms));
        break;
    case fault::crashed_kept:
    case fault::crashed_lost: way_.die(what.kind, what.luck); break;
    case fault::taken_over:
        servers_.swap(0, servers_.stranger());
        tell_views_later(what.kind, what.luck);
        break;
    case fault::restored:
    case fault::restored_in_place:
    case fault::restored_anew: restore(what); break;
    case fault::reconfigured: {
        auto const& there = servers_.at(what.site);
        servers_.allow_forwarding(what.site,
                                  !servers_.model_of(there).chosen(there.which).allow_forwarding_via_header);
        break;
    }
    default: restart(what.site, what.kind, what.left, what.luck); ++sky_.struck[what.kind];
    }
    way_.look_at_held();
}

/// Who keeps the addresses tells the programs who is there now: no answer can.
void faults::tell_views(bool is_calm)
{
    for (std::size_t of = 0; of < servers_.sites(); ++of) {
        auto const& there = servers_.at(servers_.behind(of));
        auto const form = there.speaks == cluster::dialect::vault ? afterwrite::dialect::vault
                                                                  : afterwrite::dialect::openbao;
        for (auto& host : clients_.processes())
            for (auto& program : host.programs)
                if ((is_calm && way_.has_mixed_clusters(of)) || !program.views[of].cluster().empty())
                    program.views[of].learn(form, afterwrite::cluster_id(there.id));
    }
}

void faults::tell_views_later(fault kind, dice& luck)
{
    end_later({.kind = kind, .is_news = true}, until(luck, 10ms, 400ms));
}

void faults::write_epoch(std::size_t store)
{
    if (journal_.history == nullptr)
        return;
    for (std::size_t of = 0; of < servers_.sites(); ++of)
        if (auto const log = servers_.log_name(of, store); !log.empty())
            journal_.history->epoch(static_cast<std::uint64_t>(time_.now().count()), log,
                                    truth_.epoch(store));
}

void faults::restore(lasting& what)
{
    auto const& there = servers_.at(what.site);
    bool const in_place = what.kind == fault::restored_in_place;
    if (there.which != 0 || (in_place && there.id != what.id))
        return; // that one is gone, or is another one now
    auto& model = servers_.model_of(there);
    auto const before = model.newest(0).local;
    using identity = cluster::model::identity;
    model.restore(what.saved, time_.now(),
                  what.kind == fault::restored_anew ? identity::another : identity::of_snapshot);
    truth_.begin_epoch(what.site, std::move(what.versions));
    write_epoch(what.site);
    for (std::size_t of = 1; of < servers_.sites(); ++of)
        if (what.site == 0 && servers_.at(of).follows) { // it was emptied
            truth_.begin_epoch(of, 0);
            write_epoch(of);
        }
    if (servers_.follow_ids())
        tell_views_later(what.kind, what.luck);
    if (in_place)
        model.advance(std::max(before, what.end_of_log) - what.end_of_log + 1 + what.luck.below(20),
                      time_.now(), 0);
    else if (what.kind == fault::restored)
        clients_.change_history(what.site);
    ++sky_.struck[what.kind];
}

/// A primary dies with all its nodes. The cluster that stood by has what had arrived there. False: there is
/// none.
bool faults::fail_over(dice& luck)
{
    auto& model = servers_.model(0);
    if (servers_.has_secondary() || model.cluster_count() < 2 || !model.is_secondary(1))
        return false;
    (void)model.applied(model.first_node(1), time_.now());
    truth_.begin_epoch(0, model.newest(1).local);
    write_epoch(0);
    servers_.fail_over(time_.now());
    if (servers_.follow_ids())
        tell_views_later(fault::disaster, luck);
    else
        clients_.change_history(0);
    way_.bury_nodes(luck);
    auto const end = until(luck, 1ms, 800ms);
    for (std::size_t of = 0; of < servers_.sites(); ++of)
        for (std::size_t i = 0; servers_.behind(of) == 0 && i < servers_.addresses(of).size(); ++i)
            way_.cut_off(of, i, end);
    return true;
}

/// False: there is nothing to promote.
bool faults::promote()
{
    auto& model = servers_.model(0);
    if (!servers_.has_secondary() || !model.is_secondary(1))
        return false;
    (void)model.applied(servers_.at(1).nodes[0], time_.now());
    truth_.adopt(1, 0, model.newest(1).replicated);
    servers_.promote(time_.now());
    way_.forget_answers();
    return true;
}

void faults::heal_all()
{
    way_.heal();
    for (auto& host : clients_.processes())
        host.is_doomed = false;
    tell_views(true);
}

} // namespace simulation
