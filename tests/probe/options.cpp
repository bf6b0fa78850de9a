// SPDX-License-Identifier: BSL-1.0
#include "probe/options.hpp"

#include "probe/policies.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace {

using afterwrite::dialect;
using variables = std::map<std::string, std::string>;

probe::parsed_options parse(std::vector<std::string> const& arguments, variables const& set = {})
{
    return probe::parse_options(arguments, [&set](char const* name) {
        auto const found = set.find(name);
        return found != set.end() ? found->second.c_str() : nullptr;
    });
}

/// The sentence that refuses these arguments.
std::string refusal_of(std::vector<std::string> const& arguments, variables const& set = {})
{
    auto const parsed = parse(arguments, set);
    CHECK(!parsed.chosen);
    CHECK(!parsed.error.empty());
    return parsed.error;
}

bool says(std::string const& sentence, char const* words)
{
    return sentence.find(words) != std::string::npos;
}

} // namespace

TEST_CASE("without options the probe measures an embedded Vault cluster")
{
    auto const parsed = parse({});
    REQUIRE(parsed.chosen);
    CHECK(parsed.chosen->is_embedded());
    CHECK(parsed.chosen->form == dialect::vault);
    CHECK(parsed.chosen->mount == "kv");
    CHECK(parsed.chosen->lag == "lognormal:20ms,1");
    CHECK(parsed.chosen->policies.empty());
    CHECK(!parsed.chosen->is_pinned);
    CHECK(parsed.chosen->shape == probe::topology::one);
    CHECK(parsed.chosen->json_file.empty());
}

TEST_CASE("every option is read, with its value behind it or behind an equals sign")
{
    auto const parsed = parse({"--address",
                               "http://127.0.0.1:8200",
                               "--address=https://b.example:8200/",
                               "--token",
                               "t",
                               "--mount",
                               "/team/kv/",
                               "--dialect=openbao",
                               "--policy",
                               "retry",
                               "--policy",
                               "await",
                               "--policy",
                               "retry",
                               "--reads",
                               "7",
                               "--clients",
                               "3",
                               "--pin",
                               "--seed",
                               "18446744073709551615",
                               "--json",
                               "x.json"});
    REQUIRE_MESSAGE(parsed.chosen, parsed.error);
    auto const& chosen = *parsed.chosen;
    CHECK(chosen.addresses == std::vector<std::string>{"http://127.0.0.1:8200", "https://b.example:8200"});
    CHECK(chosen.token == "t");
    CHECK(chosen.mount == "team/kv");
    CHECK(chosen.form == dialect::openbao);
    CHECK(chosen.policies == std::vector<std::string>{"retry", "await"});
    CHECK(chosen.reads == 7);
    CHECK(chosen.clients == 3);
    CHECK(chosen.is_pinned);
    CHECK(chosen.seed == UINT64_MAX);
    CHECK(chosen.json_file == "x.json");
    CHECK(parse({"--lag", "constant:5ms+shared"}).chosen->lag == "constant:5ms+shared");
    CHECK(parse({"--topology", "secondary"}).chosen->shape == probe::topology::secondary);
    CHECK(parse({"--topology=one", "--dialect", "openbao"}).chosen->shape == probe::topology::one);
}

TEST_CASE("the environment names a real cluster, and an option overrides it")
{
    variables const set = {{"VAULT_ADDR", "https://vault.example:8200"},
                           {"VAULT_TOKEN", "from-environment"},
                           {"VAULT_NAMESPACE", "team"},
                           {"VAULT_CACERT", "/ca.pem"}};
    auto const parsed = parse({}, set);
    REQUIRE_MESSAGE(parsed.chosen, parsed.error);
    CHECK(parsed.chosen->addresses == std::vector<std::string>{"https://vault.example:8200"});
    CHECK(parsed.chosen->token == "from-environment");
    CHECK(parsed.chosen->name_space == "team");
    CHECK(parsed.chosen->ca_file == "/ca.pem");
    CHECK(parsed.chosen->mount == "secret");
    CHECK(parsed.chosen->form == dialect::unknown);

    auto const overridden = parse({"--address", "http://10.0.0.1:8200", "--token", "own"}, set);
    REQUIRE(overridden.chosen);
    CHECK(overridden.chosen->addresses == std::vector<std::string>{"http://10.0.0.1:8200"});
    CHECK(overridden.chosen->token == "own");
    CHECK(parse({}, {{"VAULT_ADDR", ""}, {"VAULT_TOKEN", "x"}}).chosen->is_embedded());
}

