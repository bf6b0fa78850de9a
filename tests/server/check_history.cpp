// SPDX-License-Identifier: BSL-1.0
#include "server/checks.hpp"

#include "history/checker.hpp"
#include "history/history.hpp"
#include "probe/interrupt.hpp"

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/transport/send.hpp>
#include <afterwrite/wire/field_names.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <mutex>
#include <optional>
#include <random>
#include <sstream>
#include <string_view>
#include <thread>
#include <vector>

namespace server {

namespace {

using afterwrite::reason;
using nlohmann::json;
using shared_view = afterwrite::shared_replication_view<std::mutex>;

// Impatient, so that more is asked while nodes are away.
constexpr afterwrite::consistency_policy policy{
    .limit = {.timeout = std::chrono::seconds(5)},
    .repeat_wait = {.first = std::chrono::milliseconds(50), .longest = std::chrono::milliseconds(400)}};

constexpr std::size_t session_count = 6;
constexpr std::size_t key_count = 5;

/// The history, and what is counted of it: by several threads.
class record {
public:
    std::uint64_t begin_write(std::string const& session, std::string const& key, std::string const& value)
    {
        std::scoped_lock const held(lock_);
        return out_.invoke_write(now(), session, key, value);
    }
    std::uint64_t begin_read(std::string const& session, std::string const& key)
    {
        std::scoped_lock const held(lock_);
        return out_.invoke_read(now(), session, key);
    }
    void end_write(std::string const& session, std::uint64_t number, history::version at, bool has_index)
    {
        std::scoped_lock const held(lock_);
        without_index_ += has_index ? 0 : 1;
        out_.return_write(now(), session, number, at);
    }
    void end_read(std::string const& session, std::uint64_t number, history::version at,
                  std::string_view value, history::promise given)
    {
        std::scoped_lock const held(lock_);
        out_.return_read(now(), session, number, at, value, given);
    }
    /// `seen` is what `send` returned.
    template <class Outcome>
    void lost(std::string const& session, std::uint64_t number, Outcome const& seen)
    {
        std::scoped_lock const held(lock_);
        out_.comment(seen.response
                         ? std::to_string(seen.response->status) + " " + seen.response->body.substr(0, 80)
                         : std::string(seen.response.what()));
        out_.comment(to_string(seen.last.why));
        out_.lost(now(), session, number);
    }

    /// Once the threads have ended.
    [[nodiscard]] std::string text() const { return text_.str(); }
    [[nodiscard]] std::size_t without_index() const noexcept { return without_index_; }

private:
    static std::uint64_t now()
    {
        return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
    }

    std::mutex lock_;
    std::ostringstream text_;
    history::writer out_{text_};
    std::size_t without_index_ = 0;
};

/// The member of a JSON text where `path` leads, if it is there.
template <class T>
std::optional<T> member(std::string const& text, std::string const& path)
{
    auto const body = json::parse(text, nullptr, false);
    json::json_pointer const where(path);
    if (body.is_discarded() || !body.contains(where))
        return std::nullopt;
    return body.at(where).get<T>();
}

/// One caller: its session, and a connection to each node. One thread.
class caller {
public:
    caller(nodes const& cluster, std::size_t number, shared_view& view, record& into)
        : cluster_(cluster), name_("s" + std::to_string(number)), view_(view), into_(into),
          random_(static_cast<std::uint32_t>(number))
    {
        for (std::size_t i = 0; i < cluster.count(); ++i)
            connections_.push_back(cluster.connect(i));
    }

    void step()
    {
        auto const key = std::to_string(random_() % key_count);
        auto& connection = *connections_[random_() % connections_.size()];
        if (random_() % 3 == 0)
            write(connection, key);
        else
            read(connection, key);
    }

private:
    // Version 2 of KV numbers the writes of each key: so each key is a log.
    static std::string log_of(std::string const& key) { return "key" + key + "/" + key; }
    static std::string path_of(std::string const& key) { return "versions/data/history-" + key; }

    void write(afterwrite::curl_transport& connection, std::string const& key)
    {
        auto const value = name_ + "." + std::to_string(++writes_);
        auto const body = R"({"data":{"v":")" + value + R"("}})";
        auto asked = nodes::request(cluster_.token(), "POST", path_of(key), body);
        auto const number = into_.begin_write(name_, log_of(key), value);
        auto const seen =
            afterwrite::send(connection, asked, session_, view_, policy, probe::interruptible_wait{});
        auto const at = is_served(seen.response) ? member<std::uint64_t>(seen.response->body, "/data/version")
                                                 : std::nullopt;
        if (seen.last.why != reason::answered || !at)
            return into_.lost(name_, number,
                              seen); // a 5xx, or nothing: it may have been executed all the same
        into_.end_write(name_, number, {1, *at}, has_index(seen.response));
    }

