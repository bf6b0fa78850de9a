// SPDX-License-Identifier: BSL-1.0
#include "metrics.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include <map>
#include <set>
#include <sstream>
#include <string>

namespace {

/// The counts as they lie there, so that none can be forgotten.
void set_all(proxy::metrics& counted)
{
    auto* const first = &counted.connections_accepted;
    for (std::size_t i = 0; i < sizeof counted / sizeof *first; ++i)
        first[i] = 1'000'000'000 + i;
}

constexpr std::size_t how_many = sizeof(proxy::metrics) / sizeof(proxy::metrics::count);

} // namespace

TEST_CASE("Prometheus can read each count, with its help and type before it")
{
    proxy::metrics counted;
    set_all(counted);
    std::istringstream lines(proxy::to_prometheus(counted));
    std::map<std::string, std::string> values;
    std::set<std::string> gauges;
    for (std::string help, type, value; std::getline(lines, help);) {
        REQUIRE(std::getline(lines, type));
        REQUIRE(std::getline(lines, value));
        auto const name = value.substr(0, value.find(' '));
        CHECK(name.starts_with("afterwrite_proxy_"));
        CHECK(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos);
        CHECK(help.starts_with("# HELP " + name + ' '));
        CHECK(help.ends_with('.'));
        bool const is_gauge = type == "# TYPE " + name + " gauge";
        CHECK((is_gauge || type == "# TYPE " + name + " counter"));
        CHECK(name.ends_with("_total") != is_gauge);
        if (is_gauge)
            gauges.insert(name);
        CHECK(values.emplace(name, value.substr(name.size() + 1)).second);
    }
    CHECK(values.size() == how_many);
    CHECK(gauges ==
          std::set<std::string>{"afterwrite_proxy_connections_open", "afterwrite_proxy_requests_under_way"});
    CHECK(values["afterwrite_proxy_connections_accepted_total"] == "1000000000");
    CHECK(values["afterwrite_proxy_connections_open"] == "1000000001");
    CHECK(values["afterwrite_proxy_requests_total"] == "1000000003");
    CHECK(values["afterwrite_proxy_waited_seconds_total"] == "1.000000014");
}

TEST_CASE("JSON has a member for each count")
{
    proxy::metrics counted;
    auto const zero = nlohmann::json::parse(proxy::to_json(counted));
    CHECK(zero.size() == how_many);
    for (auto const& value : zero)
        CHECK(value == 0);
    set_all(counted);
    auto const json = nlohmann::json::parse(proxy::to_json(counted));
    std::set<std::uint64_t> values;
    for (auto const& value : json)
        values.insert(value.get<std::uint64_t>());
    CHECK(values.size() == how_many);
    CHECK(json.at("connections_accepted") == 1'000'000'000);
    CHECK(json.at("waited_ns") == 1'000'000'014);
    CHECK(json.at("log_dropped") == 1'000'000'000 + how_many - 1);
}
