// SPDX-License-Identifier: BSL-1.0
#include "server/child.hpp"
#include "server/version.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using server::refuse_version;

TEST_CASE("OpenBao since 2.7.0 is taken")
{
    CHECK(refuse_version("OpenBao v2.7.0 (0123abc), built 2026-09-23T10:00:00Z\n").empty());
    CHECK(refuse_version("OpenBao v2.7.0\n").empty());
    CHECK(refuse_version("OpenBao v2.7.0+vendor, built 2026-09-23T10:00:00Z").empty());
    CHECK(refuse_version("OpenBao v2.7.1-rc1").empty());
    CHECK(refuse_version("OpenBao v2.10.0, built then").empty());
    CHECK(refuse_version("OpenBao v3.0.0").empty());
}

TEST_CASE("what is older is refused, and so are the previews of 2.7.0")
{
    for (auto const* said : {"OpenBao v2.6.2 (0123abc), built then", "OpenBao v1.99.9",
                             "OpenBao v2.7.0-beta20260801, built then", "OpenBao v2.0.0-HEAD"}) {
        CAPTURE(said);
        CHECK(refuse_version(said).find("too old; it takes OpenBao 2.7.0 or newer") != std::string::npos);
    }
}

TEST_CASE("another product is refused, and what tells no version")
{
    CHECK(refuse_version("Vault v1.17.0 (abc), built then") ==
          "It calls itself \"Vault v1.17.0 (abc), built then\", which is not OpenBao; it takes OpenBao 2.7.0 "
          "or newer.");
    CHECK(refuse_version("").find("does not answer `version`") != std::string::npos);
    CHECK(refuse_version("\nOpenBao v2.7.0").find("does not answer `version`") != std::string::npos);
    for (auto const* said : {"OpenBao v2.7", "OpenBao vnext", "OpenBao v2.x.0", "OpenBao v2..0"}) {
        CAPTURE(said);
        CHECK(refuse_version(said).find("tells no version") != std::string::npos);
    }
}

TEST_CASE("a program is asked for its version, and tells it")
{
    auto const script = std::filesystem::temp_directory_path() / "afterwrite-server-version.sh";
    std::ofstream(script) << "#!/bin/sh\n[ \"$1\" = version ] && echo \"OpenBao v2.5.0, built then\"\n";
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    CHECK(server::output_of({script.string(), "version"}) == "OpenBao v2.5.0, built then\n");
    CHECK(server::output_of({"/bin/sh", "-c", "exit 1"}).empty());
    std::filesystem::remove(script);
    CHECK_THROWS_AS(static_cast<void>(server::output_of({script.string(), "version"})), std::runtime_error);
}
