// SPDX-License-Identifier: BSL-1.0

// No OpenBao: a stand-in with its command line, so that what starts and checks one can be tested without it.
// Behind it is the cluster of the tests (tests/cluster). `stand_in host [--lag SPEC] [--no-index] COMMAND...`
// holds the cluster and runs the command; in there, `stand_in server -config=FILE` is one node's door to it.
// It shows that the commands come in the right order, and how the checks take right and wrong answers; it
// shows nothing of raft: its nodes need not reach each other, and its lag is the model's.
#include "cluster/http_server.hpp"
#include "cluster/lag.hpp"

#include <httplib.h>
#include <nlohmann/json.hpp>

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using nlohmann::json;

constexpr char const* variable = "AFTERWRITE_STAND_IN"; // where the host is reached
constexpr std::string_view unseal_key = "a key of the stand-in";

void say(httplib::Response& answer, int status, json const& body)
{
    answer.status = status;
    answer.set_content(body.dump(), "application/json");
}

json errors(std::string const& text) { return {{"errors", json::array({text})}}; }

/// What the doors ask of the host: which of them leads, and where the nodes are.
class host {
public:
    explicit host(cluster::settings const& chosen) : nodes_(chosen)
    {
        doors_.resize(nodes_.node_count());
        control_.Post("/register", [this](httplib::Request const& asked, httplib::Response& answer) {
            auto const node = node_of(asked);
            auto const address = asked.get_param_value("address");
            std::scoped_lock const held(lock_);
            doors_.at(node) = address;
            nodes_.with_model(
                [&](cluster::model& model, cluster::nanoseconds) { model.set_address(node, address); });
            answer.set_content(nodes_.address(node), "text/plain");
        });
        control_.Post("/init", [this](httplib::Request const&, httplib::Response& answer) {
            answer.status = is_initialised_.exchange(true) ? 400 : 200;
        });
        control_.Get("/init", [this](httplib::Request const&, httplib::Response& answer) {
            answer.status = is_initialised_ ? 200 : 404;
        });
        control_.Post("/elect",
                      [this](httplib::Request const& asked, httplib::Response&) { elect(node_of(asked)); });
        control_.Post("/look",
                      [this](httplib::Request const& asked, httplib::Response&) { look(node_of(asked)); });
        port_ = control_.bind_to_any_port("127.0.0.1");
        thread_ = std::thread([this] { control_.listen_after_bind(); });
    }
    ~host()
    {
        control_.stop();
        thread_.join();
    }
    host(host const&) = delete;
    host& operator=(host const&) = delete;

    [[nodiscard]] std::string address() const { return "http://127.0.0.1:" + std::to_string(port_); }

private:
    static std::size_t node_of(httplib::Request const& asked)
    {
        return std::stoul(asked.get_param_value("node"));
    }

    void elect(std::size_t node)
    {
        nodes_.with_model([&](cluster::model& model, cluster::nanoseconds now) {
            model.elect(node, now, std::chrono::milliseconds(50));
        });
    }

    /// The node that asks takes over if the active one's door does not answer, or is sealed.
    void look(std::size_t node)
    {
        std::optional<std::size_t> active;
        nodes_.with_model(
            [&](cluster::model& model, cluster::nanoseconds now) { active = model.active(now); });
        if (!active || *active == node)
            return;
        std::string door;
        {
            std::scoped_lock const held(lock_);
            door = doors_[*active];
        }
        auto const answer = httplib::Client(door).Get("/v1/sys/seal-status");
        if (!answer || json::parse(answer->body).value("sealed", true))
            elect(node);
    }

    cluster::http_server nodes_;
    std::mutex lock_;
    std::vector<std::string> doors_;
    std::atomic<bool> is_initialised_ = false;
    httplib::Server control_;
    int port_ = 0;
    std::thread thread_;
};

/// One node's door: what belongs to the process it does itself, everything else the cluster does.
class door {
public:
    explicit door(std::string const& file) : host_(std::getenv(variable))
    {
        std::ifstream config(file);
        std::string const text{std::istreambuf_iterator<char>(config), {}};
        node_ = std::stoul(behind(text, "node_id = \"node-")) - 1;
        address_ = behind(text, "\napi_addr = \"");
        must_join_ = text.find("retry_join") != std::string::npos;
        auto const inner = httplib::Client(host_).Post(
            "/register?node=" + std::to_string(node_) + "&address=" + address_, "", "text/plain");
        inner_ = inner ? inner->body : std::string();
    }

    int serve()
    {
        httplib::Server server;
        server.new_task_queue = [] { return new httplib::ThreadPool(32); };
        server.set_keep_alive_max_count(1); // a connection that is kept would keep its thread as well
        server.set_tcp_nodelay(true);
        auto const all = [this](httplib::Request const& asked, httplib::Response& answer) {
            take(asked, answer);
        };
        server.Get(".*", all).Post(".*", all).Put(".*", all).Delete(".*", all);
        auto const colon = address_.rfind(':');
        return server.listen("127.0.0.1", std::stoi(address_.substr(colon + 1))) ? 0 : 1;
    }

private:
    /// What stands behind `words`, up to the next quote.
    static std::string behind(std::string const& text, std::string const& words)
    {
        auto const begin = text.find(words);
        if (begin == std::string::npos)
            throw std::runtime_error("the configuration lacks " + words);
        return text.substr(begin + words.size(), text.find('"', begin + words.size()) - begin - words.size());
    }

