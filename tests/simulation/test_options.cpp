// SPDX-License-Identifier: BSL-1.0
#include "simulation/options.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace simulation;

namespace {

options read(std::vector<char const*> arguments)
{
    arguments.insert(arguments.begin(), "afterwrite.simulation");
    return read_options(static_cast<int>(arguments.size()), arguments.data());
}

} // namespace

TEST_CASE("without arguments, what CI does")
{
    auto const asked = read({});
    CHECK(asked.error.empty());
    CHECK(asked.first_seed == 1);
    CHECK(asked.last_seed == 200);
    CHECK(asked.operations == 20'000);
    CHECK_FALSE(asked.is_single());
}

TEST_CASE("seeds are a number or a range")
{
    CHECK(read({"--seeds", "7"}).last_seed == 7);
    auto const range = read({"--seeds", "3..9", "--operations", "100", "--jobs", "2"});
    CHECK(range.error.empty());
    CHECK(range.first_seed == 3);
    CHECK(range.last_seed == 9);
    CHECK(range.operations == 100);
    CHECK(range.jobs == 2);
    for (auto const* const wrong : {"", "x", "0", "9..3", "3..", "..3", "-1", "1 2"})
        CHECK_FALSE(read({"--seeds", wrong}).error.empty());
}

TEST_CASE("one seed tells more")
{
    auto const asked = read({"--seed", "12", "--shrink", "--history", "h.txt"});
    CHECK(asked.error.empty());
    CHECK(asked.is_single());
    CHECK(asked.shrinks);
    CHECK(asked.first_seed == 12);
    CHECK(asked.last_seed == 12);
    CHECK(asked.history == "h.txt");
    CHECK_FALSE(read({"--shrink"}).error.empty());
    CHECK_FALSE(read({"--seeds", "5", "--history", "h.txt"}).error.empty());
}

TEST_CASE("a range of one seed is that seed")
{
    auto const asked = read({"--seeds", "7..7", "--history", "FILE"}); // what the README's command becomes
    CHECK(asked.error.empty());
    CHECK(asked.is_single());
    CHECK(asked.first_seed == 7);
    CHECK(asked.history == "FILE");
    auto const shrunk = read({"--seeds", "7..7", "--operations", "20000", "--shrink"}); // what "again:" names
    CHECK(shrunk.error.empty());
    CHECK(shrunk.is_single());
    CHECK(shrunk.shrinks);
    for (auto const* const several : {"7", "7..8"}) {
        auto const refused = "--shrink and --history are for a single seed, such as --seeds 7..7";
        CHECK(read({"--seeds", several, "--shrink"}).error == refused);
        CHECK(read({"--seeds", several, "--history", "FILE"}).error == refused);
    }
}

TEST_CASE("what is not known, or lacks its value, is an error")
{
    CHECK_FALSE(read({"--what"}).error.empty());
    CHECK_FALSE(read({"--seed"}).error.empty());
    CHECK_FALSE(read({"--operations", "0"}).error.empty());
    CHECK(read({"--help"}).wants_help);
    CHECK(usage().find("--rivals") != std::string::npos);
}
