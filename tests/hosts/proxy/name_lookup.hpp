// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "net.hpp"
#include "stream.hpp"

#include <boost/asio/generic/stream_protocol.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace proxy {

/// What a name stands for, or why nobody knows.
struct found_addresses {
    error_code error{};
    std::vector<asio::generic::stream_protocol::endpoint> all{};
};

/// Asks the system, and blocks for as long as that takes.
[[nodiscard]] found_addresses ask_system(std::string const& host, std::string const& port);

/// Finds what a name stands for. The system may take half a minute to say that it does not know, and nobody
/// can end its call: so that has a thread of its own, which is left to itself once nobody waits for it. Who
/// asks meanwhile waits for the same call, so that there is one such thread at most. One thread.
class name_lookup {
public:
    using function = std::function<found_addresses(std::string const& host, std::string const& port)>;

    name_lookup(asio::io_context& io, std::string host, std::string port, function ask);
    ~name_lookup();
    name_lookup(name_lookup const&) = delete;
    name_lookup& operator=(name_lookup const&) = delete;

    /// Waits no longer than `with` has time, or than until that is closed.
    [[nodiscard]] task<found_addresses> find(stream& with);

private:
    struct call;

    void begin();
    void end(found_addresses found);

    asio::io_context& io_;
    std::string host_;
    std::string port_;
    function ask_;
    std::shared_ptr<call> under_way_;
    std::vector<stream*> waiting_;
};

} // namespace proxy
