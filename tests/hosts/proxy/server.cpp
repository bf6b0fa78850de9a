// SPDX-License-Identifier: BSL-1.0
#include "server.hpp"

#include "file_limit.hpp"
#include "listener.hpp"
#include "shared.hpp"
#include "worker.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <atomic>
#include <future>
#include <new>

namespace proxy {

namespace {

[[nodiscard]] settings with_room(settings chosen, log& to)
{
    auto& most = chosen.limits.max_connections;
    auto const wanted = most;
    most = connections_within(file_limit(), chosen);
    if (most < wanted)
        to.warn("fewer clients can be connected than was chosen: the process may not have more files open",
                {{"max_connections", std::to_string(most)}, {"files", std::to_string(file_limit())}});
    return chosen;
}

} // namespace

struct server::state {
    state(settings const& chosen, proxy::log& to, std::function<void()> on_quit)
        : all(with_room(chosen, to), to, std::move(on_quit))
    {
        for (auto const& each : all.chosen.listeners)
            listeners.push_back(std::make_unique<listener>(all, each));
        auto const count = std::max<std::size_t>(all.chosen.workers, 1);
        for (std::size_t i = 0; i < count; ++i)
            workers.push_back(std::make_unique<worker>(all));
        for (auto const& each : listeners) {
            all.log.info("listening", {{"address", each->address()}, {"upstream", all.upstream.address}});
            asio::post(workers.front()->io(), [this, &each] {
                each->begin(workers.front()->io(), [this](int socket, int family, listener const& from) {
                    workers[next++ % workers.size()]->serve(socket, family, from);
                });
            });
        }
    }

    ~state()
    {
        close_listeners();
        workers.clear(); // which use the listeners
        all.log.info("ended");
    }

    state(state const&) = delete;
    state& operator=(state const&) = delete;

    /// Nobody is accepted any more once this has returned.
    void close_listeners()
    {
        std::promise<void> closed;
        asio::post(workers.front()->io(), [&] {
            for (auto const& each : listeners)
                each->close();
            closed.set_value();
        });
        closed.get_future().get();
    }

    shared all;
    std::vector<std::unique_ptr<listener>> listeners;
    std::vector<std::unique_ptr<worker>> workers;
    std::size_t next = 0; ///< worker; in the first one's thread
};

server::server(settings const& chosen, log& to, std::function<void()> on_quit)
try : state_(std::make_unique<state>(chosen, to, std::move(on_quit))) {
} catch (std::bad_alloc const&) {
    throw setup_error("there is not enough memory for max_identities = " +
                      std::to_string(chosen.max_identities));
}

server::~server() = default;

std::vector<std::string> server::addresses() const
{
    std::vector<std::string> all;
    for (auto const& each : state_->listeners)
        all.push_back(each->address());
    return all;
}

metrics const& server::counted() const { return state_->all.counted; }

bool server::reload()
{
    auto& all = state_->all;
    auto const reload = [&all](auto& what) {
        try {
            what.reload();
            return true;
        } catch (setup_error const& error) {
            all.log.error("a certificate stays as it was", {{"error", error.what()}});
            return false;
        }
    };
    bool is_done = reload(all);
    for (auto const& each : state_->listeners)
        is_done = reload(*each) && is_done;
    return is_done;
}

bool server::drain()
{
    auto& all = state_->all;
    all.is_draining = true;
    state_->close_listeners();
    all.log.info("draining", {{"connections", std::to_string(all.counted.connections_open)}});
    for (auto const& each : state_->workers)
        each->drain();
    bool const is_empty = all.wait_until_empty(all.chosen.shutdown_grace);
    for (auto const& each : state_->workers)
        each->cut();
    return is_empty;
}

} // namespace proxy
