// SPDX-License-Identifier: BSL-1.0
// The scripts that the fuzzer begins with are numbers: each still does what it is called.
#include "simulation/byte_script.hpp"

#include "simulation/run.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

using namespace simulation;

namespace {

std::filesystem::path const corpus = AFTERWRITE_SOURCE_DIR "/tests/fuzz/corpus/simulation";

/// What has to strike; a script may plan more.
std::map<std::string, std::vector<fault>> const corpus_faults = {
    {"all_at_once",
     {fault::stalled,           fault::clogged,          fault::slow,         fault::sealed,
      fault::elected,           fault::crashed_before,   fault::lost_request, fault::lost_answer,
      fault::late_answer,       fault::doubled_answer,   fault::throttled,    fault::old_cache,
      fault::truncated,         fault::taken_over,       fault::restored,     fault::restored_in_place,
      fault::reconfigured,      fault::clock_jumped,     fault::restarted,    fault::restarted_old,
      fault::restarted_corrupt, fault::restarted_foreign}},
    {"faults", {fault::slow, fault::throttled, fault::taken_over}},
    {"openbao_bad_fields", {fault::stripped, fault::truncated, fault::garbled, fault::huge}},
    {"openbao_careless_hosts",
     {fault::impatient, fault::hung_up, fault::views_lost, fault::clock_leaped, fault::outspoken}},
    {"openbao_in_calm", {}},
    {"openbao_nodes_down", {fault::stalled, fault::unreachable, fault::sealed, fault::elected}},
    {"openbao_reconfigured", {fault::reconfigured, fault::clock_jumped}},
    {"openbao_restarts",
     {fault::restarted, fault::restarted_old, fault::restarted_corrupt, fault::restarted_foreign}},
    {"openbao_restored", {fault::restored, fault::restored_in_place}},
    {"openbao_taken_over", {fault::taken_over}},
    {"reads_and_writes", {}},
    {"vault_crowded", {fault::crowded}},
    {"vault_disasters", {fault::disaster}},
    {"vault_elections", {fault::elected, fault::crashed_after}},
    {"vault_forged", {fault::forged, fault::truncated}},
    {"vault_in_calm", {}},
    {"vault_lost_answers", {fault::lost_request, fault::lost_answer, fault::late_answer}},
    {"vault_programs_die", {fault::interleaved, fault::killed}},
    {"vault_restored", {fault::restored, fault::restored_in_place}},
    {"vault_restored_anew", {fault::restored_anew}},
    {"vault_secondary_behind", {fault::stalled, fault::clogged, fault::slow}},
    {"vault_secondary_promoted", {fault::promoted}},
    {"vault_store_restarted", {fault::restarted, fault::restarted_old}},
    {"vault_taken_over", {fault::taken_over}},
    {"vault_through_proxies", {fault::doubled_request, fault::throttled, fault::old_cache}},
};

plan read_file(std::filesystem::path const& path)
{
    std::ifstream file(path, std::ios::binary);
    std::vector<std::uint8_t> const bytes((std::istreambuf_iterator<char>(file)), {});
    REQUIRE(bytes.size() > 2);
    return read_byte_script(bytes);
}

bool plans_faults(plan const& what)
{
    for (auto const& line : what.script)
        if (line.is_fault)
            return true;
    return false;
}

} // namespace

TEST_CASE("each script of the corpus does what it is called, and breaks nothing")
{
    std::size_t files = 0;
    for (auto const& each : std::filesystem::directory_iterator(corpus)) {
        auto const name = each.path().filename().string();
        CAPTURE(name);
        auto const known = corpus_faults.find(name);
        REQUIRE(known != corpus_faults.end());
        auto const what = read_file(each.path());
        auto const speaks = what.clusters[0].speaks;
        CHECK((!name.starts_with("vault_") || speaks == cluster::dialect::vault));
        CHECK((!name.starts_with("openbao_") || speaks == cluster::dialect::openbao));
        CHECK((name.find("secondary") == std::string::npos || what.clusters[0].secondaries.size() == 1));
        auto const seen = run(what);
        CHECK(seen.violations == 0);
        CHECK(seen.operations > 50);
        CHECK(plans_faults(what) == !known->second.empty());
        for (auto const kind : known->second)
            CHECK_MESSAGE(seen.struck[kind] > 0, to_string(kind));
        ++files;
    }
    CHECK(files == corpus_faults.size());
}

TEST_CASE("any bytes are a script, in the order of their times, and what is missing is 0")
{
    CHECK(read_byte_script({}).script.empty());
    CHECK(read_byte_script({}).seed == 1);
    std::vector<std::uint8_t> const bytes = {0x01, 0x02, 0xff, 10, 0x12, 0x34, 3, 20};
    auto const read = read_byte_script(bytes);
    CHECK(read.seed == 0x0103);
    REQUIRE(read.script.size() == 2);
    CHECK_FALSE(read.script[0].is_fault);
    CHECK(read.script[0].who == 0xff % read.callers.size());
    CHECK(read.script[0].at == std::chrono::microseconds(500));
    CHECK(read.script[0].luck == 0x1234);
    CHECK(read.script[1].is_fault);
    CHECK(read.script[1].kind == fault::unreachable);
    CHECK(read.script[1].at == std::chrono::microseconds(1500));
    CHECK(read.script[1].luck == 0);
    CHECK(read_byte_script(std::vector<std::uint8_t>(10'000, 0xff)).script.size() == longest_byte_script);
}
