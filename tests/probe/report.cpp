// SPDX-License-Identifier: BSL-1.0
#include "probe/report.hpp"

#include "probe/percentile.hpp"
#include "probe/progress.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <vector>

namespace {

probe::measurement measured(std::string name, std::uint64_t reads, std::uint64_t stale)
{
    probe::measurement result;
    result.name = std::move(name);
    result.seen.reads = reads;
    result.seen.stale = stale;
    result.seen.requests = 2 * reads;
    return result;
}

/// A real cluster of three nodes that nobody ever asks anything.
probe::target const& three_nodes()
{
    static probe::target const cluster([] {
        probe::options chosen;
        chosen.addresses = {"http://a:1", "http://b:1", "http://c:1"};
        chosen.mount = "secret";
        return chosen;
    }());
    return cluster;
}

bool says(std::string const& text, char const* words) { return text.find(words) != std::string::npos; }

} // namespace

TEST_CASE("percentiles are samples")
{
    CHECK(!probe::percentile({}, 50));
    CHECK(*probe::percentile({7}, 50) == 7);
    CHECK(*probe::percentile({7}, 99) == 7);
    CHECK(*probe::percentile({4, 1, 3, 2}, 50) == 2);
    CHECK(*probe::percentile({4, 1, 3, 2}, 51) == 3);
    CHECK(*probe::percentile({4, 1, 3, 2}, 0) == 1);
    CHECK(*probe::percentile({4, 1, 3, 2}, 100) == 4);
    std::vector<double> hundred;
    for (int i = 100; i > 0; --i)
        hundred.push_back(i);
    CHECK(*probe::percentile(hundred, 99) == 99);
}

TEST_CASE("the JSON has one object a policy, and null for what is unknown")
{
    auto known = measured("retry", 4, 0);
    known.seen.fresh_ms = {1.5, 2.5, 3.5, 4.5};
    known.active_share = 0.25;
    std::vector<probe::measurement> const all = {measured("none", 0, 0), known};
    auto const json = nlohmann::json::parse(probe::to_json(all));
    CHECK(json.size() == 1);
    REQUIRE(json["policies"].size() == 2);
    for (auto const& policy : json["policies"]) {
        CHECK(policy.size() == 9);
        for (auto const* const name : {"name", "reads", "stale", "refused", "failed", "p50_ms", "p99_ms",
                                       "requests_per_read", "active_share"})
            CHECK_MESSAGE(policy.contains(name), name);
    }
    CHECK(json["policies"][0]["p50_ms"].is_null());
    CHECK(json["policies"][0]["requests_per_read"].is_null());
    CHECK(json["policies"][0]["active_share"].is_null());
    CHECK(json["policies"][1]["name"] == "retry");
    CHECK(json["policies"][1]["reads"] == 4);
    CHECK(json["policies"][1]["p50_ms"] == 2.5);
    CHECK(json["policies"][1]["p99_ms"] == 4.5);
    CHECK(json["policies"][1]["requests_per_read"] == 2.0);
    CHECK(json["policies"][1]["active_share"] == 0.25);
}

TEST_CASE("the columns of the table stand below their names")
{
    auto const line = probe::table_line(measured("retry_then_forward", 10'000'000, 10'000'000));
    CHECK(line.size() == probe::table_head().size());
    CHECK(says(line, " - ")); // no read was fresh
    CHECK(line.ends_with("-"));
}

TEST_CASE("a measurement that shows too little says that it proves nothing")
{
    auto const judge = [](std::uint64_t stale_b, std::uint64_t stale_c) {
        auto none = measured("none", 99, stale_b + stale_c);
        none.seen.by_node = {{33, 0}, {33, stale_b}, {33, stale_c}};
        return probe::judge_baseline(none, three_nodes());
    };
    CHECK(says(judge(15, 15), "30 % of the reads were stale"));
    CHECK(!says(judge(15, 15), "proves nothing"));
    CHECK(says(judge(15, 15), "15 of 33 at http://c:1"));
    CHECK(says(judge(14, 15), "proves nothing"));
    CHECK(says(judge(33, 0), "all stale reads were at one node"));
    CHECK(says(judge(0, 0), "proves nothing"));
}

TEST_CASE("tallies add up")
{
    probe::tally all;
    probe::tally one;
    one.reads = 3;
    one.stale = 1;
    one.refused = 1;
    one.failed = 1;
    one.requests = 5;
    one.fresh_ms = {1.0};
    one.by_node = {{1, 0}, {2, 1}};
    one.failure = "first";
    all.add(one);
    one.failure = "second";
    all.add(one);
    CHECK(all.reads == 6);
    CHECK(all.stale == 2);
    CHECK(all.refused == 2);
    CHECK(all.failed == 2);
    CHECK(all.requests == 10);
    CHECK(all.fresh_ms.size() == 2);
    REQUIRE(all.by_node.size() == 2);
    CHECK(all.by_node[1].stale == 2);
    CHECK(*all.failure == "first");
}

TEST_CASE("the progress bar is drawn on a terminal only, and taken away")
{
    std::ostringstream file;
    std::ostringstream terminal;
    {
        probe::progress_bar silent(file, false);
        silent.show("retry", 1, 2);
        probe::progress_bar bar(terminal, true);
        bar.show("retry", 0, 0); // nothing to do yet
        CHECK(terminal.str().empty());
        bar.show("a name that is far too long for it", 300, 200);
        bar.show("retry", 100, 200);
    }
    CHECK(file.str().empty());
    CHECK(says(terminal.str(), "[###############...............] 100/200"));
    CHECK(terminal.str().ends_with("\r\x1b[K"));
}
