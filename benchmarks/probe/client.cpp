// SPDX-License-Identifier: BSL-1.0
#include "client.hpp"

#include "interrupt.hpp"

#include <afterwrite/clock.hpp>
#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/wire/refusal.hpp>

#include <chrono>

namespace probe {

namespace {

using afterwrite::curl_reply;
using ended = afterwrite::outcome<curl_reply>;

// Few, so that nearly every write replaces an older value, which a stale read then shows.
constexpr std::size_t keys_of_client = 4;

// A write needs no state to be there; sent as it is, it measures nothing but the read that follows it.
constexpr afterwrite::consistency_policy plain{.enforce = afterwrite::enforce_consistency::never};

bool is_success(ended const& outcome)
{
    return outcome.delivered() && outcome.response && outcome.response->status >= 200 &&
           outcome.response->status <= 299;
}

/// Whether the last word was that of a node that is behind.
bool is_refused(ended const& outcome)
{
    using afterwrite::reason;
    if (outcome.delivered()) // without a policy, a token that demands a state of its own may still be refused
        return outcome.response && outcome.response->status == 412;
    return is_stale(outcome.last.refused_as) &&
           (outcome.last.why == reason::refused || outcome.last.why == reason::attempts_exhausted);
}

void note_failure(tally& into, std::string_view what, ended const& outcome)
{
    ++into.failed;
    if (into.failure)
        return;
    into.failure = std::string(what) + ": ";
    if (!outcome.response)
        *into.failure += outcome.response.what();
    else if (!outcome.delivered())
        *into.failure += to_string(outcome.last.why);
    else
        *into.failure += "status " + std::to_string(outcome.response->status) + " " +
                         outcome.response->body.substr(0, 200);
}

} // namespace

client::client(target const& cluster, std::size_t number, std::uint64_t seed, bool is_pinned)
    : cluster_(cluster), number_(number), seed_(seed), is_pinned_(is_pinned), written_(keys_of_client)
{
    for (std::size_t node = 0; node < cluster.nodes().size(); ++node) {
        writers_.push_back(cluster.connect(node));
        // A connection of their own: behind one address there may be a load balancer that ties it to a node.
        if (!is_pinned)
            readers_.push_back(cluster.connect(node));
    }
}

void client::begin()
{
    std::seed_seq mixed{static_cast<std::uint32_t>(seed_), static_cast<std::uint32_t>(seed_ >> 32),
                        static_cast<std::uint32_t>(number_)};
    random_.seed(mixed);
    session_ = {};
}

client::draw client::next_draw()
{
    auto const nodes = cluster_.nodes().size();
    draw which{};
    which.key = random_() % keys_of_client;
    which.writer = random_() % nodes;
    auto const step = 1 + (nodes > 1 ? random_() % (nodes - 1) : 0);
    which.reader = is_pinned_ ? which.writer : (which.writer + step) % nodes;
    return which;
}

std::string client::path_of(std::size_t key) const
{
    return cluster_.folder() + "/client-" + std::to_string(number_) + "/key-" + std::to_string(key);
}

void client::write_and_read(named_policy const& policy, shared_view& view, tally& into)
{
    auto const which = next_draw();
    // No value is ever written twice, so one that is not the last one written is an older one.
    auto const value = "\"value-" + std::to_string(number_) + "-" + std::to_string(++writes_) + "\"";
    into.by_node.resize(cluster_.nodes().size());
    ++into.reads;
    if (write(which, "{\"probe\":" + value + "}", view, into))
        read(which, value, policy, view, into);
}

bool client::write(draw const& which, std::string_view body, shared_view& view, tally& into)
{
    written_[which.key] = true; // even if it fails: its outcome may be unknown
    auto request = cluster_.request("POST", path_of(which.key), body);
    auto const written =
        afterwrite::send(*writers_[which.writer], request, session_, view, plain, interruptible_wait{});
    if (!is_success(written))
        note_failure(into, "write through " + cluster_.name_of(which.writer), written);
    return is_success(written);
}

void client::read(draw const& which, std::string_view value, named_policy const& policy, shared_view& view,
                  tally& into)
{
    auto const begin = afterwrite::clock::now();
    auto request = cluster_.request("GET", path_of(which.key));
    auto& connection = is_pinned_ ? *writers_[which.reader] : *readers_[which.reader];
    auto const seen =
        afterwrite::send(connection, request, session_, view, policy.policy, interruptible_wait{});
    std::chrono::duration<double, std::milli> const took = afterwrite::clock::now() - begin;

    into.requests += seen.attempts;
    bool const is_missing = seen.delivered() && seen.response && seen.response->status == 404;
    if (is_success(seen) || is_missing)
        ++into.by_node[which.reader].reads;
    if (is_success(seen) && seen.response->body.find(value) != std::string::npos) {
        into.fresh_ms.push_back(took.count());
    } else if (is_success(seen) || is_missing) {
        ++into.stale;
        ++into.by_node[which.reader].stale;
    } else if (is_refused(seen)) {
        ++into.refused;
    } else {
        note_failure(into, "read at " + cluster_.name_of(which.reader), seen);
    }
}

std::size_t client::remove_keys()
{
    std::size_t left = 0;
    auto const connection = cluster_.connect(0, true);
    for (std::size_t key = 0; key < written_.size(); ++key) {
        if (!written_[key])
            continue;
        auto request = cluster_.request("DELETE", path_of(key));
        auto const reply = (*connection)(request, {});
        bool const is_gone = reply && reply->status >= 200 && reply->status <= 299;
        written_[key] = !is_gone;
        left += is_gone ? 0 : 1;
    }
    return left;
}

} // namespace probe
