// SPDX-License-Identifier: BSL-1.0
#include "simulation/errand.hpp"

#include "simulation/invariants.hpp"
#include "simulation/plan.hpp"
#include "simulation/run.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <string_view>

using namespace simulation;

TEST_CASE("what is asked for is asked in every form that the servers know")
{
    dice luck(1);
    std::set<std::string> forms;
    for (int i = 0; i < 100; ++i)
        for (bool const writes : {false, true}) {
            errand const what{{true, 1, 3}, writes ? 7U : 0U, draw_deed(writes, luck)};
            auto const made = request_for(what, luck);
            forms.insert(made.method + ' ' + made.target + ' ' + made.body);
        }
    std::set<std::string> const expected = {"GET /v1/own/of1/3 ",
                                            "LIST /v1/own/of1/ ",
                                            "GET /v1/own/of1/?list=true ",
                                            R"(PUT /v1/own/of1/3 {"v":"7"})",
                                            R"(POST /v1/own/of1/3 {"v":"7"})",
                                            "DELETE /v1/own/of1/3 "};
    CHECK(forms == expected);
}

TEST_CASE("a login needs no token, and whoever asks for a token comes with it")
{
    dice luck(1);
    auto const login = request_for({{true, 0, 0}, 5, deed::log_in}, luck);
    CHECK(login.target == "/v1/auth/userpass/login/somebody");
    CHECK(cluster::all_fields(login.fields, "X-Vault-Token").empty());
    auto const made = std::make_shared<credential const>(credential{.text = "hvs.x"});
    auto const use = request_for({{true, 0, 0}, 0, deed::ask, made}, luck);
    CHECK(use.method == "GET");
    CHECK(use.target == "/v1/auth/token/lookup-self");
    CHECK(cluster::all_fields(use.fields, "X-Vault-Token").front() == "hvs.x");
}

TEST_CASE("clients that forget what they are told are shown lists that lack what they did")
{
    int found = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        auto what = draw_plan(seed, 3000);
        for (auto& each : what.processes)
            each.breaks = sabotage::forgets;
        auto const seen = run(what);
        found += std::any_of(seen.found.begin(), seen.found.end(), [](violation const& each) {
            return each.invariant == invariant::read_your_writes && each.what.starts_with("list of ");
        });
    }
    CHECK(found >= 2);
}
