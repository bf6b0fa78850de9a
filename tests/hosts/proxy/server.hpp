// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "log.hpp"
#include "metrics.hpp"
#include "settings.hpp"

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace proxy {

/// Why a server could not start: a sentence that names the setting.
class setup_error : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// The proxy itself, with threads of its own. It listens once the constructor has returned.
class server {
public:
    /// `to` must outlive it. setup_error: an address cannot be listened at, a certificate not be read, ...
    /// `on_quit` is called once, in a thread of the server's, when somebody asks it to end by
    /// `POST /proxy/v1/quit`; that thread must not destroy the server.
    server(settings const& chosen, log& to, std::function<void()> on_quit = {});

    /// Ends at once: what is under way is cut off.
    ~server();
    server(server const&) = delete;
    server& operator=(server const&) = delete;

    /// Of each listener, in their order: `http://127.0.0.1:PORT`, `https://...`, `unix:///PATH`.
    [[nodiscard]] std::vector<std::string> addresses() const;

    [[nodiscard]] metrics const& counted() const;

    /// Reads certificates anew, those of listeners and those for the cluster, for connections to come. The
    /// old ones stay if the new ones cannot be read; false, and a line in the log, then.
    bool reload();

    /// No further connections; those without a request are closed, each other one after its answer. Returns
    /// when all are gone, or when the grace is over; true if all were answered. Any thread but the server's.
    bool drain();

private:
    struct state;
    std::unique_ptr<state> state_;
};

} // namespace proxy
