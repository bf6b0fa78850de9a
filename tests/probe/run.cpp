// SPDX-License-Identifier: BSL-1.0
#include "probe/run.hpp"

#include "cluster/http_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace {

using arguments = std::vector<std::string>;

struct ended {
    int status = -1;
    std::string out;
    std::string err;
};

ended run(arguments const& given, std::map<std::string, std::string> const& set = {})
{
    std::ostringstream out;
    std::ostringstream err;
    auto const variable = [&set](char const* name) {
        auto const found = set.find(name);
        return found != set.end() ? found->second.c_str() : nullptr;
    };
    int const status = probe::run(given, {.variable = variable, .out = out, .err = err});
    return {status, out.str(), err.str()};
}

bool says(std::string const& text, std::string const& words) { return text.find(words) != std::string::npos; }

/// A file that is gone at the end.
class scratch_file {
public:
    scratch_file()
    {
        auto const place = std::filesystem::temp_directory_path() / "afterwrite-probe-XXXXXX";
        name_ = place.string();
        int const file = mkstemp(name_.data());
        REQUIRE(file != -1);
        close(file);
    }
    ~scratch_file() { std::filesystem::remove(name_); }
    scratch_file(scratch_file const&) = delete;
    scratch_file& operator=(scratch_file const&) = delete;

    [[nodiscard]] std::string const& name() const { return name_; }
    [[nodiscard]] std::string text() const
    {
        std::ifstream file(name_);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }

private:
    std::string name_;
};

/// Runs the probe with a JSON file, and returns its policies by name.
std::map<std::string, nlohmann::json> measure(arguments given, int expected_status = probe::status_ran)
{
    scratch_file const file;
    given.insert(given.end(), {"--json", file.name()});
    auto const done = run(given);
    CHECK_MESSAGE(done.status == expected_status, done.out, done.err);
    std::map<std::string, nlohmann::json> policies;
    auto const json = nlohmann::json::parse(file.text());
    for (auto const& policy : json["policies"])
        policies[policy["name"]] = policy;
    return policies;
}

cluster::settings lagging(cluster::dialect form = cluster::dialect::vault)
{
    cluster::settings settings;
    settings.speaks = form;
    settings.lag = *cluster::parse_lag("constant:30ms").spec;
    settings.allow_forwarding_via_header = true;
    return settings;
}

arguments at(cluster::http_server const& server, arguments more = {})
{
    for (std::size_t node = 0; node < server.node_count(); ++node)
        more.insert(more.end(), {"--address", server.address(node)});
    more.insert(more.end(), {"--token", "root"});
    return more;
}

cluster::response ask(cluster::http_server& server, std::string method, std::string target,
                      std::string body = {})
{
    cluster::response answer;
    server.with_model([&](cluster::model& model, cluster::nanoseconds now) {
        cluster::request const asked{std::move(method), std::move(target), {{"X-Vault-Token", "root"}}, body};
        answer = model.handle(0, asked, now).answer;
    });
    return answer;
}

/// Whether anything is left in the mount.
bool is_empty(cluster::http_server& server, std::string const& mount)
{
    return ask(server, "LIST", "/v1/" + mount + "/").status == 404;
}

/// A token that may do this at every path of the mount `secret`.
std::string token_with(cluster::http_server& server, std::string const& capabilities)
{
    nlohmann::json const policy = {{"policy", "path \"secret/*\" { capabilities = [" + capabilities + "] }"}};
    REQUIRE(ask(server, "PUT", "/v1/sys/policies/acl/some", policy.dump()).status < 300);
    auto const made = ask(server, "POST", "/v1/auth/token/create", R"({"policies":["some"]})");
    REQUIRE(made.status == 200);
    return nlohmann::json::parse(made.body)["auth"]["client_token"];
}

} // namespace

