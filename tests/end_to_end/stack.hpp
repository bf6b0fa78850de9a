// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/decision/request_facts.hpp>
#include <afterwrite/message/message_traits.hpp>
#include <afterwrite/policy/consistency_policy.hpp>
#include <afterwrite/policy/replication_view.hpp>
#include <afterwrite/session/session.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/transport/transport_traits.hpp>
#include <afterwrite/wire/field_names.hpp>

#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"
#include "cluster/settings.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A stack is a type with a `transport` that can be told where to send, a `request`, and `make(method, path,
// body)`. What is shown of one is shown of each, in the headers beside this one.

namespace end_to_end {

namespace field_names = afterwrite::field_names;
using afterwrite::reason;
using afterwrite::request_facts;
using afterwrite::route;
using afterwrite::when_inconsistent;
using strings = std::vector<std::string>;

/// What an attempt said, and what came back.
struct attempt {
    std::string address; ///< empty: the transport's own
    strings index;
    strings inconsistent;
    strings forward;
    int status = 0; ///< 0: an error
};

/// A transport of a stack that remembers what went over it.
template <class Stack>
class recording {
public:
    explicit recording(std::string address) : transport_(std::move(address)) {}

    void set_address(std::string address) { transport_.set_address(std::move(address)); }

    auto operator()(typename Stack::request& request, afterwrite::destination const& where)
    {
        auto reply = transport_(request, where);
        attempts_.push_back({std::string(where.address), values(request, field_names::index),
                             values(request, field_names::inconsistent),
                             values(request, field_names::forward), reply ? reply->status : 0});
        return reply;
    }

    /// Those since the last time.
    std::vector<attempt> take() { return std::exchange(attempts_, {}); }

private:
    static strings values(typename Stack::request const& request, std::string_view name)
    {
        strings found;
        afterwrite::message_traits<typename Stack::request>::for_each(
            request, name, [&](std::string_view value) { found.emplace_back(value); });
        return found;
    }

    typename Stack::transport transport_;
    std::vector<attempt> attempts_;
};

/// One caller of a cluster: a connection, a session, and what it knows of the cluster.
template <class Stack>
struct caller {
    explicit caller(std::string address) : transport(std::move(address)) {}

    auto write(std::string const& path, std::string const& value,
               afterwrite::consistency_policy const& policy = {})
    {
        std::string const body = R"({"v":")" + value + R"("})";
        auto request = Stack::make("PUT", path, body);
        return afterwrite::send(transport, request, session, view, policy);
    }

    auto read(std::string const& path, afterwrite::consistency_policy const& policy = {})
    {
        auto request = Stack::make("GET", path, {});
        return afterwrite::send(transport, request, session, view, policy);
    }

    auto read_at(route to, std::string const& path)
    {
        auto request = Stack::make("GET", path, {});
        auto facts = request_facts::of_method("GET");
        facts.to = to;
        return afterwrite::send(transport, request, facts, session, view);
    }

    recording<Stack> transport;
    afterwrite::session session;
    afterwrite::replication_view view;
};

/// Whether an answer of the cluster shows this value.
template <class Outcome>
bool shows(Outcome const& outcome, std::string const& value)
{
    return outcome.response && outcome.response->status == 200 &&
           outcome.response->body.find(R"("v":")" + value + '"') != std::string::npos;
}

/// Calls round(i) so many times, and on until `is_enough()`: what a machine under load does slowly finds a
/// standby abreast now and then, and then nothing would be shown.
template <class Round, class Enough>
void run_until(int rounds, Enough&& is_enough, Round&& round)
{
    for (int i = 0; i < rounds || (!is_enough() && i < 100 * rounds); ++i)
        round(i);
}

inline cluster::settings settings_of(cluster::dialect speaks, std::string_view lag)
{
    cluster::settings chosen;
    chosen.speaks = speaks;
    auto const parsed = cluster::parse_lag(lag);
    REQUIRE_MESSAGE(parsed.spec, parsed.error);
    chosen.lag = *parsed.spec;
    chosen.seed = 7;
    return chosen;
}

} // namespace end_to_end
