// SPDX-License-Identifier: BSL-1.0
// The way of a request: sealed? quota? headers; then served here, handed on, refused or held.
#include "answers.hpp"
#include "state.hpp"
#include "target.hpp"

#include <algorithm>
#include <utility>

namespace cluster {

namespace {

bool outside_logical_layer(std::string_view path)
{
    return path == "sys/health" || path == "sys/leader" || path == "sys/seal-status";
}

bool is_replication_status(std::string_view path)
{
    return path.starts_with("sys/replication/") && path.ends_with("status");
}

// Vault's default list of paths that no quota counts; of those, the ones that exist here.
bool exempt_from_quota(std::string_view path) { return path == "sys/health" || path == "sys/seal-status"; }

} // namespace

outcome model::state::run(std::size_t node, request const& asked, nanoseconds now,
                          std::optional<nanoseconds> deadline)
{
    call from = take_apart(asked, node, now);
    if (!std::string_view{asked.target}.starts_with("/v1/")) {
        return simple(node, error_answer(404), from);
    }
    bool const outside = outside_logical_layer(from.path);
    if (is_sealed(node, now) && !outside) {
        return simple(node, error_answer(503, "Vault is sealed"), from);
    }
    if (stands_by_for_disaster() && !outside && !is_replication_status(from.path)) {
        return simple(node, error_answer(400, "path disabled in replication DR secondary mode"), from);
    }
    if (!deadline && !exempt_from_quota(from.path)) {
        if (auto full = over_quota(node, from)) {
            return simple(node, std::move(*full), from);
        }
    }
    // OpenBao's header check wraps every path (internal/http/handler.go); Vault's only the logical ones.
    verdict judged;
    if (set.speaks == dialect::openbao) {
        judged = gate_openbao(node, from, deadline);
    } else if (!outside) {
        judged = gate_vault(node, from, deadline);
    }
    switch (judged.what) {
    case verdict::kind::answer: return simple(node, std::move(judged.answer), from);
    case verdict::kind::forward: return forward(node, from);
    case verdict::kind::hold:
        counted[node].held += deadline ? 0 : 1;
        return hold({node, asked, node, demanded, judged.until, {}});
    case verdict::kind::serve: break;
    }
    reply done = dispatch(node, from);
    return done.forward ? forward(node, from) : settle(node, {node, false, std::move(done)}, from);
}

outcome model::state::forward(std::size_t node, call& from)
{
    auto const& fields = from.asked.fields;
    const role own = role_of(node, from.now);
    // A performance standby does not heed the public header (Vault docs, performance standbys).
    bool const heeds = set.speaks == dialect::openbao || own != role::performance_standby;
    bool const refused = heeds && !field_or_empty(fields, "X-Vault-No-Request-Forwarding").empty();
    bool const hopped = !field_or_empty(fields, "X-Vault-Internal-No-Request-Forwarding").empty();
    bool const redirects =
        (own == role::plain_standby && set.standbys_redirect) || always_redirected(from.path);
    auto const target = active_for(node, from.now);
    if (!target) {
        // Vault http/handler.go: the forwarding branch and the redirect branch say it differently.
        bool const forwards = own == role::plain_standby && !refused && !hopped && !redirects;
        return simple(node,
                      forwards ? error_answer(500, "local node not active but active cluster node not found")
                               : error_answer(503, "no active Vault instance found"),
                      from);
    }
    if (refused || hopped || redirects || !set.forwarding_works) {
        ++counted[node].redirected;
        return simple(node, redirect(from), from);
    }
    ++counted[node].forwarded;
    if (set.speaks == dialect::vault) {
        if (auto bad = take_in(from)) {
            return settle(node, {*target, true, {std::move(*bad)}}, from);
        }
        if (set.unknown.active_checks_index && !satisfied(*target, vault_demand(from), from.now)) {
            ++counted[*target].refused;
            return settle(node, {*target, true, {error_answer(412, "required index state not present")}},
                          from);
        }
    }
    return settle(node, {*target, true, dispatch(*target, from)}, from);
}

outcome model::state::simple(std::size_t node, response answer, call const& from)
{
    outcome result;
    result.answer = std::move(answer);
    if (from.asked.method == "HEAD") {
        result.answer.body.clear();
    }
    result.note.served_by = node;
    result.note.seen = log.visible(node, from.now);
    return result;
}

response model::state::redirect(call const& from)
{
    response answer{307, {{"Cache-Control", "no-store"}}, {}};
    answer.fields.emplace_back("Location",
                               addresses[active(from.now).value_or(leader_node)] + from.asked.target);
    return answer;
}

std::optional<response> model::state::over_quota(std::size_t node, call const& from)
{
    if (set.requests_per_second == 0) {
        return std::nullopt;
    }
    auto& window = quota[node];
    const std::int64_t second = from.now.count() / 1'000'000'000;
    if (window.second != second) {
        window = {second, 0};
    }
    if (window.used++ < set.requests_per_second) {
        return std::nullopt;
    }
    response answer =
        error_answer(429, "request path \"" + std::string(from.path) + "\": rate limit quota exceeded");
    if (set.rate_limit_response_headers) {
        answer.fields.emplace_back("Retry-After", "1");
        answer.fields.emplace_back("X-Ratelimit-Limit", std::to_string(set.requests_per_second));
        answer.fields.emplace_back("X-Ratelimit-Remaining", "0");
    }
    return answer;
}

} // namespace cluster
