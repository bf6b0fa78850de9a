// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net.hpp"
#include "node_pool.hpp"
#include "rounds.hpp"
#include "shared.hpp"

#include <boost/asio/executor_work_guard.hpp>

#include <cstdint>
#include <memory>
#include <thread>
#include <unordered_set>

namespace proxy {

class downstream;
class listener;

/// One thread with connections of its own, to clients and to nodes. What is not said to be for any thread is
/// for that one.
class worker {
public:
    explicit worker(proxy::shared& all);

    /// Cuts off what is under way, and joins the thread.
    ~worker();
    worker(worker const&) = delete;
    worker& operator=(worker const&) = delete;

    /// Serves a client whose connection `from` has accepted. Any thread.
    void serve(int socket, int family, listener const& from);

    /// Closes the connections without a request, and each other one after its answer. Any thread.
    void drain();

    /// Closes all connections. Any thread.
    void cut();

    [[nodiscard]] asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] rounds& on_rounds() noexcept { return rounds_; }
    [[nodiscard]] std::uint64_t next_seed() noexcept { return seed_ += 0x9e3779b97f4a7c15; }

    proxy::shared& all;

private:
    void run();
    void begin(int socket, int family, listener const& from);

    rounds rounds_; ///< before the loop, whose handlers own what is on it
    asio::io_context io_{1};

public:
    node_pool nodes;

private:
    friend downstream;

    asio::executor_work_guard<executor> stays_;
    std::unordered_set<downstream*> clients_;
    std::uint64_t seed_;
    std::thread thread_; ///< last, since it uses all of them
};

} // namespace proxy
