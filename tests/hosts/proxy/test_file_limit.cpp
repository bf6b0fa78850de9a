// SPDX-License-Identifier: BSL-1.0
#include "file_limit.hpp"

#include "front.hpp"
#include "scripted_node.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <memory>
#include <vector>

using namespace proxy_tests;

namespace {

/// So few files for this process, until the end of a test.
class few_files {
public:
    explicit few_files(rlim_t count)
    {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit const few{count, before_.rlim_max};
        REQUIRE(::setrlimit(RLIMIT_NOFILE, &few) == 0);
    }
    ~few_files() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    few_files(few_files const&) = delete;
    few_files& operator=(few_files const&) = delete;

private:
    rlimit before_{};
};

} // namespace

TEST_CASE("clients leave files for the connections to nodes, for listeners and the rest")
{
    proxy::settings chosen;
    chosen.limits.max_connections = 8192;
    chosen.upstream.max_idle_connections = 10;
    chosen.workers = 2;
    chosen.listeners.resize(3);
    CHECK(proxy::connections_within(1024, chosen) == (1024 - 32 - 8 - 3 - 20) / 2);
    chosen.upstream.nodes.resize(2);
    CHECK(proxy::connections_within(1024, chosen) == (1024 - 32 - 8 - 3 - 60) / 2);
    chosen.upstream.max_idle_connections = 1'000'000'000;
    CHECK(proxy::connections_within(1024, chosen) == (1024 - 32 - 8 - 3 - 256) / 2);
    CHECK(proxy::connections_within(1'000'000, chosen) == 8192);
    CHECK(proxy::connections_within(RLIM_INFINITY, chosen) == 8192);
    CHECK(proxy::connections_within(20, chosen) == 1);
}

TEST_CASE("a process may have as many files open as the system allows")
{
    few_files const until_the_end(512);
    CHECK(proxy::file_limit() == 512);
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    CHECK(proxy::raise_file_limit() == files.rlim_max);
    CHECK(proxy::file_limit() == files.rlim_max);
}

TEST_CASE("silent clients cannot take the files that others need")
{
    listening_node node;
    few_files const until_the_end(400); // of which a test's ends of connections need some as well
    auto chosen = before(node.address());
    chosen.upstream.max_idle_connections = 10;
    front proxy(chosen);
    CHECK(proxy.lines.has("fewer clients can be connected than was chosen"));
    auto client = proxy.client();
    std::vector<std::unique_ptr<wire_client>> silent;
    auto const most = proxy::connections_within(400, chosen);
    REQUIRE(most < 200);
    for (std::size_t i = 1; i < most; ++i)
        silent.push_back(std::make_unique<wire_client>(proxy.address()));
    CHECK(proxy.client().is_closed());
    CHECK(client.ask(request("GET", "/v1/a")).status() == 200);
    CHECK(proxy.counted().connections_refused == 1);
    CHECK_FALSE(proxy.lines.has("no further connection can be accepted"));
}
