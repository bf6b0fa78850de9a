// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <afterwrite/policy/proxy_policy.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace proxy {

/// What a listener shows to its clients.
struct listener_tls {
    std::string cert_file;        ///< PEM, with the certificates that lead to a known one behind it
    std::string key_file;         ///< PEM
    std::string client_ca_file{}; ///< PEM; empty: certificates of clients are not looked at
    bool require_and_verify_client_cert = false;
};

/// One address to listen at.
struct listener_settings {
    enum class family : std::uint8_t { tcp, unix_socket };

    family kind = family::tcp;
    std::string address = "127.0.0.1:8200"; ///< `HOST:PORT`, port 0 being the system's choice; or a path
    std::optional<listener_tls> tls{};
    bool require_request_header = false; ///< refuse what has no `X-Vault-Request: true`
    bool metrics_only = false;           ///< `role = "metrics_only"`: nothing is handed on
    bool enable_quit = false;            ///< `proxy_api { enable_quit }`: POST /proxy/v1/quit ends the proxy
    bool pass_forwarded = false; ///< its clients are proxies that one trusts: see `remove_forwarded_fields`

    // Of a unix socket; empty: as the system makes it.
    std::string socket_mode{};  ///< octal
    std::string socket_user{};  ///< a number or a name
    std::string socket_group{}; ///< a number or a name
};

/// The cluster behind the proxy.
struct upstream_settings {
    std::string address = "https://127.0.0.1:8200"; ///< `http://...`, `https://...` or `unix:///PATH`
    std::vector<std::string> nodes{}; ///< the addresses of the cluster's nodes; then each request goes to the
                                      ///< one that most likely has what it requires
    std::string namespace_name{};     ///< for requests that name none
    std::string ca_cert{};            ///< a file of PEM; with no `ca_path` either: what the system trusts
    std::string ca_path{};            ///< a folder of such files
    std::string client_cert{};
    std::string client_key{};
    std::string tls_server_name{};
    bool tls_skip_verify = false;
    std::chrono::nanoseconds connect_timeout = std::chrono::seconds(5);
    std::chrono::nanoseconds timeout = std::chrono::seconds(60); ///< of one request with all its attempts
    bool keep_alive = true;
    std::size_t max_idle_connections = 64; ///< of each worker, to each address
};

/// What clients may use up.
struct client_limits {
    std::size_t max_connections = 8192;         ///< further ones are closed at once; see `connections_within`
    std::size_t max_header_bytes = 64 * 1024;   ///< of the head of a request, or of an answer; no more, since
                                                ///< Beast throws upon a field of more than 65 533 bytes
    std::uint64_t max_request_bytes = 32 << 20; ///< of a body, as Vault's `max_request_size`
    std::size_t max_replay_bytes = 64 * 1024;   ///< a longer body is sent once, to the active node
    std::uint64_t min_body_rate = 4096;         ///< bytes a second of a request's body, beyond `body_timeout`
    std::chrono::nanoseconds header_timeout = std::chrono::seconds(10); ///< from the first byte of a request;
                                                                        ///< of the first one, from `accept`
    std::chrono::nanoseconds body_timeout = std::chrono::seconds(30);   ///< between two parts of a body
    std::chrono::nanoseconds idle_timeout = std::chrono::minutes(5);    ///< between two requests
};

enum class log_level : std::uint8_t { trace, debug, info, warn, error };

struct log_settings {
    log_level level = log_level::info;
    bool is_json = false;
    std::string file{}; ///< empty: standard error
};

/// Everything that is chosen before the proxy starts.
struct settings {
    std::vector<listener_settings> listeners{};
    upstream_settings upstream{};
    afterwrite::proxy_policy policy{};
    client_limits limits{};
    log_settings log{};
    std::size_t workers = 2;              ///< threads, each with its own connections
    std::size_t max_identities = 100'000; ///< callers whose state is kept
    std::chrono::nanoseconds shutdown_grace = std::chrono::seconds(30); ///< for requests under way
    std::string pid_file{};
    bool enable_quit = false; ///< on every listener, whatever it says itself
};

} // namespace proxy
