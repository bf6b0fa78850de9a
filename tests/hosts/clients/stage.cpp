// SPDX-License-Identifier: BSL-1.0
#include "stage.hpp"

#include "cluster/lag.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace clients {

namespace {

cluster::settings settings_of(cluster::dialect speaks)
{
    cluster::settings chosen;
    chosen.speaks = speaks;
    chosen.lag = *cluster::parse_lag("constant:100ms").spec;
    chosen.mounts = {"kv"};
    chosen.versioned_mounts = {"versions"};
    chosen.users = {{"alice", "secret", {"everything"}}};
    chosen.consistent_tokens = true;
    return chosen;
}

proxy::settings settings_of(lagging_cluster const& behind, afterwrite::proxy_scope scope,
                            std::vector<std::string> nodes)
{
    proxy::settings chosen;
    chosen.listeners.push_back({.address = "127.0.0.1:0"});
    chosen.upstream.address = behind.standby();
    chosen.upstream.nodes = std::move(nodes);
    chosen.policy.consistency.enforce = afterwrite::enforce_consistency::always;
    chosen.policy.consistency.when = afterwrite::when_inconsistent::retry_then_forward;
    chosen.policy.scope = scope;
    chosen.log.level = proxy::log_level::error;
    return chosen;
}

std::string read_all(int from)
{
    std::string text;
    std::array<char, 4096> part{};
    while (auto const size = ::read(from, part.data(), part.size())) {
        if (size < 0)
            throw std::runtime_error("The pipe cannot be read.");
        text.append(part.data(), static_cast<std::size_t>(size));
    }
    return text;
}

} // namespace

lagging_cluster::lagging_cluster(cluster::dialect speaks) : nodes_(settings_of(speaks))
{
    write("sys/policies/acl/everything",
          R"({"policy":"path \"*\" { capabilities = )"
          R"([\"create\",\"read\",\"update\",\"delete\",\"list\",\"sudo\"] }"})");
}

std::vector<std::string> lagging_cluster::nodes() const
{
    std::vector<std::string> all;
    for (std::size_t node = 0; node < nodes_.node_count(); ++node)
        all.push_back(nodes_.address(node));
    return all;
}

bool lagging_cluster::has_lagged()
{
    auto const seen = nodes_.counters(1);
    return seen.refused + seen.held > 0;
}

std::string lagging_cluster::make_token()
{
    auto const answer = write("auth/token/create", R"({"policies":["everything"]})");
    return nlohmann::json::parse(answer.body)["auth"]["client_token"];
}

cluster::response lagging_cluster::write(std::string const& path, std::string body)
{
    cluster::request const asked{"POST", "/v1/" + path, {{"X-Vault-Token", "root"}}, std::move(body)};
    cluster::response answer;
    nodes_.with_model([&](cluster::model& model, cluster::nanoseconds now) {
        answer = model.handle(0, asked, now).answer;
        model.drop_lag(now);
    });
    if (answer.status >= 300)
        throw std::runtime_error("The cluster says: " + answer.body);
    return answer;
}

front::front(lagging_cluster const& behind, afterwrite::proxy_scope scope, std::vector<std::string> nodes)
    : log_({.level = proxy::log_level::error}), server_(settings_of(behind, scope, std::move(nodes)), log_)
{}

nlohmann::json run(std::string_view program, std::vector<std::string> arguments)
{
    auto path = std::string(AFTERWRITE_SOURCE_DIR "/tests/hosts/clients/").append(program);
    std::string python = AFTERWRITE_PYTHON;
    std::vector<char*> words{python.data(), path.data()};
    for (auto& argument : arguments)
        words.push_back(argument.data());
    words.push_back(nullptr);

    ::setenv("no_proxy", "127.0.0.1", 1); // the machine's own proxy, if it has one, is not for these
    int ends[2];
    if (::pipe(ends) != 0)
        throw std::runtime_error("There is no pipe to be had.");
    auto const child = ::fork();
    if (child == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::execv(words[0], words.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    auto const printed = read_all(ends[0]);
    ::close(ends[0]);
    int status = 0;
    if (child < 0 || ::waitpid(child, &status, 0) != child || status != 0)
        throw std::runtime_error(path + " failed: " + std::to_string(status));
    return nlohmann::json::parse(printed);
}

} // namespace clients
