// SPDX-License-Identifier: BSL-1.0
// Two clusters on real sockets: answers that wait, and nodes of both.
#include "http_client.hpp"
#include "rows.hpp"

#include <doctest/doctest.h>

using namespace cluster;
using namespace std::chrono_literals;

namespace {

/// One request on a connection of its own.
response fetch(http_server const& server, std::size_t node, request const& asked)
{
    return http_client(server, node).ask(asked);
}

} // namespace

TEST_CASE("a write through the secondary is answered when it is there, and its standbys follow")
{
    settings set = usual_settings(dialect::vault);
    set.lag = parse_lag("constant:10ms").spec.value();
    add_secondary(set);
    set.secondaries[0].best_effort_wal_wait_duration = 1h; // or a machine that stands still makes a warning
    http_server server(set);
    REQUIRE(server.node_count() == 8);
    auto const written = fetch(server, 5, ask("PUT", "kv/foo", {}, R"({"v":1})"));
    CHECK(written.status == 204);
    std::string const index(field_or_empty(written.fields, "X-Vault-Index"));
    CHECK(fetch(server, 4, ask("GET", "kv/foo")).status == 200);
    int status = 412;
    while (status == 412) {
        status = fetch(server, 6, ask("GET", "kv/foo", {{"X-Vault-Index", index}})).status;
    }
    CHECK(status == 200);
    CHECK(server.counters(4).served >= 2);
    CHECK(server.counters(0).served == 0); // it wrote, but answered nobody
    CHECK(fetch(server, 1, ask("GET", "sys/leader")).body.find(server.address(0)) != std::string::npos);
    CHECK(fetch(server, 5, ask("GET", "sys/leader")).body.find(server.address(4)) != std::string::npos);
}

TEST_CASE(
    "an answer that waits for nothing comes with the warning, and a server that goes does not wait for it")
{
    settings set = usual_settings(dialect::vault);
    add_secondary(set);
    set.secondaries[0].best_effort_wal_wait_duration = 20ms;
    http_server server(set);
    auto const written = fetch(server, 4, ask("PUT", "kv/foo", {}, R"({"v":1})"));
    CHECK(written.status == 200);
    CHECK(written.body.find("Timeout hit while waiting") != std::string::npos);
    auto const given_up = [&] {
        settings patient = set;
        patient.secondaries[0].best_effort_wal_wait_duration = 1h;
        http_server other(patient);
        http_client waiting(other, 4);
        waiting.send(ask("PUT", "kv/foo", {}, R"({"v":1})"));
        std::size_t held = 0;
        while (held == 0) {
            other.with_model([&](model& emulated, nanoseconds) { held = emulated.held_count(); });
        }
        return held;
    };
    CHECK(given_up() == 1);
}
