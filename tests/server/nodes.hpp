// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "server/child.hpp"
#include "server/configuration.hpp"
#include "server/relay.hpp"

#include <afterwrite/adapters/curl.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace server {

/// Somebody asked to stop, and everything has been told so.
struct interrupted {};

/// Three nodes of one raft cluster, each behind a relay: other nodes reach it through that one, clients do
/// not. They and their folder end with this object. Functions throw std::runtime_error if what they do does
/// not come about in time, with what the nodes said; and `interrupted`. One thread, unless noted.
class nodes {
public:
    /// Starts them and makes a cluster of them; `folder` is made for them. `lag` is that of the slow link.
    nodes(std::string program, std::filesystem::path folder, std::chrono::milliseconds lag);
    ~nodes();
    nodes(nodes const&) = delete;
    nodes& operator=(nodes const&) = delete;

    [[nodiscard]] std::size_t count() const noexcept { return places_.size(); }
    [[nodiscard]] std::string address(std::size_t node) const
    {
        return places_[node].address();
    }                                                                          ///< any thread
    [[nodiscard]] std::string const& token() const noexcept { return token_; } ///< any thread

    /// As of the last `start`, `step_down`, `kill`.
    [[nodiscard]] std::size_t active() const noexcept { return active_; }

    /// The standby whose link is slow: what the leader sends it comes late.
    [[nodiscard]] std::size_t slow() const noexcept { return slow_; }

    /// The active node gives up its role, and another one has it, or the same one once more.
    void step_down();

    /// Ends the node without warning, and waits for the others to have an active one.
    void kill(std::size_t node);

    /// Starts it once more, on the same data, and unseals it.
    void restart(std::size_t node);

    /// A connection of its own. Any thread.
    [[nodiscard]] std::unique_ptr<afterwrite::curl_transport> connect(std::size_t node) const;

    /// A request for /v1/PATH; `body` must live as long. Any thread.
    [[nodiscard]] static afterwrite::curl_request request(std::string_view token, std::string_view method,
                                                          std::string_view path, std::string_view body = {});

    /// Asks this node as root, without the library's consistency.
    afterwrite::curl_reply ask(std::size_t node, std::string_view method, std::string_view path,
                               std::string_view body = {}) const;

    /// Asks the active node, until it says something 2xx.
    void set_up(std::string_view path, std::string_view body);

    /// Asks again and again until it is so; `what` says what, in a clause.
    void wait_until(std::string const& what, std::function<bool()> const& is_so);

private:
    void start(std::size_t node);
    void initialise();
    void unseal(std::size_t node);
    void find_active();
    [[nodiscard]] bool has_voters() const;
    [[nodiscard]] std::string ends_of_logs() const;

    std::string program_;
    std::filesystem::path folder_;
    std::chrono::milliseconds lag_;
    std::vector<place> places_;
    std::vector<std::unique_ptr<relay>> relays_;
    std::vector<std::unique_ptr<child>> children_; ///< null: killed
    std::string key_;
    std::string token_;
    std::size_t active_ = 0;
    std::size_t slow_ = 0;
};

} // namespace server
