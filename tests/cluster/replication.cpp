// SPDX-License-Identifier: BSL-1.0
#include "replication.hpp"

#include <algorithm>

namespace cluster {

namespace {

bool covers(position have, position wanted)
{
    return have.local >= wanted.local && have.replicated >= wanted.replicated;
}

} // namespace

replication::replication(settings const& chosen)
    : lag_(chosen.lag), replay_lag_(chosen.replay_lag), newest_{chosen.first_index, 0},
      shared_(chosen.seed, 0)
{
    const std::size_t nodes = 1 + chosen.performance_standbys + chosen.plain_standbys;
    for (std::size_t node = 0; node < nodes; ++node) {
        followers_.push_back({{}, 0, newest_, nanoseconds{0}, random_source(chosen.seed, 1 + node)});
    }
}

position replication::append(position step, std::size_t active, nanoseconds now)
{
    newest_.local += step.local;
    newest_.replicated += step.replicated;
    // Drawn even if nobody follows: the draws of a run do not depend on the number of followers.
    const nanoseconds common = lag_.shared ? lag_.draw(shared_) : nanoseconds{0};
    for (std::size_t node = 0; node < followers_.size(); ++node) {
        auto& one = followers_[node];
        if (node == active) {
            one.visible = newest_;
            continue;
        }
        const nanoseconds lag = lag_.shared ? common : lag_.draw(one.random);
        const nanoseconds free = std::max(now + lag, one.last_landing);
        one.last_landing = lag_.after_stalls(free, node);
        one.under_way.push_back({one.last_landing, newest_});
    }
    return newest_;
}

void replication::touch(follower& one, nanoseconds now) const
{
    while (one.received < one.under_way.size() && one.under_way[one.received].landing <= now) {
        ++one.received;
    }
    while (one.received > 0 && one.under_way.front().landing + replay_lag_ <= now) {
        one.visible = one.under_way.front().end;
        one.under_way.pop_front();
        --one.received;
    }
}

position replication::received(std::size_t node, nanoseconds now)
{
    auto& one = followers_.at(node);
    touch(one, now);
    return one.received == 0 ? one.visible : one.under_way[one.received - 1].end;
}

position replication::visible(std::size_t node, nanoseconds now)
{
    auto& one = followers_.at(node);
    touch(one, now);
    return one.visible;
}

std::uint64_t replication::oldest_visible(nanoseconds now)
{
    std::uint64_t oldest = newest_.local;
    for (std::size_t node = 0; node < followers_.size(); ++node) {
        oldest = std::min(oldest, visible(node, now).local);
    }
    return oldest;
}

std::optional<nanoseconds> replication::arrival(std::size_t node, position wanted) const
{
    auto const& one = followers_.at(node);
    if (covers(one.visible, wanted)) {
        return nanoseconds{0};
    }
    // Positions only grow along the log, so the first entry that covers can be searched by halves.
    auto const found = std::partition_point(one.under_way.begin(), one.under_way.end(),
                                            [&](entry const& each) { return !covers(each.end, wanted); });
    return found == one.under_way.end() ? std::nullopt : std::optional{found->landing};
}

void replication::stall(std::size_t node, nanoseconds from, nanoseconds to)
{
    lag_.stalls.push_back({from, to, node});
    auto& one = followers_.at(node);
    for (std::size_t at = one.received; at < one.under_way.size(); ++at) {
        one.under_way[at].landing = lag_.after_stalls(one.under_way[at].landing, node);
        one.last_landing = one.under_way[at].landing;
    }
}

void replication::drop_lag(nanoseconds now)
{
    for (auto& one : followers_) {
        for (auto& each : one.under_way) {
            each.landing = std::min(each.landing, now);
        }
        one.last_landing = std::min(one.last_landing, now);
        touch(one, now);
    }
}

void replication::set_lag(lag_spec lag) { lag_ = std::move(lag); }

void replication::restart(position where)
{
    newest_ = where;
    for (std::size_t node = 0; node < followers_.size(); ++node) {
        catch_up(node);
        followers_[node].last_landing = nanoseconds{0}; // no entry of this log is ahead of the next one
    }
}

void replication::catch_up(std::size_t node)
{
    auto& one = followers_.at(node);
    one.under_way.clear();
    one.received = 0;
    one.visible = newest_;
}

} // namespace cluster
