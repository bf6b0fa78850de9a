// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "probe/run.hpp"

#include "cluster/http_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace probe_tests {

using arguments = std::vector<std::string>;

struct ended {
    int status = -1;
    std::string out;
    std::string err;
};

inline ended run(arguments const& given, std::map<std::string, std::string> const& set = {})
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

inline bool says(std::string const& text, std::string const& words)
{
    return text.find(words) != std::string::npos;
}

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
inline std::map<std::string, nlohmann::json> measure(arguments given, int expected_status = probe::status_ran)
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

inline cluster::settings lagging(cluster::dialect form = cluster::dialect::vault)
{
    cluster::settings settings;
    settings.speaks = form;
    settings.lag = *cluster::parse_lag("constant:30ms").spec;
    settings.allow_forwarding_via_header = true;
    return settings;
}

/// Nothing lands at its standbys until `catch_up`.
inline cluster::settings never_in_sync(cluster::dialect form = cluster::dialect::vault)
{
    auto settings = lagging(form);
    settings.lag = *cluster::parse_lag("constant:1h").spec;
    return settings;
}

inline void catch_up(cluster::http_server& server)
{
    server.with_model([](cluster::model& model, cluster::nanoseconds now) {
        model.set_lag(lagging().lag);
        model.drop_lag(now);
    });
}

/// How often the standbys 1 and 2 have refused a request for its index.
inline std::uint64_t refusals(cluster::http_server& server)
{
    return server.counters(1).refused + server.counters(2).refused;
}

inline arguments at(cluster::http_server const& server, arguments more = {})
{
    for (std::size_t node = 0; node < server.node_count(); ++node)
        more.insert(more.end(), {"--address", server.address(node)});
    more.insert(more.end(), {"--token", "root"});
    return more;
}

inline cluster::response ask(cluster::http_server& server, std::string method, std::string target,
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
inline bool is_empty(cluster::http_server& server, std::string const& mount)
{
    return ask(server, "LIST", "/v1/" + mount + "/").status == 404;
}

/// A token that may do this at every path of the mount `secret`.
inline std::string token_with(cluster::http_server& server, std::string const& capabilities)
{
    nlohmann::json const policy = {{"policy", "path \"secret/*\" { capabilities = [" + capabilities + "] }"}};
    REQUIRE(ask(server, "PUT", "/v1/sys/policies/acl/some", policy.dump()).status < 300);
    auto const made = ask(server, "POST", "/v1/auth/token/create", R"({"policies":["some"]})");
    REQUIRE(made.status == 200);
    return nlohmann::json::parse(made.body)["auth"]["client_token"];
}

} // namespace probe_tests