TEST_CASE("bad options are refused with a sentence that says what to do")
{
    CHECK(says(refusal_of({"--frobnicate"}), "--help"));
    CHECK(says(refusal_of({"surplus"}), "--help"));
    CHECK(says(refusal_of({"--pin=yes"}), "--help"));
    CHECK(says(refusal_of({"--reads"}), "needs a value"));
    CHECK(says(refusal_of({"--json="}), "name of a file"));
    for (auto const* const number : {"0", "-1", "x", "", "1.5", "7 ", "99999999999999999999"}) {
        CHECK(says(refusal_of({"--reads", number}), "whole number"));
        CHECK(says(refusal_of({"--clients", number}), "whole number"));
    }
    CHECK(says(refusal_of({"--seed", "x"}), "whole number"));
    CHECK(says(refusal_of({"--policy", "hope"}), "retry_then_forward"));
    CHECK(says(refusal_of({"--dialect", "consul"}), "vault or openbao"));
    CHECK(says(refusal_of({"--lag", "slow"}), "--lag"));
    CHECK(says(refusal_of({"--topology", "ring"}), "one or secondary"));
    for (auto const* const mount : {"", "/", "a b", "a?b", "a/../b", "a%2fb"})
        CHECK(says(refusal_of({"--mount", mount}), "KV version 1"));
    for (auto const* const address :
         {"", "127.0.0.1:8200", "ftp://x", "http://", "http://a/v1", "http://a b"})
        CHECK(says(refusal_of({"--address", address, "--token", "t"}), "takes an address"));
    CHECK(says(refusal_of({}, {{"VAULT_ADDR", "nonsense"}}), "VAULT_ADDR"));
}

TEST_CASE("options that contradict each other are refused")
{
    CHECK(says(refusal_of({"--policy", "await"}), "--dialect openbao"));
    CHECK(parse({"--policy", "await", "--dialect", "openbao"}).chosen.has_value());
    CHECK(says(refusal_of({"--address", "http://a:1", "--token", "t", "--lag", "none"}), "VAULT_ADDR"));
    CHECK(says(refusal_of({"--address", "http://a:1", "--token", "t", "--topology", "secondary"}),
               "--topology"));
    CHECK(
        says(refusal_of({"--topology", "secondary", "--dialect", "openbao"}), "no performance replication"));
    CHECK(says(refusal_of({"--address", "http://a:1"}), "VAULT_TOKEN"));
    CHECK(says(refusal_of({"--address", "http://a:1", "--token", "t\r\nX: y"}), "control byte"));
}

TEST_CASE("a seed is drawn unless it is given, and no client is without a read")
{
    CHECK(parse({"--seed", "5"}).chosen->seed == 5);
    CHECK(parse({}).chosen->seed != parse({}).chosen->seed);
    CHECK(parse({"--reads", "3"}).chosen->clients == 3);
}

TEST_CASE("help says every option and policy, and needs nothing else to be right")
{
    REQUIRE(parse({"--help"}).chosen);
    CHECK(parse({"--help"}).chosen->wants_help);
    CHECK(parse({"-h"}, {{"VAULT_ADDR", "nonsense"}}).chosen.has_value());
    auto const text = probe::help();
    for (auto const* const word : {"--address", "--token", "--mount", "--dialect", "--policy", "--reads",
                                   "--clients", "--pin", "--lag", "--topology", "--seed", "--json", "--help",
                                   "VAULT_ADDR", "VAULT_TOKEN", "VAULT_NAMESPACE", "VAULT_CACERT"})
        CHECK_MESSAGE(says(text, word), word);
    for (auto const& policy : probe::all_policies())
        CHECK_MESSAGE(says(text, std::string(policy.name).c_str()), policy.name);
}

TEST_CASE("every policy is measured that the dialect has")
{
    CHECK(probe::choose_policies({}, dialect::openbao).size() == probe::all_policies().size());
    CHECK(probe::choose_policies({}, dialect::vault).size() == probe::all_policies().size() - 1);
    std::vector<std::string> const names = {"retry", "none"};
    auto const chosen = probe::choose_policies(names, dialect::unknown);
    REQUIRE(chosen.size() == 2);
    CHECK(chosen[0].name == "retry");
    CHECK(chosen[0].promises_consistency);
    CHECK(!chosen[1].promises_consistency);
    CHECK(probe::find_policy("hope") == nullptr);
}
