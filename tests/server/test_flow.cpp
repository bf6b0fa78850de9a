// SPDX-License-Identifier: BSL-1.0
#include "server/child.hpp"

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

// The whole program against the stand-in.

namespace {

namespace fs = std::filesystem;

/// A folder for the nodes; what is left there in the end, and who still runs with a file of it.
struct scratch {
    scratch() { fs::create_directories(folder); }
    ~scratch() { fs::remove_all(folder); }
    scratch(scratch const&) = delete;
    scratch& operator=(scratch const&) = delete;

    [[nodiscard]] std::vector<std::string> left() const
    {
        std::vector<std::string> names;
        for (auto const& entry : fs::directory_iterator(folder))
            names.push_back(entry.path().filename().string());
        for (auto const& entry : fs::directory_iterator("/proc")) {
            std::ifstream file(entry.path() / "cmdline");
            std::string const line{std::istreambuf_iterator<char>(file), {}};
            if (line.find("-config=" + folder.string()) != std::string::npos)
                names.push_back("process " + entry.path().filename().string());
        }
        return names;
    }

    fs::path folder = fs::temp_directory_path() / ("afterwrite-server-" + std::to_string(::getpid()));
};

std::string const stand_in = AFTERWRITE_STAND_IN_PROGRAM;
std::string const program = AFTERWRITE_SERVER_PROGRAM;
using strings = std::vector<std::string>;

std::string run(scratch const& place, strings host, std::string const& operations)
{
    host.insert(host.begin(), {stand_in, "host"});
    host.insert(host.end(), {program, "--folder", place.folder.string(), "--lag", "40", "--rounds", "10",
                             "--operations", operations, stand_in});
    return server::output_of(host);
}

bool has(std::string const& text, std::string const& words) { return text.find(words) != std::string::npos; }

} // namespace

TEST_CASE("all checks pass at servers that keep to OpenBao's rules, and nothing is left but the history")
{
    scratch const place;
    auto const said = run(place, {}, "500");
    CAPTURE(said);
    CHECK(has(said, "three nodes run"));
    CHECK_FALSE(has(said, "FAILED"));
    CHECK(has(said, "the active node was killed"));
    CHECK(has(said, "\nserver: 33 checks passed, 0 failed\n"));
    CHECK(place.left() == strings{"history.txt"});
}

TEST_CASE("servers without an index fail, and the checks say what is wrong")
{
    scratch const place;
    auto const said = run(place, {"--no-index"}, "300");
    CAPTURE(said);
    CHECK(has(said, "FAILED  The answer to a write has an X-Vault-Index"));
    CHECK(has(said, "FAILED  The library reads the index of a read"));
    CHECK(has(said, "FAILED  The slow node refuses what it has not got yet: 0 of 10"));
    CHECK(has(said, "FAILED  No read that carries the index of a write is stale"));
    CHECK(has(said, "ok      The control: without the library reads at the slow node are stale"));
    CHECK(has(said, "FAILED  retry: no read is stale, none fails"));
    CHECK(has(said, "FAILED  With the library each new token is good at the slow node at once"));
    CHECK(has(said, "FAILED  Each acknowledged write has an index"));
    CHECK(has(said, "FAILED  The sessions keep: read your writes: line "));
    CHECK(has(said, "ok      The sessions keep: real writes"));
    CHECK(place.left() == strings{"history.txt"});
}

TEST_CASE("where nothing is late the controls fail: nothing was shown then")
{
    scratch const place;
    auto const said = run(place, {"--lag", "none"}, "100");
    CAPTURE(said);
    CHECK(has(said, "FAILED  The control: without the library reads at the slow node are stale"));
    CHECK(has(said, "FAILED  The control: without the library the slow node denies new tokens"));
    CHECK(has(said, "ok      retry: no read is stale, none fails"));
    CHECK(place.left() == strings{"history.txt"});
}

TEST_CASE("a signal ends it, and its nodes")
{
    scratch const place;
    // It is told to end as soon as it says that the nodes run.
    auto const script =
        "mkfifo " + place.folder.string() + "/pipe; " + program + " --folder " + place.folder.string() + " " +
        stand_in + " >" + place.folder.string() + "/pipe & " +
        "while read -r line; do case $line in 'three nodes run'*) kill -TERM $!;; esac; done <" +
        place.folder.string() + "/pipe; wait $!; echo status $?";
    auto const said = server::output_of({stand_in, "host", "sh", "-c", script});
    CHECK(said == "server: Interrupted; the nodes have ended.\nstatus 130\n");
    CHECK(place.left() == strings{"pipe"});
}

TEST_CASE("what is no OpenBao, or too old, or does not start, is refused in a sentence")
{
    scratch const place;
    auto const ask = [&](std::string const& script) {
        auto const file = place.folder / "bao";
        std::ofstream(file) << "#!/bin/sh\n" << script << "\n";
        fs::permissions(file, fs::perms::owner_all);
        return server::output_of({program, "--folder", place.folder.string(), file.string()});
    };
    CHECK(has(ask("echo 'OpenBao v2.6.2 (0123abc), built then'"),
              "which is too old; it takes OpenBao 2.7.0 or newer."));
    CHECK(has(ask("echo 'Vault v1.17.0, built then'"), "which is not OpenBao"));
    CHECK(has(ask("exit 1"), "does not answer `version`"));
    auto const broken =
        ask("[ $1 = version ] && echo 'OpenBao v2.8.0' || { echo 'no such option'; exit 1; }");
    CHECK(has(broken, "node-1 has ended by itself.\n--- the end of the log of node-1:\nno such option"));
    CHECK_FALSE(has(broken, "checks passed"));
    CHECK(place.left() == strings{"bao"});
}

TEST_CASE("its options")
{
    CHECK(has(server::output_of({program, "--help"}), "usage: afterwrite.server"));
    CHECK(has(server::output_of({program}), "Which server?"));
    CHECK(has(server::output_of({program, "--lag"}), "--lag needs a value."));
    CHECK(has(server::output_of({program, "--rounds", "0", "bao"}), "takes a number from 1 to 999999."));
    CHECK(has(server::output_of({program, "--loud", "bao"}), "There is no option '--loud'; see --help."));
    CHECK(has(server::output_of({program, "/nonexistent/bao"}), "/nonexistent/bao is no program"));
}
