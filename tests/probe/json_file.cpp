// SPDX-License-Identifier: BSL-1.0
#include "probe/json_file.hpp"

#include "support.hpp"

#include <doctest/doctest.h>

using namespace probe_tests;
namespace fs = std::filesystem;

TEST_CASE("a file is replaced at the end, and not before")
{
    scratch_file const file;
    std::ofstream(file.name()) << "earlier";
    {
        probe::json_file abandoned;
        REQUIRE(abandoned.open(file.name()));
        CHECK(fs::exists(file.name() + ".tmp"));
    }
    CHECK(file.text() == "earlier");
    CHECK(!fs::exists(file.name() + ".tmp"));
    probe::json_file kept;
    REQUIRE(kept.open(file.name()));
    CHECK(file.text() == "earlier");
    CHECK(kept.write("later"));
    CHECK(file.text() == "later");
    CHECK(!fs::exists(file.name() + ".tmp"));
}

TEST_CASE("a file that is not there is made, through a link as well")
{
    scratch_file const file;
    scratch_file const link;
    fs::remove(file.name());
    fs::remove(link.name());
    fs::create_symlink(file.name(), link.name());
    for (int i = 0; i < 2; ++i) { // first it is not there, then it is
        probe::json_file made;
        REQUIRE(made.open(link.name()));
        CHECK(made.write(std::to_string(i)));
        CHECK(file.text() == std::to_string(i));
        CHECK(fs::is_symlink(link.name()));
    }
}

TEST_CASE("a device stays one")
{
    probe::json_file nothing;
    REQUIRE(nothing.open("/dev/null"));
    CHECK(nothing.write("text"));
    CHECK(fs::is_character_file("/dev/null"));
    CHECK(!fs::exists("/dev/null.tmp"));
    probe::json_file full;
    REQUIRE(full.open("/dev/full"));
    CHECK(!full.write("text"));
}

TEST_CASE("what can never be written is refused at once")
{
    auto const folder = fs::temp_directory_path().string();
    for (auto const& name : {std::string("/nowhere/at/all.json"), folder, folder + "/", std::string()}) {
        CAPTURE(name);
        probe::json_file wrong;
        CHECK(!wrong.open(name));
    }
    auto const done = run({"--json", folder});
    CHECK(done.status == probe::status_unusable);
    CHECK(says(done.err, "cannot be written"));
}

TEST_CASE("a cluster that cannot be reached costs no earlier result")
{
    scratch_file const file;
    std::ofstream(file.name()) << "earlier";
    auto const done = run({"--json", file.name(), "--address", "http://127.0.0.1:1", "--token", "root"});
    CHECK(done.status == probe::status_unusable);
    CHECK(says(done.err, "cannot be reached"));
    CHECK(file.text() == "earlier");
    CHECK(!fs::exists(file.name() + ".tmp"));
}
