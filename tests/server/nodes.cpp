// SPDX-License-Identifier: BSL-1.0
#include "server/nodes.hpp"

#include "probe/interrupt.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>

namespace server {

namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t size_of_cluster = 3;

// A node that joined gets a vote after ten seconds; everything else is faster. Slow machines may take longer.
constexpr auto patience = std::chrono::seconds(90);
constexpr auto between_questions = std::chrono::milliseconds(20);
constexpr auto between_unseals = std::chrono::milliseconds(300);

constexpr long connect_timeout_ms = 2000;
constexpr long request_timeout_ms = 15000;

/// Ports of 127.0.0.1 that nobody has, below those that systems give to outgoing connections: until a node
/// listens, one of those might take its port.
std::vector<unsigned short> free_ports(std::size_t count)
{
    using boost::asio::ip::tcp;
    constexpr unsigned short first = 20000;
    constexpr unsigned short range = 10000;
    boost::asio::io_context loop;
    std::vector<unsigned short> ports;
    auto next = static_cast<unsigned>(::getpid()) * 16; // several of these programs shall not meet
    for (unsigned tries = 0; ports.size() < count && tries < range; ++tries) {
        auto const port = static_cast<unsigned short>(first + next++ % range);
        tcp::acceptor probe(loop, tcp::v4());
        boost::system::error_code error;
        probe.bind({boost::asio::ip::address_v4::loopback(), port}, error);
        if (!error)
            ports.push_back(port);
    }
    if (ports.size() < count)
        throw std::runtime_error("There are no ports to be had.");
    return ports;
}

/// The body as JSON, if there is an answer of 2xx that has one.
std::optional<json> data_of(afterwrite::curl_reply const& reply)
{
    if (!reply || reply->status < 200 || reply->status > 299)
        return std::nullopt;
    auto body = json::parse(reply->body, nullptr, false);
    return body.is_object() ? std::optional{std::move(body)} : std::nullopt;
}

std::string words_of(afterwrite::curl_reply const& reply)
{
    return reply ? std::to_string(reply->status) + " " + reply->body.substr(0, 300) : reply.what();
}

} // namespace

nodes::nodes(std::string program, fs::path folder, std::chrono::milliseconds lag)
    : program_(std::move(program)), folder_(std::move(folder)), lag_(lag), children_(size_of_cluster)
{
    auto const ports = free_ports(2 * size_of_cluster);
    for (std::size_t i = 0; i < size_of_cluster; ++i) {
        auto const name = "node-" + std::to_string(i + 1);
        relays_.push_back(std::make_unique<relay>(ports[2 * i + 1]));
        places_.push_back({name, folder_ / name, ports[2 * i], ports[2 * i + 1], relays_.back()->port()});
    }
    try {
        for (std::size_t i = 0; i < size_of_cluster; ++i) {
            fs::create_directories(places_[i].folder / "data");
            std::ofstream(places_[i].folder / "node.hcl") << configuration_of(places_, i);
            start(i);
        }
        initialise();
    } catch (...) {
        children_.clear();
        fs::remove_all(folder_);
        throw;
    }
}