    void read(afterwrite::curl_transport& connection, std::string const& key)
    {
        auto asked = nodes::request(cluster_.token(), "GET", path_of(key));
        auto const number = into_.begin_read(name_, log_of(key));
        auto const seen =
            afterwrite::send(connection, asked, session_, view_, policy, probe::interruptible_wait{});
        auto const given = has_index(seen.response) ? history::promise::full : history::promise::unbinding;
        if (seen.last.why != reason::answered || !seen.response)
            return into_.lost(name_, number, seen);
        auto const& body = seen.response->body;
        auto const at =
            is_served(seen.response) ? member<std::uint64_t>(body, "/data/metadata/version") : std::nullopt;
        auto const value = at ? member<std::string>(body, "/data/data/v") : std::nullopt;
        if (value)
            return into_.end_read(name_, number, {1, *at}, *value, given);
        if (seen.response->status == 404)
            return into_.end_read(name_, number, {}, history::nothing, given);
        into_.lost(name_, number, seen);
    }

    static bool is_served(afterwrite::curl_reply const& reply) { return reply && reply->status == 200; }
    static bool has_index(afterwrite::curl_reply const& reply)
    {
        return reply && !reply->head.field(afterwrite::field_names::index).empty();
    }

    nodes const& cluster_;
    std::string name_;
    shared_view& view_;
    record& into_;
    std::mt19937 random_;
    std::uint64_t writes_ = 0;
    afterwrite::session session_{};
    std::vector<std::unique_ptr<afterwrite::curl_transport>> connections_{};
};

/// Callers in threads of their own, as long as this object lives.
class crowd {
public:
    crowd(nodes const& cluster, record& into)
    {
        view_.with([&](afterwrite::replication_view& view) {
            view = afterwrite::replication_view(afterwrite::dialect::openbao);
            for (std::size_t i = 0; i < cluster.count(); ++i)
                static_cast<void>(view.add_node(cluster.address(i)));
        });
        declare_active(cluster);
        for (std::size_t number = 0; number < session_count; ++number)
            threads_.emplace_back([this, &cluster, &into, number](std::stop_token const& stop) {
                caller one(cluster, number, view_, into);
                while (!stop.stop_requested() && !probe::interrupt_guard::is_asked_to_stop()) {
                    one.step();
                    ++operations_;
                }
            });
    }

    /// To be told anew after each failover: OpenBao's nodes do not forward but to spare a refusal, so this is
    /// the way to the active node, which alone may answer after a write whose answer was lost.
    void declare_active(nodes const& cluster)
    {
        view_.with([&](afterwrite::replication_view& view) {
            static_cast<void>(view.set_active_address(cluster.address(cluster.active())));
        });
    }

    [[nodiscard]] std::size_t operations() const noexcept { return operations_; }

private:
    shared_view view_{};
    std::atomic<std::size_t> operations_ = 0;
    std::vector<std::jthread> threads_{};
};

} // namespace

void check_history(nodes& cluster, findings& into, std::size_t operations, std::string const& file)
{
    record seen;
    {
        crowd callers(cluster, seen);
        std::size_t goal = 0;
        auto const go_on = [&] { // a fifth more of the operations
            callers.declare_active(cluster);
            goal = std::max(goal, callers.operations()) + operations / 5;
            cluster.wait_until("the callers go on", [&] { return callers.operations() >= goal; });
        };
        go_on();
        cluster.step_down();
        into.tell("        the active node has stepped down; active now is " +
                  cluster.address(cluster.active()));
        go_on();
        auto const follower = cluster.slow();
        cluster.kill(follower);
        go_on();
        cluster.restart(follower);
        into.tell("        a standby was killed and came back");
        go_on();
        auto const leader = cluster.active();
        cluster.kill(leader);
        into.tell("        the active node was killed; active now is " + cluster.address(cluster.active()));
        go_on();
        cluster.restart(leader);
        go_on();
    }
    auto const text = seen.text();
    std::ofstream(file) << text;
    auto const read = history::parse(text);
    into.check(!read.error, "The history is well formed",
               read.error ? std::string(to_string(read.error->fault)) : "");
    auto const found = history::check(read.read);
    std::string const counts = std::to_string(found.writes) + " writes, of which " +
                               std::to_string(found.acknowledged) + " acknowledged; " +
                               std::to_string(found.reads) + " reads, of which " +
                               std::to_string(found.answered) + " answered";
    into.check(found.acknowledged * 2 > found.writes && found.answered * 2 > found.reads,
               "Most operations are answered, though nodes come and go", counts);
    into.check(seen.without_index() == 0, "Each acknowledged write has an index",
               std::to_string(seen.without_index()) + " have none");
    using history::guarantee;
    for (auto const each : {guarantee::real_writes, guarantee::read_your_writes, guarantee::monotonic_reads,
                            guarantee::monotonic_writes, guarantee::writes_follow_reads}) {
        std::string witness;
        for (auto const& one : found.findings)
            if (one.broken == each && witness.empty())
                witness = "line " + std::to_string(one.line) + " of " + file + ": " + one.witness;
        into.check(witness.empty(), "The sessions keep: " + std::string(history::to_string(each)), witness);
    }
}

} // namespace server
