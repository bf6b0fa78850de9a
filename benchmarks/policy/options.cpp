// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include "contestants.hpp"
#include "scenario.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

namespace replay {

namespace {

constexpr std::uint64_t fewest_reads = 100; // of fewer, the 99th percentile is the greatest
constexpr std::uint64_t most_reads = 10'000'000;

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

/// An error, or nothing.
using complaint = std::string;

complaint read_number(std::string_view name, std::string_view text, std::uint64_t least, std::uint64_t most,
                      std::uint64_t& into)
{
    auto const* const end_of_text = text.data() + text.size();
    auto const [end, error] = std::from_chars(text.data(), end_of_text, into);
    if (!text.empty() && error == std::errc{} && end == end_of_text && into >= least && into <= most)
        return {};
    return std::string(name) + " takes a whole number from " + std::to_string(least) + " to " +
           std::to_string(most) + ", not " + quoted(text) + ".";
}

template <class Known>
complaint add_name(std::string_view what, Known const& known, std::string const& name,
                   std::vector<std::string>& into)
{
    std::string names;
    for (auto const& each : known) {
        if (each.name == name) {
            if (std::find(into.begin(), into.end(), name) == into.end())
                into.push_back(name);
            return {};
        }
        names += (names.empty() ? "" : ", ") + std::string(each.name);
    }
    return "There is no " + std::string(what) + " " + quoted(name) + "; there are " + names + ".";
}

bool takes_value(std::string_view name)
{
    return name == "--model" || name == "--policy" || name == "--reads" || name == "--seed" ||
           name == "--json";
}

complaint set_value(options& chosen, std::string_view name, std::string const& value)
{
    if (name == "--model")
        return add_name("model", all_models(), value, chosen.models);
    if (name == "--policy")
        return add_name("policy", all_contestants(), value, chosen.policies);
    if (name == "--seed")
        return read_number(name, value, 0, UINT64_MAX, chosen.seed);
    if (name == "--reads") {
        std::uint64_t reads = 0;
        auto error = read_number(name, value, fewest_reads, most_reads, reads);
        chosen.reads = static_cast<std::size_t>(reads);
        return error;
    }
    chosen.json_file = value;
    return value.empty() ? "--json needs the name of a file." : "";
}

bool is_chosen(std::vector<std::string> const& names, std::string_view name)
{
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

bool options::asks_for_model(std::string_view name) const { return is_chosen(models, name); }
bool options::asks_for_policy(std::string_view name) const { return is_chosen(policies, name); }

parsed_options parse_options(std::span<std::string const> arguments)
{
    options chosen;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto const& argument = arguments[i];
        auto const equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
        auto const name = argument.substr(0, equals);
        complaint error;
        if (argument == "--help" || argument == "-h")
            chosen.wants_help = true;
        else if (takes_value(name) && equals != std::string::npos)
            error = set_value(chosen, name, argument.substr(equals + 1));
        else if (takes_value(name) && i + 1 < arguments.size())
            error = set_value(chosen, name, arguments[++i]);
        else if (takes_value(name))
            error = name + " needs a value; --help tells which.";
        else if (!name.starts_with("--benchmark_"))
            error = "There is no option " + quoted(argument) + "; --help lists them.";
        if (!error.empty())
            return {std::nullopt, std::move(error)};
    }
    return {std::move(chosen), {}};
}

std::string help()
{
    return R"(usage: afterwrite.benchmarks.policy [options]

How long does a read wait for a node that lags, what does that cost, and who pays? Replays the library's own
exchanges in virtual time: three nodes that lag, an active one, 200 writes a second, and a read of each the
moment it is acknowledged. A round trip takes 1 ms, a forwarded one 2 ms; a read may take 60 s.

  --model NAME     only this model; again for more
  --policy NAME    only this policy; again for more
  --reads N        reads of a cell                                                      (default: 200000)
  --seed N         draw other arrivals and lags; the same ones for all policies         (default: 1)
  --json FILE      write the table there as well
  --help           this text

Models: constant (5 ms), lognormal (median 20 ms, sigma 1) and bimodal (10 ms, or one time in ten 2 s), each
at each node apart from the others (independent) or at all alike (shared); and an outage of 120 s, after
which all that was missed lands within a second, of all nodes or of one. Of an outage only the reads issued
during it count, some 24000, whatever --reads says; a minute before it and one after it are replayed too.

Policies: default (which chooses among the three nodes) and default-no-forward; and at one node for each read,
in turn: vault-go (the waits of Vault's Go client), fixed-1s, exponential (doubled from 5 ms to 1 s),
immediate-forward; and oracle, which is told when its one node has the write, and sends a single request then.

Columns, for each cell:
  p50, p99         milliseconds from the read's being issued to its answer, of the reads that were answered
  requests/read    how many requests clients sent for a read
  active %         share of the reads that the active node answered
  failed %         share of the reads that were given up

Below the table: what is demanded of the default policy. A must decides the exit status; a goal does not; and
neither do the figures of the study that the policy comes from, which are listed where they are not reached
within 1 %.

Exit status: 0 if all musts are met that belong to the cells replayed; 1 if one is missed; 2 if the options
are bad or the file cannot be written.
)";
}

} // namespace replay
