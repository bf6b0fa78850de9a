// SPDX-License-Identifier: BSL-1.0
#include "http_server.hpp"

#include "http_session.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <future>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace cluster {

namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

/// One node's door.
struct listener {
    listener(serving& all, std::size_t number)
        : shared(all), node(number), acceptor(all.loop, {asio::ip::address_v4::loopback(), 0}),
          port(acceptor.local_endpoint().port())
    {}

    void accept()
    {
        acceptor.async_accept([this](error_code error, tcp::socket socket) {
            if (error == asio::error::operation_aborted || !acceptor.is_open()) {
                return;
            }
            if (!error) {
                serve_connection(shared, std::move(socket), node);
            }
            accept();
        });
    }

    serving& shared;
    std::size_t node;
    tcp::acceptor acceptor;
    unsigned short port;
};

} // namespace

serving::serving(settings chosen, http_options given) : options(std::move(given)), emulated(std::move(chosen))
{
    if (options.tls) {
        tls.use_certificate_chain(asio::buffer(options.tls->certificate));
        tls.use_private_key(asio::buffer(options.tls->key), asio::ssl::context::pem);
    }
}

void serving::look_at_held()
{
    if (wake_changes == emulated.wake_changes()) {
        return;
    }
    wake_changes = emulated.wake_changes();
    for (auto const& [id, one] : held) {
        one->arm();
    }
}

void serving::exchange(model& other)
{
    std::vector<connection*> waiting;
    for (auto const& [id, one] : held) {
        waiting.push_back(one);
    }
    for (connection* each : waiting) {
        each->close(); // its answer would have been the old cluster's
    }
    std::swap(emulated, other);
}

struct http_server::state {
    state(settings chosen, http_options options) : shared(std::move(chosen), std::move(options))
    {
        for (std::size_t node = 0; node < shared.emulated.node_count(); ++node) {
            listeners.push_back(std::make_unique<listener>(shared, node));
            shared.emulated.set_address(node, address(node));
            listeners.back()->accept();
        }
        thread = std::thread([this] { shared.loop.run(); });
    }

    ~state()
    {
        asio::post(shared.loop, [this] {
            for (auto& each : listeners) {
                error_code ignored;
                each->acceptor.close(ignored);
            }
            // A closed connection ends its pending operations, and with the last of them the loop ends.
            for (connection* each : std::vector<connection*>(shared.open.begin(), shared.open.end())) {
                each->close();
            }
        });
        thread.join();
    }

    state(state const&) = delete;
    state& operator=(state const&) = delete;

    [[nodiscard]] std::string address(std::size_t node) const
    {
        return (shared.options.tls ? "https://127.0.0.1:" : "http://127.0.0.1:") +
               std::to_string(listeners.at(node)->port);
    }

    /// Runs `f` in the serving thread and waits for its end; what it throws is thrown here.
    template <class F>
    void in_loop(F&& f)
    {
        std::promise<void> done;
        asio::post(shared.loop, [&] {
            try {
                f();
                done.set_value();
            } catch (...) {
                done.set_exception(std::current_exception());
            }
        });
        done.get_future().get();
    }

    serving shared;
    std::vector<std::unique_ptr<listener>> listeners;
    std::thread thread;
};

http_server::http_server(settings chosen, http_options options)
    : state_(std::make_unique<state>(std::move(chosen), std::move(options)))
{}

http_server::~http_server() = default;

std::string http_server::address(std::size_t node) const { return state_->address(node); }

unsigned short http_server::port(std::size_t node) const { return state_->listeners.at(node)->port; }

std::size_t http_server::node_count() const { return state_->listeners.size(); }

nanoseconds http_server::now() const { return state_->shared.now(); }

void http_server::with_model(std::function<void(model&, nanoseconds now)> const& f)
{
    state_->in_loop([&] {
        f(state_->shared.emulated, state_->shared.now());
        state_->shared.look_at_held();
    });
}

model http_server::replace_model(model other)
{
    if (other.node_count() != node_count()) {
        throw std::invalid_argument("a model with as many nodes as there are ports");
    }
    for (std::size_t node = 0; node < other.node_count(); ++node) {
        other.set_address(node, address(node));
    }
    state_->in_loop([&] { state_->shared.exchange(other); });
    return other;
}

node_counters http_server::counters(std::size_t node)
{
    node_counters copy;
    state_->in_loop([&] { copy = state_->shared.emulated.counters(node); });
    return copy;
}

std::size_t http_server::connections()
{
    std::size_t count = 0;
    state_->in_loop([&] { count = state_->shared.open.size(); });
    return count;
}

} // namespace cluster
