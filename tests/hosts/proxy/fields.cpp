// SPDX-License-Identifier: BSL-1.0
#include "fields.hpp"

#include <afterwrite/bytes/ascii_case.hpp>

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

namespace proxy {

namespace {

using afterwrite::equal_ignoring_case;

/// RFC 9110, 5.6.2.
[[nodiscard]] bool is_token(std::string_view text) noexcept
{
    static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
        bool const is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || others.find(c) != others.npos;
    });
}

/// RFC 9110, 5.5.
[[nodiscard]] bool is_value(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        auto const byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= ' ' && byte != 0x7f);
    });
}

/// Each line by itself, before anybody interprets it.
[[nodiscard]] bool has_plain_lines(std::string_view head) noexcept
{
    for (bool is_first = true; !head.empty(); is_first = false) {
        auto const end = head.find("\r\n");
        if (end == head.npos)
            return false;
        auto const line = head.substr(0, end);
        head.remove_prefix(end + 2);
        if (line.empty())
            return head.empty() && !is_first;
        if (!is_value(line))
            return false;
        if (!is_first && !is_token(line.substr(0, line.find(':'))))
            return false;
        if (!is_first && line.find(':') == line.npos)
            return false;
    }
    return false;
}

template <bool is_request>
[[nodiscard]] std::optional<http::header<is_request>> read_head(std::string_view bytes)
{
    if (!has_plain_lines(bytes))
        return std::nullopt;
    http::parser<is_request, http::empty_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(bytes.size() + 1));
    parser.skip(true); // the body is read elsewhere
    error_code error;
    auto const used = parser.put(asio::buffer(bytes.data(), bytes.size()), error);
    if (error || used != bytes.size() || !parser.is_done())
        return std::nullopt;
    return std::move(parser.get().base());
}

[[nodiscard]] std::optional<framing> length_of(http::fields const& fields)
{
    auto const found = fields.equal_range(http::field::content_length);
    auto const text = text_of(found.first->value());
    framing how{framing::kind::length, 0};
    auto const parsed = std::from_chars(text.data(), text.data() + text.size(), how.length);
    bool const is_number = parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (!is_number || std::next(found.first) != found.second)
        return std::nullopt;
    return how;
}

/// By the fields alone; `otherwise` if none says anything.
[[nodiscard]] std::optional<framing> framing_by(http::fields const& fields, framing::kind otherwise)
{
    bool const has_length = fields.count(http::field::content_length) > 0;
    auto const encodings = fields.equal_range(http::field::transfer_encoding);
    if (encodings.first == encodings.second)
        return has_length ? length_of(fields) : framing{otherwise, 0};
    bool const is_alone = std::next(encodings.first) == encodings.second;
    if (has_length || !is_alone || !boost::beast::iequals(encodings.first->value(), "chunked"))
        return std::nullopt;
    return framing{framing::kind::chunked, 0};
}

[[nodiscard]] bool is_kept(unsigned version, http::fields const& fields)
{
    if (version >= 11)
        return !names(fields, http::field::connection, "close");
    return names(fields, http::field::connection, "keep-alive");
}

constexpr std::array of_connections = {
    http::field::connection,        http::field::keep_alive,
    http::field::proxy_connection,  http::field::te,
    http::field::trailer,           http::field::upgrade,
    http::field::transfer_encoding, http::field::content_length,
};

/// Those of RFC 7239 and 9440, of nginx, HAProxy, Envoy and Traefik, and of AWS, Azure and Google, under the
/// names that their manuals use.
[[nodiscard]] bool is_forwarded(std::string_view name) noexcept
{
    static constexpr std::array<std::string_view, 5> beginnings = {
        "x-forwarded-", "x-ssl-", "ssl-client-", "x-client-cert", "x-amzn-mtls-",
    };
    static constexpr std::array<std::string_view, 7> whole = {
        "forwarded",   "x-real-ip",         "x-client-ip",      "true-client-ip",
        "client-cert", "client-cert-chain", "x-arr-clientcert",
    };
    auto const is_named = [name](std::string_view each) { return equal_ignoring_case(name, each); };
    return std::any_of(whole.begin(), whole.end(), is_named) ||
           std::any_of(beginnings.begin(), beginnings.end(), [name](std::string_view each) {
               return equal_ignoring_case(name.substr(0, each.size()), each);
           });
}

} // namespace

std::optional<request_head> read_request_head(std::string_view bytes) { return read_head<true>(bytes); }

std::optional<response_head> read_response_head(std::string_view bytes) { return read_head<false>(bytes); }

std::optional<framing> framing_of(request_head const& head)
{
    auto const hosts = head.count(http::field::host);
    if (hosts > 1 || (hosts == 0 && head.version() >= 11))
        return std::nullopt;
    if (head.version() < 11 && head.count(http::field::transfer_encoding) > 0)
        return std::nullopt; // RFC 9112, 6.1
    return framing_by(head, framing::kind::none);
}

std::optional<framing> framing_of(response_head const& head, bool answers_head)
{
    auto const status = head.result_int();
    auto const how = framing_by(head, framing::kind::until_close);
    bool const has_none = answers_head || status / 100 == 1 || status == 204 || status == 304;
    return how && has_none ? framing{} : how;
}

bool is_kept(request_head const& head) { return is_kept(head.version(), head); }
bool is_kept(response_head const& head) { return is_kept(head.version(), head); }

bool names(http::fields const& fields, http::field list, std::string_view what)
{
    auto const found = fields.equal_range(list);
    return std::any_of(found.first, found.second, [what](auto const& field) {
        http::token_list const words(field.value());
        return std::any_of(words.begin(), words.end(), [what](auto word) {
            return boost::beast::iequals(word, boost::beast::string_view(what.data(), what.size()));
        });
    });
}

void remove_connection_fields(http::fields& fields)
{
    std::vector<std::string> named; // nearly always none
    auto const found = fields.equal_range(http::field::connection);
    for (auto field = found.first; field != found.second; ++field)
        for (auto const word : http::token_list(field->value()))
            if (!boost::beast::iequals(word, "close") && !boost::beast::iequals(word, "keep-alive"))
                named.emplace_back(word.data(), word.size());
    for (auto const& name : named)
        fields.erase(name);
    for (auto const field : of_connections)
        fields.erase(field);
}

void remove_forwarded_fields(http::fields& fields)
{
    for (auto field = fields.begin(); field != fields.end();)
        field = is_forwarded(text_of(field->name_string())) ? fields.erase(field) : std::next(field);
}

void append_fields(std::string& to, http::fields const& fields)
{
    for (auto const& field : fields)
        append_field(to, text_of(field.name_string()), text_of(field.value()));
}

void append_field(std::string& to, std::string_view name, std::string_view value)
{
    to.append(name).append(": ", 2).append(value).append("\r\n", 2);
}

} // namespace proxy