TEST_CASE("on an embedded cluster only `none` returns stale reads" * doctest::timeout(60))
{
    for (std::string const form : {"vault", "openbao"}) {
        CAPTURE(form);
        auto const seen = measure({"--dialect", form, "--reads", "60", "--clients", "20", "--seed", "7"});
        CHECK(seen.size() == (form == "vault" ? 6 : 7));
        for (auto const& each : seen) {
            auto const& name = each.first;
            auto const& policy = each.second;
            CAPTURE(name);
            CHECK(policy["reads"] == 60);
            CHECK(policy["failed"] == 0);
            if (name == "none")
                CHECK(policy["stale"] >= 18);
            else
                CHECK(policy["stale"] == 0);
            if (name != "fail")
                CHECK(policy["refused"] == 0);
            CHECK(policy["p50_ms"] > 0);
            CHECK(policy["p99_ms"] >= policy["p50_ms"]);
        }
        CHECK(seen.at("fail")["refused"] >= 18);
        CHECK(seen.at("fail")["requests_per_read"] == 1);
        CHECK(seen.at("forward")["active_share"] > seen.at("retry")["active_share"]);
        CHECK(seen.at("vault-go")["p99_ms"] >= 1000);
        CHECK(seen.at("retry")["requests_per_read"] > 1);
    }
}

TEST_CASE("the same seed reads the same keys in the same order")
{
    arguments const given = {"--policy", "none",  "--reads",     "40",     "--clients",
                             "1",        "--lag", "constant:1s", "--seed", "11"};
    CHECK(measure(given).at("none")["stale"] == measure(given).at("none")["stale"]);
}

TEST_CASE("a measurement without stale reads says that it proves nothing")
{
    auto const done = run({"--policy", "none", "--reads", "20", "--clients", "2", "--lag", "none"});
    CHECK(done.status == probe::status_ran);
    CHECK(says(done.out, "proves nothing"));
    auto const usual = run({"--policy", "none", "--reads", "60", "--clients", "2"});
    CHECK(usual.status == probe::status_ran);
    CHECK(!says(usual.out, "proves nothing"));
    CHECK(says(usual.out, "lognormal:20ms,1"));
    CHECK(says(usual.out, "allow_forwarding_via_header on"));
}

TEST_CASE("reads can be pinned to the node that was written through")
{
    auto const pinned = measure({"--policy", "retry", "--reads", "30", "--clients", "10", "--pin"});
    CHECK(pinned.at("retry")["stale"] == 0);
    CHECK(pinned.at("retry")["failed"] == 0);
    CHECK(says(run({"--policy", "none", "--reads", "3", "--pin"}).out, "--pin"));
}

TEST_CASE("a real cluster is measured in both dialects, and nothing is left behind")
{
    for (auto const form : {cluster::dialect::vault, cluster::dialect::openbao}) {
        cluster::http_server server(lagging(form));
        ask(server, "PUT", "/v1/secret/theirs", R"({"v":"1"})");
        auto const seen = measure(at(server, {"--policy", "none", "--policy", "retry", "--policy", "forward",
                                              "--reads", "30", "--clients", "10"}));
        CHECK(seen.at("none")["stale"] > 0);
        CHECK(seen.at("none")["active_share"].is_null());
        CHECK(seen.at("retry")["stale"] == 0);
        CHECK(seen.at("forward")["stale"] == 0);
        CHECK(says(ask(server, "LIST", "/v1/secret/").body, R"(["theirs"])"));
        ask(server, "DELETE", "/v1/secret/theirs");
        CHECK(is_empty(server, "secret"));
    }
}

TEST_CASE("one address may stand for all nodes")
{
    cluster::http_server server(lagging());
    auto const done =
        run({"--address", server.address(1), "--policy", "retry", "--reads", "5"}, {{"VAULT_TOKEN", "root"}});
    CHECK_MESSAGE(done.status == probe::status_ran, done.err);
    CHECK(says(done.out, "another connection"));
    CHECK(is_empty(server, "secret"));
}

