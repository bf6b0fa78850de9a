// SPDX-License-Identifier: BSL-1.0
#include "target.hpp"

#include <utility>

namespace cluster {

std::string percent_decode(std::string_view text)
{
    if (text.find('%') == std::string_view::npos) {
        return std::string(text);
    }
    std::string plain;
    plain.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        auto const byte = text[at] == '%' ? from_hex(text.substr(at + 1, 2)) : std::nullopt;
        if (byte && byte->size() == 1) {
            plain += *byte;
            at += 2;
        } else {
            plain += text[at];
        }
    }
    return plain;
}

bool always_redirected(std::string_view path)
{
    return path == "sys/storage/raft/snapshot" || path == "sys/storage/raft/snapshot-force";
}

std::optional<std::string> parameter(std::string_view query, std::string_view name)
{
    while (!query.empty()) {
        auto const end = query.find('&');
        auto const pair = query.substr(0, end);
        auto const equals = pair.find('=');
        if (percent_decode(pair.substr(0, equals)) == name) {
            return equals == std::string_view::npos ? std::string() : percent_decode(pair.substr(equals + 1));
        }
        query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    }
    return std::nullopt;
}

namespace {

bool is_list(std::string_view method, std::string_view query)
{
    if (method != "GET") {
        return method == "LIST";
    }
    auto const wanted = query.empty() ? std::nullopt : parameter(query, "list");
    return wanted && (*wanted == "true" || *wanted == "1");
}

} // namespace

call take_apart(request const& asked, std::size_t node, nanoseconds now)
{
    std::string_view path = asked.target;
    auto const mark = path.find('?');
    auto const query = mark == std::string_view::npos ? std::string_view{} : path.substr(mark + 1);
    path = path.substr(0, mark);
    if (path.starts_with("/v1/")) {
        path.remove_prefix(4);
    }
    auto space = field_or_empty(asked.fields, "X-Vault-Namespace");
    while (space.starts_with('/')) {
        space.remove_prefix(1);
    }
    while (space.ends_with('/')) {
        space.remove_suffix(1);
    }
    bool const lists = is_list(asked.method, query);
    std::string decoded = percent_decode(path);
    if (lists && !decoded.ends_with('/')) {
        decoded += '/';
    }
    return {asked, node,  now, path, std::move(decoded), lists, query, std::string(space), {},
            {},    false, {},  0};
}

} // namespace cluster
