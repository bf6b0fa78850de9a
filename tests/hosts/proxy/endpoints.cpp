// SPDX-License-Identifier: BSL-1.0
#include "endpoints.hpp"

namespace proxy {

namespace {

[[nodiscard]] bool is_vault_request(request_head const& request)
{
    auto const found = request.equal_range("X-Vault-Request");
    return found.first != found.second && std::next(found.first) == found.second &&
           found.first->value() == "true";
}

[[nodiscard]] own_answer health(shared const& all)
{
    if (all.is_draining)
        return {.status = 503, .body = R"({"status":"draining"})"};
    return {.body = R"({"status":"ok"})"};
}

[[nodiscard]] own_answer figures(shared& all, std::string_view query)
{
    all.counted.log_dropped = all.log.dropped();
    if (query == "format=prometheus" || query.starts_with("format=prometheus&") ||
        query.find("&format=prometheus") != query.npos)
        return {.body = to_prometheus(all.counted), .content_type = "text/plain; version=0.0.4"};
    return {.body = to_json(all.counted)};
}

[[nodiscard]] own_answer own_page(request_head const& request, std::string_view path, std::string_view query,
                                  listener_settings const& from, shared& all)
{
    auto const method = text_of(request.method_string());
    bool const is_read = method == "GET" || method == "HEAD";
    auto const unless_other_method = [](bool is_right, auto&& make) {
        return is_right ? make() : own_answer::error(405, "another method is needed here");
    };
    if (path == "/proxy/v1/health")
        return unless_other_method(is_read, [&] { return health(all); });
    if (path == "/proxy/v1/metrics")
        return unless_other_method(is_read, [&] { return figures(all, query); });
    bool const may_end = (all.chosen.enable_quit || from.enable_quit) && !from.metrics_only;
    if (path == "/proxy/v1/quit" && may_end)
        return unless_other_method(method == "POST", [&] {
            all.quit();
            return own_answer{.status = 204};
        });
    return own_answer::error(404, "the proxy has no such page");
}

} // namespace

std::optional<own_answer> answer_itself(request_head const& request, framing const& how,
                                        listener_settings const& from, shared& all)
{
    auto const method = text_of(request.method_string());
    auto const target = text_of(request.target());
    auto const path = target.substr(0, target.find('?'));
    auto const query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
    if (from.require_request_header && !from.metrics_only && !is_vault_request(request))
        return own_answer::error(412, "missing 'X-Vault-Request' header");
    if (path.starts_with("/proxy/"))
        return own_page(request, path, query, from, all);
    if (from.metrics_only)
        return own_answer::error(404, "nothing is handed on here");
    if (method == "CONNECT" || request.count(http::field::upgrade) > 0)
        return own_answer::error(501, "the proxy hands on requests alone, and opens no tunnels");
    if (how.what == framing::kind::length && how.length > all.chosen.limits.max_request_bytes)
        return own_answer::error(413, "the body of the request is too large");
    return std::nullopt;
}

} // namespace proxy
