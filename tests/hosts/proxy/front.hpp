// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "log.hpp"
#include "server.hpp"
#include "settings.hpp"
#include "wire_client.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace proxy_tests {

/// What a proxy is that enforces consistency, before this address, at a port that the system chooses.
[[nodiscard]] inline proxy::settings before(std::string const& upstream)
{
    proxy::settings chosen;
    chosen.listeners.push_back({.address = "127.0.0.1:0"});
    chosen.upstream.address = upstream;
    chosen.policy.consistency.enforce = afterwrite::enforce_consistency::always;
    chosen.policy.consistency.when = afterwrite::when_inconsistent::retry_then_forward;
    return chosen;
}

/// Lines of a log, kept for a test to look at.
class kept_lines {
public:
    [[nodiscard]] proxy::log_settings settings() const { return {.level = proxy::log_level::trace}; }

    [[nodiscard]] auto sink()
    {
        return [this](std::string const& line) {
            std::lock_guard const held(lock_);
            text_ += line + "\n";
        };
    }

    [[nodiscard]] std::string text() const
    {
        std::lock_guard const held(lock_);
        return text_;
    }

    [[nodiscard]] bool has(std::string_view words) const { return text().find(words) != std::string::npos; }

private:
    mutable std::mutex lock_;
    std::string text_;
};

/// A proxy that runs, with the lines it has logged.
struct front {
    explicit front(proxy::settings const& chosen, std::function<void()> on_quit = {})
        : log(lines.settings(), lines.sink()), server(chosen, log, std::move(on_quit))
    {}

    [[nodiscard]] std::string address() const { return server.addresses().front(); }
    [[nodiscard]] wire_client client() const { return wire_client(address()); }
    [[nodiscard]] proxy::metrics const& counted() const { return server.counted(); }

    kept_lines lines;
    proxy::log log;
    proxy::server server;
};

/// A request with the length of its body.
[[nodiscard]] inline std::string request(std::string_view method, std::string_view target,
                                         std::string_view fields = {}, std::string_view body = {})
{
    std::string text(method);
    text.append(" ").append(target).append(" HTTP/1.1\r\nHost: proxy\r\n").append(fields);
    if (!body.empty())
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    return text.append("\r\n").append(body);
}

} // namespace proxy_tests
