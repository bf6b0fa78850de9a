// SPDX-License-Identifier: BSL-1.0
#include "scenario.hpp"

#include <afterwrite/state/cluster_id.hpp>
#include <afterwrite/state/wal_state.hpp>
#include <afterwrite/wire/vault_index.hpp>

#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace replay {

namespace {

constexpr double ms_between_reads = 1e3 / reads_per_second;

// An outage, with a minute before and after it.
constexpr time_point outage_begins = origin + std::chrono::seconds(60);
constexpr time_point outage_ends = outage_begins + std::chrono::seconds(120);
constexpr time_point last_read = outage_ends + std::chrono::seconds(60);
constexpr duration catching_up = std::chrono::seconds(1);

using lags = std::array<double, node_count>; // milliseconds, from the commit to the landing

constexpr std::array<model, 7> known = {{
    {.name = "constant"},
    {.name = "lognormal-independent"},
    {.name = "lognormal-shared"},
    {.name = "bimodal-independent"},
    {.name = "bimodal-shared"},
    {.name = "outage-all", .is_outage = true},
    {.name = "outage-one", .is_outage = true},
}};

/// Median 20 ms, sigma 1.
double lognormal(random_source& random) { return 20 * std::exp(random.normal()); }

/// Nine writes in ten take 10 ms, one takes 2 s; each a tenth more or less.
double bimodal(random_source& random) { return random.uniform() < 0.9 ? 10 : 2000; }
double more_or_less(double ms, random_source& random) { return ms * (0.9 + 0.2 * random.uniform()); }

/// A real log lands in order, and these lags do not: each is drawn by itself, as in the study that the
/// figures are compared with. Where order matters, as when one read finds out for all that wait, see
/// `index_of`.
lags draw_lags(std::string_view name, random_source& random)
{
    lags drawn{};
    double const shared = name == "lognormal-shared" ? lognormal(random) : bimodal(random);
    for (auto& each : drawn) {
        if (name == "constant")
            each = 5;
        else if (name == "lognormal-shared")
            each = shared;
        else if (name == "bimodal-shared")
            each = more_or_less(shared, random);
        else if (name == "bimodal-independent")
            each = more_or_less(bimodal(random), random);
        else
            each = lognormal(random);
    }
    return drawn;
}

/// What would land at a node that applies nothing for a while lands afterwards, in order, within a second.
time_point landing_in_outage(time_point landing, time_point issued)
{
    if (landing < outage_begins || issued >= outage_ends)
        return landing;
    auto const share = std::max(0.0, to_ms(issued - outage_begins) / to_ms(outage_ends - outage_begins));
    return outage_ends + from_ms(share * to_ms(catching_up));
}

/// What a read must show of write number `i`. Where all is of one log, as in the outages, the indices have an
/// order: who has 7 has 6. Where each write lands by itself, no index may say anything of another: so a
/// second one goes along, of a cluster that these nodes know nothing of, and of two clusters nobody knows an
/// order.
std::string index_of(std::uint64_t i, bool is_ordered)
{
    static afterwrite::hmac_key const key("6a1f7d0e-8c5b-4a57-9c1e-0123456789ab");
    static afterwrite::cluster_id const cluster(cluster_name);
    static std::string const elsewhere =
        afterwrite::encode_vault_index({afterwrite::cluster_id("elsewhere"), {1, 0}}, key);
    auto const index = afterwrite::encode_vault_index({cluster, {first_position + i, 0}}, key);
    return is_ordered ? index : index + ',' + elsewhere;
}

} // namespace

std::span<model const> all_models() { return known; }

model const* find_model(std::string_view name)
{
    for (auto const& each : known)
        if (each.name == name)
            return &each;
    return nullptr;
}

scenario draw_scenario(model const& how, std::size_t reads, std::uint64_t seed)
{
    auto number = static_cast<std::uint64_t>(
        std::find_if(known.begin(), known.end(), [&](auto const& m) { return m.name == how.name; }) -
        known.begin());
    random_source random(seed + number * 0x9e3779b97f4a7c15);
    scenario drawn;
    std::size_t const stalled = how.name == "outage-all" ? node_count : how.name == "outage-one" ? 1 : 0;
    auto at = origin;
    while (how.is_outage ? at < last_read : drawn.reads.size() < reads) {
        at += from_ms(random.exponential(ms_between_reads));
        auto const drawn_lags = draw_lags(how.name, random);
        read_after_write next{.issued = at, .landing = {}};
        for (std::size_t node = 0; node < node_count; ++node) {
            auto const committed = at - round_trip / 2;
            auto const landing = committed + from_ms(drawn_lags[node]);
            next.landing[node] = node < stalled ? landing_in_outage(landing, at) : landing;
        }
        drawn.indices.push_back(index_of(drawn.reads.size(), how.is_outage));
        drawn.reads.push_back(next);
    }
    if (how.is_outage) {
        drawn.measured_from = outage_begins;
        drawn.measured_until = outage_ends;
    }
    return drawn;
}

} // namespace replay
