// SPDX-License-Identifier: BSL-1.0
// KV version 2 in both dialects.
#include "rows.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace cluster;

namespace {

using nlohmann::json;

constexpr std::string_view kv = "Vault docs, API, KV version 2";
constexpr std::string_view empty = R"({"errors":[]})";
constexpr std::string_view other_version =
    R"({"errors":["check-and-set parameter did not match the current version"]})";
constexpr std::string_view no_number = R"({"errors":["No version number provided"]})";

void versions(settings& s) { s.versioned_mounts = {"team/kv2"}; }

request write(std::string_view body, std::string_view path = "data/foo")
{
    return ask("POST", "team/kv2/" + std::string(path), {}, body);
}

request read(std::string_view path) { return ask("GET", "team/kv2/" + std::string(path)); }

void written(scene& s) { (void)s.emulated.handle(0, write(R"({"data":{"v":1}})"), s.now); }

void twice(scene& s)
{
    written(s);
    (void)s.emulated.handle(0, write(R"({"data":{"v":2}})"), s.now);
}

void deleted(scene& s)
{
    twice(s);
    s.at_active("DELETE", "team/kv2/data/foo");
}

const std::vector<row> writes = {
    {.fact = "a write answers the new version, and an index",
     .source = kv,
     .tune = versions,
     .asked = write(R"({"data":{"v":1}})"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,)"
             R"("data":{"created_time":"2026-09-21T14:13:20Z","custom_metadata":null,"deletion_time":"",)"
             R"("destroyed":false,"version":1},"wrap_info":null,"warnings":null,"auth":null})",
     .has = {{"X-Vault-Index", "@11:0"}},
     .log_end = 11},
    {.fact = "check-and-set: 0 means that there is none yet",
     .source = kv,
     .tune = versions,
     .asked = write(R"({"data":{"v":1},"options":{"cas":0}})"),
     .status = 200,
     .log_end = 11},
    {.fact = "check-and-set that does not fit is 400, not 412, and without an index",
     .source = kv,
     .tune = versions,
     .before = written,
     .asked = write(R"({"data":{"v":2},"options":{"cas":0}})"),
     .status = 400,
     .body = other_version,
     .lacks = {"X-Vault-Index"},
     .log_end = 11},
    {.fact = "check-and-set that fits",
     .source = kv,
     .tune = versions,
     .before = written,
     .asked = write(R"({"data":{"v":2},"options":{"cas":1}})"),
     .status = 200,
     .log_end = 12},
    {.fact = "the active node judges it, though a lagging standby was asked",
     .source = kv,
     .tune = versions,
     .before = written,
     .node = 1,
     .asked = write(R"({"data":{"v":2},"options":{"cas":1}})"),
     .status = 200,
     .served_by = 0,
     .log_end = 12},
    {.fact = "a secret may insist on it",
     .source = kv,
     .tune = versions,
     .before = [](scene& s) { s.at_active("POST", "team/kv2/metadata/foo", R"({"cas_required":true})"); },
     .asked = write(R"({"data":{"v":1}})"),
     .status = 400,
     .body = R"({"errors":["check-and-set parameter required for this call"]})"},
    {.fact = "a write needs data",
     .source = kv,
     .tune = versions,
     .asked = write(R"({"v":1})"),
     .status = 400,
     .body = R"({"errors":["no data provided"]})",
     .log_end = 10},
    {.fact = "to destroy needs numbers",
     .source = kv,
     .tune = versions,
     .before = written,
     .asked = write("{}", "destroy/foo"),
     .status = 400,
     .body = no_number},
    {.fact = "a method that is not known",
     .source = kv,
     .tune = versions,
     .asked = ask("DELETE", "team/kv2/destroy/foo"),
     .status = 405},
};

const std::vector<row> reads = {
    {.fact = "a read gives data and metadata of the newest version",
     .source = kv,
     .tune = versions,
     .before = twice,
     .asked = read("data/foo"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"data":{"v":2},"metadata":)"
             R"({"created_time":"2026-09-21T14:13:20Z","custom_metadata":null,"deletion_time":"",)"
             R"("destroyed":false,"version":2}},"wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "a lagging standby has nothing yet",
     .source = kv,
     .tune = versions,
     .before = written,
     .node = 1,
     .asked = read("data/foo"),
     .status = 404,
     .body = empty,
     .served_by = 1},
    {.fact = "what was never written is 404",
     .source = kv,
     .tune = versions,
     .asked = read("data/foo"),
     .status = 404,
     .body = empty},
    {.fact = "a version that there is not is 404",
     .source = kv,
     .tune = versions,
     .before = written,
     .asked = read("data/foo?version=7"),
     .status = 404,
     .body = empty},
    {.fact = "a deleted version is 404 and tells of itself",
     .source = kv,
     .tune = versions,
     .before = deleted,
     .asked = read("data/foo"),
     .status = 404,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"data":null,"metadata":)"
             R"({"created_time":"2026-09-21T14:13:20Z","custom_metadata":null,)"
             R"("deletion_time":"2026-09-21T14:13:20Z","destroyed":false,"version":2}},)"
             R"("wrap_info":null,"warnings":null,"auth":null})",
     .log_end = 13},
    {.fact = "a path without data/ is that of the other version: 404 and a warning",
     .source = kv,
     .tune = versions,
     .before = written,
     .asked = read("foo"),
     .status = 404,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":null,"wrap_info":null,)"
             R"("warnings":["Invalid path for a versioned K/V secrets engine. See the API docs for the )"
             R"(appropriate API endpoints to use. If using the Vault CLI, use 'vault kv get' for this )"
             R"(operation."],"auth":null})"},
    {.fact = "the keys are listed below metadata",
     .source = kv,
     .tune = versions,
     .before =
         [](scene& s) {
             written(s);
             (void)s.emulated.handle(0, write(R"({"data":{}})", "data/a/b"), s.now);
         },
     .asked = ask("LIST", "team/kv2/metadata"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"keys":["a/","foo"]},)"
             R"("wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "which version of KV a mount is, is told to any token",
     .source = "Vault docs, API, sys/internal/ui/mounts",
     .tune = versions,
     .asked = ask("GET", "sys/internal/ui/mounts/team/kv2/foo"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"type":"kv","local":false,)"
             R"("options":{"version":"2"},"path":"team/kv2/","default_lease_ttl":2764800,)"
             R"("max_lease_ttl":2764800},"wrap_info":null,"warnings":null,"auth":null})"},
    {.fact = "… and to those who may see the mounts",
     .source = "Vault docs, API, sys/mounts",
     .asked = ask("GET", "sys/mounts/kv/tune"),
     .status = 200,
     .body = R"({"lease_id":"","renewable":false,"lease_duration":0,"data":{"type":"kv","local":false,)"
             R"("options":{"version":"1"},"path":"kv/","default_lease_ttl":2764800,)"
             R"("max_lease_ttl":2764800},"wrap_info":null,"warnings":null,"auth":null,)"
             R"("type":"kv","local":false,"options":{"version":"1"},"path":"kv/",)"
             R"("default_lease_ttl":2764800,"max_lease_ttl":2764800})"},
    {.fact = "where no mount is, nothing is told",
     .source = "Vault docs, API, sys/internal/ui/mounts",
     .asked = ask("GET", "sys/internal/ui/mounts/none"),
     .status = 403},
    {.fact = "such a mount can be made",
     .source = "Vault docs, API, sys/mounts",
     .before =
         [](scene& s) {
             s.at_active("POST", "sys/mounts/team/kv2", R"({"type":"kv","options":{"version":"2"}})");
         },
     .asked = write(R"({"data":{"v":1}})"),
     .status = 200,
     .log_end = 12},
    {.fact = "… also by the name of the plugin",
     .source = "Vault docs, API, sys/mounts",
     .before = [](scene& s) { s.at_active("POST", "sys/mounts/team/kv2", R"({"type":"kv-v2"})"); },
     .asked = write(R"({"data":{"v":1}})"),
     .status = 200},
};

} // namespace

