// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "body.hpp"
#include "net.hpp"

#include <boost/beast/http/fields.hpp>
#include <boost/beast/http/message.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace proxy {

namespace http = boost::beast::http;

/// Boost's own text type, as the standard's.
[[nodiscard]] inline std::string_view text_of(boost::beast::string_view text) noexcept
{
    return {text.data(), text.size()};
}

using request_head = http::request_header<>;
using response_head = http::response_header<>;

/// A head from its bytes, with the empty line. Nothing if they are no HTTP, or could be read in two ways, by
/// which requests are smuggled: lines that do not end with CR LF or that go on on the next one, other bytes
/// that belong nowhere, spaces around a name.
[[nodiscard]] std::optional<request_head> read_request_head(std::string_view bytes);
[[nodiscard]] std::optional<response_head> read_response_head(std::string_view bytes);

/// How a message's body ends. Nothing if it says so in two ways, or in one that is not known here; or if a
/// request of HTTP/1.1 has not exactly one `Host`.
[[nodiscard]] std::optional<framing> framing_of(request_head const& head);
[[nodiscard]] std::optional<framing> framing_of(response_head const& head, bool answers_head);

/// Whether the other side lets the connection stay open behind this message.
[[nodiscard]] bool is_kept(request_head const& head);
[[nodiscard]] bool is_kept(response_head const& head);

/// A list, such as `Connection`, names this, in whatever case.
[[nodiscard]] bool names(http::fields const& fields, http::field list, std::string_view what);

/// Takes out what belongs to the connection and not to the message (RFC 9110, 7.6.1), and how the body's end
/// was told.
void remove_connection_fields(http::fields& fields);

/// Takes out what proxies say of the client behind them: its address, host and scheme, and its certificate.
/// The cluster may trust the proxy to say so (`x_forwarded_for_authorized_addrs`,
/// `x_forwarded_for_client_cert_header` of its listeners), and then no client may say it of itself.
void remove_forwarded_fields(http::fields& fields);

/// All fields as they are sent, one a line.
void append_fields(std::string& to, http::fields const& fields);

/// The same for one.
void append_field(std::string& to, std::string_view name, std::string_view value);

} // namespace proxy
