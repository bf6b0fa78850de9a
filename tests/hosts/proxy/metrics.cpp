// SPDX-License-Identifier: BSL-1.0
#include "metrics.hpp"

#include <array>
#include <cstdio>
#include <string>

namespace proxy {

namespace {

enum class kind { counter, gauge, seconds };

struct metric {
    metrics::count metrics::*counted;
    char const* name;
    kind what;
    char const* help;
};

constexpr std::array all = {
    metric{&metrics::connections_accepted, "connections_accepted", kind::counter,
           "Connections of clients that were accepted."},
    metric{&metrics::connections_open, "connections_open", kind::gauge,
           "Connections of clients that are open now."},
    metric{&metrics::connections_refused, "connections_refused", kind::counter,
           "Connections of clients that were closed at once, since there were too many."},
    metric{&metrics::requests, "requests", kind::counter, "Requests whose head came in whole."},
    metric{&metrics::requests_under_way, "requests_under_way", kind::gauge,
           "Requests that are not answered yet."},
    metric{&metrics::requests_malformed, "requests_malformed", kind::counter,
           "Requests that were refused since they are no HTTP, too large or smuggled."},
    metric{&metrics::requests_timed_out, "requests_timed_out", kind::counter,
           "Requests whose head or body did not come in time."},
    metric{&metrics::answers_2xx, "answers_2xx", kind::counter, "Answers to clients with a status of 2xx."},
    metric{&metrics::answers_3xx, "answers_3xx", kind::counter, "Answers to clients with a status of 3xx."},
    metric{&metrics::answers_4xx, "answers_4xx", kind::counter, "Answers to clients with a status of 4xx."},
    metric{&metrics::answers_5xx, "answers_5xx", kind::counter, "Answers to clients with a status of 5xx."},
    metric{&metrics::attempts, "attempts", kind::counter, "Requests to the cluster."},
    metric{&metrics::refusals, "refusals", kind::counter,
           "Answers of the cluster that made the proxy wait, go elsewhere or give up."},
    metric{&metrics::waits, "waits", kind::counter, "Waits before a further attempt."},
    metric{&metrics::waited_ns, "waited", kind::seconds, "Time spent waiting before further attempts."},
    metric{&metrics::forwarded, "forwarded", kind::counter, "Attempts that asked for the active node."},
    metric{&metrics::upstream_errors, "upstream_errors", kind::counter, "Attempts without an answer."},
    metric{&metrics::upstream_connections, "upstream_connections", kind::counter,
           "Connections to the cluster that were opened."},
    metric{&metrics::own_answers, "own_answers", kind::counter,
           "Answers that the proxy gave in its own words."},
    metric{&metrics::clients_own, "clients_own", kind::counter,
           "Requests that came with consistency fields of their own."},
    metric{&metrics::restored, "restored", kind::counter, "Regressions of the cluster that were noticed."},
    metric{&metrics::log_dropped, "log_dropped", kind::counter,
           "Lines that were left out, since the log did not take them."},
};
static_assert(sizeof(metrics) == all.size() * sizeof(metrics::count), "each count is reported");

} // namespace

std::string to_prometheus(metrics const& counted)
{
    std::string text;
    for (auto const& each : all) {
        auto name = std::string("afterwrite_proxy_") + each.name;
        if (each.what != kind::gauge)
            name += each.what == kind::seconds ? "_seconds_total" : "_total";
        auto const count = (counted.*each.counted).load(std::memory_order_relaxed);
        auto value = std::to_string(count);
        if (each.what == kind::seconds) {
            char fraction[16];
            std::snprintf(fraction, sizeof fraction, ".%09u", static_cast<unsigned>(count % 1'000'000'000));
            value = std::to_string(count / 1'000'000'000) + fraction;
        }
        text += "# HELP " + name + ' ' + each.help + "\n# TYPE " + name +
                (each.what == kind::gauge ? " gauge\n" : " counter\n") + name + ' ' + value + '\n';
    }
    return text;
}

std::string to_json(metrics const& counted)
{
    std::string text;
    for (auto const& each : all)
        text.append(text.empty() ? "{\"" : ",\"")
            .append(each.name)
            .append(each.what == kind::seconds ? "_ns\":" : "\":")
            .append(std::to_string((counted.*each.counted).load(std::memory_order_relaxed)));
    return text + "}";
}

} // namespace proxy