TEST_CASE("KV version 2: writes")
{
    check_rows(dialect::vault, writes);
    check_rows(dialect::openbao, writes);
}

TEST_CASE("KV version 2: reads")
{
    check_rows(dialect::vault, reads);
    check_rows(dialect::openbao, reads);
}

TEST_CASE("KV version 2: the life of a secret")
{
    settings set = usual_settings(dialect::vault);
    versions(set);
    scene place(set);
    auto const value = [&](std::string const& query = {}) {
        auto const got = place.at_active("GET", "team/kv2/data/foo" + query);
        auto const data = json::parse(got.body).value("data", json());
        return got.status == 200 ? data["data"].dump() : std::to_string(got.status);
    };
    twice(place);
    CHECK(value() == R"({"v":2})");
    CHECK(value("?version=1") == R"({"v":1})");
    CHECK(place.at_active("POST", "team/kv2/delete/foo", R"({"versions":[1,"2"]})").status == 204);
    CHECK(value("?version=1") == "404");
    CHECK(value() == "404");
    CHECK(place.at_active("POST", "team/kv2/undelete/foo", R"({"versions":[2]})").status == 204);
    CHECK(value() == R"({"v":2})");
    CHECK(place.at_active("PUT", "team/kv2/destroy/foo", R"({"versions":[2]})").status == 204);
    CHECK(place.at_active("PUT", "team/kv2/undelete/foo", R"({"versions":[1,2]})").status == 204);
    CHECK(value() == "404"); // what is destroyed stays so
    CHECK(value("?version=1") == R"({"v":1})");

    place.at_active("POST", "team/kv2/metadata/foo",
                    R"({"max_versions":2,"custom_metadata":{"owner":"ann"}})");
    (void)place.emulated.handle(0, write(R"({"data":{"v":3}})"), place.now);
    auto const about = json::parse(place.at_active("GET", "team/kv2/metadata/foo").body)["data"];
    CHECK(about["current_version"] == 3);
    CHECK(about["custom_metadata"]["owner"] == "ann");
    CHECK(about["versions"].size() == 2);
    CHECK(about["versions"]["2"]["destroyed"] == true);

    CHECK(place.at_active("DELETE", "team/kv2/metadata/foo").status == 204);
    CHECK(value() == "404");
    CHECK(place.at_active("GET", "team/kv2/metadata/foo").status == 404);
    (void)place.emulated.handle(0, write(R"({"data":{"v":1},"options":{"cas":0}})"), place.now);
    CHECK(value() == R"({"v":1})"); // it begins anew
}

TEST_CASE("KV version 2: a stale read is known as one")
{
    settings set = usual_settings(dialect::vault);
    versions(set);
    scene place(set);
    written(place);
    place.land();
    twice(place);
    auto const stale = place.emulated.handle(1, read("data/foo"), place.now);
    CHECK(json::parse(stale.answer.body)["data"]["data"]["v"] == 1);
    CHECK_FALSE(stale.note.newest);
    CHECK(place.emulated.counters(1).stale_reads == 1);
    CHECK(place.emulated.handle(0, read("data/foo"), place.now).note.newest);
}
