// SPDX-License-Identifier: BSL-1.0
// What benchmarks/policy judges and says.
#include "policy/cell.hpp"
#include "policy/contestants.hpp"
#include "policy/demands.hpp"
#include "policy/options.hpp"
#include "policy/run.hpp"
#include "policy/scenario.hpp"

#include "support.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

using namespace probe_tests;

namespace {

ended replayed(arguments const& given)
{
    std::ostringstream out;
    std::ostringstream err;
    int const status = replay::run(given, out, err);
    return {status, out.str(), err.str()};
}

} // namespace

TEST_CASE("a demand is judged by its own figure, absolutely or against the oracle's")
{
    using replay::figure;
    using replay::weight;
    std::vector<replay::cell> const all = {
        {.model = "constant", .policy = "default", .p50_ms = 6, .requests_per_read = 2},
        {.model = "constant", .policy = "oracle", .p50_ms = 5},
    };
    auto const judge = [&](figure of, double most, bool times_oracle, weight how = weight::must) {
        auto const judged = replay::judge({how, "constant", "default", of, most, times_oracle}, all);
        REQUIRE(judged);
        return judged->is_met;
    };
    CHECK(judge(figure::p50_ms, 1.2, true));
    CHECK(!judge(figure::p50_ms, 1.1, true));
    CHECK(judge(figure::requests_per_read, 2, false));
    CHECK(!judge(figure::requests_per_read, 1.999, false));
    CHECK(judge(figure::requests_per_read, 1.999, false, weight::study)); // which is rounded
    CHECK(!judge(figure::requests_per_read, 1.9, false, weight::study));
    CHECK(!judge(figure::p99_ms, 1e9, false)); // no read was answered
    CHECK(!replay::judge({weight::must, "constant", "vault-go", figure::p50_ms, 1}, all));
    auto const text =
        to_string(*replay::judge({weight::must, "constant", "default", figure::p50_ms, 1.1, true}, all));
    CHECK(text == "must  constant, default: p50 at most 5.5 ms (1.1 x the oracle's): MISSED, 6.0 ms");
}

TEST_CASE("every demand is of a model and a policy that there are")
{
    for (auto const& each : replay::all_demands()) {
        CHECK(replay::find_model(each.model) != nullptr);
        CHECK(replay::find_contestant(each.policy) != nullptr);
    }
}

TEST_CASE("the program replays what it is asked for, the same each time, and writes it down")
{
    scratch_file const file;
    arguments const asked = {"--model",  "constant", "--policy", "fixed-1s", "--policy",
                             "vault-go", "--reads",  "500",      "--json",   file.name()};
    auto const done = replayed(asked);
    CHECK(done.status == replay::status_met);
    CHECK(done.err.empty());
    CHECK(says(done.out, "1002.0"));
    CHECK(!says(done.out, "oracle "));
    auto const json = nlohmann::json::parse(file.text());
    CHECK(json.size() == 1);
    REQUIRE(json["cells"].size() == 2);
    auto const& cell = json["cells"][1];
    CHECK(cell.size() == 7);
    CHECK(cell["model"] == "constant");
    CHECK(cell["policy"] == "fixed-1s");
    CHECK(cell["p50_ms"] == 1002.0);
    CHECK(cell["p99_ms"] == 1002.0);
    CHECK(cell["requests_per_read"] == 2.0);
    CHECK(cell["active_share"] == 0.0);
    CHECK(cell["failed_share"] == 0.0);
    CHECK(replayed(asked).out == done.out);
}

TEST_CASE("a missed must fails, a missed goal does not")
{
    std::ostringstream out;
    std::vector<replay::cell> all = {{.model = "bimodal-independent",
                                      .policy = "default",
                                      .p50_ms = 12,
                                      .p99_ms = 70,
                                      .requests_per_read = 2,
                                      .active_share = 0.1}};
    CHECK(replay::report_demands(all, out));
    CHECK(says(out.str(), "must  bimodal-independent, default: p99 at most 80.0 ms: met, 70.0 ms\n"));
    CHECK(says(out.str(), "goal  bimodal-independent, default: p99 at most 60.0 ms: MISSED, 70.0 ms\n"));
    CHECK(says(out.str(), "goal  no figure worse than the study's: met, 5 of 5 are not\n"));
    all[0].p99_ms = 81;
    CHECK(!replay::report_demands(all, out));
    all[0].p99_ms = 70;
    all[0].p50_ms = 14;
    CHECK(replay::report_demands(all, out));
    CHECK(says(out.str(), "study bimodal-independent, default: p50 at most 12.9 ms: MISSED, 14.0 ms\n"));
}

TEST_CASE("the default policy meets what is demanded of it")
{
    auto const done = replayed({"--policy", "default", "--policy", "default-no-forward", "--reads", "10000"});
    CHECK_MESSAGE(done.status == replay::status_met, done.out, done.err);
    for (auto const& model : replay::all_models())
        CHECK(says(done.out, "must  " + std::string(model.name) + ", default: "));
}

TEST_CASE("what cannot be understood is refused with a sentence")
{
    for (auto const& each : std::vector<std::pair<arguments, std::string>>{
             {{"--no-such-option"}, "There is no option '--no-such-option'"},
             {{"constant"}, "There is no option 'constant'"},
             {{"--model", "none"}, "There is no model 'none'; there are constant, "},
             {{"--policy=none"}, "There is no policy 'none'; there are default, "},
             {{"--reads", "99"}, "--reads takes a whole number from 100 to "},
             {{"--reads", "12x"}, "not '12x'"},
             {{"--seed", "-1"}, "--seed takes a whole number"},
             {{"--seed"}, "--seed needs a value"},
             {{"--json="}, "--json needs the name of a file"},
             {{"--json", "/nowhere/at/all.json"}, "cannot be written"}}) {
        CAPTURE(each.second);
        auto const done = replayed(each.first);
        CHECK(done.status == replay::status_unusable);
        CHECK(says(done.err, each.second));
        CHECK(done.out.empty());
    }
    auto const chosen =
        replay::parse_options(arguments{"--benchmark_min_time=0.01", "--model=constant", "--seed=7"}).chosen;
    REQUIRE(chosen); // what is Google Benchmark's is passed over
    CHECK(chosen->seed == 7);
    CHECK(chosen->asks_for_model("constant"));
    CHECK(!chosen->asks_for_model("outage-all"));
    CHECK(chosen->asks_for_policy("oracle"));
    CHECK(says(replayed({"--help"}).out, "--model NAME"));
}
