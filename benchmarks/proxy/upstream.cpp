// SPDX-License-Identifier: BSL-1.0
#include "upstream.hpp"

#include "cluster/tls.hpp"

#include <afterwrite/afterwrite.hpp>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace proxy_load {

namespace {

/// A port that was free a moment ago: nginx cannot be told to take any, nor tell which it took.
unsigned short free_port()
{
    int const probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    auto* const address = reinterpret_cast<sockaddr*>(&at);
    bool const is_bound = ::bind(probe, address, size) == 0 && ::getsockname(probe, address, &size) == 0;
    ::close(probe);
    if (!is_bound)
        throw std::runtime_error("no port of 127.0.0.1 is to be had");
    return ntohs(at.sin_port);
}

bool is_listening(unsigned short port)
{
    int const probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    bool const is = ::connect(probe, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0;
    ::close(probe);
    return is;
}

std::string configuration(std::string const& folder, unsigned short port, bool by_tls)
{
    using namespace afterwrite;
    wal_state const state{cluster_id("3f2a7c1e-5b0d-4e7a-9c66-0d1f2e3a4b5c"), {1000, 0}};
    auto const index = encode_vault_index(state, hmac_key("key"));
    std::string text = "daemon off; worker_processes 1; pid " + folder +
                       "/pid; error_log stderr error;\n"
                       "events { worker_connections 1024; }\n"
                       "http { access_log off; keepalive_requests 1000000000;\n";
    for (std::string const what : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"})
        text += what + "_temp_path " + folder + "/" + what + ";\n";
    text +=
        "server { listen 127.0.0.1:" + std::to_string(port) +
        (by_tls ? " ssl; ssl_certificate " + folder + "/tls.pem; ssl_certificate_key " + folder + "/tls.key"
                : std::string()) +
        "; default_type application/json;\n"
        "location /v1/seen { return 200 \"seen:$http_x_vault_index\"; }\n"
        "location / { if ($request_method = PUT) { add_header X-Vault-Index \"" +
        index +
        "\"; "
        "return 204; }\n"
        "return 200 '{\"request_id\":\"d0a1\",\"lease_duration\":2764800,\"data\":{\"value\":\"1\"}}\\n'; }"
        " } }\n";
    return text;
}

} // namespace

scratch_folder::scratch_folder()
{
    auto name = (std::filesystem::temp_directory_path() / "afterwrite-proxy-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no folder for temporary files is to be had");
    path_ = name;
}

scratch_folder::~scratch_folder()
{
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string scratch_folder::write(std::string const& name, std::string const& text) const
{
    auto const path = (path_ / name).string();
    if (!(std::ofstream(path) << text))
        throw std::runtime_error(path + " cannot be written");
    return path;
}

upstream::upstream(std::string const& program, scratch_folder const& folder, bool by_tls)
    : scheme_(by_tls ? "https" : "http")
{
    if (by_tls) {
        auto const made = cluster::make_self_signed();
        authority_ = folder.write("tls.pem", made.certificate);
        static_cast<void>(folder.write("tls.key", made.key));
    }
    for (int attempts = 0; attempts < 5; ++attempts) { // somebody may take the port before nginx does
        port_ = free_port();
        auto const file = folder.write("nginx.conf", configuration(folder.path().string(), port_, by_tls));
        nginx_ = std::make_unique<child>(std::vector<std::string>{program, "-e", "stderr", "-c", file});
        while (nginx_->is_running()) {
            if (is_listening(port_))
                return;
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
    static_cast<void>(nginx_->finish());
    throw std::runtime_error("nginx does not listen");
}

} // namespace proxy_load
