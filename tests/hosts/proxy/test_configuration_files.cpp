// SPDX-License-Identifier: BSL-1.0
#include "configuration.hpp"

#include "scratch_folder.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <unistd.h>

using proxy::read_configuration;
using proxy::read_configuration_files;
using proxy::settings;
using proxy_tests::scratch_folder;

TEST_CASE("a later file adds listeners, and takes the place of whole blocks")
{
    auto first = read_configuration(R"(
        vault { address = "http://a:1" namespace = "ns" retry { num_retries = 3 } }
        listener "tcp" { address = "a:1" tls_disable = true }
        api_proxy { enforce_consistency = "always" }
        limits { max_connections = 5 }
        workers = 3
        log_level = "debug")");
    REQUIRE(first.has_value());
    auto const nothing = read_configuration("", *first);
    CHECK(nothing->upstream.namespace_name == "ns");
    CHECK(nothing->policy == first->policy);
    CHECK(nothing->limits.max_connections == 5);

    auto const both = read_configuration(R"(
        vault { address = "http://b:1" }
        listener "tcp" { address = "b:1" tls_disable = true }
        api_proxy { when_inconsistent = "retry" }
        limits { max_request_size = 7 }
        workers = 4)",
                                         *first);
    REQUIRE(both.has_value());
    CHECK(both->upstream.address == "http://b:1");
    CHECK(both->upstream.namespace_name.empty());
    CHECK(both->policy.consistency.limit == afterwrite::retry_limit{});
    CHECK(both->policy.consistency.enforce == afterwrite::enforce_consistency::never);
    CHECK(both->policy.consistency.when == afterwrite::when_inconsistent::retry);
    CHECK(both->limits.max_connections == proxy::client_limits{}.max_connections);
    CHECK(both->limits.max_request_bytes == 7);
    CHECK(both->workers == 4);
    CHECK(both->log.level == proxy::log_level::debug);
    REQUIRE(both->listeners.size() == 2);
    CHECK(both->listeners[1].address == "b:1");
}

TEST_CASE("of a folder, .hcl and .json are read in the order of their names")
{
    scratch_folder const place;
    place.write("20.hcl", "workers = 20 max_identities = 20");
    place.write("10.json", R"({"workers": 10, "pid_file": "ten"})");
    place.write("30.hcl~", "this is no HCL {");
    place.write(".#40.hcl", "nor is this {");
    place.write("notes.txt", "nor this {");
    std::filesystem::create_directory(place / "50.hcl");
    auto const read = read_configuration_files(place / "");
    CHECK(read.error().empty());
    REQUIRE(read.has_value());
    CHECK(read->workers == 20);
    CHECK(read->max_identities == 20);
    CHECK(read->pid_file == "ten");
}

TEST_CASE("an error says which file and line it is in")
{
    scratch_folder const place;
    auto const error = [](std::string const& path) { return read_configuration_files(path).error(); };
    auto const bad = place.write("a.hcl", "workers = 1\nworkers = 2\n");
    CHECK(error(bad) == bad + ":2: workers is set twice");
    CHECK(error(place / "") == place / "a.hcl:2: workers is set twice");
    CHECK(error(place / "b.hcl") == place / "b.hcl: it cannot be read: No such file or directory");
    std::filesystem::create_directory(place / "empty");
    CHECK(error(place / "empty") ==
          place / "empty: this folder has no file whose name ends in .hcl or .json");
}

TEST_CASE("what is read must make sense as a whole")
{
    settings chosen;
    chosen.policy.consistency.enforce = afterwrite::enforce_consistency::always;
    CHECK(proxy::what_is_missing(chosen) ==
          "there is no listener, so api_proxy would have nothing to do: add a block listener \"tcp\" to the "
          "configuration, or -listen=127.0.0.1:8100");
    chosen.listeners.emplace_back();
    CHECK(proxy::what_is_missing(chosen).empty());
    chosen.upstream.client_key = "key.pem";
    CHECK(proxy::what_is_missing(chosen) == "client_cert and client_key need each other: set both, or none");
    chosen.upstream.client_cert = "cert.pem";
    CHECK(proxy::what_is_missing(chosen).empty());
}

TEST_CASE("the README's configuration is a good one, and means what is said there")
{
    std::ifstream file(AFTERWRITE_SOURCE_DIR "/README.md");
    std::string const readme{std::istreambuf_iterator<char>(file), {}};
    std::string const fence = "\n```hcl\n";
    auto const from = readme.find(fence);
    REQUIRE(from != std::string::npos);
    auto const text = readme.substr(from + fence.size());
    auto const chosen = read_configuration(text.substr(0, text.find("\n```")));
    REQUIRE_MESSAGE(chosen.has_value(), chosen.error().message);
    CHECK(chosen->upstream.nodes.size() == 3);
    CHECK(chosen->listeners.front().require_request_header);
    CHECK(chosen->policy.consistency.enforce == afterwrite::enforce_consistency::always);
    CHECK(chosen->policy.consistency.when == afterwrite::when_inconsistent::retry_then_forward);
    CHECK(chosen->policy.scope == afterwrite::proxy_scope::identity);
    CHECK(proxy::what_is_missing(*chosen).empty());
}
