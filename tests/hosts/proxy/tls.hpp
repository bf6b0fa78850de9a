// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "settings.hpp"
#include "stream.hpp"

#include <string>

namespace proxy {

/// What a listener's connections are encrypted with. setup_error if a file cannot be read, or does not fit.
[[nodiscard]] tls_context make_server_tls(listener_tls const& chosen);

/// What connections to nodes are encrypted with, and which certificates they trust. setup_error as above.
[[nodiscard]] tls_context make_client_tls(upstream_settings const& chosen);

/// Before a handshake with a node: it is asked for by this name or number, and its certificate must be of
/// that. An error: nobody would look whose certificate it is, so there must be no handshake.
[[nodiscard]] error_code expect_host(stream& with, std::string const& host, bool is_checked);

/// Whether a handshake failed because the other side speaks HTTP without TLS.
[[nodiscard]] bool is_plain_http(error_code const& error) noexcept;

} // namespace proxy
