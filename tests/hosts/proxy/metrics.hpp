// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace proxy {

/// What the proxy counts. Any thread may count and read. `to_prometheus` and `to_json` use these names.
struct metrics {
    using count = std::atomic<std::uint64_t>;

    count connections_accepted{0};
    count connections_open{0};    ///< now
    count connections_refused{0}; ///< past `client_limits::max_connections`
    count requests{0};            ///< whose head came in whole
    count requests_under_way{0};  ///< now
    count requests_malformed{0};  ///< no HTTP, too large, smuggled; refused with 4xx or closed
    count requests_timed_out{0};  ///< whose head or body did not come in time
    count answers_2xx{0};
    count answers_3xx{0};
    count answers_4xx{0};
    count answers_5xx{0};
    count attempts{0};             ///< requests upstream
    count refusals{0};             ///< answers upstream that made the proxy wait, go elsewhere, or give up
    count waits{0};                ///< before a further attempt
    count waited_ns{0};            ///< in all of them
    count forwarded{0};            ///< attempts that asked for the active node
    count upstream_errors{0};      ///< attempts without an answer
    count upstream_connections{0}; ///< opened
    count own_answers{0};          ///< given in the proxy's own words
    count clients_own{0};          ///< requests with consistency fields of their own
    count restored{0};             ///< regressions that sessions noticed
    count log_dropped{0};          ///< lines that the log did not take; as of the last look at the page
};

/// The text exposition format of Prometheus, version 0.0.4. As is the custom there: `requests` becomes
/// `afterwrite_proxy_requests_total`, what is "now" has no `_total`, and time is in seconds.
[[nodiscard]] std::string to_prometheus(metrics const& counted);

/// One JSON object, a member for each count.
[[nodiscard]] std::string to_json(metrics const& counted);

} // namespace proxy
