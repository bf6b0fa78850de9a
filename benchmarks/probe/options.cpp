// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include "policies.hpp"

#include "cluster/lag.hpp"

#include <afterwrite/policy/replication_view.hpp>

#include <charconv>
#include <random>
#include <string_view>
#include <utility>

namespace probe {

namespace {

using afterwrite::dialect;

constexpr std::uint64_t most_reads =
    10'000'000;                             // ten times what a report is worth, and it still fits the memory
constexpr std::uint64_t most_clients = 512; // each is a thread with connections of its own

/// A command line while it is being read.
struct reading {
    options chosen;
    std::string error;
    bool has_lag = false;
    bool has_seed = false;

    void fail(std::string sentence)
    {
        if (error.empty())
            error = std::move(sentence);
    }
};

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

std::uint64_t read_number(reading& into, std::string_view name, std::string_view text, std::uint64_t least,
                          std::uint64_t most)
{
    std::uint64_t number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < least ||
        number > most)
        into.fail(std::string(name) + " takes a whole number from " + std::to_string(least) + " to " +
                  std::to_string(most) + ", not " + quoted(text) + ".");
    return number;
}

void add_address(reading& into, std::string_view name, std::string text)
{
    while (text.ends_with('/'))
        text.pop_back();
    if (afterwrite::replication_view::origin_of(text) != text || text.empty() ||
        text.size() > afterwrite::node_address::capacity)
        into.fail(std::string(name) + " takes an address such as https://10.0.0.1:8200, not " + quoted(text) +
                  ".");
    else if (into.chosen.addresses.size() == afterwrite::replication_view::max_nodes)
        into.fail("At most " + std::to_string(afterwrite::replication_view::max_nodes) +
                  " addresses can be given; leave some out.");
    else
        into.chosen.addresses.push_back(std::move(text));
}

void set_mount(reading& into, std::string_view text)
{
    while (text.starts_with('/'))
        text.remove_prefix(1);
    while (text.ends_with('/'))
        text.remove_suffix(1);
    bool is_plain = !text.empty();
    for (char const c : text)
        is_plain = is_plain && ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '_' || c == '-' || c == '.' || c == '/');
    if (!is_plain || text.find("..") != std::string_view::npos)
        into.fail("--mount takes the path of a KV version 1 mount, such as secret, not " + quoted(text) +
                  ".");
    into.chosen.mount = text;
}

void set_dialect(reading& into, std::string_view text)
{
    if (text == to_string(dialect::vault))
        into.chosen.form = dialect::vault;
    else if (text == to_string(dialect::openbao))
        into.chosen.form = dialect::openbao;
    else
        into.fail("--dialect is vault or openbao, not " + quoted(text) + ".");
}

void add_policy(reading& into, std::string const& text)
{
    if (find_policy(text) == nullptr) {
        std::string names;
        for (auto const& each : all_policies())
            names += (names.empty() ? "" : ", ") + std::string(each.name);
        return into.fail("There is no policy " + quoted(text) + "; there are " + names + ".");
    }
    for (auto const& earlier : into.chosen.policies)
        if (earlier == text)
            return;
    into.chosen.policies.push_back(text);
}

void set_lag(reading& into, std::string const& text)
{
    into.chosen.lag = text;
    into.has_lag = true;
    if (auto const lag = cluster::parse_lag(text); !lag.spec)
        into.fail("--lag: " + lag.error + ".");
}

void set_topology(reading& into, std::string_view text)
{
    into.chosen.shape = text == "secondary" ? topology::secondary : topology::one;
    if (text != "one" && text != "secondary")
        into.fail("--topology is one or secondary, not " + quoted(text) + ".");
}

/// False if there is no such option, or it takes no value.
bool set_valued(reading& into, std::string_view name, std::string const& value)
{
    auto& chosen = into.chosen;
    if (name == "--address")
        add_address(into, name, value);
    else if (name == "--token")
        chosen.token = value;
    else if (name == "--mount")
        set_mount(into, value);
    else if (name == "--dialect")
        set_dialect(into, value);
    else if (name == "--policy")
        add_policy(into, value);
    else if (name == "--reads")
        chosen.reads = static_cast<std::uint32_t>(read_number(into, name, value, 1, most_reads));
    else if (name == "--clients")
        chosen.clients = static_cast<std::uint32_t>(read_number(into, name, value, 1, most_clients));
    else if (name == "--lag")
        set_lag(into, value);
    else if (name == "--topology")
        set_topology(into, value);
    else if (name == "--seed") {
        chosen.seed = read_number(into, name, value, 0, UINT64_MAX);
        into.has_seed = true;
    } else if (name == "--json")
        chosen.json_file = value;
    else
        return false;
    return true;
}

bool takes_value(std::string_view name)
{
    reading scratch;
    return set_valued(scratch, name, {});
}

void read_arguments(reading& into, std::span<std::string const> arguments)
{
    for (std::size_t i = 0; i < arguments.size() && into.error.empty(); ++i) {
        std::string const& argument = arguments[i];
        auto const equals = argument.starts_with("--") ? argument.find('=') : std::string::npos;
        auto const name = argument.substr(0, equals);
        bool const has_value = equals != std::string::npos;
        if ((name == "--help" || name == "-h") && !has_value)
            into.chosen.wants_help = true;
        else if (name == "--pin" && !has_value)
            into.chosen.is_pinned = true;
        else if (!takes_value(name))
            into.fail("There is no option " + quoted(argument) + "; --help lists them.");
        else if (has_value)
            set_valued(into, name, argument.substr(equals + 1));
        else if (i + 1 < arguments.size())
            set_valued(into, name, arguments[++i]);
        else
            into.fail(name + " needs a value; --help tells which.");
        if (into.error.empty() && takes_value(name) && name == "--json" && into.chosen.json_file.empty())
            into.fail("--json needs the name of a file.");
    }
}

