// SPDX-License-Identifier: BSL-1.0
#include "player.hpp"

#include "event_queue.hpp"
#include "messages.hpp"
#include "nodes.hpp"
#include "random.hpp"

#include <afterwrite/afterwrite.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace replay {

namespace {

using afterwrite::action;
using afterwrite::exchange;
using afterwrite::replication_view;
using afterwrite::request_facts;
using afterwrite::required_states;
using afterwrite::step;

/// A read from its being issued to its end.
struct flight {
    std::size_t read = 0;
    read_request request;
    std::optional<exchange> going; // some KB, so there is one only while a read is in flight
    handled pending;
    bool is_stale = false; ///< what is pending
};

class player {
public:
    player(scenario const& all, contestant const& who, std::uint64_t seed)
        : all_(all), who_(who), nodes_(all), random_(seed),
          view_(afterwrite::dialect::vault, afterwrite::cluster_id(cluster_name)) // as the writes have told
    {
        if (who.chooses_node)
            for (std::size_t node = 0; node < node_count; ++node)
                static_cast<void>(view_.add_node(address_of(node)));
    }

    tally play()
    {
        std::size_t next = 0;
        while (next < all_.reads.size() || !events_.empty())
            if (next < all_.reads.size() && (events_.empty() || all_.reads[next].issued <= events_.next_at()))
                begin(next++);
            else
                handle(events_.take());
        return std::move(seen_);
    }

private:
    void begin(std::size_t read)
    {
        auto const place = take_place();
        auto& it = *flights_[place];
        auto const now = all_.reads[read].issued;
        it.read = read;
        required_states required;
        required.record(all_.indices[read]);
        request_facts facts{.safe = true, .idempotent = true, .deadline = now + time_allowed};
        if (who_.chooses_node) {
            facts.addressable = true;
            facts.to = afterwrite::route::best_node;
        }
        it.going.emplace(who_.policy, required, facts, now, random_.bits());
        if (all_.is_measured(read))
            ++seen_.reads;
        follow(place, it.going->first(view_), now);
    }

    void handle(event const& now)
    {
        auto& it = *flights_[now.flight];
        if (now.what == event::kind::wake)
            follow(now.flight, it.going->resume(view_, now.at), now.at);
        else
            follow(now.flight, it.going->on_response(it.pending.message, view_, now.at), now.at);
    }

    void follow(std::size_t place, step const& next, time_point now)
    {
        if (next.is_final())
            end(place, next, now);
        else if (next.not_before > now)
            events_.plan(next.not_before, place, event::kind::wake);
        else
            send(place, now);
    }

    void send(std::size_t place, time_point now)
    {
        auto& it = *flights_[place];
        it.going->prepare(it.request, view_);
        auto const address = it.going->address(view_);
        auto const node = address.empty() ? it.read % node_count : node_at(address);
        if (node == node_count)
            throw std::runtime_error("A read was to go to " + std::string(address) + ", which is no node.");
        it.pending = nodes_.handle(node, it.request, now);
        it.is_stale = it.pending.message.status == 200 && !it.pending.by_active_node &&
                      all_.reads[it.read].landing[node] > now + round_trip / 2;
        if (all_.is_measured(it.read))
            ++seen_.requests;
        events_.plan(now + it.pending.took, place, event::kind::answer);
    }

    void end(std::size_t place, step const& last, time_point now)
    {
        auto& it = *flights_[place];
        if (all_.is_measured(it.read)) {
            bool const is_delivered = last.what == action::deliver;
            seen_.failed += is_delivered ? 0 : 1;
            seen_.stale += is_delivered && it.is_stale ? 1 : 0;
            seen_.by_active_node += is_delivered && it.pending.by_active_node ? 1 : 0;
            if (is_delivered)
                seen_.latencies.push_back(to_ms(now - all_.reads[it.read].issued));
        }
        it.going.reset();
        free_.push_back(place);
    }

    std::size_t take_place()
    {
        if (free_.empty()) {
            flights_.push_back(std::make_unique<flight>());
            return flights_.size() - 1;
        }
        auto const place = free_.back();
        free_.pop_back();
        return place;
    }

    scenario const& all_;
    contestant const& who_;
    nodes nodes_;
    random_source random_;
    replication_view view_;
    event_queue events_;
    std::vector<std::unique_ptr<flight>> flights_;
    std::vector<std::size_t> free_; // flights that are over
    tally seen_;
};

/// Sends each read when it is sure to be answered: nobody can be faster at one node without the active one.
tally ask_oracle(scenario const& all)
{
    tally seen;
    for (std::size_t read = 0; read < all.reads.size(); ++read) {
        if (!all.is_measured(read))
            continue;
        auto const& it = all.reads[read];
        auto const sent = std::max(it.issued, it.landing[read % node_count] - round_trip / 2);
        ++seen.reads;
        if (sent > it.issued + time_allowed) {
            ++seen.failed;
            continue;
        }
        ++seen.requests;
        seen.latencies.push_back(to_ms(sent + round_trip - it.issued));
    }
    return seen;
}

} // namespace

tally play(scenario const& all, contestant const& who, std::uint64_t seed)
{
    return who.is_oracle ? ask_oracle(all) : player(all, who, seed).play();
}

} // namespace replay
