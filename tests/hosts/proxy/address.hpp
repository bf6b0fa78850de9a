// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace proxy {

/// Where a node is: `http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:///PATH`.
struct node_place {
    enum class kind : std::uint8_t { http, https, unix_socket };

    std::string address; ///< as it was given, without what stands behind the port
    kind what = kind::http;
    std::string host; ///< without the brackets of IPv6; or the path of a unix socket
    std::string port;

    /// As requests name it.
    [[nodiscard]] std::string host_field() const;

    [[nodiscard]] bool is_secure() const noexcept { return what == kind::https; }

    /// std::invalid_argument with a sentence if it is no such address.
    [[nodiscard]] static node_place parse(std::string_view address);
};

/// `HOST:PORT` in two; std::invalid_argument with a sentence if it is none.
struct host_and_port {
    std::string host; ///< without the brackets of IPv6
    std::string port;

    [[nodiscard]] static host_and_port parse(std::string_view address);
};

} // namespace proxy