void add_environment(reading& into, environment const& variable)
{
    auto const text_of = [&](char const* name) {
        char const* const text = variable(name);
        return std::string(text != nullptr ? text : "");
    };
    auto& chosen = into.chosen;
    if (auto address = text_of("VAULT_ADDR"); chosen.addresses.empty() && !address.empty())
        add_address(into, "VAULT_ADDR", std::move(address));
    if (chosen.is_embedded())
        return; // it has credentials of its own
    if (chosen.token.empty())
        chosen.token = text_of("VAULT_TOKEN");
    chosen.name_space = text_of("VAULT_NAMESPACE");
    chosen.ca_file = text_of("VAULT_CACERT");
}

void complete(reading& into)
{
    auto& chosen = into.chosen;
    if (!chosen.is_embedded() && (into.has_lag || chosen.shape != topology::one))
        into.fail(
            "--lag and --topology are for the embedded cluster, but an address is given: leave out one of "
            "them (VAULT_ADDR counts as an address).");
    if (chosen.shape == topology::secondary && chosen.form == dialect::openbao)
        into.fail("OpenBao has no performance replication: leave out --topology or --dialect.");
    if (!chosen.is_embedded() && chosen.token.empty())
        into.fail("A token is needed to write and read: give --token, or set VAULT_TOKEN.");
    for (char const c : chosen.token + chosen.name_space)
        if (c < '!' || c > '~')
            into.fail("The token or the namespace has a blank or a control byte in it: give it without.");
    if (chosen.is_embedded() && chosen.form == dialect::unknown)
        chosen.form = dialect::vault;
    if (chosen.mount.empty())
        chosen.mount = chosen.is_embedded() ? "kv" : "secret";
    for (auto const& name : chosen.policies)
        if (chosen.form == dialect::vault && find_policy(name)->openbao_only)
            into.fail("Vault has no mode for the policy " + name +
                      ": add --dialect openbao, or leave it out.");
    if (chosen.clients > chosen.reads)
        chosen.clients = chosen.reads;
    if (!into.has_seed)
        chosen.seed = std::random_device{}();
}

} // namespace

parsed_options parse_options(std::span<std::string const> arguments, environment const& variable)
{
    reading into;
    read_arguments(into, arguments);
    if (into.error.empty() && into.chosen.wants_help)
        return {std::move(into.chosen), {}};
    if (into.error.empty())
        add_environment(into, variable);
    if (into.error.empty())
        complete(into);
    if (!into.error.empty())
        return {std::nullopt, std::move(into.error)};
    return {std::move(into.chosen), {}};
}

std::string help()
{
    return R"(usage: sh benchmarks/probe.sh [options]

Writes a value and at once reads it back through another node, many times, under each policy, and shows what
came of it. Without an address it starts an emulated cluster of three nodes: one active, two that serve reads
and lag behind.

  --address URL    measure this cluster: a node, or a load balancer; again for more nodes    (or VAULT_ADDR)
  --token TOKEN    may create, update, read and delete below MOUNT/afterwrite-probe-*        (or VAULT_TOKEN)
  --mount PATH     a KV version 1 mount                         (default: kv if emulated, else secret)
  --dialect NAME   vault or openbao                             (default: vault if emulated, else as answered)
  --policy NAME    measure this policy; again for more          (default: all that the dialect has)
  --reads N        reads of each policy                         (default: 300)
  --clients N      clients at a time, each a caller of its own  (default: 12)
  --pin            read at the node that was written through
  --lag SPEC       of the emulated cluster: none, constant:5ms, lognormal:20ms,1 or bimodal:10ms,2s,0.1, each
                   with any of +shared, +stalled:1s,3s and +stalled:1s,3s@2     (default: lognormal:20ms,1)
  --topology NAME  what is emulated: one cluster, or secondary, see below      (default: one)
  --seed N         the same keys, values and nodes in the same order            (default: drawn)
  --json FILE      write the table there as well
  --help           this text

VAULT_NAMESPACE and VAULT_CACERT count for a real cluster. There the probe writes only below a path of its
own, MOUNT/afterwrite-probe-SEED/, and removes it in the end, also after Ctrl-C.

With --topology secondary there are two emulated Vault clusters of three nodes each: a primary, and a
performance secondary. Values are written through the nodes of the secondary, whose active node has the
primary write them and waits up to 2 s until they have come back; they are read at other nodes of the
secondary. Nothing is asked of the primary's nodes: its index says nothing to the secondary.

Nodes apply writes in the order of the log, so the more clients write, the longer a read waits for the writes
of others.

Policies: none (the index is ignored), fail (a node that is behind refuses, and that is the end), vault-go
(the waits of Vault's Go client), retry, await (OpenBao), forward, retry_then_forward (the library's default).

Columns, for each policy:
  stale            answers with an older value than the one written, or with none (404)
  refused          reads that ended with the refusal of a node that is behind
  failed           other errors, of the write or of the read, or no answer in time
  p50, p99         milliseconds from the write's answer to the read's, over the reads that were fresh. A
                   policy that waits makes more reads fresh, and pays for it here; a stale or refused read
                   counts in its own column
  requests/read    how many requests a read took
  by active        share of the reads that the active node answered; unknown of a real cluster

Exit status: 0 if it ran; 1 if a policy that promises consistency returned a stale read; 2 if the options are
bad, the cluster cannot be reached or the token is not permitted; 130 after Ctrl-C.
)";
}

} // namespace probe
