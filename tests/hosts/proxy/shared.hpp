// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "address.hpp"
#include "brief_lock.hpp"
#include "log.hpp"
#include "metrics.hpp"
#include "settings.hpp"
#include "stream.hpp"

#include <afterwrite/policy/shared_replication_view.hpp>
#include <afterwrite/store/session_store.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <vector>

namespace proxy {

/// What all workers share. But for what has locks of its own, such as what is of the library, and for what is
/// atomic, nothing of it changes once the server runs.
class shared {
public:
    using session_store = afterwrite::session_store<brief_lock>;
    using view_type = afterwrite::shared_replication_view<brief_lock>;

    /// setup_error: see `server`.
    shared(settings const& chosen, proxy::log& to, std::function<void()> on_quit);

    settings const chosen;
    proxy::log& log;
    metrics counted{};
    session_store sessions{};
    view_type view{};
    node_place const upstream; ///< of `settings::upstream::address`
    bool const chooses_node;   ///< nodes were declared
    std::atomic<bool> is_draining{false};

    /// What connections to nodes are encrypted with; none if no node is reached by it.
    [[nodiscard]] tls_context tls() const;

    /// Reads the certificates for that anew, for connections to come. setup_error: the old ones stay.
    void reload();

    /// Calls what the server was given, the first time.
    void quit();

    /// A connection of a client's is open, or was closed.
    void note_opened() noexcept { ++counted.connections_open; }
    void note_closed();

    /// Waits until no client is connected any more. Whether it is so in time.
    [[nodiscard]] bool wait_until_empty(monotonic::duration patience);

private:
    struct alignas(session_store::alignment) block_line {
        std::byte bytes[session_store::alignment];
    };

    mutable std::mutex reloading_;
    tls_context tls_;
    std::function<void()> on_quit_;
    std::once_flag has_quit_;
    std::mutex emptying_;
    std::condition_variable emptied_;
    std::vector<block_line> block_; ///< of the sessions
};

} // namespace proxy