TEST_CASE("TLS is verified against VAULT_CACERT")
{
    auto const identity = cluster::make_self_signed();
    cluster::http_server server(lagging(), {.tls = identity});
    scratch_file const authority;
    std::ofstream(authority.name()) << identity.certificate;
    std::map<std::string, std::string> set = {{"VAULT_ADDR", server.address(1)}, {"VAULT_TOKEN", "root"}};
    arguments const given = {"--policy", "retry", "--reads", "5"};

    auto const untrusted = run(given, set);
    CHECK(untrusted.status == probe::status_unusable);
    CHECK(says(untrusted.err, "VAULT_CACERT"));

    set["VAULT_CACERT"] = authority.name();
    auto const trusted = run(given, set);
    CHECK_MESSAGE(trusted.status == probe::status_ran, trusted.err);
    CHECK(is_empty(server, "secret"));
}

TEST_CASE("a stale read under a policy that promises consistency is status 1")
{
    cluster::settings broken = lagging();
    broken.unknown.lines = cluster::several_lines::any_of;
    broken.speaks = cluster::dialect::openbao;
    broken.replay_lag = std::chrono::seconds(1); // the nodes claim what their readers cannot see yet
    broken.stores = cluster::storage::postgresql;
    cluster::http_server server(broken);
    auto const done = run(at(server, {"--policy", "retry", "--reads", "20", "--clients", "4"}));
    CHECK(done.status == probe::status_stale);
    CHECK(says(done.err, "promises consistency"));
    CHECK(says(done.out, "retry"));
    CHECK(run(at(server, {"--policy", "none", "--reads", "5"})).status == probe::status_ran);
}

TEST_CASE("what is in the way is status 2, with a sentence that says what to do")
{
    auto const refused = [](arguments const& given, std::string const& words) {
        auto const done = run(given);
        CHECK(done.status == probe::status_unusable);
        CHECK_MESSAGE(says(done.err, words), done.err);
        CHECK(!says(done.err, "root"));
    };
    refused({"--reads", "x"}, "whole number");
    refused({"--json", "/nowhere/at/all.json"}, "cannot be written");
    refused({"--address", "http://127.0.0.1:1", "--token", "root"}, "cannot be reached");

    cluster::http_server server(lagging());
    refused(at(server, {"--mount", "nowhere"}), "no mount nowhere");
    refused(at(server, {"--policy", "await"}), "leave it out");
    refused(at(server, {"--dialect", "openbao"}), "correct --dialect");
    refused({"--address", server.address(0), "--token", "wrong"}, "not permitted to write");
    refused({"--address", server.address(0), "--token", token_with(server, R"("create", "update")")},
            "not permitted to read");
    refused({"--address", server.address(0), "--token", token_with(server, R"("create", "update", "read")")},
            "not permitted to delete");
    ask(server, "PUT", "/v1/secret/afterwrite-probe-5/x", R"({"v":"1"})");
    refused(at(server, {"--seed", "5"}), "another --seed");
    server.with_model(
        [](cluster::model& model, cluster::nanoseconds now) { model.seal(0, now, now * 1000); });
    refused({"--address", server.address(0), "--token", "root"}, "sealed");
}

TEST_CASE("a cluster without an index is measured, and said to have none")
{
    cluster::settings settings = lagging(cluster::dialect::openbao);
    settings.stores = cluster::storage::other;
    settings.performance_standbys = 0;
    cluster::http_server server(settings);
    auto const done = run(at(server, {"--policy", "none", "--policy", "retry", "--reads", "5"}));
    CHECK_MESSAGE(done.status == probe::status_ran, done.err);
    CHECK(says(done.out, "answer no X-Vault-Index"));
}

TEST_CASE("Ctrl-C ends it early, and the keys are removed")
{
    cluster::settings slow = lagging();
    slow.lag = *cluster::parse_lag("constant:10s").spec;
    cluster::http_server server(slow);
    std::jthread const interrupting([&server] {
        while (is_empty(server, "secret"))
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        std::this_thread::sleep_for(std::chrono::milliseconds(200)); // all clients are waiting by now
        std::raise(SIGINT);
    });
    auto const begin = std::chrono::steady_clock::now();
    auto const done = run(at(server, {"--policy", "retry", "--reads", "20", "--clients", "4"}));
    CHECK(done.status == probe::status_interrupted);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
    CHECK(is_empty(server, "secret"));
}
