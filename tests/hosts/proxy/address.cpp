// SPDX-License-Identifier: BSL-1.0
#include "address.hpp"

#include <algorithm>
#include <stdexcept>

namespace proxy {

namespace {

[[nodiscard]] std::string with_brackets(std::string const& host)
{
    return host.find(':') == host.npos ? host : "[" + host + "]";
}

[[nodiscard]] bool is_port(std::string_view text)
{
    bool const is_number =
        std::all_of(text.begin(), text.end(), [](char digit) { return digit >= '0' && digit <= '9'; });
    return is_number && !text.empty() && text.size() <= 5 && std::stoul(std::string(text)) <= 65535;
}

/// Bytes that would end a field, or be another part of an address.
[[nodiscard]] bool is_host(std::string_view text)
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        return c > ' ' && c < 0x7f && std::string_view("/@?#[]").find(c) == std::string_view::npos;
    });
}

} // namespace

std::string node_place::host_field() const
{
    if (what == kind::unix_socket)
        return "localhost";
    bool const is_usual = port == (is_secure() ? "443" : "80");
    return with_brackets(host) + (is_usual ? "" : ":" + port);
}

node_place node_place::parse(std::string_view address)
{
    node_place place;
    auto const scheme = address.substr(0, address.find("://"));
    auto rest = address.substr(std::min(scheme.size() + 3, address.size()));
    if (scheme == "unix" && rest.starts_with('/')) {
        place.address = address;
        place.what = kind::unix_socket;
        place.host = rest;
        return place;
    }
    if (scheme != "http" && scheme != "https")
        throw std::invalid_argument("\"" + std::string(address) +
                                    "\" is no address: it must begin with http://, https:// or unix:///");
    place.what = scheme == "https" ? kind::https : kind::http;
    rest = rest.substr(0, rest.find('/'));
    auto const colon = rest.rfind(':');
    bool const has_port = colon != rest.npos && rest.find(']', colon) == rest.npos;
    auto const with_port =
        has_port ? std::string(rest) : std::string(rest) + (place.is_secure() ? ":443" : ":80");
    auto const [host, port] = host_and_port::parse(with_port);
    place.host = host;
    place.port = port;
    place.address = std::string(scheme) + "://" + std::string(rest);
    return place;
}

host_and_port host_and_port::parse(std::string_view address)
{
    auto const colon = address.rfind(':');
    auto host = address.substr(0, colon);
    auto const port = colon == address.npos ? std::string_view() : address.substr(colon + 1);
    bool const has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
    if (has_brackets)
        host = host.substr(1, host.size() - 2);
    bool const is_ambiguous = !has_brackets && host.find(':') != host.npos;
    if (!is_host(host) || !is_port(port) || is_ambiguous)
        throw std::invalid_argument("\"" + std::string(address) + "\" is no host and port");
    return {std::string(host), std::string(port)};
}

} // namespace proxy