nodes::~nodes()
{
    children_.clear(); // before their folder
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

void nodes::start(std::size_t node)
{
    auto const& where = places_[node];
    children_[node] = std::make_unique<child>(
        std::vector{program_, std::string("server"), "-config=" + (where.folder / "node.hcl").string()},
        where.folder / "log");
    wait_until(where.name + " answers", [&] { return bool(ask(node, "GET", "sys/seal-status")); });
}

void nodes::initialise()
{
    auto const answer = ask(0, "POST", "sys/init", R"({"secret_shares":1,"secret_threshold":1})");
    auto const made = data_of(answer);
    if (!made)
        throw std::runtime_error("The cluster cannot be initialised: " + words_of(answer) + ends_of_logs());
    key_ = made->at("keys_base64").at(0).get<std::string>();
    token_ = made->at("root_token").get<std::string>();
    unseal(0);
    wait_until("node-1 is active", [&] { return data_of(ask(0, "GET", "sys/health")).has_value(); });
    for (std::size_t i = 1; i < count(); ++i)
        unseal(i);
    wait_until("all nodes have a vote", [&] { return has_voters(); });
    find_active();
}

void nodes::unseal(std::size_t node)
{
    auto const body = json{{"key", key_}}.dump();
    // A node that has not found the others yet has nothing to unseal, and says so; it finds them by itself.
    // One that has needs a moment to join them, and shall not be told meanwhile.
    auto next = std::chrono::steady_clock::now();
    wait_until(places_[node].name + " is unsealed", [&] {
        auto const status = data_of(ask(node, "GET", "sys/seal-status"));
        if (status && status->value("initialized", false) && !status->value("sealed", true))
            return true;
        if (std::chrono::steady_clock::now() >= next) {
            ask(node, "POST", "sys/unseal", body);
            next = std::chrono::steady_clock::now() + between_unseals;
        }
        return false;
    });
    wait_until(places_[node].name + " serves requests",
               [&] { return data_of(ask(node, "GET", "sys/health?standbyok=true")).has_value(); });
}

bool nodes::has_voters() const
{
    auto const answer = data_of(ask(active_, "GET", "sys/storage/raft/configuration"));
    if (!answer)
        return false;
    auto const servers = answer->at("data").at("config").at("servers");
    std::size_t voters = 0;
    for (auto const& each : servers)
        voters += each.value("voter", false) ? 1 : 0;
    return voters == count();
}

void nodes::find_active()
{
    wait_until("a node is active and the others that run know it", [&] {
        std::optional<std::string> found;
        for (std::size_t i = 0; i < count(); ++i) {
            if (!children_[i])
                continue;
            auto const status = data_of(ask(i, "GET", "sys/leader"));
            auto const named = status ? status->value("leader_address", std::string()) : std::string();
            if (named.empty() || (found && *found != named))
                return false;
            found = named;
        }
        for (std::size_t i = 0; i < count(); ++i)
            if (found == places_[i].address() && children_[i]) {
                active_ = i;
                return data_of(ask(i, "GET", "sys/health")).has_value(); // 200: it is active, and knows it
            }
        return false;
    });
    slow_ = (active_ + 1) % count();
    if (!children_[slow_])
        slow_ = (active_ + 2) % count();
    for (std::size_t i = 0; i < count(); ++i)
        relays_[i]->set_delay(i == slow_ ? lag_ : std::chrono::milliseconds(0), {});
}

void nodes::step_down()
{
    auto const answer = ask(active_, "POST", "sys/step-down");
    if (!answer || answer->status != 204)
        throw std::runtime_error("The active node does not step down: " + words_of(answer));
    find_active();
}

void nodes::kill(std::size_t node)
{
    children_[node].reset();
    find_active();
}

void nodes::restart(std::size_t node)
{
    start(node);
    unseal(node);
    find_active();
}

std::unique_ptr<afterwrite::curl_transport> nodes::connect(std::size_t node) const
{
    auto made = std::make_unique<afterwrite::curl_transport>(address(node));
    curl_easy_setopt(made->handle(), CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(made->handle(), CURLOPT_TIMEOUT_MS, request_timeout_ms);
    curl_easy_setopt(made->handle(), CURLOPT_PROXY, ""); // the environment's is not for loopback
    return made;
}

afterwrite::curl_request nodes::request(std::string_view token, std::string_view method,
                                        std::string_view path, std::string_view body)
{
    afterwrite::curl_request made{.method = std::string(method), .path = "/v1/" + std::string(path)};
    made.body = body;
    if (!token.empty())
        made.fields.set("X-Vault-Token", token);
    return made;
}

afterwrite::curl_reply nodes::ask(std::size_t node, std::string_view method, std::string_view path,
                                  std::string_view body) const
{
    auto asked = request(token_, method, path, body);
    return (*connect(node))(asked, {});
}

void nodes::set_up(std::string_view path, std::string_view body)
{
    std::string said;
    wait_until("POST " + std::string(path) + " is answered", [&] {
        auto const answer = ask(active_, "POST", path, body);
        said = words_of(answer);
        if (answer && answer->status >= 400 && answer->status <= 499 && answer->status != 429)
            throw std::runtime_error("POST " + std::string(path) + " is refused: " + said);
        return answer && answer->status <= 299;
    });
}

void nodes::wait_until(std::string const& what, std::function<bool()> const& is_so)
{
    auto const end = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
        if (probe::interrupt_guard::is_asked_to_stop())
            throw interrupted{};
        for (std::size_t i = 0; i < children_.size(); ++i)
            if (children_[i] && !children_[i]->is_running())
                throw std::runtime_error(places_[i].name + " has ended by itself." + ends_of_logs());
        if (std::chrono::steady_clock::now() > end)
            throw std::runtime_error("It did not come about that " + what + "." + ends_of_logs());
        std::this_thread::sleep_for(between_questions);
    }
}

std::string nodes::ends_of_logs() const
{
    constexpr std::size_t most = 2000;
    std::string text;
    for (auto const& each : places_) {
        std::ifstream file(each.folder / "log");
        std::string const log{std::istreambuf_iterator<char>(file), {}};
        text += "\n--- the end of the log of " + each.name + ":\n";
        text += log.substr(log.size() > most ? log.size() - most : 0);
    }
    return text;
}

} // namespace server
