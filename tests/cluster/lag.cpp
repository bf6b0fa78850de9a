// SPDX-License-Identifier: BSL-1.0
#include "lag.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace cluster {

namespace {

// Half a year: more is surely a slip of the pen, and sums of it with any time of a run fit 64 bits.
constexpr double longest_ns = 0.5 * 365.0 * 86400.0 * 1e9;

std::optional<double> number(std::string_view text)
{
    double value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
        return std::nullopt;
    }
    return value;
}

std::vector<std::string_view> split(std::string_view text, char separator)
{
    std::vector<std::string_view> parts;
    for (;;) {
        auto const at = text.find(separator);
        parts.push_back(text.substr(0, at));
        if (at == std::string_view::npos) {
            return parts;
        }
        text.remove_prefix(at + 1);
    }
}

lag_result wrong(std::string_view part, std::string_view why)
{
    return {std::nullopt, "lag \"" + std::string(part) + "\": " + std::string(why)};
}

std::string read_stall(std::string_view arguments, lag_spec& spec)
{
    stall_window window;
    if (auto const at = arguments.find('@'); at != std::string_view::npos) {
        auto const digits = arguments.substr(at + 1);
        std::size_t node = 0;
        auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), node);
        if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
            return "after @ comes the number of a node";
        }
        window.node = node;
        arguments = arguments.substr(0, at);
    }
    auto const times = split(arguments, ',');
    auto const from = parse_duration(times.front());
    auto const until = times.size() == 2 ? parse_duration(times[1]) : std::nullopt;
    if (!from || !until || *until < *from) {
        return "stalled needs two times, FROM,TO with FROM not after TO";
    }
    window.from = *from;
    window.to = *until;
    spec.stalls.push_back(window);
    return {};
}

std::string read_lognormal(std::vector<std::string_view> const& arguments, lag_spec& spec)
{
    auto const median = parse_duration(arguments.front());
    auto const sigma = arguments.size() == 2 ? number(arguments[1]) : std::optional<double>{1.0};
    if (arguments.size() > 2 || !median || !sigma || *sigma < 0 || *sigma > 10) {
        return "lognormal needs MEDIAN or MEDIAN,SIGMA with a sigma of 0 to 10";
    }
    spec.shape = lag_shape::lognormal;
    spec.typical = *median;
    spec.sigma = *sigma;
    return {};
}

std::string read_bimodal(std::vector<std::string_view> const& arguments, lag_spec& spec)
{
    if (arguments.size() != 3) {
        return "bimodal needs USUAL,RARE,SHARE";
    }
    auto const usual = parse_duration(arguments[0]);
    auto const rare = parse_duration(arguments[1]);
    auto const share = number(arguments[2]);
    if (!usual || !rare || !share || *share < 0 || *share > 1) {
        return "bimodal needs USUAL,RARE,SHARE with a share of 0 to 1";
    }
    spec.shape = lag_shape::bimodal;
    spec.typical = *usual;
    spec.rare = *rare;
    spec.rare_share = *share;
    return {};
}

std::string read_base(std::string_view name, std::string_view arguments, lag_spec& spec)
{
    if (name == "none" && arguments.empty()) {
        return {};
    }
    if (name == "constant") {
        auto const lag = parse_duration(arguments);
        spec.shape = lag_shape::constant;
        spec.typical = lag.value_or(nanoseconds{});
        return lag ? std::string{} : "constant needs one duration, such as 5ms";
    }
    if (name == "lognormal") {
        return read_lognormal(split(arguments, ','), spec);
    }
    if (name == "bimodal") {
        return read_bimodal(split(arguments, ','), spec);
    }
    return "known are none, constant, lognormal, bimodal, stalled and shared";
}

} // namespace

nanoseconds lag_spec::draw(random_source& random) const
{
    switch (shape) {
    case lag_shape::none: return nanoseconds{0};
    case lag_shape::constant: return typical;
    case lag_shape::lognormal: {
        double const lag = static_cast<double>(typical.count()) * std::exp(sigma * random.normal());
        return nanoseconds{static_cast<nanoseconds::rep>(std::min(lag, longest_ns))};
    }
    case lag_shape::bimodal: return random.uniform() < rare_share ? rare : typical;
    }
    return nanoseconds{0};
}

nanoseconds lag_spec::after_stalls(nanoseconds landing, std::size_t node) const
{
    // Windows may overlap or touch, in any order: until no window moves the landing any more.
    bool moved = true;
    while (moved) {
        moved = false;
        for (auto const& window : stalls) {
            bool const here = !window.node || *window.node == node;
            if (here && landing >= window.from && landing < window.to) {
                landing = window.to;
                moved = true;
            }
        }
    }
    return landing;
}

lag_result parse_lag(std::string_view text)
{
    lag_spec spec;
    bool base = false;
    for (auto const part : split(text, '+')) {
        auto const colon = part.find(':');
        auto const name = part.substr(0, colon);
        auto const arguments = colon == std::string_view::npos ? std::string_view{} : part.substr(colon + 1);
        if (part == "shared") {
            spec.shared = true;
        } else if (name == "stalled") {
            if (auto const error = read_stall(arguments, spec); !error.empty()) {
                return wrong(part, error);
            }
        } else {
            auto const error = read_base(name, arguments, spec);
            if (!error.empty()) {
                return wrong(part, error);
            }
            if (base) {
                return wrong(part, "there is a distribution already; only +shared and +stalled can follow");
            }
            base = true;
        }
    }
    return {spec, {}};
}

std::optional<nanoseconds> parse_duration(std::string_view text)
{
    if (text == "0") {
        return nanoseconds{0};
    }
    struct unit {
        std::string_view name;
        double ns;
    };
    // Longer names first: "ms" ends in "s".
    constexpr unit units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}};
    for (auto const& [name, ns] : units) {
        if (text.size() <= name.size() || text.substr(text.size() - name.size()) != name) {
            continue;
        }
        auto const count = number(text.substr(0, text.size() - name.size()));
        if (!count || *count < 0 || *count * ns > longest_ns) {
            return std::nullopt;
        }
        return nanoseconds{static_cast<nanoseconds::rep>(std::llround(*count * ns))};
    }
    return std::nullopt;
}

} // namespace cluster
