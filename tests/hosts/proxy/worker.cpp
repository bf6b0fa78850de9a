// SPDX-License-Identifier: BSL-1.0
#include "worker.hpp"

#include "downstream.hpp"
#include "listener.hpp"

#include <boost/asio/post.hpp>

#include <unistd.h>

#include <random>
#include <vector>

namespace proxy {

worker::worker(proxy::shared& all_workers)
    : all(all_workers), nodes(all, rounds_, io_), stays_(io_.get_executor()),
      seed_(std::uint64_t{std::random_device()()} << 32 | std::random_device()())
{
    rounds_.begin(io_);
    thread_ = std::thread([this] { run(); });
}

worker::~worker()
{
    cut();
    asio::post(io_, [this] {
        rounds_.end();
        stays_.reset();
    });
    thread_.join();
}

void worker::run()
{
    for (;;) {
        try {
            io_.run();
            return;
        } catch (std::exception const& error) { // whoever threw it is gone; the others go on
            all.log.error("a connection failed", {{"error", error.what()}});
        }
    }
}

void worker::serve(int socket, int family, listener const& from)
{
    asio::post(io_, [this, socket, family, &from] { begin(socket, family, from); });
}

void worker::begin(int socket, int family, listener const& from)
{
    error_code error;
    stream_socket made(io_);
    made.assign(asio::generic::stream_protocol(family, 0), socket, error);
    if (error) {
        ::close(socket);
        all.note_closed();
        return;
    }
    downstream::begin(*this, std::move(made), from);
}

void worker::drain()
{
    asio::post(io_, [this] {
        for (auto* const client : std::vector<downstream*>(clients_.begin(), clients_.end()))
            client->drain();
    });
}

void worker::cut()
{
    asio::post(io_, [this] {
        for (auto* const client : std::vector<downstream*>(clients_.begin(), clients_.end()))
            client->cut();
        nodes.close_all();
    });
}

} // namespace proxy
