// SPDX-License-Identifier: BSL-1.0
#include "probe/preflight.hpp"

#include "support.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <csignal>
#include <cstddef>

using namespace probe_tests;

namespace {

/// Ctrl-C as soon as the first write arrives, which then gets no answer.
cluster::http_options interrupting_the_write()
{
    cluster::http_options options;
    options.on_request = [](std::size_t, cluster::request const& asked) {
        if (asked.method != "POST")
            return cluster::nanoseconds{0};
        std::raise(SIGINT);
        return cluster::nanoseconds{std::chrono::hours(1)};
    };
    return options;
}

} // namespace

TEST_CASE("what is in the way is status 2, with a sentence that says what to do")
{
    auto const refused = [](arguments const& given, std::string const& words) {
        auto const done = run(given);
        CHECK(done.status == probe::status_unusable);
        CHECK_MESSAGE(says(done.err, words), done.err);
        CHECK(!says(done.err, "root"));
    };
    refused({"--reads", "x"}, "whole number");
    refused({"--json", "/nowhere/at/all.json"}, "cannot be written");
    refused({"--address", "http://127.0.0.1:1", "--token", "root"}, "cannot be reached");

    cluster::http_server server(lagging());
    refused(at(server, {"--mount", "nowhere"}), "no mount nowhere");
    refused(at(server, {"--policy", "await"}), "leave it out");
    refused(at(server, {"--dialect", "openbao"}), "correct --dialect");
    refused({"--address", server.address(0), "--token", "wrong"}, "not permitted to write");
    refused({"--address", server.address(0), "--token", token_with(server, R"("create", "update")")},
            "not permitted to read");
    refused({"--address", server.address(0), "--token", token_with(server, R"("create", "update", "read")")},
            "not permitted to delete");
    ask(server, "PUT", "/v1/secret/afterwrite-probe-5/x", R"({"v":"1"})");
    refused(at(server, {"--seed", "5"}), "another --seed");
    server.with_model(
        [](cluster::model& model, cluster::nanoseconds now) { model.seal(0, now, now * 1000); });
    refused({"--address", server.address(0), "--token", "root"}, "sealed");
}

TEST_CASE("Ctrl-C while the first write has no answer yet: its key is removed")
{
    cluster::http_server server(lagging(), interrupting_the_write());
    auto const done = run(at(server, {"--policy", "none", "--reads", "5"}));
    CHECK(done.status == probe::status_interrupted);
    CHECK(says(done.err, "Interrupted"));
    CHECK(!says(done.err, "cannot be reached"));
    CHECK(is_empty(server, "secret"));
}

TEST_CASE("Ctrl-C while the first write has no answer yet: a key that cannot be removed is named")
{
    cluster::http_server server(lagging(), interrupting_the_write());
    auto const token = token_with(server, R"("create", "update", "read")");
    auto const done = run({"--address", server.address(0), "--token", token, "--policy", "none"});
    CHECK(done.status == probe::status_unusable);
    CHECK(says(done.err, "One key may be left"));
    CHECK(says(done.err, "Interrupted"));
    CHECK(!is_empty(server, "secret"));
}