    bool is_initialised() { return httplib::Client(host_).Get("/init")->status == 200; }
    void tell_host(std::string const& what)
    {
        httplib::Client(host_).Post("/" + what + "?node=" + std::to_string(node_), "", "text/plain");
    }

    void take(httplib::Request const& asked, httplib::Response& answer)
    {
        auto const& path = asked.path;
        bool const is_known = is_initialised() && !must_join_;
        if (path == "/v1/sys/seal-status")
            return say(answer, 200,
                       {{"type", "shamir"}, {"initialized", is_known}, {"sealed", is_sealed_.load()}});
        if (path == "/v1/sys/init") {
            if (must_join_ || httplib::Client(host_).Post("/init", "", "text/plain")->status != 200)
                return say(answer, 400, errors("Vault is already initialized"));
            return say(answer, 200, {{"keys_base64", {unseal_key}}, {"root_token", "root"}});
        }
        if (path == "/v1/sys/unseal")
            return unseal(asked, answer);
        if (is_sealed_)
            return say(answer, 503, errors("Vault is sealed"));
        if (path == "/v1/sys/auth/userpass") // the cluster has it from the beginning
            return void(answer.status = 204);
        if (path == "/v1/sys/step-down") {
            auto const next = std::to_string((node_ + 1) % 3);
            httplib::Client(host_).Post("/elect?node=" + next, "", "text/plain");
            return void(answer.status = 204);
        }
        if (path == "/v1/sys/storage/raft/configuration") {
            json const voter = {{"voter", true}};
            return say(answer, 200, {{"data", {{"config", {{"servers", {voter, voter, voter}}}}}}});
        }
        if (path == "/v1/sys/leader")
            tell_host("look");
        pass_on(asked, answer);
    }

    void unseal(httplib::Request const& asked, httplib::Response& answer)
    {
        auto const body = json::parse(asked.body, nullptr, false);
        if (!is_initialised() ||
            must_join_.exchange(false)) // it joins now, and can be unsealed the next time
            return say(answer, 400, errors("Vault is not initialized"));
        if (!body.is_object() || body.value("key", "") != unseal_key)
            return say(answer, 400, errors("no unseal key of this cluster"));
        is_sealed_ = false;
        say(answer, 200, {{"sealed", false}});
    }

    void pass_on(httplib::Request const& asked, httplib::Response& answer)
    {
        httplib::Request next;
        next.method = asked.method;
        next.path = asked.target;
        next.body = asked.body;
        for (auto const& [name, value] : asked.headers)
            if (name.starts_with("X-Vault-"))
                next.headers.emplace(name, value);
        httplib::Client inner(inner_);
        inner.set_tcp_nodelay(true);
        auto const got = inner.send(next);
        if (!got)
            return say(answer, 500, errors("the cluster does not answer"));
        answer.status = got->status;
        answer.body = got->body;
        for (auto const& [name, value] : got->headers)
            if (name != "Content-Length" && name != "Connection")
                answer.headers.emplace(name, value);
    }

    std::string host_;
    std::string address_;
    std::string inner_;
    std::size_t node_ = 0;
    std::atomic<bool> must_join_ = false;
    std::atomic<bool> is_sealed_ = true;
};

/// Runs the command, which ends with this process; returns its exit status.
int run(std::vector<std::string> words)
{
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    auto const process = ::fork();
    if (process == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::execvp(arguments.front(), arguments.data());
        ::_exit(127);
    }
    int status = 0;
    return process > 0 && ::waitpid(process, &status, 0) == process && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                                         : 125;
}

int host_and_run(std::vector<std::string> words)
{
    cluster::settings chosen;
    chosen.speaks = cluster::dialect::openbao;
    chosen.mounts = {};
    chosen.consistency_max_index_wait = std::chrono::seconds(2);
    chosen.lag = *cluster::parse_lag("constant:40ms").spec;
    while (!words.empty() && words.front().starts_with("--")) {
        if (words.front() == "--no-index") {
            chosen.stores = cluster::storage::other;
        } else {
            words.erase(words.begin());
            chosen.lag = cluster::parse_lag(words.at(0)).spec.value();
        }
        words.erase(words.begin());
    }
    host const all(chosen);
    ::setenv(variable, all.address().c_str(), 1);
    return run(std::move(words));
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> const words(argv + (argc > 0 ? 1 : 0), argv + argc);
    constexpr std::string_view config = "-config=";
    try {
        if (words.size() == 1 && words[0] == "version") {
            std::cout << "OpenBao v2.7.0 (stand-in), of afterwrite's tests\n";
            return 0;
        }
        if (words.size() == 2 && words[0] == "server" && words[1].starts_with(config))
            return door(words[1].substr(config.size())).serve();
        if (words.size() > 1 && words[0] == "host")
            return host_and_run({words.begin() + 1, words.end()});
    } catch (std::exception const& error) {
        std::cerr << "stand_in: " << error.what() << "\n";
        return 1;
    }
    std::cerr
        << "usage: stand_in version | server -config=FILE | host [--lag SPEC] [--no-index] COMMAND...\n";
    return 2;
}
