// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility> // before Asio, some versions of which lack it

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace proxy_tests {

/// What became of the requests of a crowd.
struct crowd_counts {
    std::size_t writes = 0;
    std::size_t reads = 0;
    std::size_t stale = 0;   ///< reads that were answered without what had to be in them
    std::size_t refused = 0; ///< 412 and 429
    std::size_t failed = 0;  ///< any other answer that is no success
    std::string failure{};   ///< one of them
    double read_ms_p50 = 0;
    double read_ms_p99 = 0;
};

/// Clients as others write them, on plain Beast, which know nothing of consistency. Each keeps its connection
/// alive, and logs in with a name of its own, `user-N`, and the password `password`.
struct crowd_plan {
    std::string address; ///< `http://127.0.0.1:PORT`
    std::size_t identities = 200;
    std::size_t rounds = 50; ///< of each: a write, and at once a read of the same key

    /// Of the identities so many only write, and the others only read, a key of their own that nobody writes
    /// any more. 0: all do both.
    std::size_t writers = 0;

    /// So many of them go through a round at a time; the others wait for their turn. If too many ask at once,
    /// then whoever has written waits behind them all before it reads, and the nodes catch up meanwhile.
    std::size_t at_once = 200;

    /// Called once, when each has logged in, and whoever only reads has written its key and seen it.
    std::function<void()> when_ready{};
};

namespace detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::use_awaitable;

struct answer {
    unsigned status = 0;
    nlohmann::json body;
};

/// One client's connection.
class connection {
public:
    explicit connection(asio::io_context& loop) : stream_(loop) {}

    asio::awaitable<void> open(std::string const& address)
    {
        auto const port = std::stoul(address.substr(address.rfind(':') + 1));
        co_await stream_.async_connect({asio::ip::address_v4::loopback(), static_cast<unsigned short>(port)},
                                       use_awaitable);
        stream_.socket().set_option(asio::ip::tcp::no_delay(true));
    }

    asio::awaitable<answer> ask(std::string_view method, std::string const& target, std::string body = {})
    {
        http::request<http::string_body> request;
        request.version(11);
        request.method_string({method.data(), method.size()});
        request.target("/v1/" + target);
        request.set(http::field::host, "localhost");
        request.set("X-Vault-Request", "true");
        if (!token.empty())
            request.set("X-Vault-Token", token);
        request.body() = std::move(body);
        request.prepare_payload();
        co_await http::async_write(stream_, request, use_awaitable);
        http::response<http::string_body> got;
        co_await http::async_read(stream_, buffer_, got, use_awaitable);
        co_return answer{got.result_int(), nlohmann::json::parse(got.body(), nullptr, false)};
    }

    std::string token{};

private:
    beast::tcp_stream stream_;
    beast::flat_buffer buffer_;
};

class crowd {
public:
    explicit crowd(crowd_plan const& plan) : plan_(plan) {}

    crowd_counts run()
    {
        for (std::size_t who = 0; who < plan_.identities; ++who)
            asio::co_spawn(loop_, live(who), [this](std::exception_ptr const& error) {
                if (error && !failure_)
                    failure_ = error;
                if (error)
                    loop_.stop(); // the others may wait for this one
            });
        loop_.run();
        if (failure_)
            std::rethrow_exception(failure_);
        std::sort(times_.begin(), times_.end());
        if (!times_.empty()) {
            counts_.read_ms_p50 = times_[times_.size() / 2];
            counts_.read_ms_p99 = times_[times_.size() * 99 / 100];
        }
        return counts_;
    }

private:
    asio::awaitable<void> live(std::size_t who)
    {
        connection client(loop_);
        co_await client.open(plan_.address);
        auto const name = "user-" + std::to_string(who);
        auto const login =
            co_await client.ask("POST", "auth/userpass/login/" + name, R"({"password":"password"})");
        if (login.status != 200)
            throw std::runtime_error(name + " cannot log in: " + login.body.dump());
        client.token = login.body.at("auth").at("client_token").get<std::string>();
        bool const writes = plan_.writers == 0 || who < plan_.writers;
        bool const reads = plan_.writers == 0 || !writes;
        auto const key = "secret/" + name;
        std::size_t written = 0;
        if (!writes) {
            co_await write(client, key, written = 1);
            co_await read(client, key, written);
        }
        co_await all_are_ready();
        for (std::size_t round = 1; round <= plan_.rounds; ++round) {
            co_await begin_round();
            if (writes)
                co_await write(client, key, written = round);
            if (reads)
                co_await read(client, key, written);
            end_round();
        }
    }

    asio::awaitable<void> begin_round()
    {
        if (under_way_++ < plan_.at_once)
            co_return;
        asio::steady_timer turn(loop_, asio::steady_timer::time_point::max());
        waiting_.push_back(&turn);
        boost::system::error_code cancelled;
        co_await turn.async_wait(asio::redirect_error(use_awaitable, cancelled));
    }

    void end_round()
    {
        --under_way_;
        if (waiting_.empty())
            return;
        waiting_.front()->cancel();
        waiting_.pop_front();
    }

    /// The last to come lets all go.
    asio::awaitable<void> all_are_ready()
    {
        if (++ready_ < plan_.identities) {
            boost::system::error_code cancelled;
            co_await gate_.async_wait(asio::redirect_error(use_awaitable, cancelled));
            co_return;
        }
        counts_ = {};
        times_.clear();
        if (plan_.when_ready)
            plan_.when_ready();
        gate_.cancel();
    }

    asio::awaitable<void> write(connection& client, std::string const& key, std::size_t value)
    {
        ++counts_.writes;
        auto const got = co_await client.ask("PUT", key, "{\"value\":\"" + std::to_string(value) + "\"}");
        if (got.status != 204)
            count_refusal(got);
    }

    asio::awaitable<void> read(connection& client, std::string const& key, std::size_t must_show)
    {
        ++counts_.reads;
        auto const asked = std::chrono::steady_clock::now();
        auto const got = co_await client.ask("GET", key);
        auto const taken = std::chrono::steady_clock::now() - asked;
        times_.push_back(std::chrono::duration<double, std::milli>(taken).count());
        if (got.status == 200)
            counts_.stale += got.body.at("data").at("value") != std::to_string(must_show) ? 1 : 0;
        else if (got.status == 404)
            ++counts_.stale; // it was written before
        else
            count_refusal(got);
    }

    void count_refusal(answer const& got)
    {
        if (got.status == 412 || got.status == 429) {
            ++counts_.refused;
            return;
        }
        ++counts_.failed;
        counts_.failure = std::to_string(got.status) + " " + got.body.dump();
    }

    crowd_plan plan_;
    asio::io_context loop_{1};
    asio::steady_timer gate_{loop_, asio::steady_timer::time_point::max()};
    std::size_t ready_ = 0;
    std::size_t under_way_ = 0;               ///< those who wait for their turn, too
    std::deque<asio::steady_timer*> waiting_; ///< in the order in which they came
    std::exception_ptr failure_;
    crowd_counts counts_;
    std::vector<double> times_;
};

} // namespace detail

/// Runs all of them at the same time, and returns when the last is done. Throws what one of them has thrown:
/// who cannot log in, or gets no answer.
[[nodiscard]] inline crowd_counts run_crowd(crowd_plan const& plan) { return detail::crowd(plan).run(); }

} // namespace proxy_tests
