// SPDX-License-Identifier: BSL-1.0
#include "probe/target.hpp"

#include "support.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <set>
#include <string_view>

using namespace probe_tests;

namespace {

using lines = std::vector<std::string_view>;

/// Runs the probe with these variables, and returns every request that it sent, of any policy.
std::vector<cluster::request> sent(std::map<std::string, std::string> set)
{
    std::vector<cluster::request> all;
    cluster::http_options options;
    options.on_request = [&all](std::size_t, cluster::request const& asked) {
        all.push_back(asked);
        return cluster::nanoseconds{0};
    };
    cluster::http_server server(lagging(), options);
    set["VAULT_TOKEN"] = "root";
    auto const done = run({"--address", server.address(0), "--address", server.address(1), "--reads", "4",
                           "--policy", "none", "--policy", "retry", "--policy", "forward"},
                          set);
    CHECK_MESSAGE(done.status == probe::status_ran, done.err);
    (void)server.counters(0); // whatever its thread has written is there now
    return all;
}

} // namespace

TEST_CASE("TLS is verified against VAULT_CACERT")
{
    auto const identity = cluster::make_self_signed();
    cluster::http_server server(lagging(), {.tls = identity});
    scratch_file const authority;
    std::ofstream(authority.name()) << identity.certificate;
    std::map<std::string, std::string> set = {{"VAULT_ADDR", server.address(1)}, {"VAULT_TOKEN", "root"}};
    arguments const given = {"--policy", "retry", "--reads", "5"};

    auto const untrusted = run(given, set);
    CHECK(untrusted.status == probe::status_unusable);
    CHECK(says(untrusted.err, "VAULT_CACERT"));

    set["VAULT_CACERT"] = authority.name();
    auto const trusted = run(given, set);
    CHECK_MESSAGE(trusted.status == probe::status_ran, trusted.err);
    CHECK(is_empty(server, "secret"));
}

TEST_CASE("every request bears the token, the namespace, and the mark that an Agent may ask for")
{
    for (std::string const space : {"", "team/a"}) {
        CAPTURE(space);
        auto const all = sent({{"VAULT_NAMESPACE", space}});
        std::set<std::string> methods;
        for (auto const& each : all) {
            CAPTURE(each.method);
            CAPTURE(each.target);
            methods.insert(each.method);
            CHECK(cluster::all_fields(each.fields, "X-Vault-Request") == lines{"true"});
            CHECK(cluster::all_fields(each.fields, "X-Vault-Token") == lines{"root"});
            CHECK(cluster::all_fields(each.fields, "X-Vault-Namespace") ==
                  (space.empty() ? lines{} : lines{space}));
            CHECK(each.target.starts_with("/v1/"));
        }
        CHECK(methods == std::set<std::string>{"DELETE", "GET", "POST"});
        CHECK(all.size() >= 2 + 1 + 3 + 3 * 8 + 1); // health, list, the preflight's key, the reads, removal
    }
}
